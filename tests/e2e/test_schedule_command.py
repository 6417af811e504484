"""`holmes schedule`: a schedule in words and its next ticks, for people and for programs."""

import json
from datetime import datetime, timezone

import pytest

from holmes import run_holmes

FROM = "2026-03-07T00:00:00Z"


def schedule(*args):
    done = run_holmes("schedule", *args)
    assert done.returncode == 0, (done.returncode, done.stderr)
    return done


def ticks(*args):
    return json.loads(schedule(*args, "--output", "json").stdout)


def test_json_is_an_array_of_utc_times_and_nothing_else():
    done = schedule("0 9 * * *", "--from", FROM, "--next", "2", "--output", "json")
    assert done.stdout == '["2026-03-07T09:00:00Z","2026-03-08T09:00:00Z"]\n'
    assert done.stderr == ""


def test_from_is_exclusive_and_may_have_any_offset():
    assert ticks("0 9 * * *", "--from", "2026-03-07T09:00:00Z", "--next", "1") == [
        "2026-03-08T09:00:00Z"
    ]
    assert ticks("0 9 * * *", "--from", "2026-03-07T09:59:59+01:00", "--next", "1") == [
        "2026-03-07T09:00:00Z"
    ]


@pytest.mark.parametrize(
    "policy, expected",
    [
        ("RunOnce", ["2026-03-07T07:30:00Z", "2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"]),
        ("Kubernetes", ["2026-03-07T07:30:00Z", "2026-03-09T06:30:00Z", "2026-03-10T06:30:00Z"]),
    ],
)
def test_a_skipped_time_runs_by_policy(policy, expected):
    args = ("--time-zone", "America/New_York", "--from", FROM, "--next", "3")
    assert ticks("30 2 * * *", *args, "--dst-policy", policy) == expected


def test_a_period_counts_from_the_given_instant():
    assert ticks("@every 90m", "--from", "2026-03-07T00:00:30Z", "--next", "2") == [
        "2026-03-07T01:30:30Z",
        "2026-03-07T03:00:30Z",
    ]


def test_five_ticks_from_now_by_default():
    found = [datetime.fromisoformat(t.replace("Z", "+00:00")) for t in ticks("*/5 * * * *")]
    assert len(found) == 5
    assert abs((found[0] - datetime.now(timezone.utc)).total_seconds()) <= 301


def test_text_has_words_local_time_and_utc():
    done = schedule("0 9 * * mon-fri", "--time-zone", "Europe/Berlin", "--from", FROM, "--next", "2")
    assert done.stdout == (
        "At 09:00, Monday to Friday, in Europe/Berlin\n"
        "After 2026-03-07T00:00:00Z:\n"
        "  Mon 2026-03-09 09:00:00+01:00 Europe/Berlin  2026-03-09T08:00:00Z\n"
        "  Tue 2026-03-10 09:00:00+01:00 Europe/Berlin  2026-03-10T08:00:00Z\n"
    )
    assert done.stderr == ""


def test_a_difference_to_apscheduler_is_noted():
    note = (
        "note: day-of-week field '1': APScheduler 3.x counts from 0 for Monday and would run on "
        "Tuesday\n"
    )
    assert note in schedule("0 9 * * 1").stdout
    done = schedule("0 9 * * 1", "--output", "json")
    assert done.stderr == "holmes: " + note
    assert isinstance(json.loads(done.stdout), list)


@pytest.mark.parametrize(
    "args, word",
    [
        ((), "EXPR"),
        (("",), "empty"),
        (("0 9 * *",), "4 fields"),
        (("*/61 * * * *",), "minute field '*/61'"),
        (("TZ=UTC 0 9 * * *",), "spec.timeZone"),
        (("0 0 30 2 *",), "day-of-month field '30'"),
        (("@reboot",), "@reboot"),
        (("@every 10ms",), "1s"),
        (("0", "9", "*", "*", "1"), "quotes"),
        (("0 9 * * *", "--time-zone", "Mars/Olympus"), "Mars/Olympus"),
        (("0 9 * * *", "--time-zone", "../etc/passwd"), "../etc/passwd"),
        (("0 9 * * *", "--time-zone", "Local"), "Local"),
        (("0 9 * * *", "--time-zone", "UTC+3"), "Etc/GMT-3"),
        (("0 9 * * *", "--dst-policy", "Vixie"), "RunOnce or Kubernetes"),
        (("0 9 * * *", "--from", "tomorrow"), "RFC 3339"),
        (("0 9 * * *", "--next", "0"), "--next"),
        (("0 9 * * *", "--output", "yaml"), "text or json"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_2(args, word):
    done = run_holmes("schedule", *args)
    assert done.returncode == 2, (done.stdout, done.stderr)
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1 and word in done.stderr, done.stderr


def test_help_has_the_argument_and_an_example():
    done = run_holmes("schedule", "--help")
    assert done.returncode == 0
    for word in ("Usage: holmes schedule EXPR", "Example:", "--dst-policy RunOnce|Kubernetes"):
        assert word in done.stdout
