"""Each fault that a network and an API server can have, at the moments where it hurts most: when a
check is claimed, when its answer is committed, when a schedule's check is created, when its status
is written, when the operator lists and when it watches. Whatever happens: a check is executed once,
a tick has one child or one entry in status.missed, and all is caught up with soon after.
"""

from types import SimpleNamespace

import pytest

from conftest import numbers
from expect import FRONTEND, expect_judged
from fake_check_api import CountingCheckApi
from fault_proxy import FaultProxy
from faults import (
    CutBefore,
    CutInside,
    Delay,
    GoAway,
    HalfOpen,
    LostAnswer,
    Refuse,
    SlowLoris,
    about,
    claims,
    commits,
    creates_child_of,
    lists,
    streams,
    watches,
    writes_status_of,
)
from schedules import KEEP, Schedule, ended, expect_one_outcome_each
from support import wait_until

NOTICED_S = 120  # a watch may be silent for 90 s, a list for 60 s, the opening of a watch for 30 s
KINDS = ("healthchecks", "scheduledhealthchecks")
CAUGHT_UP_S = 60  # the slowest cure is that of a write that is never answered: 10 s and a back-off


@pytest.fixture(scope="module")
def proxy(cluster):
    proxy = FaultProxy(cluster)
    yield proxy
    proxy.close()


@pytest.fixture(scope="module")
def api():
    api = CountingCheckApi()
    yield api
    api.close()


@pytest.fixture
def operator(start, cluster, scratch, proxy, api):
    """start(): an operator that sees the API server through the proxy only."""
    kubeconfig = cluster.kubeconfig_for(
        "holmes-operator", scratch / f"proxied-{next(numbers)}.kubeconfig", server=proxy.url
    )
    yield SimpleNamespace(
        start=lambda **env: start.operator(api.address, KUBECONFIG=kubeconfig, **env)
    )
    proxy.calm()


WRITE_FAULTS = [
    CutBefore(),
    LostAnswer(),
    CutInside(),
    Delay(before=2),
    Delay(before=11),  # carried out after the operator gave it up
    Delay(after=11),
    HalfOpen(),
    HalfOpen(acted=True),
    Refuse(429, retry_after=1),
    Refuse(429),
    Refuse(500),
    Refuse(500, acted=True),
    Refuse(503, retry_after=1),
    Refuse(504, acted=True),
    SlowLoris(),
    GoAway(),
]


def name_of(fault):
    seconds = f"-{fault.before + fault.after:g}s" if isinstance(fault, Delay) else ""
    side = "-of-the-answer" if isinstance(fault, Delay) and fault.after else ""
    hint = "-retry-after" if getattr(fault, "retry_after", None) else ""
    return fault.name + side + seconds + hint


@pytest.mark.parametrize("fault", WRITE_FAULTS, ids=name_of)
def test_write(fault, operator, ns, proxy, api):
    """Claim, commit, create and status in one test, each of an object of its own."""
    running = operator.start()
    rules = [
        proxy.on_request(fault, claims("claimed")),
        proxy.on_request(fault, commits("committed")),
        proxy.on_request(fault, creates_child_of("creating")),
        proxy.on_request(fault, writes_status_of("telling")),
    ]
    schedules = [Schedule(ns, 3, name, FRONTEND, **KEEP) for name in ("creating", "telling")]
    for name in ("claimed", "committed"):
        ns.check(name, FRONTEND)
    for name in ("claimed", "committed"):
        expect_executed_once(ns, name, api)
    for schedule in schedules:
        schedule.wait_ended(2, CAUGHT_UP_S)
        wait_until(
            f"{schedule.name}: its first run is told",
            lambda schedule=schedule: schedule.status().get("history"),
            CAUGHT_UP_S,
        )
    for schedule in schedules:
        schedule.suspend()
    for schedule in schedules:
        expect_each_child_executed_once(schedule, ns, api)
    assert [rule.hits for rule in rules] == [1, 1, 1, 1], proxy.log
    assert running.alive() and api.twice() == []


def expect_executed_once(ns, name, api):
    status = ns.wait_finished(name, CAUGHT_UP_S)
    [attempt] = status["attempts"]
    expect_judged(status, api.executions[attempt["id"]].answer["status"])
    assert status["rationale"] == f"Said to {attempt['id']}"
    assert attempt["outcome"] == "Answered" and api.names[f"{ns.name}/{name}"] == 1


def expect_each_child_executed_once(schedule, ns, api):
    wait_until(
        f"{schedule.name} has no run left",
        lambda: all(ended(child) for child in schedule.children()),
        CAUGHT_UP_S,
    )
    expect_one_outcome_each(schedule)
    for child in schedule.children():
        expect_executed_once(ns, child["metadata"]["name"], api)
    schedule.wait(
        "no run is active, and each is told",
        lambda s: not s.get("active") and len(s["history"]) == len(schedule.children()),
        CAUGHT_UP_S,
    )


READ_FAULTS = [
    CutBefore(),
    CutInside(),
    Delay(before=2),
    Refuse(410),
    Refuse(429, retry_after=1),
    Refuse(429),
    Refuse(500),
    Refuse(503),
    Refuse(504),
    SlowLoris(),
    GoAway(),
]


@pytest.mark.parametrize("fault", READ_FAULTS, ids=name_of)
def test_list_and_opening_of_a_watch(fault, operator, ns, proxy, api):
    """Both kinds, twice each: what was there before is seen, and what comes later."""
    rules = [proxy.on_request(Refuse(400), streams(kind), 1) for kind in KINDS]  # hence pages
    rules += [
        proxy.on_request(fault, where(kind), 2) for where in (lists, watches) for kind in KINDS
    ]
    expect_before_and_later_seen(operator, ns, api, rules)


@pytest.mark.parametrize("fault", READ_FAULTS, ids=name_of)
def test_stream_of_all_objects(fault, operator, ns, proxy, api):
    """The same where the API server lists by streams."""
    rules = [proxy.on_request(fault, streams(kind), 1) for kind in KINDS]
    expect_before_and_later_seen(operator, ns, api, rules)


def expect_before_and_later_seen(operator, ns, api, rules):
    ns.check("before", FRONTEND)
    running = operator.start()
    expect_executed_once(ns, "before", api)
    ns.check("later", FRONTEND)
    schedule = Schedule(ns, 2)
    expect_executed_once(ns, "later", api)
    schedule.wait_ended(1, CAUGHT_UP_S)
    assert all(rule.hits >= 1 for rule in rules), [rule.hits for rule in rules]
    assert running.alive() and api.twice() == []


def test_silence_is_noticed(operator, ns, cluster, proxy, api):
    """Half-open: the connection stays up, and nothing comes through it. One operator loses its
    watches so; another one, of another namespace, begins with lists and watches that say nothing.
    """
    other = cluster.namespace(f"{ns.name}-other")
    try:
        watching = operator.start(HOLMES_OPERATOR_NAMESPACES=ns.name)
        rules = [proxy.on_event(HalfOpen(), about(name)) for name in ("check", "beat")]
        rules += [
            proxy.on_request(fault, lambda r, where=where: r.ns == other.name and where(r))
            for fault, where in (
                (Refuse(400), streams("healthchecks")),
                (HalfOpen(), lists("healthchecks")),
                (HalfOpen(), watches("healthchecks")),
            )
        ]
        other.check("early", FRONTEND)
        beginning = operator.start(wait=False, HOLMES_OPERATOR_NAMESPACES=other.name)
        ns.check("check", FRONTEND)
        schedule = Schedule(ns, 5, concurrencyPolicy="Allow", **KEEP)
        ns.wait_finished("check", NOTICED_S)
        schedule.wait_ended(1, NOTICED_S)
        other.wait_finished("early", NOTICED_S)
        other.check("late", FRONTEND)
        expect_executed_once(ns, "check", api)
        schedule.suspend()
        expect_each_child_executed_once(schedule, ns, api)
        for name in ("early", "late"):
            expect_executed_once(other, name, api)
        assert [rule.hits for rule in rules] == [1] * 5
        assert watching.alive() and beginning.alive() and api.twice() == []
    finally:
        other.remove()


EVENT_FAULTS = [
    CutBefore(),
    CutInside(),
    Delay(before=2),
    Refuse(410),
    Refuse(429),
    Refuse(500),
    Refuse(504),
    SlowLoris(),
    GoAway(),
]


@pytest.mark.parametrize("fault", EVENT_FAULTS, ids=name_of)
def test_event_of_a_watch(fault, operator, ns, proxy, api):
    """That of a new check, of a new schedule, of a re-run and of a deletion."""
    running = operator.start()
    created = [proxy.on_event(fault, about(name)) for name in ("check", "beat")]
    ns.check("check", FRONTEND)
    schedule = Schedule(ns, 2)
    expect_executed_once(ns, "check", api)
    schedule.wait_ended(1, CAUGHT_UP_S)
    schedule.suspend()
    again = proxy.on_event(
        fault,
        lambda r, e: about("check")(r, e)
        and "rerun" in str(e["object"]["metadata"].get("annotations")),
    )
    ns.patch("check", {"metadata": {"annotations": {"holmesgpt.dev/rerun": "true"}}})
    ns.wait_finished("check", CAUGHT_UP_S, run=2)
    gone = proxy.on_event(fault, lambda r, e: e["type"] == "DELETED" and about("check")(r, e))
    ns.delete_check("check")
    ns.check("last", FRONTEND)
    expect_executed_once(ns, "last", api)
    assert api.names[f"{ns.name}/check"] == 2
    assert [rule.hits for rule in (*created, again, gone)] == [1, 1, 1, 1], proxy.log
    assert running.alive() and api.twice() == []
