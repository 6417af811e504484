"""A model provider that answers anything but what it should, in each wire format: every check ends as
an error that says what came, in time, and the server stays healthy.
"""

import json
import sys

import pytest

from holmes import Server
from support import REPO, Double, QuietHandler

sys.path.insert(0, str(REPO / "tests/golden"))
from capture import CALLS, api_of  # noqa: E402

LIST = CALLS[0]
ADAPTERS = {
    "openai/gpt-x": {"OPENAI_API_KEY": "k", "OPENAI_API_BASE": "{}/v1"},
    "anthropic/claude-x": {"ANTHROPIC_API_KEY": "k", "ANTHROPIC_API_BASE": "{}"},
    "gemini/gemini-x": {"GEMINI_API_KEY": "k", "GEMINI_API_BASE": "{}"},
    "bedrock/us.anthropic.claude-x-v1:0": {
        "AWS_REGION": "us-east-1", "AWS_BEARER_TOKEN_BEDROCK": "t",
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "{}",
    },
    "ollama/llama-x": {"OLLAMA_API_BASE": "{}"},
}


def with_calls(api, calls):
    return json.dumps(api(None, calls))


def two_ids(api):
    """Ollama's calls need no id; they are given one each, and one too often."""
    answer = with_calls(api, [LIST, LIST])
    if "call_1" in answer:
        return answer.replace("call_1", "call_0")
    return answer.replace('{"function"', '{"id": "call_0", "function"')


# What a question asks for -> the body of a 200, and what the check's error says of it.
ANSWERS = {
    "html": (lambda api: "<html>Please sign in</html>", "HTML or XML instead of JSON"),
    "nothing": (lambda api: "", "the answer is empty"),
    "stream": (lambda api: 'data: {"x":1}\n\ndata: [DONE]\n\n', "an event stream"),
    "bad-utf8": (lambda api: b'{"content": "\xff\xfe"}', "cannot be read"),
    "deep": (lambda api: "[" * 100_000, "cannot be read"),
    "half": (lambda api: with_calls(api, [LIST])[:60], "cannot be read"),
    "no-members": (lambda api: "{}", "the answer has no"),
    "error-inside": (
        lambda api: '{"error": {"code": 400, "message": "it is wrong"}}', "HTTP 400: it is wrong"
    ),
    "same-id": (two_ids, "two tool calls with the id 'call_0'"),
    "megabyte": (
        lambda api: with_calls(api, [(LIST[0], {"kind": "x" * 1_000_000})]), "bytes of arguments"
    ),
    "ten-thousand": (lambda api: with_calls(api, [LIST] * 10_000), "10000 tool calls at once"),
}


class Handler(QuietHandler):
    def do_POST(self):
        asked = self.read_body().decode()
        if "[[endless]]" in asked:
            return self.endless()
        name = next(name for name in ANSWERS if f"[[{name}]]" in asked)
        answer = ANSWERS[name][0](api_of(self.path.split("?")[0]))
        answer = answer if isinstance(answer, bytes) else answer.encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def endless(self):
        """Until the client has had enough; 1 GiB would be a failure of ours."""
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.close_connection = True
        try:
            for _ in range(1024):
                self.wfile.write(b" " * (1 << 20))
            self.server.owner.drained = True
        except OSError:
            pass


class Hostile(Double):
    def __init__(self):
        self.drained = False
        super().__init__(Handler)
        self.url = self.address


@pytest.fixture(scope="module")
def provider():
    hostile = Hostile()
    yield hostile
    hostile.close()


@pytest.mark.parametrize("model", ADAPTERS)
def test_whatever_a_provider_answers_ends_as_a_clear_error(model, provider, empty_kubeconfig, tmp_path):
    settings = {name: value.format(provider.url) for name, value in ADAPTERS[model].items()}
    none = {"OPENAI_API_BASE": None, "OPENAI_API_KEY": None}
    env = none | settings | {"MODEL": model}
    server = Server(empty_kubeconfig, provider.url, provider.url, tmp_path / "log", **env)
    server.start()
    try:
        for name, (_, words) in ANSWERS.items():
            answer = server.execute(f"Are all pods healthy? [[{name}]]", timeout=20).json()
            assert (answer["status"], answer["reason"]) == ("error", "ModelUnavailable"), name
            assert words in answer["error"], (name, answer["error"])
            assert len(answer["error"]) < 1000, name
            assert server.probe("/healthz") == 200, name
        answer = server.execute("Are all pods healthy? [[endless]]", timeout=20).json()
        assert (answer["status"], answer["reason"]) == ("error", "ModelUnavailable"), answer
        assert not provider.drained
        assert server.probe("/healthz") == 200
        assert server.terminate() == 0
    finally:
        server.kill()
