"""A model provider with little room: how many calls Holmes learns to make at once, whom it lets wait,
and which checks its server does not take.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from cluster import condition
from expect import FRONTEND, expect_judged
from holmes import API_KEY, run_holmes
from scripted_model import Handler, ScriptedModel
from support import Double, Stopwatch, wait_until

ABSENT = FRONTEND.replace("frontend", "absent")


class CrowdedHandler(Handler):
    def answer(self, turn):
        provider = self.server.owner
        if not provider.enter():
            headers = {} if provider.retry_after is None else {"Retry-After": provider.retry_after}
            return self.refuse(429, "Too many at once.", "rate_limit_exceeded", headers=headers)
        stayed = self.wait_for_client(provider.takes)
        provider.leave()  # before the client can know
        if stayed:
            super().answer(turn)


class CrowdedProvider(ScriptedModel):
    """Each call takes some seconds; beyond `room` at once it answers 429 at once."""

    def __init__(self):
        self.reset(first=True)
        self.room, self.takes, self.retry_after = 1000, 0.0, None
        self.inside = 0
        self.times = []  # of each call: when, and whether there was room
        Double.__init__(self, CrowdedHandler)
        self.url = f"{self.address}/v1"

    def enter(self):
        with self.lock:
            has_room = self.inside < self.room
            self.times.append((time.monotonic(), has_room))
            self.inside += has_room
            return has_room

    def leave(self):
        with self.lock:
            self.inside -= 1

    def refused(self, since=0.0):
        with self.lock:
            return sum(1 for at, has_room in self.times if at >= since and not has_room)


@pytest.fixture
def provider():
    double = CrowdedProvider()
    yield double
    double.close()


def gauge(server, name):
    return server.metrics().value(f"holmes_model_{name}", model="openai/scripted")


@contextmanager
def checks_under_way(server, ns, count, waiting):
    """So many checks of this namespace, `waiting` of which wait for room at the model until the
    provider is told to hurry.
    """
    with ThreadPoolExecutor(count) as pool:
        ends = [
            pool.submit(server.execute, FRONTEND, namespace=ns.name, name=f"long-{i}", timeout=120)
            for i in range(count)
        ]
        wait_until("they wait", lambda: gauge(server, "queue_depth") == waiting)
        yield
        for end in ends:
            assert end.result().json()["status"] == "pass", end.result()


def test_a_provider_that_refuses_is_asked_for_as_much_as_it_has_room_for(start, ns, provider):
    ns.deployment("frontend", 3)
    provider.room, provider.takes = 5, 0.3
    server = start.server(OPENAI_API_BASE=provider.url)
    queries = [FRONTEND, ABSENT] * 30
    with ThreadPoolExecutor(40) as pool:
        began = time.monotonic()
        answers = list(pool.map(lambda q: server.execute(q, namespace=ns.name, timeout=120).json(), queries))
        ended = time.monotonic()
    assert [a["status"] for a in answers] == ["pass", "fail"] * 30, answers
    assert all(a["usage"]["modelCalls"] >= 3 for a in answers)
    # Forty checks were there from the beginning. Later only the search for more is refused.
    calls = len(provider.times) - provider.refused()
    assert provider.refused() >= 5 and calls == 180
    late = provider.refused(since=began + (ended - began) / 2)
    assert late <= 0.2 * 90, late
    ideal = calls * provider.takes / provider.room
    assert ended - began <= 3 * ideal, (ended - began, ideal)
    assert 2 <= gauge(server, "concurrency_limit") <= 6
    assert gauge(server, "queue_depth") == 0 and gauge(server, "calls_in_flight") == 0
    assert gauge(server, "queue_wait_seconds_count") == len(provider.times)
    assert gauge(server, "queue_wait_seconds_sum") > 10
    assert gauge(server, "retries_total") == provider.refused()
    # With more room it climbs again.
    provider.room = 100
    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda q: server.execute(q, namespace=ns.name, timeout=120).json(), queries))
    assert [a["status"] for a in answers] == ["pass", "fail"] * 30
    assert gauge(server, "concurrency_limit") >= 9


def test_what_the_provider_asks_of_one_call_holds_back_all(start, ns, provider):
    ns.deployment("frontend", 3)
    server = start.server(OPENAI_API_BASE=provider.url)
    provider.room, provider.retry_after = 0, 3
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(server.execute, FRONTEND, namespace=ns.name, timeout=60)
        wait_until("it is refused", lambda: gauge(server, "concurrency_limit") == 1)
        provider.room = 1000
        second = server.execute(FRONTEND, namespace=ns.name, timeout=60).json()
        assert (second["status"], first.result().json()["status"]) == ("pass", "pass")
    assert provider.times[1][0] - provider.times[0][0] >= 2.9, provider.times
    assert provider.refused() == 1


def test_a_full_queue_takes_no_check_of_who_filled_it_and_others_are_served(start, ns, provider):
    ns.deployment("frontend", 3)
    provider.takes = 8.0
    server = start.server(
        OPENAI_API_BASE=provider.url,
        HOLMES_MODEL_MAX_CONCURRENT_CALLS="1",
        HOLMES_MODEL_MAX_WAITING_CALLS="2",
    )
    with checks_under_way(server, ns, count=3, waiting=2):
        key = {"Idempotency-Key": "refused"}
        refused = server.execute(FRONTEND, namespace=ns.name, name="late", headers=key)
        assert refused.status == 429, refused
        assert 5 <= int(refused.headers["retry-after"]) <= 60
        assert "the model 'openai/scripted' has no room: 2 calls wait" in refused.json()["detail"]
        assert server.call("GET", "/api/check/executions/refused").status == 404
        assert len(provider.times) == 1  # the call that is under way
        assert server.metrics().value("holmes_server_executions_in_flight") == 3
        question = f"{FRONTEND} in namespace '{ns.name}'"
        with ThreadPoolExecutor(1) as pool:
            other = pool.submit(server.execute, question, namespace="other", timeout=120)
            wait_until("it waits, too", lambda: gauge(server, "queue_depth") == 3)
            wait_until("it is its turn", lambda: provider.requests("namespace: other"), 40)
            assert len(provider.times) <= 3
            provider.takes = 0.0
            assert other.result().json()["status"] == "pass"
    again = server.execute(FRONTEND, namespace=ns.name, name="late", headers=key)
    assert again.status == 200 and again.json()["status"] == "pass"


def test_operator_and_command_wait_until_a_full_queue_has_room(start, ns, provider, tmp_path):
    ns.deployment("frontend", 3)
    provider.takes = 60.0
    server = start.server(
        OPENAI_API_BASE=provider.url,
        HOLMES_MODEL_MAX_CONCURRENT_CALLS="1",
        HOLMES_MODEL_MAX_WAITING_CALLS="1",
    )
    start.operator(server.url)
    refusals = lambda: server.metrics().value("holmes_server_requests_total", code="429") or 0  # noqa: E731
    with ThreadPoolExecutor(3) as pool:
        queued = [
            pool.submit(server.execute, FRONTEND, namespace=ns.name, name=name, timeout=15)
            for name in ("a", "b")
        ]
        wait_until("one waits", lambda: gauge(server, "queue_depth") == 1)
        ns.check("patient", FRONTEND, backoffLimit=0, timeout=120)
        status = ns.wait_status(
            "patient", "waiting", lambda s: condition(s, "Waiting").get("status") == "True"
        )
        assert status["phase"] == "Pending" and "attempt" not in status
        command = pool.submit(
            run_holmes, "check", "run", "-q", FRONTEND, "-n", ns.name, "--server", server.url,
            "--timeout", "60", env={"HOLMES_API_KEY": API_KEY}, timeout=90,
        )
        wait_until("both were refused", lambda: refusals() >= 2)
        provider.takes = 0.0
        # Those who filled the queue pass their deadlines; the one that waited says so.
        ends = [end.result().json() for end in queued]
        assert {end["reason"] for end in ends} == {"Timeout"}
        assert sum("s for room at the model 'openai/scripted'" in end["error"] for end in ends) == 1
        done = command.result()
        assert done.returncode == 0, done
    status = ns.wait_finished("patient", 75)
    expect_judged(status, "pass")
    outcomes = [a["outcome"] for a in status["attempts"]]
    assert outcomes[-1] == "Answered" and set(outcomes[:-1]) == {"Refused"}


def test_requests_per_minute_are_kept_by_command_and_server(start, ns, provider, accounts):
    """Twelve in a minute: one at once, then one in five seconds."""
    ns.deployment("frontend", 3)
    watch = Stopwatch()
    done = run_holmes(
        "check", "run", "-q", FRONTEND, "-n", ns.name, "--timeout", "60",
        "--model-requests-per-minute", "12",
        env={
            "KUBECONFIG": accounts.server, "MODEL": "openai/scripted",
            "OPENAI_API_BASE": provider.url, "OPENAI_API_KEY": "k",
        },
        timeout=90,
    )
    assert done.returncode == 0, done
    times = [at for at, _ in provider.times]
    assert len(times) == 3
    least = 4.9 - watch.stalled()
    assert all(later - earlier >= least for earlier, later in zip(times, times[1:]))
