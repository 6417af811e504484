"""Everything that may break between operator, API server and Kubernetes while checks run."""

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor

from cluster import CRD_PATH, condition
from expect import FRONTEND, expect_judged, expect_unanswered
from fake_check_api import PASS, FakeCheckApi
from support import wait_until

CHECKS_CRD = f"{CRD_PATH}/healthchecks.holmesgpt.dev"


def outcomes(status):
    return [(a["number"], a["outcome"]) for a in status["attempts"] if a["outcome"] != "Refused"]


def wait_log(program, pattern, timeout=20):
    return wait_until(
        f"{program.name} logs {pattern!r}",
        lambda: re.search(pattern, program.log(), re.IGNORECASE),
        timeout,
    )


# The operator dies


def test_killed_operator_uses_the_answer_of_the_running_execution(start, ns, model):
    ns.deployment("frontend", 3)
    pair = start.pair()
    ns.check("orphan", f"{FRONTEND} [[slow 4]]")
    wait_until("the model works", lambda: model.executions(ns.name) == 1)
    pair.operator.kill()
    start.operator(pair.server.url)
    status = ns.wait_finished("orphan")
    expect_judged(status, "pass")
    assert outcomes(status) == [(1, "Answered")]
    assert model.executions(ns.name) == 1


def test_killed_operator_fetches_an_answer_that_came_while_it_was_away(start, ns, model):
    ns.deployment("frontend", 3)
    pair = start.pair()
    ns.check("orphan", f"{FRONTEND} [[slow 4]]")
    wait_until("the model works", lambda: model.executions(ns.name) == 1)
    pair.operator.kill()
    wait_until(
        "the verdict is given",
        lambda: len(model.requests(ns.name)) >= 2 and model.stats()["in_flight"] == 0,
    )
    assert ns.status("orphan")["phase"] == "Running"
    start.operator(pair.server.url)
    expect_judged(ns.wait_finished("orphan"), "pass")
    assert model.executions(ns.name) == 1


def test_killed_operator_still_cancels_what_was_deleted_meanwhile_or_lets_it_end(start, ns, model):
    pair = start.pair()
    ns.check("gone", f"{FRONTEND} [[slow 60]]", timeout=3)
    wait_until("the model works", lambda: model.executions(ns.name) == 1)
    pair.operator.kill()
    ns.delete_check("gone")
    start.operator(pair.server.url)
    wait_until("no call is left running", lambda: model.cancelled(ns.name) == 1, 8)
    assert model.executions(ns.name) == 1


def test_stopped_operator_finishes_what_is_in_flight(start, ns, model):
    ns.deployment("frontend", 3)
    pair = start.pair()
    ns.check("last", f"{FRONTEND} [[slow 2]]")
    wait_until("the model works", lambda: model.executions(ns.name) == 1)
    assert pair.operator.terminate(grace=20) == 0
    expect_judged(ns.status("last"), "pass")


# The server dies, or cannot take work


def test_killed_server_is_interrupted_then_the_next_attempt(start, ns, model):
    ns.deployment("frontend", 3)
    pair = start.pair()
    ns.check("twice", f"{FRONTEND} [[slow 60 once]]", timeout=90)
    wait_until("the model works", lambda: model.executions(ns.name) == 1)
    pair.server.kill()
    start.server(port=pair.server.port)
    status = ns.wait_finished("twice", 60)
    expect_judged(status, "pass")
    assert outcomes(status) == [(1, "Interrupted"), (2, "Answered")]
    assert len({a["id"] for a in status["attempts"]}) == len(status["attempts"])
    assert model.executions(ns.name) == 2


def test_killed_server_without_attempts_left_fails_as_interrupted(start, ns, model):
    pair = start.pair()
    ns.check("once", f"{FRONTEND} [[slow 60 once]]", timeout=90, backoffLimit=0)
    wait_until("the model works", lambda: model.executions(ns.name) == 1)
    pair.server.kill()
    start.server(port=pair.server.port)
    status = ns.wait_finished("once", 60)
    expect_unanswered(status, "Interrupted")
    assert outcomes(status) == [(1, "Interrupted")] and model.executions(ns.name) == 1


def test_unreachable_server_uses_up_no_attempt(start, ns, closed_port, model):
    ns.deployment("frontend", 3)
    start.operator(f"http://127.0.0.1:{closed_port}")
    ns.check("patient", FRONTEND, backoffLimit=0)
    status = ns.wait_status(
        "patient", "waiting", lambda s: condition(s, "Waiting").get("status") == "True"
    )
    assert status["phase"] == "Pending" and "attempt" not in status
    start.server(port=closed_port)
    status = ns.wait_finished("patient", 75)
    expect_judged(status, "pass")
    assert len(outcomes(status)) == 1 and model.executions(ns.name) == 1
    assert condition(status, "Waiting").get("status") != "True"


def test_503_with_retry_after_waits_and_uses_up_no_attempt(start, ns):
    busy = (503, {"detail": "draining"}, {"Retry-After": "1"})
    api = FakeCheckApi([busy, busy, PASS])
    try:
        start.operator(api.address)
        began = time.monotonic()
        status = ns.run("busy", FRONTEND, backoffLimit=0, timeout=20)
        assert time.monotonic() - began >= 2
        assert status["result"] == "pass" and [o for _, o in outcomes(status)] == ["Answered"]
        assert len(api.posts()) == 3
        last = api.posts()[-1]
        assert last["headers"]["x-check-name"] == last["body"]["name"] == f"{ns.name}/busy"
        assert last["headers"]["holmes-strict"] == "true" and last["headers"]["x-api-key"]
        assert last["headers"]["idempotency-key"] == status["attempts"][-1]["id"]
    finally:
        api.close()


def test_wrong_key_is_failed_server_unauthorized(start, ns, model):
    server = start.server()
    start.operator(server.url, HOLMES_API_KEY="not-the-key")
    status = ns.run("locked-out", FRONTEND)
    expect_unanswered(status, "ServerUnauthorized")
    assert model.executions(ns.name) == 0


def test_request_the_server_finds_invalid_is_not_repeated(start, ns):
    api = FakeCheckApi(
        [
            (
                422,
                {"detail": [{"loc": ["body", "query"], "msg": "too odd", "type": "value_error"}]},
                {},
            )
        ]
    )
    try:
        start.operator(api.address)
        status = ns.run("odd", FRONTEND)
        expect_unanswered(status, "InvalidRequest")
        assert "too odd" in status["error"] and len(api.posts()) == 1
    finally:
        api.close()


def test_operator_works_with_the_route_of_the_original_server(start, ns):
    api = FakeCheckApi(routes=("/api/checks/execute",))
    try:
        start.operator(api.address)
        assert ns.run("first", FRONTEND)["result"] == "pass"
        assert ns.run("second", FRONTEND)["result"] == "pass"
        assert [p["path"] for p in api.posts()] == [
            "/api/check/execute",
            "/api/checks/execute",
            "/api/checks/execute",
        ]
    finally:
        api.close()


def test_dropped_connection_to_the_original_server_never_runs_a_check_twice(start, ns):
    """That server does not announce executions/v1: its silence is waited out until the claim's
    deadline.
    """
    api = FakeCheckApi(["drop"])
    try:
        start.operator(api.address)
        status = ns.run("dropped", FRONTEND, timeout=1, backoffLimit=0)
        expect_unanswered(status, "Interrupted")
        assert len(api.posts()) == 1
    finally:
        api.close()


# Kubernetes goes away, or forgets


def test_operator_survives_a_restart_of_the_api_server(start, ns, cluster, model):
    ns.deployment("frontend", 3)
    pair = start.pair()
    ns.check("across", f"{FRONTEND} [[slow 3]]", timeout=60)
    wait_until("the model works", lambda: model.executions(ns.name) == 1)
    cluster.stop_api_server()
    try:
        wait_until("the model is done or cut off", lambda: model.stats()["in_flight"] == 0, 10)
    finally:
        cluster.start_api_server()
    status = ns.wait_finished("across", 60)
    assert (
        status["phase"] == "Completed"
        and outcomes(status) == [(1, "Answered")]
        and model.executions(ns.name) == 1
    )
    expect_judged(ns.run("after", FRONTEND), "pass")
    assert pair.operator.alive() and pair.server.alive()


def test_expired_watch_is_listed_anew_and_runs_nothing_twice(start, ns, cluster, model):
    ns.deployment("frontend", 3)
    pair = start.pair()
    expect_judged(ns.run("before", FRONTEND), "pass")
    listed = pair.operator.metrics().value("holmes_watch_lists_total")
    for i in range(
        20
    ):  # the operator's version falls behind the oldest one the API server will know
        ns.configmap(f"filler-{i}", {"i": str(i)})
    cluster.control("compact")
    cluster.stop_api_server()
    cluster.start_api_server()
    expect_judged(ns.run("after", FRONTEND), "pass")
    assert pair.operator.metrics().value("holmes_watch_lists_total") > listed
    assert ns.status("before")["run"] == 1 and model.executions(ns.name) == 2
    assert pair.operator.alive()


def test_missing_crds_at_start_are_waited_for_and_named(start, ns, cluster):
    ns.deployment("frontend", 3)
    server = start.server()
    cluster.remove_crds()
    try:
        operator = start.operator(server.url, wait=False)
        wait_log(
            operator,
            r"healthchecks[^\n]*(not installed|not found|no such|missing|CustomResourceDefinition|CRD)"
            r"|(CustomResourceDefinition|CRD)[^\n]*healthchecks",
        )
        assert (
            operator.alive()
            and operator.probe("/healthz") == 200
            and operator.probe("/readyz") == 503
        )
    finally:
        cluster.install_crds()
    operator.wait_ready(60)
    expect_judged(ns.run("at-last", FRONTEND), "pass")


def test_crd_deleted_while_running_and_installed_again(start, ns, cluster):
    ns.deployment("frontend", 3)
    pair = start.pair()
    expect_judged(ns.run("before", FRONTEND), "pass")
    cluster.remove_crds()
    try:
        wait_log(
            pair.operator,
            r"healthchecks[^\n]*(not installed|not found|no such|missing|CustomResourceDefinition|CRD)"
            r"|(CustomResourceDefinition|CRD)[^\n]*healthchecks",
        )
        assert pair.operator.alive() and pair.operator.probe("/healthz") == 200
    finally:
        cluster.install_crds()
    ns.check("again", FRONTEND)
    expect_judged(ns.wait_finished("again", 75), "pass")


def test_object_of_the_wrong_shape_is_logged_and_counted_and_the_others_go_on(start, ns, cluster):
    ns.deployment("frontend", 3)
    pair = start.pair()
    before = malformed(pair.operator)
    shipped = cluster.api("GET", CHECKS_CRD)
    try:
        loosen(cluster, shipped)
        ns.check("misshapen", query=42, timeout="soon")
        expect_judged(ns.run("sound", FRONTEND), "pass")
        wait_log(pair.operator, f"{ns.name}/misshapen")
        line = next(
            entry for entry in pair.operator.log_lines() if "misshapen" in json.dumps(entry)
        )
        assert "query" in json.dumps(line) or "timeout" in json.dumps(
            line
        )  # the bad field is named
        assert malformed(pair.operator) > before
        assert "result" not in ns.status("misshapen")
        ns.delete_check("misshapen")
    finally:
        current = cluster.api("GET", CHECKS_CRD)["metadata"]["resourceVersion"]
        cluster.api(
            "PUT",
            CHECKS_CRD,
            shipped | {"metadata": shipped["metadata"] | {"resourceVersion": current}},
        )


def loosen(cluster, crd):
    """Takes every rule from the schema, as an older or hand-made CRD might."""
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    cluster.api(
        "PATCH",
        CHECKS_CRD,
        [{"op": "replace", "path": "/spec/versions/0/schema/openAPIV3Schema", "value": anything}],
        "application/json-patch+json",
    )
    probe = {
        "apiVersion": "holmesgpt.dev/v1alpha1",
        "kind": "HealthCheck",
        "metadata": {"name": "probe"},
        "spec": {"query": 42},
    }
    path = "/apis/holmesgpt.dev/v1alpha1/namespaces/default/healthchecks?dryRun=All"
    wait_until(
        "the loosened schema is in force",
        lambda: cluster.request("POST", path, probe).status == 201,
    )


def malformed(operator):
    """The operator's count of objects it could not read."""
    return sum(
        value
        for name, _, value in operator.metrics().samples
        if re.search(r"^holmes_watch_unreadable_objects_total$", name)
    )


# Many at once, and only some namespaces


def test_no_more_than_the_limit_run_at_once_and_the_oldest_first(start, ns, model):
    ns.deployment("frontend", 3)
    start.pair(HOLMES_MAX_CONCURRENT_CHECKS=2)
    model.reset()
    names = [f"check-{letter}" for letter in "fbdace"]
    for name in names:
        ns.check(name, f"{FRONTEND} [[slow 1]] from {name}")
    for name in names:
        expect_judged(ns.wait_finished(name), "pass")
    assert model.stats()["max_in_flight"] == 2
    begun = []
    for body in model.requests(ns.name):
        for name in names:
            if name not in begun and f"from {name}" in json.dumps(body):
                begun.append(name)
    assert [set(begun[i : i + 2]) for i in (0, 2, 4)] == [set(names[i : i + 2]) for i in (0, 2, 4)]


def test_many_checks_each_run_exactly_once(start, ns, model):
    ns.deployment("frontend", 3)
    start.pair()
    names = [f"check-{i}" for i in range(60)]
    with ThreadPoolExecutor(8) as pool:
        list(
            pool.map(lambda name: ns.check(name, f"{FRONTEND} number {name}.", timeout=120), names)
        )
    for name in names:
        expect_judged(ns.wait_finished(name, 120), "pass")
    assert [name for name in names if model.executions(f"number {name}.") != 1] == []


def test_operator_of_chosen_namespaces_leaves_the_others_alone(start, ns, cluster, model):
    other = cluster.namespace(f"{ns.name}-other")
    try:
        ns.deployment("frontend", 3)
        start.pair(HOLMES_OPERATOR_NAMESPACES=ns.name)
        other.check("foreign", FRONTEND)
        expect_judged(ns.run("own", FRONTEND), "pass")
        assert "phase" not in other.status("foreign") and model.executions(other.name) == 0
    finally:
        other.remove()
