"""A ScheduledHealthCheck on a real Kubernetes API: from apply to history, what is kept of it, and
how kubectl shows it.
"""

import re
from datetime import timedelta

import pytest

from expect import FRONTEND, expect_judged
from schedules import (
    AT,
    BY,
    Schedule,
    expect_one_outcome_each,
    is_ready,
    is_suspended,
    now,
    owners,
    text_of,
    tick_of,
    time_of,
    unfinished,
    wait_for_clock,
)
from support import REPO, Stopwatch, wait_until

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def operator(stack):
    return stack.operator


def test_example_of_the_specification_runs_at_the_minute(ns, operator, model, slack):
    ns.deployment("frontend", 3)
    begun = operator.metrics().value("holmes_schedule_start_skew_seconds_count") or 0
    if now().second >= 50:  # the first minute shall not end before the first look
        wait_for_clock(now().replace(second=0, microsecond=0) + MINUTE)
    ns.kubectl("apply", "-f", "-", stdin=every_minute("examples/schedule.yaml", ns))
    schedule = Schedule.existing(ns, "frontend-schedule")
    tick = schedule.created.replace(second=0) + MINUTE
    waiting = schedule.wait("next tick known", lambda s: s.get("nextScheduleTime"))
    assert waiting["nextScheduleTime"] == text_of(tick) and "lastScheduleTime" not in waiting
    [child] = schedule.wait_children(1, timeout=75)
    expect_child(child, schedule, tick)
    name = child["metadata"]["name"]
    result = ns.wait_finished(name)
    expect_judged(result, "pass")
    status = schedule.wait("the run stands in the history", lambda s: s.get("history"))
    assert status["history"] == [
        {
            "executionTime": text_of(tick),
            "result": "pass",
            "duration": result["duration"],
            "checkName": name,
            "message": result["message"],
        }
    ]
    assert status["lastScheduleTime"] == text_of(tick)
    assert status["lastResult"] == "pass" and status["message"] == result["message"]
    assert status["lastSuccessfulTime"] == result["completionTime"]
    assert status["nextScheduleTime"] == text_of(tick + MINUTE)
    assert status.get("active", []) == [] and status.get("missed", []) == []
    assert is_ready(status) and not is_suspended(status) and status["observedGeneration"] == 1
    assert len(schedule.children()) == 1 and model.executions(ns.name) == 1
    wait_until("the end is told", lambda: ns.events(name))
    assert [event[:2] for event in ns.events(name)] == [("Completed", "Normal")]
    assert schedule.events() == [] and slack.messages("#alerts", about=f"{ns.name}/") == []
    expect_counted_once(operator, ns, "frontend-schedule", begun)


def every_minute(example, ns):
    text = (REPO / example).read_text().replace("namespace: default", f"namespace: {ns.name}")
    assert '"*/5 * * * *"' in text
    return text.replace('"*/5 * * * *"', '"* * * * *"')


def expect_child(child, schedule, tick):
    meta = child["metadata"]
    stamp = tick.strftime("%Y%m%d-%H%M%S")
    assert re.fullmatch(f"{schedule.name}-{stamp}-[0-9a-f]{{6}}", meta["name"])
    assert meta["labels"] == {BY: schedule.name} and meta["annotations"] == {AT: text_of(tick)}
    [owner] = owners(child)
    assert owner["kind"] == "ScheduledHealthCheck" and owner["controller"] is True
    assert (owner["name"], owner["uid"]) == (schedule.name, schedule.uid)
    wanted = schedule.get()["spec"]
    for field in ("query", "timeout", "mode", "destinations"):
        assert child["spec"][field] == wanted[field], field


def expect_counted_once(operator, ns, name, begun):
    metrics = operator.metrics()
    labels = {"namespace": ns.name, "name": name}
    run = labels | {"type": "scheduledhealthcheck"}
    assert metrics.value("holmes_checks_scheduled_total", **labels) == 1
    assert metrics.value("holmes_checks_executed_total", **run) == 1
    assert metrics.value("holmes_checks_failed_total", **run) in (None, 0)
    assert metrics.value("holmes_check_duration_seconds_count", **run) == 1
    assert metrics.value("holmes_check_result", **labels) == 1
    assert metrics.value("holmes_schedule_start_skew_seconds_count") == begun + 1
    assert metrics.kinds()["holmes_schedule_start_skew_seconds"] == "histogram"
    assert metrics.value("holmes_scheduled_checks_active") == 0


def test_kubectl_shows_schedules_beside_checks(ns):
    ns.deployment("frontend", 3)
    Schedule(ns, name="shown", query=FRONTEND)
    wait_until("a run has passed", lambda: "pass" in ns.kubectl("get", "shc").stdout)
    header, row = ns.kubectl("get", "shc").stdout.splitlines()
    columns = ["NAME", "SCHEDULE", "ENABLED", "LAST RUN", "LAST RESULT", "AGE"]
    assert re.split(r"\s{2,}", header.strip()) == columns
    assert re.split(r"\s{2,}", row)[:3] == ["shown", "@every 2s", "true"]
    assert "NEXT" in ns.kubectl("get", "shc", "-o", "wide").stdout.splitlines()[0]
    both = ns.kubectl("get", "hc,shc").stdout
    assert "scheduledhealthcheck.holmesgpt.dev/shown " in both
    ns.check("one-shot", FRONTEND)
    of_schedule = ns.kubectl("get", "healthcheck", "-l", f"{BY}=shown", "-o", "name").stdout.split()
    assert of_schedule and all("/shown-" in name for name in of_schedule)
    ns.kubectl("patch", "shc", "shown", "--type=merge", "-p", '{"spec":{"enabled":false}}')
    Schedule.existing(ns, "shown").wait_event("Suspended")
    described = ns.kubectl("describe", "scheduledhealthcheck", "shown").stdout
    assert "Last Result:" in described and "Check passed. Deployment 'frontend'" in described
    assert "Suspended" in described.split("Events:")[1]


def test_explain_tells_every_field_of_a_schedule(cluster):
    whole = cluster.kubectl("explain", "shc", "--recursive").stdout
    for field in (
        "schedule timeZone enabled query timeout mode destinations model concurrencyPolicy"
        " missedRunPolicy startingDeadlineSeconds successfulHistoryLimit failedHistoryLimit"
        " historyLimit jitterSeconds dstPolicy ttlSecondsAfterFinished backoffLimit"
        " lastScheduleTime lastSuccessfulTime lastResult message active history executionTime"
        " checkName nextScheduleTime consecutiveFailures missed conditions"
    ).split():
        assert f"  {field}\t" in whole, field
    assert "Forbid" in cluster.kubectl("explain", "shc.spec.concurrencyPolicy").stdout


# What is kept


def test_history_and_objects_are_kept_within_their_limits(ns, operator):
    ns.deployment("frontend", 3)
    passing = Schedule(ns, 1, "passing", FRONTEND, successfulHistoryLimit=2)
    failing = Schedule(
        ns, 1, "failing", FRONTEND.replace("frontend", "gone"), failedHistoryLimit=0, historyLimit=3
    )

    def executed(schedule):
        labels = {"namespace": ns.name, "name": schedule.name}
        return operator.metrics().value("holmes_checks_executed_total", **labels) or 0

    wait_until("12 runs each", lambda: min(executed(passing), executed(failing)) >= 12, 45)
    passing.suspend()
    failing.suspend()
    wait_until("no run is left", lambda: not (passing.status().get("active") or unfinished(ns)))
    wait_until("passes are cut to 2", lambda: len(passing.children()) == 2, 10)
    wait_until("failures are cut to none", lambda: failing.children() == [], 10)
    entries = passing.status()["history"]
    assert len(entries) == 10 and {entry["result"] for entry in entries} == {"pass"}
    times = [entry["executionTime"] for entry in entries]
    assert times == sorted(times, reverse=True) and len(set(times)) == 10
    kept = [child["metadata"]["name"] for child in passing.children()]
    assert kept == sorted(entry["checkName"] for entry in entries[:2])
    status = failing.status()
    assert len(status["history"]) == 3 and status["lastResult"] == "fail"
    assert status["consecutiveFailures"] == executed(failing)
    assert "lastSuccessfulTime" not in status


def test_ttl_removes_the_check_and_its_result_stays_in_the_history(ns):
    schedule = Schedule(ns, ttlSecondsAfterFinished=0)
    schedule.wait("3 runs", lambda s: len(s.get("history", [])) >= 3)
    schedule.suspend()
    wait_until("the checks are gone", lambda: ns.names() == [], 10)
    entries = schedule.status()["history"]
    assert len(entries) >= 3 and all("deleted" not in entry["message"] for entry in entries)
    assert all(entry["duration"] >= 0 and entry["result"] == "error" for entry in entries)
    expect_one_outcome_each(schedule)


def test_deleted_schedule_takes_its_checks_and_their_executions_along(ns, model, operator):
    schedule = Schedule(ns, query=f"{FRONTEND} [[slow 60]]", timeout=120)
    [child] = schedule.wait_children(1)
    wait_until("the model works", lambda: model.executions(ns.name) == 1)
    ns.check("bystander", f"{FRONTEND} [[no-tools]]")
    ns.kubectl("delete", "shc", "beat")
    wait_until("the garbage collector has come", lambda: ns.names() == ["bystander"], 60)
    wait_until("the model's call is given up", lambda: model.cancelled(ns.name) == 1, 10)
    labels = {"namespace": ns.name, "name": "beat"}
    assert operator.metrics().value("holmes_checks_scheduled_total", **labels) is None
    assert owners(child)[0]["uid"] == schedule.uid


# Names and times


def test_long_names_that_differ_at_the_end_are_two_schedules(ns):
    stem = "a-schedule-with-a-name-that-is-very-long-" * 6
    names = [stem[:251] + end for end in ("-a", "-b")]
    first, second = (Schedule(ns, name=name) for name in names)
    children = [schedule.wait_ended(1)[0] for schedule in (first, second)]
    labels = [child["metadata"]["labels"][BY] for child in children]
    assert labels[0] != labels[1] and all(len(label) <= 63 for label in labels)
    for schedule, child, label in zip((first, second), children, labels):
        name = child["metadata"]["name"]
        assert len(name) <= 253
        selected = ns.kubectl("get", "hc", "-l", f"{BY}={label}", "-o", "name").stdout.split()
        assert f"healthcheck.holmesgpt.dev/{name}" in selected
        mine = {c["metadata"]["name"] for c in schedule.children()}
        assert {n.split("/")[1] for n in selected} <= mine
        wait_until("its end is told", lambda name=name: ns.events(name))
    for schedule in (first, second):
        expect_one_outcome_each(schedule)
        schedule.wait_event("Suspended")


def test_jitter_delays_each_schedule_by_the_same_time_and_names_stay_nominal(ns):
    watch = Stopwatch()
    schedules = [Schedule(ns, 5, f"beat-{i}", jitterSeconds=2) for i in range(8)]
    first = [announced(schedule) for schedule in schedules]
    delays = [delay_of(schedule, time) for schedule, time in zip(schedules, first)]
    assert set(delays) <= {timedelta(seconds=n) for n in range(3)} and len(set(delays)) > 1, delays
    for schedule, delay in zip(schedules, delays):
        for child in schedule.wait_children(2):
            tick = tick_of(child)
            assert tick.strftime("-%Y%m%d-%H%M%S-") in child["metadata"]["name"]
            assert (tick - schedule.created) % schedule.period == timedelta(0)
            late = time_of(child["metadata"]["creationTimestamp"]) - (tick + delay)
            assert timedelta(0) <= late <= timedelta(seconds=1 + watch.stalled())
    later = [announced(schedule) for schedule in schedules]
    assert all(before < after for before, after in zip(first, later))
    assert delays == [delay_of(schedule, time) for schedule, time in zip(schedules, later)]


def announced(schedule):
    """When its next check is to be made: the tick and the delay."""
    status = schedule.wait("the next tick is known", lambda s: s.get("nextScheduleTime"))
    return time_of(status["nextScheduleTime"])


def delay_of(schedule, time):
    return (time - schedule.created) % schedule.period
