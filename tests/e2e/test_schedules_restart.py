"""Ticks while the operator or the API server is away: none runs twice, and none is lost."""

from datetime import timedelta

from expect import FRONTEND
from schedules import (
    KEEP,
    Schedule,
    ended,
    expect_one_outcome_each,
    missed_of,
    now,
    text_of,
    tick_of,
    wait_for_clock,
)
from support import wait_until


def test_ticks_of_a_downtime_are_recorded_and_the_latest_runs_once(start, ns):
    pair = start.pair()
    schedule = Schedule(ns)
    schedule.wait_ended(1)
    pair.operator.kill()
    before = schedule.ticks_run()
    schedule.wait_ticks(3)
    back_at = now()
    start.operator(pair.server.url)
    status = schedule.wait("the downtime is told", lambda s: missed_of(s, "Downtime"))
    coalesced = schedule.ticks_run()[len(before)]
    assert back_at - schedule.period < coalesced <= now()
    first, last, count = missed_of(status, "Downtime")[0]
    assert (first, last) == (before[-1] + schedule.period, coalesced - schedule.period)
    assert count == (coalesced - first) / schedule.period and count >= 2
    wait_until("the ticks go on", lambda: schedule.ticks_run()[-1] > coalesced)
    assert ("Missed", "Warning") in [event[:2] for event in schedule.events()]
    expect_one_outcome_each(schedule)


def test_skip_runs_none_of_the_ticks_of_a_downtime(start, ns):
    pair = start.pair()
    schedule = Schedule(ns, missedRunPolicy="Skip")
    schedule.wait_ended(1)
    pair.operator.kill()
    before = schedule.ticks_run()
    last = schedule.wait_ticks(2)
    start.operator(pair.server.url)
    wait_until("the ticks go on", lambda: len(schedule.ticks_run()) > len(before))
    assert schedule.ticks_run()[len(before)] > last
    ran, missed = expect_one_outcome_each(schedule)
    assert missed >= 2 and missed_of(schedule.status(), "Downtime")


def test_crash_after_the_create_and_before_the_status_runs_the_tick_once(start, ns, model):
    pair = start.pair()
    # The crash may fall between the claim and its POST: then the attempt is given up after 10 s, and
    # the run has ended before the next tick.
    schedule = Schedule(ns, 20, query=f"{FRONTEND} [[slow 2]]")
    [child] = schedule.wait_children(1)
    pair.operator.kill()
    assert "lastScheduleTime" not in schedule.status()  # so the crash was early enough
    start.operator(pair.server.url)
    [again] = schedule.wait_ended(1)
    assert again["metadata"]["uid"] == child["metadata"]["uid"]
    status = schedule.wait("the run is told", lambda s: s.get("history"))
    assert status["lastScheduleTime"] == text_of(schedule.tick(1))
    assert status.get("missed", []) == [] and model.executions(ns.name) == 1


def test_operator_that_is_killed_again_and_again_loses_no_tick_and_repeats_none(start, ns):
    """At five moments, from just before a tick until its run has ended."""
    pair = start.pair()
    schedule = Schedule(ns, 1, **KEEP)
    schedule.wait_children(1)
    for milliseconds in (-5, 3, 10, 20, 100):
        tick = schedule.next_tick()
        wait_for_clock(tick + timedelta(milliseconds=milliseconds))
        pair.operator.kill()
        pair.operator = start.operator(pair.server.url)
    ran = len(schedule.children())
    schedule.wait_ended(ran + 1, 45)
    wait_until("no run is left", lambda: all(ended(child) for child in schedule.children()), 45)
    expect_one_outcome_each(schedule)


def test_ticks_go_on_after_a_restart_of_the_api_server(start, ns, cluster):
    start.pair()
    schedule = Schedule(ns, 1, **KEEP)
    schedule.wait_ended(1)
    cluster.stop_api_server()
    try:
        wait_for_clock(now() + timedelta(seconds=3))
    finally:
        cluster.start_api_server()
    back_at = now()
    wait_until("the ticks go on", lambda: schedule.ticks_run()[-1] > back_at, 45)
    ran, missed = expect_one_outcome_each(schedule)
    assert missed >= 1


def test_schedule_made_while_no_operator_ran_begins_with_the_latest_tick(start, ns):
    server = start.server()
    schedule = Schedule(ns)
    last = schedule.wait_ticks(2)
    start.operator(server.url)
    [child, *_] = schedule.wait_children(1)
    assert tick_of(child) >= last
    schedule.wait("the downtime is told", lambda s: missed_of(s, "Downtime"))
    expect_one_outcome_each(schedule)
