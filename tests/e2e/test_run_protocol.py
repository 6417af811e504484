"""One run of a check and the next: events, re-run, cancel, suspend, edit, deletion, metrics and
logs.
"""

import json

import pytest

from cluster import condition, true_conditions
from expect import FRONTEND, alerting, expect_judged, expect_unanswered
from support import wait_until

RERUN = {"metadata": {"annotations": {"holmesgpt.dev/rerun": "true"}}}


@pytest.fixture(autouse=True)
def operator(stack):
    return stack.operator


def annotations(ns, name):
    return ns.get(name)["metadata"].get("annotations", {})


def test_running_check_shows_its_claim(ns, model):
    ns.check("claimed", f"{FRONTEND} [[slow 2]]", timeout=20)
    status = ns.wait_phase("claimed", "Running")
    attempt = status["attempt"]
    assert (
        attempt["number"] == 1
        and attempt["id"]
        and attempt["epoch"]
        and attempt["deadline"] > status["startTime"]
    )
    assert true_conditions(status) == set() and "result" not in status
    finished = ns.wait_finished("claimed")
    assert [a["id"] for a in finished["attempts"]] == [attempt["id"]]


def test_events_tell_start_and_end(ns):
    ns.deployment("frontend", 3)
    ns.run("good", FRONTEND)
    ns.run("bad", FRONTEND.replace("frontend", "absent"))
    wait_until(
        "both ends are told", lambda: len(ns.events("good")) >= 2 and len(ns.events("bad")) >= 2
    )
    assert [reason for reason, _, _ in ns.events("good")] == ["Started", "Completed"]
    [started, ended] = ns.events("bad")
    assert started[0] == "Started" and ended[0] in ("Completed", "Failed") and "absent" in ended[2]


def test_rerun_runs_once_more_and_takes_the_annotation_away(ns, model):
    ns.deployment("frontend", 3)
    first = ns.run("again", FRONTEND)
    expect_judged(first, "pass")
    ns.scale("frontend", 1)
    ns.patch("again", RERUN)
    second = ns.wait_finished("again", run=2)
    expect_judged(second, "fail")
    wait_until(
        "the annotation is gone", lambda: "holmesgpt.dev/rerun" not in annotations(ns, "again")
    )
    assert second["run"] == 2 and not second.get("rerunAccepted")
    assert [(a["run"], a["number"]) for a in second["attempts"]] == [(1, 1), (2, 1)]
    assert model.executions(ns.name) == 2


def test_rerun_asked_for_while_running_is_accepted_after_the_end(ns, model):
    ns.deployment("frontend", 3)
    ns.check("eager", f"{FRONTEND} [[slow 2 once]]")
    ns.wait_phase("eager", "Running")
    ns.patch("eager", RERUN)
    expect_judged(ns.wait_finished("eager", run=2), "pass")
    assert model.executions(ns.name) == 2


def test_edited_finished_check_never_runs_again(ns, model):
    ns.deployment("frontend", 3)
    ns.run("edited", FRONTEND)
    ns.patch("edited", {"spec": {"query": FRONTEND + " Really?"}})
    ns.run("later", FRONTEND)  # by its end the operator has seen the edit
    status = ns.status("edited")
    assert status["run"] == 1 and status["observedGeneration"] == 1
    assert model.executions("Really?") == 0


def test_cancel_stops_the_execution_and_sends_no_alert(ns, model, slack):
    ns.check("unwanted", f"{FRONTEND} [[slow 60]]", timeout=120, **alerting(ns))
    wait_until("the model works", lambda: model.executions(ns.name) == 1)
    ns.patch("unwanted", {"spec": {"cancel": True}})
    expect_unanswered(ns.wait_finished("unwanted", 15), "Cancelled")
    wait_until("the model's call is given up", lambda: model.cancelled(ns.name) == 1, 10)
    assert slack.messages(f"#{ns.name}") == [] and model.executions(ns.name) == 1


def test_suspended_check_waits_until_it_is_resumed(ns, model):
    ns.deployment("frontend", 3)
    ns.check("parked", FRONTEND, suspend=True)
    ns.run("other", FRONTEND)
    assert (
        ns.status("parked").get("phase", "Pending") == "Pending" and model.executions(ns.name) == 1
    )
    ns.patch("parked", {"spec": {"suspend": False}})
    expect_judged(ns.wait_finished("parked"), "pass")


def test_finished_check_is_deleted_after_its_time_to_live(ns):
    ns.deployment("frontend", 3)
    ns.check("short-lived", FRONTEND, ttlSecondsAfterFinished=1)
    wait_until("it is gone", lambda: ns.names() == [], 30)
    assert ("Completed", "Normal") in [event[:2] for event in ns.events("short-lived")]


def test_deleting_a_running_check_cancels_its_execution(ns, model, slack):
    ns.check("doomed", f"{FRONTEND} [[slow 60]]", timeout=120, **alerting(ns))
    wait_until("the model works", lambda: model.executions(ns.name) == 1)
    ns.kubectl("delete", "hc", "doomed", "--timeout=10s")
    wait_until("the model's call is given up", lambda: model.cancelled(ns.name) == 1, 10)
    assert slack.messages(f"#{ns.name}") == []


def test_recreated_check_is_another_check(ns, model):
    ns.deployment("frontend", 3)
    ns.check("phoenix", f"{FRONTEND} [[slow 60]] first life", timeout=120)
    wait_until("the first life runs", lambda: model.executions(ns.name) == 1)
    ns.delete_check("phoenix")
    ns.check("phoenix", f"{FRONTEND} second life")
    expect_judged(ns.wait_finished("phoenix"), "pass")
    assert model.executions("second life") >= 1
    wait_until("the first life's call is given up", lambda: model.cancelled("first life") >= 1, 10)


def test_metrics_have_the_promised_names_and_labels(ns, operator):
    ns.deployment("frontend", 3)
    ns.run("good", FRONTEND)
    ns.run("bad", FRONTEND.replace("frontend", "absent"))
    ns.run("open", f"{FRONTEND} [[no-tools]]")
    metrics = operator.metrics()
    kinds = metrics.kinds()
    assert kinds["holmes_check_duration_seconds"] == "histogram"
    for name in ("holmes_checks_executed_total", "holmes_checks_failed_total"):
        assert kinds[name] == "counter"
    for name, executed, failed, result in (("good", 1, 0, 1), ("bad", 1, 1, 0), ("open", 1, 1, -1)):
        labels = {"namespace": ns.name, "name": name}
        assert (
            metrics.value("holmes_checks_executed_total", type="healthcheck", **labels) == executed
        )
        assert (
            metrics.value("holmes_checks_failed_total", type="healthcheck", **labels) or 0
        ) == failed
        assert (
            metrics.value("holmes_check_duration_seconds_count", type="healthcheck", **labels) == 1
        )
        assert metrics.value("holmes_check_result", **labels) == result
    assert (
        metrics.value("holmes_check_last_success_timestamp_seconds", namespace=ns.name, name="good")
        > 1.7e9
    )


def test_series_of_deleted_checks_go_away(ns, operator):
    ns.deployment("frontend", 3)
    ns.run("fleeting", FRONTEND)
    assert operator.metrics().value("holmes_checks_executed_total", namespace=ns.name) == 1
    ns.delete_check("fleeting")
    wait_until(
        "the series are gone", lambda: f'namespace="{ns.name}"' not in operator.metrics().text
    )


def test_health_paths_answer(stack):
    for program in (stack.operator, stack.server):
        assert program.probe("/healthz") == 200 and program.probe("/readyz") == 200
    assert stack.operator.probe("/nothing-here") == 404
    assert stack.server.probe("/nothing-here") == 401  # only the three paths above need no key


def test_logs_are_json_lines_that_name_check_and_attempt(ns, stack):
    ns.deployment("frontend", 3)
    status = ns.run("logged", FRONTEND)
    for program in (stack.operator, stack.server):
        lines = [json.loads(line) for line in program.log().splitlines()]
        assert all({"time", "level", "msg"} <= line.keys() for line in lines)
        about = [line for line in lines if f"{ns.name}/logged" in json.dumps(line)]
        assert any(status["attempts"][0]["id"] in json.dumps(line) for line in about), program.name


def test_conditions_carry_the_observed_generation(ns):
    ns.deployment("frontend", 3)
    status = ns.run("observed", FRONTEND)
    assert {c["type"] for c in status["conditions"]} >= {
        "Complete",
        "Passed",
        "Failed",
        "Inconclusive",
    }
    assert all(
        c["observedGeneration"] == 1 and c["lastTransitionTime"] for c in status["conditions"]
    )
    assert (
        condition(status, "Failed")["status"]
        == condition(status, "Inconclusive")["status"]
        == "False"
    )
