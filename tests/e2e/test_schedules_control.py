"""What users may do with a schedule: suspend and resume it, choose how runs meet, run it now, edit
it.
"""

from datetime import timedelta

import pytest

from cluster import condition
from expect import FRONTEND
from schedules import (
    AT,
    BY,
    KEEP,
    NEVER,
    RUN_NOW,
    Schedule,
    expect_one_outcome_each,
    is_ready,
    is_suspended,
    missed_count,
    missed_of,
    now,
    text_of,
    tick_of,
    time_of,
    unfinished,
    wait_for_clock,
)
from support import wait_until

SLOW = f"{FRONTEND} [[slow 60]]"


@pytest.fixture(autouse=True)
def operator(stack):
    return stack.operator


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
    schedule.wait_event("Suspended")
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
    [(first, to, count)] = missed_of(status, "Suspended")
    assert first == schedule.tick(1) and to >= last and count == last_number(schedule, to)
    [child, *_] = schedule.wait_children(1)
    assert tick_of(child) > to
    labels = {"namespace": ns.name, "name": "beat", "reason": "Suspended"}
    missed = operator.metrics().value("holmes_schedule_missed_total", **labels)
    assert missed == count
    expect_one_outcome_each(schedule)


def test_run_that_a_suspension_meets_goes_on_and_is_told(ns):
    schedule = Schedule(ns, query=f"{FRONTEND} [[slow 6]]")
    [child] = schedule.wait_children(1)
    schedule.suspend()
    status = schedule.status()
    assert status["lastScheduleTime"] == text_of(tick_of(child))
    assert [active["uid"] for active in status["active"]] == [child["metadata"]["uid"]]
    status = schedule.wait("the run is told", lambda s: s.get("history"))
    assert status["lastResult"] == "fail" and "active" not in status


def last_number(schedule, tick):
    return (tick - schedule.created) / schedule.period


def test_tick_older_than_the_starting_deadline_does_not_run(ns):
    schedule = Schedule(ns, 8, startingDeadlineSeconds=1, enabled=False)
    schedule.wait("suspended", is_suspended)
    last = schedule.wait_ticks(1)  # is past by half a period: 4 s
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
    forbidden = missed_count(status, "Forbid")
    assert len(ran) >= 2 and forbidden >= 3
    # Of ticks that came due in one moment, as this machine stood still, all but one have another reason.
    assert forbidden + missed_count(status, "Downtime") == missed
    labels = {"namespace": ns.name, "name": "beat", "reason": "Forbid"}
    assert operator.metrics().value("holmes_schedule_missed_total", **labels) == forbidden
    assert ("Missed", "Warning") in [event[:2] for event in schedule.events()]


def test_replace_cancels_the_running_execution_and_starts_after_its_end(ns, model, operator):
    schedule = Schedule(ns, 6, query=SLOW, timeout=120, concurrencyPolicy="Replace")
    children = schedule.wait_children(2)
    schedule.suspend()
    wait_until("the second one runs", lambda: model.executions(ns.name) == 2)
    wait_until("the first one's call is given up", lambda: model.cancelled(ns.name) == 1)
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
    assert all(time_of(m["from"]) > edited_at - schedule.period for m in status.get("missed", []))
    assert status["observedSchedule"]["schedule"] == "@every 1s"


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


BAD = {
    "minute": ({"schedule": "61 * * * *"}, "InvalidSchedule", "61"),
    "words": ({"schedule": "every day"}, "InvalidSchedule", "every day"),
    "zone": ({"timeZone": "Mars/Olympus"}, "UnknownTimeZone", "Mars/Olympus"),
    "jitter": ({"jitterSeconds": 1}, "InvalidJitter", "jitterSeconds 1"),
}


def test_bad_schedule_says_what_is_wrong_and_the_next_edit_heals_it(ns):
    schedules = {what: Schedule(ns, 1, f"beat-{what}") for what in BAD}
    for what, schedule in schedules.items():
        schedule.wait_children(1)
        schedule.patch(**BAD[what][0])
    for what, schedule in schedules.items():
        expect_unusable(schedule, *BAD[what][1:])
    before = {what: len(schedule.children()) for what, schedule in schedules.items()}
    schedule.wait_ticks(2)
    assert before == {what: len(schedule.children()) for what, schedule in schedules.items()}
    healed_at = now()
    for what, schedule in schedules.items():
        schedule.patch(schedule="@every 1s", timeZone=None, jitterSeconds=0)
        schedule.wait("healed", is_ready)
        after = schedule.wait_children(before[what] + 1)[before[what] :]
        assert all(tick_of(child) > healed_at - schedule.period for child in after)


def expect_unusable(schedule, reason, words):
    status = schedule.wait("not ready", lambda s: condition(s, "Ready").get("status") == "False")
    ready = condition(status, "Ready")
    assert ready["reason"] == reason and words in ready["message"]
    assert "nextScheduleTime" not in status
    wait_until("it is told", lambda: "InvalidSchedule" in [e[0] for e in schedule.events()])
    [told] = [event for event in schedule.events() if event[0] == "InvalidSchedule"]
    assert told[1] == "Warning" and told[2] == ready["message"]
