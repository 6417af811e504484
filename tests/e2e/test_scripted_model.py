"""The doubles themselves: a double that accepts anything proves nothing. Plain HTTP, no cluster."""

import http.client
import json
import threading

import pytest

from scripted_model import ScriptedModel
from slack_capture import TOKEN, SlackCapture
from support import http_request, wait_until

KEY = {"Authorization": "Bearer any"}
QUESTION = "Are all pods in deployment 'frontend' healthy with at least 2 ready replicas?"
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": name,
            "description": "reads",
            "parameters": {"type": "object", "properties": {}},
        },
    }
    for name in ("kubernetes_get", "kubernetes_list", "kubernetes_describe", "kubernetes_logs")
]
VERDICT = {
    "type": "json_schema",
    "json_schema": {
        "name": "verdict",
        "strict": True,
        "schema": {
            "type": "object",
            "additionalProperties": False,
            "required": ["rationale", "verdict"],
            "properties": {
                "rationale": {"type": "string"},
                "verdict": {"type": "string", "enum": ["pass", "fail", "unknown"]},
            },
        },
    },
}


@pytest.fixture
def model():
    double = ScriptedModel()
    yield double
    double.close()


@pytest.fixture
def slack():
    double = SlackCapture()
    yield double
    double.close()


def ask(model, body, timeout=10):
    return http_request("POST", f"{model.url}/chat/completions", body, KEY, timeout)


def opening(question=QUESTION):
    return {
        "model": "scripted",
        "tools": TOOLS,
        "messages": [
            {"role": "system", "content": "You look at a cluster. namespace: shop"},
            {"role": "user", "content": question},
        ],
    }


def converse(model, question, results):
    """Plays the client's side of the investigation; results: tool name -> text. Returns (calls
    made, finding).
    """
    body, made = opening(question), []
    for _ in range(10):
        answer = ask(model, body)
        assert answer.status == 200, answer.text()
        message = answer.json()["choices"][0]["message"]
        body["messages"].append(message)
        if not message.get("tool_calls"):
            return made, message["content"]
        for call in message["tool_calls"]:
            made.append((call["function"]["name"], json.loads(call["function"]["arguments"])))
            body["messages"].append(
                {
                    "role": "tool",
                    "tool_call_id": call["id"],
                    "content": results[call["function"]["name"]],
                }
            )
    raise AssertionError("the model never ends")


def classify(model, finding, question=QUESTION):
    answer = ask(
        model,
        {
            "model": "scripted",
            "response_format": VERDICT,
            "messages": [
                {"role": "system", "content": "Give the verdict."},
                {"role": "user", "content": f"{question}\n\nFindings:\n{finding}\n"},
            ],
        },
    )
    assert answer.status == 200, answer.text()
    return json.loads(answer.json()["choices"][0]["message"]["content"])


def deployment(ready, desired=3):
    return json.dumps(
        {
            "kind": "Deployment",
            "metadata": {"name": "frontend"},
            "spec": {"replicas": desired},
            "status": {"readyReplicas": ready} if ready else {},
        }
    )


@pytest.mark.parametrize("ready, verdict", [(3, "pass"), (2, "fail"), (1, "fail"), (0, "fail")])
def test_verdict_follows_from_the_replicas_in_the_tool_result(model, ready, verdict):
    pods = "NAME           READY   STATUS             RESTARTS   AGE\nfrontend-abc   0/1     CrashLoopBackOff   5          1m\n"
    results = {
        "kubernetes_get": deployment(ready),
        "kubernetes_list": pods,
        "kubernetes_describe": '{"object": {}, "events": []}',
        "kubernetes_logs": "starting\npanic: no database\n",
    }
    calls, finding = converse(model, QUESTION, results)
    assert calls[0] == (
        "kubernetes_get",
        {"kind": "Deployment", "name": "frontend", "namespace": "shop"},
    )
    judged = classify(model, finding)
    assert judged["verdict"] == verdict
    assert f"has {ready} ready replicas out of 3 desired" in judged["rationale"]
    assert ("panic: no database" in judged["rationale"]) == (verdict == "fail")


def test_missing_deployment_fails_and_unreadable_one_stays_open(model):
    for error, verdict in (
        ('error: not found (404): deployments.apps "frontend" not found', "fail"),
        ("error: forbidden (403): no rights", "unknown"),
    ):
        _, finding = converse(model, QUESTION, {"kubernetes_get": error})
        assert classify(model, finding)["verdict"] == verdict


def test_arguments_are_complete_when_the_tool_is_strict(model):
    body = json.loads(json.dumps(opening()))
    properties = {
        "kind": {"type": "string"},
        "name": {"type": "string"},
        "namespace": {"type": ["string", "null"]},
        "api_version": {"type": ["string", "null"]},
    }
    body["tools"][0]["function"] |= {
        "strict": True,
        "parameters": {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        },
    }
    [call] = ask(model, body).json()["choices"][0]["message"]["tool_calls"]
    assert json.loads(call["function"]["arguments"]) == {
        "kind": "Deployment",
        "name": "frontend",
        "namespace": "shop",
        "api_version": None,
    }


def test_namespace_of_the_question_beats_the_checks(model):
    calls, _ = converse(
        model,
        "Are all pods in deployment 'frontend' in namespace 'other' healthy?",
        {"kubernetes_get": deployment(3)},
    )
    assert calls[0][1]["namespace"] == "other"


def test_several_objects_are_asked_for_in_one_step(model):
    question = "Are deployments 'frontend', 'frontend' and 'frontend' all healthy?"
    calls, finding = converse(model, question, {"kubernetes_get": deployment(3)})
    assert len(calls) == 3 and classify(model, finding)["verdict"] == "pass"
    assert len(model.requests()) == 3


@pytest.mark.parametrize(
    "break_it, sentence",
    [
        (lambda b: b.pop("model"), "model"),
        (lambda b: b.pop("messages"), "messages"),
        (lambda b: b.update(messages=[]), "messages"),
        (lambda b: b.update(tools=[]), "tools"),
        (lambda b: b.update(surprise=1), "Unrecognized request argument"),
        (lambda b: b["messages"].append({"role": "robot", "content": "x"}), "Supported values"),
        (lambda b: b["messages"].append({"role": "user", "content": None}), "got null"),
        (
            lambda b: b["messages"].append(
                {"role": "tool", "tool_call_id": "call_9", "content": "x"}
            ),
            "must be a response to a preceding",
        ),
        (
            lambda b: b["messages"].append({"role": "assistant", "content": "x", "tool_calls": []}),
            "empty array",
        ),
        (
            lambda b: b["messages"].append(
                {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [
                        {
                            "id": "call_1",
                            "type": "function",
                            "function": {"name": "kubernetes_get", "arguments": "{}"},
                        }
                    ],
                }
            ),
            "did not have response messages: call_1",
        ),
        (
            lambda b: b["messages"].append(
                {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [
                        {
                            "id": "call_1",
                            "type": "function",
                            "function": {"name": "kubernetes_get", "arguments": {}},
                        }
                    ],
                }
            ),
            "must be strings",
        ),
        (lambda b: b["tools"][0]["function"].pop("name"), "function.name"),
        (
            lambda b: b["tools"][0]["function"].update(name="kubernetes get"),
            "does not match pattern",
        ),
        (
            lambda b: b["tools"][0]["function"].update(
                strict=True, parameters={"type": "object", "properties": {"a": {"type": "string"}}}
            ),
            "additionalProperties",
        ),
        (
            lambda b: (b.pop("tools"), b.update(tool_choice="auto")),
            "only allowed when 'tools' are specified",
        ),
        (
            lambda b: b.update(
                response_format={
                    "type": "json_schema",
                    "json_schema": {"strict": True, "schema": {}},
                }
            ),
            "json_schema.name",
        ),
        (
            lambda b: b.update(
                response_format={
                    "type": "json_schema",
                    "json_schema": {
                        "name": "v",
                        "strict": True,
                        "schema": {
                            "type": "object",
                            "additionalProperties": False,
                            "required": ["a"],
                            "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
                        },
                    },
                }
            ),
            "every key in properties",
        ),
    ],
)
def test_refuses_what_the_real_api_refuses(model, break_it, sentence):
    body = json.loads(json.dumps(opening()))
    break_it(body)
    answer = ask(model, body)
    assert answer.status == 400
    assert sentence in answer.json()["error"]["message"]
    assert model.requests() == [] and len(model.stats()["refused"]) == 1


def test_wants_a_key(model):
    assert http_request("POST", f"{model.url}/chat/completions", opening()).status == 401


def test_misbehaves_on_request(model):
    assert (
        ask(model, opening(QUESTION + " [[no-tools]]")).json()["choices"][0]["finish_reason"]
        == "stop"
    )
    limited = ask(model, opening(QUESTION + " [[429 once]]"))
    assert limited.status == 429 and limited.headers["retry-after"] == "1"
    assert ask(model, opening(QUESTION + " [[429 once]]")).status == 200
    assert ask(model, opening(QUESTION + " [[500]]")).status == 500
    unknown = ask(model, opening(QUESTION + " [[unknown-tool]]")).json()["choices"][0]["message"][
        "tool_calls"
    ]
    assert unknown[0]["function"]["name"] == "shell_exec"
    arguments = ask(model, opening(QUESTION + " [[bad-args]]")).json()["choices"][0]["message"][
        "tool_calls"
    ][0]["function"]["arguments"]
    with pytest.raises(ValueError):
        json.loads(arguments)
    with pytest.raises(http.client.IncompleteRead):
        ask(model, opening(QUESTION + " [[cut]]"))
    with pytest.raises(ValueError):
        ask(model, opening(QUESTION + " [[not-json]]")).json()
    with pytest.raises(ValueError):
        classify(model, "No problem found. Fine.", QUESTION + " [[broken-json]]")
    assert (
        classify(model, "No problem found. Fine.", QUESTION + " [[verdict maybe]]")["verdict"]
        == "maybe"
    )


def test_goes_on_with_the_plan_after_its_own_mistake(model):
    for marker in ("unknown-tool", "bad-args"):
        body = opening(f"{QUESTION} [[{marker}]]")
        for content in ("error: no such tool", deployment(3)):
            message = ask(model, body).json()["choices"][0]["message"]
            body["messages"] += [
                message,
                {
                    "role": "tool",
                    "tool_call_id": message["tool_calls"][0]["id"],
                    "content": content,
                },
            ]
        assert (
            "3 ready replicas out of 3"
            in ask(model, body).json()["choices"][0]["message"]["content"]
        )


def test_notices_a_client_that_hangs_up(model):
    connection = http.client.HTTPConnection("127.0.0.1", model.port, timeout=10)
    connection.request(
        "POST", "/v1/chat/completions", json.dumps(opening(QUESTION + " [[slow 30]]")), KEY
    )
    wait_until("the request is in flight", lambda: model.stats()["in_flight"] == 1)
    connection.close()
    wait_until("the hang-up is counted", lambda: model.cancelled() == 1)
    wait_until("nothing is in flight", lambda: model.stats()["in_flight"] == 0)


def test_counts_executions_and_overlap(model):
    threads = [
        threading.Thread(target=ask, args=(model, opening(f"{QUESTION} [[slow 0.4]] {i}")))
        for i in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert model.executions() == 4 and model.executions("[[slow 0.4]] 2") == 1
    assert model.stats()["max_in_flight"] == 4


def test_slack_keeps_messages_and_refuses_like_slack(slack):
    post = lambda body, token=TOKEN: http_request(
        "POST", f"{slack.url}/chat.postMessage", body, {"Authorization": f"Bearer {token}"}
    ).json()
    assert post({"channel": "#alerts", "text": "down"})["ok"] is True
    assert post({"channel": "#alerts", "text": "down"}, "wrong") == {
        "ok": False,
        "error": "invalid_auth",
    }
    assert post({"channel": "#no-such-channel", "text": "down"})["error"] == "channel_not_found"
    assert post({"channel": "#alerts"})["error"] == "no_text"
    assert [m["channel"] for m in slack.messages()] == ["#alerts"] and slack.requests == 4
