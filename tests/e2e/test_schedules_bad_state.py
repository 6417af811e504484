"""Schedules whose checks cannot be created, whose namespace goes away, and whose status somebody
edited by hand.
"""

import hashlib
import itertools
from datetime import timedelta

import pytest

from expect import FRONTEND
from schedules import (
    BY,
    NEVER,
    QUICK,
    RUN_NOW,
    Schedule,
    ended,
    expect_one_outcome_each,
    is_ready,
    is_suspended,
    missed_count,
    missed_of,
    now,
    owners,
    text_of,
    tick_of,
    time_of,
)
from support import wait_until

MOST = 2**63 - 1
LATER = "2999-01-01T00:00:00Z"
ADMISSION = "/apis/admissionregistration.k8s.io/v1"


@pytest.fixture(autouse=True)
def operator(stack):
    return stack.operator


# The check cannot be created


def child_name(schedule, tick):
    digest = hashlib.sha256(f"{schedule.uid}/{text_of(tick)}".encode()).hexdigest()[:6]
    return f"{schedule.name}-{tick.strftime('%Y%m%d-%H%M%S')}-{digest}"


def test_foreign_object_under_the_name_of_a_run_stays_as_it_is(ns, model):
    schedule = Schedule(ns, 5)
    taken = schedule.tick(1)
    ns.check(child_name(schedule, taken), f"{FRONTEND} Not ours.", suspend=True)
    ns.cluster.merge(
        f"{ns.checks_path}/{child_name(schedule, taken)}", {"metadata": {"labels": {BY: "beat"}}}
    )
    wait_until("the next tick goes on", lambda: schedule.tick(2) in schedule.ticks_run())
    status = schedule.status()
    assert missed_of(status, "CreateDenied") == [(taken, taken, 1)]
    [told] = [event for event in schedule.events() if event[0] == "CreateDenied"]
    assert told[1] == "Warning" and child_name(schedule, taken) in told[2]
    foreign = ns.get(child_name(schedule, taken))
    assert owners(foreign) == [] and foreign["metadata"]["generation"] == 1
    assert foreign["spec"]["suspend"] is True and not foreign["spec"].get("cancel")
    assert model.executions("Not ours.") == 0
    expect_one_outcome_each(schedule)


def test_quota_denies_the_run_and_the_next_tick_goes_on(ns, operator):
    quota = f"{ns.core_path}/resourcequotas"
    none = {"hard": {"count/healthchecks.holmesgpt.dev": "0"}}
    ns.cluster.api("POST", quota, {"metadata": {"name": "none"}, "spec": none})
    wait_until(
        "the quota is in force",
        lambda: ns.cluster.api("GET", f"{quota}/none").get("status", {}).get("hard"),
        60,
    )
    schedule = Schedule(ns, 1)
    status = schedule.wait("denied twice", lambda s: missed_count(s, "CreateDenied") >= 2)
    reasons = [entry["reason"] for entry in status["missed"]]
    assert all(a != b for a, b in itertools.pairwise(reasons)), reasons  # ticks in a row are one entry
    assert "lastScheduleTime" not in status
    told = [event for event in schedule.events() if event[0] == "CreateDenied"]
    assert told and "exceeded quota: none" in told[0][2]
    schedule.run_now()
    wait_until("the annotation is used up", lambda: RUN_NOW not in schedule.annotations())
    schedule.wait("no run is owed", lambda s: "runNow" not in s)
    wait_until("it is told", lambda: any("run-now" in note for _, _, note in schedule.events()))
    assert schedule.children() == []
    ns.cluster.api("DELETE", f"{quota}/none")
    schedule.wait_children(1)
    expect_one_outcome_each(schedule)
    labels = {"namespace": ns.name, "name": "beat", "reason": "CreateDenied"}
    counted = operator.metrics().value("holmes_schedule_missed_total", **labels)
    assert counted == missed_count(schedule.status(), "CreateDenied")


@pytest.fixture
def undeletable(ns, cluster):
    """An admission policy that keeps the namespace's schedules from being deleted."""
    rule = {
        "apiGroups": ["holmesgpt.dev"],
        "apiVersions": ["*"],
        "operations": ["DELETE"],
        "resources": ["scheduledhealthchecks"],
    }
    policy = {
        "matchConstraints": {"resourceRules": [rule]},
        "validations": [{"expression": f"request.namespace != '{ns.name}'"}],
    }
    binding = {"policyName": ns.name, "validationActions": ["Deny"]}
    paths = []
    for kind, spec in (
        ("validatingadmissionpolicies", policy),
        ("validatingadmissionpolicybindings", binding),
    ):
        cluster.api(
            "POST", f"{ADMISSION}/{kind}", {"metadata": {"name": ns.name}, "spec": spec}
        )
        paths.append(f"{ADMISSION}/{kind}/{ns.name}")
    yield
    for path in paths:
        cluster.request("DELETE", path)


def test_terminating_namespace_is_one_refusal_for_each_tick_and_no_more(
    ns, cluster, operator, undeletable
):
    schedule = Schedule(ns, 1)
    dry = f"{schedule.path}?dryRun=All"
    wait_until("the policy is in force", lambda: cluster.request("DELETE", dry).status != 200)
    schedule.wait_ended(1)
    namespace = f"/api/v1/namespaces/{ns.name}"
    cluster.api("DELETE", namespace)
    began = now()
    schedule.wait("denied", lambda s: missed_count(s, "CreateDenied") >= 1)
    reconciled = reconciles(operator)
    status = schedule.wait("three times", lambda s: missed_count(s, "CreateDenied") >= 4)
    assert reconciles(operator) - reconciled <= 40
    refusals = [
        line
        for line in operator.log_lines()
        if line["msg"] == "the check could not be created" and ns.name in line["schedule"]
    ]
    assert 4 <= len(refusals) <= (now() - began) / schedule.period + 1
    assert is_ready(status) and operator.probe("/readyz") == 200


def reconciles(operator):
    name = "controller_runtime_reconcile_total"
    return operator.metrics().value(name, controller="scheduledhealthcheck")


def test_schedule_that_is_being_deleted_makes_no_more_checks(ns, cluster, operator):
    schedule = Schedule(ns, 1)
    hold = {"metadata": {"finalizers": ["holmesgpt.dev/hold"]}}
    cluster.merge(schedule.path, hold)
    schedule.wait_children(1)
    schedule.delete()
    schedule.wait_ticks(1)  # one that was due just now may still run
    names = ns.names()
    reconciled = reconciles(operator)
    schedule.wait_ticks(2)
    assert ns.names() == names and reconciles(operator) - reconciled <= 5
    cluster.merge(schedule.path, {"metadata": {"finalizers": None}})


def test_run_deleted_by_hand_is_told_and_the_next_tick_runs(ns, model):
    schedule = Schedule(ns, query=f"{FRONTEND} [[slow 60]]", timeout=120)
    [child] = schedule.wait_children(1)
    name = child["metadata"]["name"]
    wait_until("the model works", lambda: model.executions(ns.name) == 1)
    ns.delete_check(name)
    status = schedule.wait("it is told", lambda s: s.get("history"))
    [entry] = status["history"]
    assert (entry["checkName"], entry["result"]) == (name, "error") and "deleted" in entry["message"]
    assert time_of(entry["executionTime"]) == tick_of(child)
    [following] = schedule.wait_children(1)
    assert tick_of(following) > tick_of(child)
    expect_one_outcome_each(schedule)


# The status is edited by hand


def wrong_history():
    entry = {"result": "pass", "checkName": "beat-20240101-000000-abcdef"}
    old = "2024-01-01T00:00:00Z"
    return {
        "history": [
            {},
            entry,
            entry | {"executionTime": LATER},
            entry | {"executionTime": old, "duration": -5},
            entry | {"executionTime": old, "checkName": "somebody-elses"},
            *[entry | {"executionTime": old, "checkName": f"x-{i}"} for i in range(300)],
        ]
    }


WRONG = {
    "history": wrong_history(),
    "active": {
        "active": [
            {},
            {"name": "bystander", "namespace": "default", "uid": "1"},
            {"name": "beat-bystander", "uid": "2"},
            {"name": "beat-active-nobody", "uid": "3"},
            *[{"name": f"beat-active-x{i}", "namespace": "kube-system"} for i in range(200)],
        ]
    },
    "last-schedule-time": {"lastScheduleTime": LATER, "nextScheduleTime": "1999-01-01T00:00:00Z"},
    "last-times-long-ago": {
        "lastScheduleTime": "0001-01-01T00:00:00Z",
        "lastSuccessfulTime": "0001-01-01T00:00:00Z",
    },
    "missed": {
        "missed": [
            {},
            {"from": LATER, "to": LATER, "count": 5, "reason": "Downtime"},
            {"from": "2024-02-01T00:00:00Z", "to": "2024-01-01T00:00:00Z", "count": 5},
            {"from": "2024-01-01T00:00:00Z", "to": "2024-01-01T00:00:00Z", "count": 0},
            {"reason": "Boredom"},
        ]
    },
    "observed-schedule": {
        "observedSchedule": {"schedule": "nonsense", "timeZone": "Mars", "since": LATER}
    },
    "run-now": {"runNow": {"id": "../../UPPER case"}},
    "counters": {"consecutiveFailures": MOST, "observedGeneration": MOST},
    "conditions": {"conditions": [{"type": f"T{i}", "status": "Unknown"} for i in range(50)]},
    "everything": None,
}


def test_status_edited_by_hand_heals_and_the_ticks_go_on(ns):
    ns.check("beat-bystander", QUICK, suspend=True)
    query = FRONTEND  # fails: there is no such deployment
    schedules = {what: Schedule(ns, 1, f"beat-{what}", query) for what in WRONG}
    for schedule in schedules.values():
        schedule.wait_ended(1)
    for what, schedule in schedules.items():
        ns.cluster.merge(f"{schedule.path}/status", {"status": WRONG[what]})
    edited_at = now()
    for schedule in schedules.values():
        expect_healed(schedule, edited_at)
    bystander = ns.get("beat-bystander")
    assert bystander["metadata"]["generation"] == 1 and not ended(bystander)


def expect_healed(schedule, edited_at):
    def ticks_since():
        return [tick for tick in schedule.ticks_run() if tick > edited_at]

    wait_until(f"two more ticks of {schedule.name} run", lambda: len(ticks_since()) >= 2)
    second = text_of(ticks_since()[1])
    status = schedule.wait(
        "it tells of them, and of the next tick",
        lambda s: (
            s.get("lastScheduleTime", "") >= second
            and now() - timedelta(seconds=3) < time_of(s["nextScheduleTime"])
        ),
    )
    soon = now() + timedelta(seconds=2)
    assert is_ready(status) and status["observedGeneration"] == 1, schedule.name
    assert time_of(status["lastScheduleTime"]) <= soon
    assert time_of(status["nextScheduleTime"]) <= soon
    assert len(status["history"]) <= 10
    assert all(time_of(entry["executionTime"]) <= soon for entry in status["history"])
    prefix = f"{schedule.name}-2"
    assert all(active["name"].startswith(prefix) for active in status.get("active", []))
    for entry in status.get("missed", []):
        assert time_of(entry["from"]) <= time_of(entry["to"]) <= soon and entry["count"] > 0
    assert status["observedSchedule"]["schedule"] == "@every 1s"
    assert status["lastResult"] == "fail" and status["consecutiveFailures"] >= 1


def test_absurd_count_of_missed_ticks_stops_nothing(ns):
    schedule = Schedule(ns, 1, enabled=False)
    schedule.wait("suspended", is_suspended)
    start = text_of(schedule.created)
    entry = {"from": start, "to": start, "count": MOST, "reason": "Suspended"}
    schedule.edit_status(missed=[entry])
    schedule.wait_ticks(2)
    schedule.patch(enabled=True)
    status = schedule.wait("it runs", lambda s: s.get("history"))
    assert all(entry["count"] > 0 for entry in status["missed"])
    assert missed_count(status, "Suspended") >= 1


def test_time_of_the_last_run_that_a_clock_step_explains_is_waited_for(ns):
    """A small step of the clock back must run no tick twice."""
    schedule = Schedule(ns, 1)
    schedule.wait_ended(1)
    ahead = now() + timedelta(seconds=4)
    schedule.edit_status(lastScheduleTime=text_of(ahead))
    before = schedule.ticks_run()
    after = wait_until(
        "the ticks go on", lambda: t if (t := schedule.ticks_run())[-1] > ahead else None
    )
    assert [tick for tick in after if before[-1] + timedelta(seconds=1) < tick < ahead] == []


def test_schedule_without_ticks_heals_too(ns):
    schedule = Schedule(ns, NEVER)
    schedule.wait("ready", is_ready)
    schedule.edit_status(lastScheduleTime=LATER, active=[{"name": "nobody", "namespace": ns.name}])
    status = schedule.wait("healed", lambda s: "lastScheduleTime" not in s and "active" not in s)
    assert is_ready(status)
    wait_until("it is told", lambda: "ClockSetBack" in [event[0] for event in schedule.events()])
