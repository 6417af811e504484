"""A HealthCheck on a real Kubernetes API, from apply to verdict, and what a model may do wrong on
the way.
"""


import pytest

from cluster import condition
from expect import FRONTEND, alerting, expect_error, expect_judged
from support import REPO, Stopwatch, wait_until

pytestmark = pytest.mark.usefixtures("stack")

# The document's example carries a status: it must apply all the same, and mean nothing.
STATUS_OF_THE_EXAMPLE = """\
status:
  # Execution phase
  phase: Completed  # Pending/Running/Completed
  startTime: "2024-01-01T00:00:00Z"
  completionTime: "2024-01-01T00:00:02Z"
  # Result
  result: pass  # pass/fail/error
  message: "All pods healthy with 3/3 replicas ready"
  rationale: "Deployment 'frontend' has 3 ready replicas out of 3 desired."
  duration: 2.0
  # Conditions
  conditions:
    - type: Complete
      status: "True"
      lastTransitionTime: "2024-01-01T00:00:02Z"
      reason: Pass
      message: "Check completed successfully"
"""


def test_example_of_the_specification_as_written_passes(ns, model):
    example = (REPO / "examples/healthcheck.yaml").read_text()
    ns.deployment("frontend", 3)
    ns.kubectl(
        "apply",
        "-f",
        "-",
        stdin=(example + STATUS_OF_THE_EXAMPLE).replace(
            "namespace: default", f"namespace: {ns.name}"
        ),
    )
    status = ns.wait_finished("frontend-health-check")
    expect_judged(status, "pass")
    assert status["rationale"] == "Deployment 'frontend' has 3 ready replicas out of 3 desired."
    assert status["startTime"] > "2025" and status["completionTime"] >= status["startTime"]
    assert model.executions(ns.name) == 1


def test_result_tells_duration_model_usage_and_evidence(ns):
    ns.deployment("frontend", 3)
    status = ns.run("healthy", FRONTEND)
    assert 0 < status["duration"] < 30
    assert "scripted" in status["modelUsed"]
    usage = status["usage"]
    assert usage["modelCalls"] == 3 and usage["toolCalls"] == 1
    assert (
        usage["inputTokens"] > 100 and usage["outputTokens"] > 10 and usage["cachedInputTokens"] > 0
    )
    [evidence] = status["evidence"]
    assert evidence["tool"] == "kubernetes_get" and "frontend" in str(evidence["arguments"])
    assert evidence["bytes"] > 0 and 0 < len(evidence["summary"]) <= 500
    assert [(a["run"], a["number"], a["outcome"]) for a in status["attempts"]] == [
        (1, 1, "Answered")
    ]
    assert status["run"] == 1 and status["observedGeneration"] == 1


def test_scaled_down_deployment_fails_with_one_slack_message(ns, slack):
    ns.deployment("frontend", 3)
    ns.scale("frontend", 1)
    status = ns.run("scaled-down", FRONTEND, **alerting(ns))
    expect_judged(status, "fail")
    assert "1 ready replicas out of 1 desired" in status["rationale"]
    expect_alerted_once(ns, slack, status, "scaled-down")


def test_crash_looping_deployment_fails_with_one_slack_message(ns, slack):
    ns.deployment(
        "frontend", 2, behavior="crash-loop", logs="starting\npanic: no database at db:5432"
    )
    status = ns.run("crash-looping", FRONTEND, **alerting(ns))
    expect_judged(status, "fail")
    assert (
        "0 ready replicas out of 2 desired" in status["rationale"]
        and "CrashLoopBackOff" in status["rationale"]
    )
    assert (
        "panic: no database at db:5432" in status["rationale"]
    )  # list, describe and logs were read on the way
    assert [e["tool"] for e in status["evidence"]] == [
        "kubernetes_get",
        "kubernetes_list",
        "kubernetes_describe",
        "kubernetes_logs",
    ]
    expect_alerted_once(ns, slack, status, "crash-looping")


def test_missing_deployment_fails_with_one_slack_message(ns, slack):
    status = ns.run("missing", FRONTEND, **alerting(ns))
    expect_judged(status, "fail")
    assert status["rationale"] == "Deployment 'frontend' does not exist."
    expect_alerted_once(ns, slack, status, "missing")


def expect_alerted_once(ns, slack, status, name):
    [message] = slack.messages(f"#{ns.name}")
    assert name in message["raw"] and ns.name in message["raw"]
    assert status["notifications"] == [
        {"type": "slack", "channel": f"#{ns.name}", "status": "sent"}
    ]


def test_passing_check_and_monitor_mode_never_alert(ns, slack):
    ns.deployment("frontend", 3)
    passed = ns.run("passing", FRONTEND, **alerting(ns))
    failed = ns.run(
        "monitoring", FRONTEND.replace("frontend", "absent"), **(alerting(ns) | {"mode": "monitor"})
    )
    errored = ns.run("errored", f"{FRONTEND} [[no-tools]]", **alerting(ns))
    assert (passed["result"], failed["result"], errored["result"]) == ("pass", "fail", "error")
    assert slack.messages(f"#{ns.name}") == []


def test_slack_answer_ok_false_is_a_failed_notification_and_the_verdict_stays(ns):
    destinations = [
        {"type": "slack", "config": {"channel": channel}}
        for channel in ("#no-such-channel", "#slack-is-down")
    ]
    status = ns.run("unheard", FRONTEND, mode="alert", destinations=destinations)
    expect_judged(status, "fail")
    unknown, down = status["notifications"]
    assert unknown["status"] == "failed" and "channel_not_found" in unknown["error"]
    assert down["status"] == "failed" and "503" in down["error"]


def test_unknown_destination_type_is_skipped_and_the_others_are_served(ns, slack):
    destinations = [
        {"type": "carrier-pigeon", "config": {"loft": 7}},
        *alerting(ns)["destinations"],
    ]
    status = ns.run("pigeon", FRONTEND, mode="alert", destinations=destinations)
    expect_judged(status, "fail")
    skipped, sent = status["notifications"]
    assert (
        skipped["type"] == "carrier-pigeon"
        and skipped["status"] == "skipped"
        and "carrier-pigeon" in skipped["error"]
    )
    assert sent["status"] == "sent" and len(slack.messages(f"#{ns.name}")) == 1


def test_no_tool_call_is_error_no_evidence(ns):
    ns.deployment("frontend", 3)
    expect_error(ns.run("sure", f"{FRONTEND} [[no-tools]]"), "NoEvidence")


def test_broken_json_is_error_unparsable(ns):
    ns.deployment("frontend", 3)
    expect_error(ns.run("broken-json", f"{FRONTEND} [[broken-json]]"), "Unparsable")


def test_verdict_outside_the_schema_is_error_unparsable(ns):
    ns.deployment("frontend", 3)
    expect_error(ns.run("maybe", f"{FRONTEND} [[verdict maybe]]"), "Unparsable")


@pytest.mark.parametrize("marker", ["length", "refusal", "empty"])
def test_unfinished_text_is_error_and_never_a_verdict(ns, marker):
    ns.deployment("frontend", 3, wait=False)
    status = ns.run(f"unfinished-{marker}", f"{FRONTEND} [[{marker}]]")
    assert status["phase"] == "Completed" and status["result"] == "error"
    assert condition(status, "Inconclusive")["status"] == "True"


def test_question_that_the_data_does_not_answer_is_error_data_missing(ns):
    ns.deployment("frontend", 1)
    expect_error(ns.run("weather", "Will it rain tomorrow?"), "DataMissing")


def test_forbidden_kind_is_error_permission_denied(ns):
    expect_error(ns.run("forbidden", "Does the Lease 'holmes-operator' exist?"), "PermissionDenied")


def test_secret_is_error_permission_denied(ns):
    ns.secret("database", {"password": "hunter2-hunter2"})
    expect_error(ns.run("secret", "Does the Secret 'database' exist?"), "PermissionDenied")


def test_timeout_is_error_within_two_seconds_and_leaves_no_call_running(ns, model):
    ns.check("slow", f"{FRONTEND} [[slow 60]]", timeout=3)
    ns.wait_phase("slow", "Running")
    watch = Stopwatch()
    status = ns.wait_finished("slow")
    assert watch.seconds() < 3 + 2
    expect_error(status, "Timeout")
    assert 2.5 < status["duration"] < 5 + watch.stalled()
    wait_until("the model's call is given up", lambda: model.cancelled(ns.name) == 1, 2)
    assert model.executions(ns.name) == 1


def test_timeout_covers_the_verdict_too(ns, model):
    ns.deployment("frontend", 3)
    expect_error(
        ns.run("slow-verdict", f"{FRONTEND} [[slow-verdict 60]] ({ns.name})", timeout=5), "Timeout"
    )
    wait_until("the model's call is given up", lambda: model.cancelled(ns.name) == 1, 2)


def test_busy_model_is_asked_again_after_its_retry_after(ns):
    ns.deployment("frontend", 3)
    status = ns.run("busy", f"{FRONTEND} [[429 once]]")
    expect_judged(status, "pass")
    assert status["duration"] >= 1


@pytest.mark.parametrize("marker", ["500 once", "cut once"])
def test_one_broken_answer_of_the_model_is_asked_again(ns, marker):
    ns.deployment("frontend", 3)
    expect_judged(ns.run("hiccup", f"{FRONTEND} [[{marker}]]"), "pass")


def test_model_that_refuses_the_key_is_error_model_unavailable(ns):
    expect_error(ns.run("locked-out", f"{FRONTEND} [[401]]"), "ModelUnavailable")


@pytest.mark.parametrize("marker, why", [("500", "500"), ("not-json", "")])
def test_model_that_never_answers_properly_is_an_error_that_says_so(ns, marker, why):
    status = ns.run("down", f"{FRONTEND} [[{marker}]]", timeout=6)
    reason = condition(status, "Inconclusive")["reason"]
    assert reason in (
        "ModelUnavailable",
        "Timeout",
        "Unparsable",
    )  # asking again may last until the check's deadline
    expect_error(status, reason)
    assert why in status["error"]


def test_endless_tool_calls_end_by_the_budget(ns, model):
    expect_error(ns.run("endless", f"{FRONTEND} [[endless]]", timeout=30), "BudgetExceeded")
    assert 5 < len(model.requests(ns.name)) <= 60


@pytest.mark.parametrize("marker", ["unknown-tool", "bad-args"])
def test_wrong_tool_call_becomes_a_tool_error_the_model_sees(ns, model, marker):
    ns.deployment("frontend", 3)
    expect_judged(ns.run("clumsy", f"{FRONTEND} [[{marker}]]"), "pass")
    answers = [m["content"] for m in model.requests(ns.name)[1]["messages"] if m["role"] == "tool"]
    assert len(answers) == 1 and answers[0].startswith("error: ")


def test_tool_calls_of_one_step_come_back_in_the_order_of_the_calls(ns, model):
    for name, replicas in (("alpha", 1), ("beta", 2), ("gamma", 3)):
        ns.deployment(name, replicas)
    status = ns.run("several", "Are deployments 'alpha', 'beta' and 'gamma' all ready?")
    expect_judged(status, "pass")
    assert status["rationale"] == "All are ready: alpha 1/1, beta 2/2, gamma 3/3."
    messages = model.requests(ns.name)[1]["messages"]
    calls = [c["id"] for m in messages for c in m.get("tool_calls", [])]
    assert len(calls) == 3 and [m["tool_call_id"] for m in messages if m["role"] == "tool"] == calls


def test_list_shows_what_kubectl_shows(ns):
    ns.deployment("healthy", 2)
    expect_judged(ns.run("before", "Are all pods in this namespace healthy?"), "pass")
    ns.deployment("sick", 1, behavior="image-pull-error")
    status = ns.run("after", "Are all pods in this namespace healthy?")
    expect_judged(status, "fail")
    assert "1 of 3 pods" in status["rationale"] and "sick-" in status["rationale"]


def test_logs_and_events_are_read_through_the_api_server(ns):
    ns.pod("talker", {"fake.kubelet/logs": "listening on 8443\nserving"})
    expect_judged(
        ns.run("logs", "Does the log of pod 'talker' contain 'listening on 8443'?"), "pass"
    )
    expect_judged(
        ns.run("no-logs", "Does the log of pod 'talker' contain 'out of memory'?"), "fail"
    )
    ns.deployment("crew", 2)
    expect_judged(
        ns.run("events", "Does the description of Deployment 'crew' mention 'ScalingReplicaSet'?"),
        "pass",
    )


def test_checks_namespace_is_where_the_model_looks_first(ns, cluster):
    ns.deployment("frontend", 3)
    elsewhere = cluster.namespace(f"{ns.name}-elsewhere")
    try:
        expect_judged(elsewhere.run("own", FRONTEND), "fail")
        expect_judged(
            elsewhere.run(
                "named", f"Are all pods in deployment 'frontend' in namespace '{ns.name}' healthy?"
            ),
            "pass",
        )
    finally:
        elsewhere.remove()
