"""How an API server starts, refuses to start, and stops."""

import threading

import pytest

from expect import FRONTEND
from holmes import run_holmes
from support import free_port, wait_until


def test_stopping_server_finishes_its_work_and_takes_no_more(start, ns, model):
    ns.deployment("frontend", 3)
    server, answers = start.server(), []
    worker = threading.Thread(
        target=lambda: answers.append(server.execute(f"{FRONTEND} [[slow 3]]", ns.name))
    )
    worker.start()
    wait_until("the model works", lambda: model.executions(ns.name) == 1)
    server.signal(15)
    wait_until(
        "the server is not ready any more", lambda: server.probe("/readyz") in (503, None), 2
    )
    refused = attempt(server, ns)
    assert refused is None or (refused.status == 503 and int(refused.headers["retry-after"]) > 0)
    worker.join(15)
    assert answers[0].status == 200 and answers[0].json()["status"] == "pass"
    assert server.child.wait(10) == 0
    assert model.executions(ns.name) == 1


def attempt(server, ns):
    try:
        return server.execute(FRONTEND, ns.name, name="late")
    except OSError:
        return None


def test_second_signal_ends_the_server_at_once(start, ns, model):
    server = start.server()
    worker = threading.Thread(target=attempt_slow, args=(server, ns))
    worker.start()
    wait_until("the model works", lambda: model.executions(ns.name) == 1)
    server.signal(15)
    wait_until(
        "the server is not ready any more", lambda: server.probe("/readyz") in (503, None), 2
    )
    server.signal(15)
    server.child.wait(3)
    worker.join(10)


def attempt_slow(server, ns):
    try:
        server.execute(f"{FRONTEND} [[slow 30]]", ns.name, timeout=60)
    except OSError:
        pass


def test_without_a_key_it_starts_on_loopback_only(start, accounts):
    open_door = {
        "KUBECONFIG": str(accounts.server),
        "HOLMES_HOST": "0.0.0.0",
        "HOLMES_PORT": str(free_port()),
        "MODEL": "openai/scripted",
        "OPENAI_API_KEY": "any",
    }
    refused = run_holmes("server", env=open_door)
    assert refused.returncode not in (0, None) and "HOLMES_API_KEY" in refused.stderr
    server = start.server(HOLMES_API_KEY=None)
    assert server.call("GET", "/api/info", key=None).json()["auth_enabled"] is False
    unsafe = start.server(
        HOLMES_API_KEY=None, HOLMES_HOST="0.0.0.0", HOLMES_UNSAFE_ALLOW_UNAUTHENTICATED="true"
    )
    assert unsafe.call("GET", "/api/info", key=None).status == 200


def test_without_a_model_checks_end_as_model_unavailable(start, ns):
    server = start.server(MODEL=None, OPENAI_API_KEY=None, OPENAI_API_BASE=None)
    body = server.execute(FRONTEND, ns.name).json()
    assert body["status"] == "error" and body["reason"] == "ModelUnavailable"


def test_unreachable_model_is_model_unavailable(start, ns, closed_port):
    server = start.server(OPENAI_API_BASE=f"http://127.0.0.1:{closed_port}/v1")
    body = server.execute(FRONTEND, ns.name, timeout=5).json()
    assert body["status"] == "error" and body["reason"] in ("ModelUnavailable", "Timeout")
    assert str(closed_port) in body["error"] or "connect" in body["error"].lower()


def test_unreachable_cluster_is_no_evidence_for_anything(start, ns, cluster, scratch, closed_port):
    nowhere = cluster.kubeconfig_for(
        "holmes-server", scratch / "nowhere.kubeconfig", server=f"https://127.0.0.1:{closed_port}"
    )
    server = start.server(KUBECONFIG=nowhere)
    body = server.execute(FRONTEND, ns.name, timeout=20).json()
    assert body["status"] == "error" and body["reason"] in ("ToolFailed", "Timeout")


@pytest.mark.parametrize("verb", ["server", "operator"])
def test_port_that_is_taken_is_one_sentence(verb, accounts, model):
    taken = {
        "KUBECONFIG": str(accounts.server),
        "HOLMES_HOST": "127.0.0.1",
        "HOLMES_PORT": str(model.port),
        "MODEL": "openai/scripted",
        "OPENAI_API_KEY": "any",
        "HOLMES_METRICS_ADDRESS": f"127.0.0.1:{model.port}",
    }
    refused = run_holmes(verb, env=taken)
    assert refused.returncode != 0 and str(model.port) in refused.stderr + refused.stdout
