"""A provider that refuses one way of asking for a verdict's form after the other, in each wire format:
the check ends in the right verdict on the first rung that is left, and the next check begins there.
"""

import json
import sys

import pytest

from holmes import Server
from support import REPO, Double, QuietHandler
from test_hostile_providers import ADAPTERS

sys.path.insert(0, str(REPO / "tests/golden"))
from capture import CALLS, api_of  # noqa: E402

FINDINGS = "There are no pods in the namespace."
VERDICT = {"rationale": FINDINGS, "verdict": "fail"}
# Of each model's API, from the best to the last, which nobody can refuse; and how the others are.
LADDERS = {
    "openai": {
        "schema": "'response_format' of type 'json_schema' is not supported with this model.",
        "tool": "Thinking mode does not support this tool_choice",
        "json": "'response_format' of type 'json_object' is not supported with this model.",
        "words": "",
    },
    "anthropic": {
        "schema": "output_config.format: Extra inputs are not permitted",
        "tool": "tool_choice: forced tool use is not supported on this model.",
        "words": "",
    },
    "gemini": {
        "schema": "Unknown name \"responseJsonSchema\" at 'generation_config': Cannot find field.",
        "tool": "Function calling mode ANY is not supported by this model",
        "json": "JSON mode is not enabled for this model",
        "words": "",
    },
    "bedrock": {
        "schema": "This model doesn't support the outputConfig field.",
        "tool": "This model doesn't support the toolConfig.toolChoice.tool field.",
        "words": "",
    },
    "ollama": {
        "schema": "invalid format: expected \"json\"",
        "json": "format is not supported by this runner",
        "words": "",
    },
}


def rung_of(body):
    """How a request for a verdict asks for its form."""
    forms = (
        body.get("response_format", {}).get("type"),
        (body.get("output_config") or {}).get("format") and "json_schema",
        body.get("outputConfig") and "json_schema",
        body.get("format") and ("json_object" if body["format"] == "json" else "json_schema"),
    )
    google = body.get("generationConfig", {})
    if "json_schema" in forms or "responseJsonSchema" in google:
        return "schema"
    if "json_object" in forms or "responseMimeType" in google:
        return "json"
    if "tools" in body or "toolConfig" in body:
        return "tool" if "submit_verdict" in forced_names(body) else "a tool that is not demanded"
    return "words"


def forced_names(body):
    choice = body.get("tool_choice") or body.get("toolConfig", {}).get("toolChoice", {})
    google = body.get("toolConfig", {}).get("functionCallingConfig", {})
    names = google.get("allowedFunctionNames", []) if google.get("mode") == "ANY" else []
    return [choice.get("name"), *(choice.get(at, {}).get("name") for at in ("function", "tool")), *names]


class Handler(QuietHandler):
    def do_POST(self):
        text = self.read_body().decode()
        api = api_of(self.path.split("?")[0])
        if "Tool calls and how their answers begin" in text:
            return self.judge(api, json.loads(text))
        self.reply(200, api(FINDINGS if "no pods found" in text else None, CALLS[:1]))

    def judge(self, api, body):
        provider = self.server.owner
        rung = rung_of(body)
        provider.rungs.append(rung)
        if rung in provider.refused:
            message = provider.refusals[rung]
            error = message if "format" in body else {"message": message, "type": "invalid_request_error"}
            return self.reply(400, {"error": error, "message": message})
        if rung == "tool":
            return self.reply(200, api(None, [("submit_verdict", VERDICT)]))
        answer = json.dumps(VERDICT)
        self.reply(200, api(f"My verdict:\n```json\n{answer}\n```" if rung == "words" else answer))


class Provider(Double):
    def __init__(self, refusals):
        self.refusals, self.refused, self.rungs = refusals, set(), []
        super().__init__(Handler)


@pytest.mark.parametrize("model", ADAPTERS)
def test_each_refused_rung_leads_to_the_next_and_is_not_tried_again(model, empty_kubeconfig, tmp_path):
    refusals = LADDERS[model.split("/")[0]]
    provider = Provider(refusals)
    settings = {name: value.format(provider.address) for name, value in ADAPTERS[model].items()}
    env = {"OPENAI_API_BASE": None, "OPENAI_API_KEY": None} | settings | {"MODEL": model}
    ladder = list(refusals)
    try:
        for tried, rung in enumerate(ladder, 1):
            provider.refused, provider.rungs = set(ladder[: tried - 1]), []
            server = Server(
                empty_kubeconfig, provider.address, provider.address, tmp_path / rung, **env
            )
            server.start()
            try:
                for tries in (tried, 1):
                    answer = server.execute("Does a pod run in this namespace?", timeout=20).json()
                    assert answer["status"] == "fail", (rung, answer)
                    assert answer["rationale"] == FINDINGS
                    assert answer["usage"]["modelCalls"] == 2 + tries, (rung, answer)
                assert provider.rungs == [*ladder[:tried], rung]
                assert server.terminate() == 0
            finally:
                server.kill()
    finally:
        provider.close()
