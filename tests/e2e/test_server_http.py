"""The API server's HTTP contract, as any client meets it."""

import http.client
import json
import socket
import threading
import uuid

import pytest

from expect import FRONTEND
from holmes import API_KEY
from support import Stopwatch, wait_until

EXECUTE = "/api/check/execute"


@pytest.fixture
def server(stack):
    return stack.server


@pytest.fixture
def frontend(ns):
    ns.deployment("frontend", 3)
    return ns


def detail(answer):
    return answer.json()["detail"]


@pytest.mark.parametrize("path", ["/api/check/execute", "/api/checks/execute"])
def test_both_routes_give_the_same_answer(server, frontend, path):
    answer = server.execute(FRONTEND, frontend.name, path=path)
    assert answer.status == 200 and answer.headers["content-type"].startswith("application/json")
    body = answer.json()
    assert {
        "status",
        "message",
        "duration",
        "rationale",
        "error",
        "model_used",
        "notifications",
        "reason",
        "usage",
        "evidence",
    } == body.keys()
    assert (
        body["status"] == "pass"
        and body["error"] is None
        and body["reason"] is None
        and body["notifications"] == []
    )
    assert (
        body["message"]
        == "Check passed. Deployment 'frontend' has 3 ready replicas out of 3 desired."
    )
    assert (
        body["rationale"] == "Deployment 'frontend' has 3 ready replicas out of 3 desired."
        and body["duration"] > 0
    )


def test_name_may_stand_in_the_body(server, frontend, model):
    body = {"query": FRONTEND, "name": f"{frontend.name}/in-the-body"}
    assert server.call("POST", EXECUTE, body).json()["status"] == "pass"


def test_error_answer_has_reason_and_sentence(server, ns):
    body = server.execute(f"{FRONTEND} [[no-tools]]", ns.name).json()
    assert body["status"] == "error" and body["reason"] == "NoEvidence"
    assert body["error"] and body["message"].startswith("Check errored: ")


def test_check_that_times_out_is_a_200(server, ns):
    watch = Stopwatch()
    answer = server.execute(f"{FRONTEND} [[slow 30]]", ns.name, timeout=1)
    assert (
        answer.status == 200
        and answer.json()["status"] == "error"
        and answer.json()["reason"] == "Timeout"
    )
    assert answer.json()["duration"] < 3 + watch.stalled()


def test_key_is_wanted_in_either_header(server, frontend):
    assert server.execute(FRONTEND, frontend.name, key=None).status == 401
    assert server.execute(FRONTEND, frontend.name, key="wrong").status == 401
    assert server.execute(FRONTEND, frontend.name, key=API_KEY + "x").status == 401
    assert (
        server.execute(
            FRONTEND, frontend.name, key=None, headers={"Authorization": "Bearer wrong"}
        ).status
        == 401
    )
    assert isinstance(detail(server.execute(FRONTEND, frontend.name, key=None)), str)
    assert (
        server.execute(
            FRONTEND, frontend.name, key=None, headers={"Authorization": f"Bearer {API_KEY}"}
        ).status
        == 200
    )
    for path in ("/api/info", "/api/model", "/api/check/executions/x"):
        assert server.call("GET", path, key=None).status == 401


def test_health_and_metrics_need_no_key(server):
    for path in ("/healthz", "/readyz", "/metrics"):
        assert server.call("GET", path, key=None).status == 200
    assert server.metrics().samples


def test_info_and_model_tell_what_runs(server):
    info = server.call("GET", "/api/info").json()
    assert (
        info["auth_enabled"] is True
        and "executions/v1" in info["capabilities"]
        and info["uptime_seconds"] >= 0
        and info["version"]
    )
    assert "scripted" in json.dumps(info["models"]) and "toolsets_summary" in info
    model = server.call("GET", "/api/model")
    assert model.status == 200 and "scripted" in model.text()


@pytest.mark.parametrize(
    "method, path, status",
    [
        ("GET", "/", 404),
        ("POST", "/api/check/nothing", 404),
        ("GET", "/api/check/executions/unknown-key", 404),
        ("GET", EXECUTE, 405),
        ("PUT", EXECUTE, 405),
        ("POST", "/healthz", 405),
        ("DELETE", "/api/info", 405),
    ],
)
def test_unknown_paths_and_methods(server, method, path, status):
    answer = server.call(method, path, {} if method in ("POST", "PUT") else None)
    assert answer.status == status and isinstance(detail(answer), str)


def test_body_that_is_too_large_is_413_even_before_it_is_sent(server):
    answer = server.call(
        "POST",
        EXECUTE,
        json.dumps({"query": "x" * 140_000}),
        headers={"Content-Type": "application/json"},
    )
    assert answer.status == 413 and detail(answer)
    with socket.create_connection(("127.0.0.1", server.port), 5) as connection:
        connection.sendall(
            f"POST {EXECUTE} HTTP/1.1\r\nHost: x\r\nX-API-Key: {API_KEY}\r\nContent-Type: application/json\r\n"
            "Content-Length: 99999999999\r\n\r\n{".encode()
        )
        assert b" 413 " in connection.recv(4096).split(b"\r\n")[0]


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_body_that_is_not_json_by_its_type_is_415(server, content_type):
    assert (
        server.call(
            "POST", EXECUTE, json.dumps({"query": "x"}), headers={"Content-Type": content_type}
        ).status
        == 415
    )


@pytest.mark.parametrize(
    "body",
    ["{", "", "nonsense", '{"query": "x"', "\xff\xfe", "[" * 100_000, '{"query": "\\ud800"}'],
)
def test_body_that_is_not_json_is_400(server, body):
    answer = server.call(
        "POST", EXECUTE, body.encode("latin-1"), headers={"Content-Type": "application/json"}
    )
    assert answer.status == 400 and isinstance(detail(answer), str)


@pytest.mark.parametrize(
    "body, loc",
    [
        ({}, ["body", "query"]),
        ({"query": ""}, ["body", "query"]),
        ({"query": "  \n "}, ["body", "query"]),
        ({"query": "x" * 5001}, ["body", "query"]),
        ({"query": 7}, ["body", "query"]),
        ({"query": None}, ["body", "query"]),
        ({"query": "x", "timeout": 0}, ["body", "timeout"]),
        ({"query": "x", "timeout": 301}, ["body", "timeout"]),
        ({"query": "x", "timeout": "soon"}, ["body", "timeout"]),
        ({"query": "x", "mode": "loud"}, ["body", "mode"]),
        ({"query": "x", "destinations": {}}, ["body", "destinations"]),
        ({"query": "x", "destinations": [{"type": "slack"}] * 11}, ["body", "destinations"]),
        ({"query": "x", "destinations": [{"config": {}}]}, ["body", "destinations", 0, "type"]),
        (
            {"query": "x", "destinations": [{"type": "slack", "config": {"blob": "x" * 9000}}]},
            ["body", "destinations", 0, "config"],
        ),
        ({"query": "x", "name": 3}, ["body", "name"]),
        ({"query": "x", "model": []}, ["body", "model"]),
    ],
)
def test_invalid_field_is_422_with_its_place(server, ns, model, body, loc):
    answer = server.call("POST", EXECUTE, body)
    assert answer.status == 422
    assert loc in [problem["loc"] for problem in detail(answer)]
    assert all(
        problem.keys() == {"loc", "msg", "type"} and problem["msg"] for problem in detail(answer)
    )


@pytest.mark.parametrize("body", [[], "text", 7])
def test_body_of_the_wrong_type_is_422(server, body):
    answer = server.call(
        "POST", EXECUTE, json.dumps(body), headers={"Content-Type": "application/json"}
    )
    assert answer.status == 422 and detail(answer)[0]["loc"] == ["body"]


def test_unknown_field_is_ignored_unless_strict(server, frontend):
    assert server.execute(FRONTEND, frontend.name, surprise=1).status == 200
    refused = server.execute(FRONTEND, frontend.name, surprise=1, headers={"Holmes-Strict": "true"})
    assert refused.status == 422 and detail(refused)[0]["loc"] == ["body", "surprise"]


def test_malformed_http_is_400_and_the_server_goes_on(server):
    for garbage in (
        b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
        b"GET\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: minus\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", server.port), 5) as connection:
            connection.sendall(garbage)
            first = connection.recv(4096)
            assert first == b"" or b" 400 " in first.split(b"\r\n")[0]
    assert server.probe("/healthz") == 200


def test_same_idempotency_key_is_one_execution_and_one_answer(server, frontend, model):
    key = {"Idempotency-Key": uuid.uuid4().hex}
    query = f"{FRONTEND} [[slow 1]]"
    answers = []
    threads = [
        threading.Thread(
            target=lambda: answers.append(server.execute(query, frontend.name, headers=key))
        )
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answers.append(server.execute(query, frontend.name, headers=key))
    assert {a.status for a in answers} == {200} and len({a.body for a in answers}) == 1
    assert model.executions(frontend.name) == 1


def test_executions_route_gives_202_while_running_then_the_answer(server, frontend, model):
    key = uuid.uuid4().hex
    worker = threading.Thread(
        target=server.execute,
        args=(f"{FRONTEND} [[slow 2]]", frontend.name),
        kwargs={"headers": {"Idempotency-Key": key}},
    )
    worker.start()
    wait_until("the model works", lambda: model.executions(frontend.name) == 1)
    assert server.call("GET", f"/api/check/executions/{key}").status == 202
    waited = server.call("GET", f"/api/check/executions/{key}?waitSeconds=20")
    assert waited.status == 200 and waited.json()["status"] == "pass"
    worker.join()
    assert server.call("GET", f"/api/check/executions/{key}").json() == waited.json()


def test_delete_cancels_the_execution(server, ns, model):
    key, answers = uuid.uuid4().hex, []
    worker = threading.Thread(
        target=lambda: answers.append(
            server.execute(
                f"{FRONTEND} [[slow 60]]", ns.name, headers={"Idempotency-Key": key}, timeout=60
            )
        )
    )
    worker.start()
    wait_until("the model works", lambda: model.executions(ns.name) == 1)
    assert server.call("DELETE", f"/api/check/executions/{key}").status in (200, 202, 204)
    worker.join(10)
    assert answers[0].status == 200 and answers[0].json()["reason"] == "Cancelled"
    wait_until("the model's call is given up", lambda: model.cancelled(ns.name) == 1, 5)
    assert server.call("DELETE", "/api/check/executions/unknown-key").status == 404


def hang_up(server, ns, headers):
    """Sends a request and closes the connection while the model works."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request(
        "POST",
        EXECUTE,
        json.dumps({"query": f"{FRONTEND} [[slow 6]]", "name": f"{ns.name}/dropped"}),
        {"Content-Type": "application/json", "X-API-Key": API_KEY} | headers,
    )
    return connection


def test_dropped_connection_without_a_key_cancels(server, frontend, model):
    connection = hang_up(server, frontend, {})
    wait_until("the model works", lambda: model.executions(frontend.name) == 1)
    connection.close()
    wait_until("the model's call is given up", lambda: model.cancelled(frontend.name) == 1, 2.5)


def test_dropped_connection_with_a_key_goes_on(server, frontend, model):
    key = uuid.uuid4().hex
    connection = hang_up(server, frontend, {"Idempotency-Key": key})
    wait_until("the model works", lambda: model.executions(frontend.name) == 1)
    connection.close()
    answer = server.call("GET", f"/api/check/executions/{key}?waitSeconds=20")
    assert answer.status == 200 and answer.json()["status"] == "pass"
    assert model.cancelled(frontend.name) == 0 and model.executions(frontend.name) == 1


def test_keep_alive_serves_several_requests_on_one_connection(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    for _ in range(3):
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        assert answer.status == 200
        answer.read()
    connection.close()
