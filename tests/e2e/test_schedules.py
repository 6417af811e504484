"""A ScheduledHealthCheck on a real Kubernetes API: from apply to history, and what its user may do
meanwhile.
"""

import re
from datetime import timedelta

import pytest

from cluster import NotFound, condition
from expect import FRONTEND, expect_judged
from schedules import (
    AT,
    BY,
    KEEP,
    NEVER,
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
    wait_for_clock,
)
from support import REPO, wait_until

MINUTE = timedelta(minutes=1)
SLOW = f"{FRONTEND} [[slow 60]]"


@pytest.fixture(autouse=True)
def operator(stack):
    return stack.operator


def test_example_of_the_specification_runs_at_the_minute(ns, operator, model, slack):
    ns.deployment("frontend", 3)
    begun = operator.metrics().value("holmes_schedule_start_skew_seconds_count") or 0
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
    assert schedule.events() == [] and slack.messages("#alerts") == []
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
    wait_until("the events are told", lambda: Schedule.existing(ns, "shown").events())
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
    passing.suspend(), failing.suspend()
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


def unfinished(ns):
    return [c for c in ns.cluster.api("GET", ns.checks_path)["items"] if not ended(c)]


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
    schedule = Schedule(ns, query=SLOW, timeout=120)
    [child] = schedule.wait_children(1)
    wait_until("the model works", lambda: model.executions(ns.name) == 1)
    ns.check("bystander", f"{FRONTEND} [[no-tools]]")
    ns.kubectl("delete", "shc", "beat")
    wait_until("the garbage collector has come", lambda: ns.names() == ["bystander"], 60)
    wait_until("the model's call is given up", lambda: model.cancelled(ns.name) == 1, 10)
    labels = {"namespace": ns.name, "name": "beat"}
    assert operator.metrics().value("holmes_checks_scheduled_total", **labels) is None
    assert owners(child)[0]["uid"] == schedule.uid


# Suspended


def test_patch_of_the_document_suspends_and_resume_runs_the_latest_missed_tick(ns):
    schedule = Schedule(ns)
    schedule.wait_ended(1)
    disable = ("patch", "scheduledhealthcheck", "beat", "--type=merge", "-p")
    ns.kubectl(*disable, '{"spec":{"enabled":false}}')
    status = schedule.wait("suspended", is_suspended)
    assert "nextScheduleTime" not in status
    before = schedule.children()
    assert status["lastScheduleTime"] == text_of(tick_of(before[-1]))
    schedule.wait_ticks(3)
    assert len(schedule.children()) == len(before)
    wait_until("it is told", lambda: ("Suspended", "Normal") in [e[:2] for e in schedule.events()])
    resumed_at = now()
    schedule.patch(enabled=True)
    status = schedule.wait("resumed", lambda s: not is_suspended(s))
    children = schedule.wait_children(len(before) + 1)
    coalesced = tick_of(children[len(before)])
    assert resumed_at - schedule.period < coalesced <= now()
    [(first, last, count)] = missed_of(status, "Suspended")
    assert first == tick_of(before[-1]) + schedule.period and last == coalesced - schedule.period
    assert count == (coalesced - first) / schedule.period and count >= 2
    schedule.wait_children(len(before) + 2)  # and the ticks go on
    expect_one_outcome_each(schedule)


def test_skip_runs_none_of_the_ticks_missed_while_suspended(ns, operator):
    schedule = Schedule(ns, missedRunPolicy="Skip", enabled=False)
    schedule.wait("suspended", is_suspended)
    last = schedule.wait_ticks(2)
    schedule.patch(enabled=True)
    status = schedule.wait("resumed", lambda s: not is_suspended(s))
    assert missed_of(status, "Suspended") == [(schedule.tick(1), last, last_number(schedule, last))]
    [child, *_] = schedule.wait_children(1)
    assert tick_of(child) == last + schedule.period
    labels = {"namespace": ns.name, "name": "beat", "reason": "Suspended"}
    missed = operator.metrics().value("holmes_schedule_missed_total", **labels)
    assert missed == last_number(schedule, last)


def test_run_that_a_suspension_meets_goes_on_and_is_told(ns):
    schedule = Schedule(ns, query=f"{FRONTEND} [[slow 1]]")
    [child] = schedule.wait_children(1)
    schedule.suspend()
    status = schedule.status()
    assert status["lastScheduleTime"] == text_of(schedule.tick(1))
    assert [active["uid"] for active in status["active"]] == [child["metadata"]["uid"]]
    status = schedule.wait("the run is told", lambda s: s.get("history"))
    assert status["lastResult"] == "fail" and "active" not in status


def last_number(schedule, tick):
    return (tick - schedule.created) / schedule.period


def test_tick_older_than_the_starting_deadline_does_not_run(ns):
    schedule = Schedule(ns, 4, startingDeadlineSeconds=1, enabled=False)
    schedule.wait("suspended", is_suspended)
    last = schedule.wait_ticks(1)  # is past by half a period: 2 s
    schedule.patch(enabled=True)
    status = schedule.wait("resumed", lambda s: not is_suspended(s))
    assert missed_of(status, "Deadline") == [(last, last, 1)]
    [child, *_] = schedule.wait_children(1)
    assert tick_of(child) > last


# One at a time, or not


def test_forbid_never_runs_two_and_each_tick_has_one_outcome(ns, operator):
    schedule = Schedule(ns, 1, query=f"{FRONTEND} [[slow 2.5]]", **KEEP)
    most = 0
    deadline = schedule.created + timedelta(seconds=12)
    while now() < deadline:
        most = max(most, len(unfinished(ns)))
        assert len(schedule.status().get("active", [])) <= 1
    assert most == 1
    assert operator.metrics().value("holmes_scheduled_checks_active") in (0, 1)
    ran, missed = expect_one_outcome_each(schedule)
    status = schedule.status()
    assert len(ran) >= 2 and missed >= 4 and missed_count(status, "Forbid") == missed
    labels = {"namespace": ns.name, "name": "beat", "reason": "Forbid"}
    assert operator.metrics().value("holmes_schedule_missed_total", **labels) == missed
    assert ("Missed", "Warning") in [event[:2] for event in schedule.events()]


def test_replace_cancels_the_running_execution_and_starts_after_its_end(ns, model, operator):
    schedule = Schedule(ns, 3, query=SLOW, timeout=120, concurrencyPolicy="Replace")
    children = schedule.wait_children(2)
    schedule.suspend()
    wait_until("the second one runs", lambda: model.executions(ns.name) == 2)
    assert model.cancelled(ns.name) == 1
    first, second = (ns.get(child["metadata"]["name"]) for child in children)
    assert first["status"]["phase"] == "Failed"
    assert condition(first["status"], "Complete")["reason"] == "Cancelled"
    assert second["metadata"]["creationTimestamp"] >= first["status"]["completionTime"]
    assert (tick_of(first), tick_of(second)) == (schedule.tick(1), schedule.tick(2))
    assert schedule.status()["lastScheduleTime"] == text_of(schedule.tick(2))
    assert operator.metrics().value("holmes_scheduled_checks_active") == 1
    status = schedule.wait("one is active", lambda s: len(s.get("active", [])) == 1)
    assert status["active"][0]["uid"] == second["metadata"]["uid"]
    assert status["active"][0]["namespace"] == ns.name and status.get("missed", []) == []


def test_allow_runs_several_at_once(ns, model):
    schedule = Schedule(ns, query=SLOW, timeout=120, concurrencyPolicy="Allow")
    status = schedule.wait("two are active", lambda s: len(s.get("active", [])) >= 2)
    names = [active["name"] for active in status["active"]]
    assert names == [child["metadata"]["name"] for child in schedule.children()][: len(names)]
    wait_until("both run", lambda: model.executions(ns.name) >= 2)
    expect_one_outcome_each(schedule)


# Now


def test_run_now_is_one_run_for_one_annotation(ns):
    schedule = Schedule(ns, NEVER)
    for count in (1, 2):
        ns.kubectl("annotate", "shc", "beat", f"{RUN_NOW}=true")
        assert len(schedule.wait_ended(count)) == count
        wait_until("the annotation is gone", lambda: RUN_NOW not in schedule.annotations())
        schedule.wait("in the history", lambda s: len(s.get("history", [])) == count)
    status = schedule.status()
    assert "lastScheduleTime" not in status and "runNow" not in status
    for child in schedule.children():
        assert AT not in child["metadata"].get("annotations", {})
        assert child["metadata"]["labels"] == {BY: "beat"}
    assert len(schedule.children()) == 2


def test_run_now_works_while_suspended_and_resumes_nothing(ns):
    schedule = Schedule(ns, 1, enabled=False)
    schedule.wait("suspended", is_suspended)
    schedule.run_now()
    [child] = schedule.wait_ended(1)
    wait_until("the annotation is gone", lambda: RUN_NOW not in schedule.annotations())
    schedule.wait_ticks(2)
    assert len(schedule.children()) == 1 and tick_of(child) is None
    assert "lastScheduleTime" not in schedule.status() and is_suspended(schedule.status())


def test_run_now_during_a_run_waits_for_its_end(ns, model):
    schedule = Schedule(ns, NEVER, query=f"{FRONTEND} [[slow 2]]")
    schedule.run_now()
    schedule.wait_children(1)
    schedule.run_now()
    first, second = schedule.wait_ended(2)
    starts = sorted(child["status"]["startTime"] for child in (first, second))
    ends = sorted(child["status"]["completionTime"] for child in (first, second))
    assert starts[1] >= ends[0] and model.executions(ns.name) == 2


# Edited


def test_edited_schedule_runs_no_past_tick_of_its_new_meaning(ns):
    schedule = Schedule(ns, NEVER)
    schedule.wait("ready", is_ready)
    wait_for_clock(schedule.created + timedelta(seconds=3))  # @every 1s would have ticked 3 times
    edited_at = now()
    schedule.patch(schedule="@every 1s")
    schedule.period = timedelta(seconds=1)
    children = schedule.wait_children(2)
    assert all(tick_of(child) > edited_at - schedule.period for child in children)
    status = schedule.status()
    assert status.get("missed", []) == [] and status["observedSchedule"]["schedule"] == "@every 1s"


def test_edited_time_zone_moves_the_next_tick_and_runs_nothing(ns):
    hour = now() + timedelta(hours=6)
    schedule = Schedule(ns, f"0 {hour.hour} * * *")
    status = schedule.wait("ready", is_ready)
    noon = hour.replace(minute=0, second=0, microsecond=0)
    assert time_of(status["nextScheduleTime"]) == noon
    for zone, offset in (("Asia/Kolkata", 5.5), ("Etc/GMT-6", 6), ("Etc/GMT+3", -3)):
        schedule.patch(timeZone=zone)
        moved = schedule.wait(
            zone, lambda s: s.get("observedSchedule", {}).get("timeZone") == zone
        )["nextScheduleTime"]
        assert (time_of(moved) - (noon - timedelta(hours=offset))) % timedelta(days=1) == timedelta(0)
        assert now() < time_of(moved) <= now() + timedelta(days=1)
    status = schedule.status()
    assert schedule.children() == [] and status.get("missed", []) == []


@pytest.mark.parametrize(
    "bad, reason, words",
    [
        ({"schedule": "61 * * * *"}, "InvalidSchedule", "61"),
        ({"schedule": "every day"}, "InvalidSchedule", "every day"),
        ({"timeZone": "Mars/Olympus"}, "UnknownTimeZone", "Mars/Olympus"),
        ({"jitterSeconds": 1}, "InvalidJitter", "1"),
    ],
)
def test_bad_schedule_says_what_is_wrong_and_the_next_edit_heals_it(ns, bad, reason, words):
    good = {"schedule": "@every 1s", "timeZone": None, "jitterSeconds": 0}
    schedule = Schedule(ns, 1)
    schedule.wait_children(1)
    schedule.patch(**bad)
    status = schedule.wait("not ready", lambda s: condition(s, "Ready").get("status") == "False")
    ready = condition(status, "Ready")
    assert ready["reason"] == reason and words in ready["message"]
    assert "nextScheduleTime" not in status
    wait_until("it is told", lambda: "InvalidSchedule" in [e[0] for e in schedule.events()])
    [told] = [event for event in schedule.events() if event[0] == "InvalidSchedule"]
    assert told[1] == "Warning" and told[2] == ready["message"]
    before = [child["metadata"]["name"] for child in schedule.children()]
    schedule.wait_ticks(2)
    assert [child["metadata"]["name"] for child in schedule.children()] == before
    healed_at = now()
    schedule.patch(**good)
    schedule.wait("healed", is_ready)
    children = schedule.wait_children(len(before) + 1)
    assert tick_of(children[len(before)]) > healed_at - schedule.period


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
        assert ("Suspended", "Normal") in [event[:2] for event in schedule.events()]


def test_jitter_delays_each_schedule_by_the_same_time_and_names_stay_nominal(ns):
    schedules = [Schedule(ns, 5, f"beat-{i}", jitterSeconds=2) for i in range(8)]
    delays = {}
    for schedule in schedules:
        for child in schedule.wait_children(2):
            tick = tick_of(child)
            assert tick.strftime("-%Y%m%d-%H%M%S-") in child["metadata"]["name"]
            assert (tick - schedule.created) % schedule.period == timedelta(0)
            made = time_of(child["metadata"]["creationTimestamp"])
            delays.setdefault(schedule.name, []).append((made - tick).total_seconds())
    assert all(max(seen) - min(seen) <= 1 for seen in delays.values()), delays
    assert all(0 <= delay <= 3 for seen in delays.values() for delay in seen), delays
    assert len({min(seen) for seen in delays.values()}) > 1, delays  # not all the same
