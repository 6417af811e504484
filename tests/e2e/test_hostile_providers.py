"""A model provider that answers anything but what it should, in each wire format: every check ends as
an error that says what came, in time; meanwhile the server is healthy, and afterwards it is as good
as before.
"""

import json
import sys
import threading
import time

import pytest

from holmes import Server
from support import REPO, Double, QuietHandler, Stopwatch

sys.path.insert(0, str(REPO / "tests/golden"))
from capture import CALLS, api_of  # noqa: E402

LIST = CALLS[0]
FINDINGS = "There are no pods in the namespace."
VERDICT = json.dumps({"rationale": FINDINGS, "verdict": "pass"})
TIMEOUT = 20  # seconds; of checks that must end long before
SHORT = 3  # of those that nothing else ends
GRACE = 2  # after a deadline, on a busy machine
HEALTHY = 1.0  # seconds that /healthz may take, likewise
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


def lines_of_a_stream(api):
    """As Ollama streams; the first piece is a whole answer of its API but for its end."""
    piece = api("All") | {"done": False}
    return json.dumps(piece) + "\n" + json.dumps(piece) + "\n"


# Where each API has what it says.
ANSWER_MEMBERS = ("choices", "content", "candidates", "output", "message")


# What a question asks for -> the body of a 200, and what the check's error says of it.
ANSWERS = {
    "html": (lambda api: "<html>Please sign in</html>", "HTML or XML instead of JSON"),
    "nothing": (lambda api: "", "the answer is empty"),
    "stream": (lambda api: 'data: {"x":1}\n\ndata: [DONE]\n\n', "an event stream"),
    "stream-of-lines": (lines_of_a_stream, "cannot be read"),
    "stream-as-array": (lambda api: json.dumps([api("All"), api("is well")]), "cannot be read"),
    "bad-utf8": (lambda api: b'{"content": "\xff\xfe"}', "cannot be read"),
    "bad-utf8-inside": (
        lambda api: with_calls(api, [LIST]).encode().replace(b"Pod", b"\xff\xfe"), "cannot be read"
    ),
    "a-number": (lambda api: "7", "cannot be read"),
    "wrong-types": (lambda api: json.dumps(dict.fromkeys(ANSWER_MEMBERS, 7)), "the answer has no"),
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


def scrambled(value):
    """Each text a number, each number a text, each object within a list a list."""
    if isinstance(value, dict):
        return {name: scrambled(item) for name, item in value.items()}
    if isinstance(value, list):
        return [[item] if isinstance(item, dict) else scrambled(item) for item in value]
    return 7 if isinstance(value, str) else "x"


# Answers that have the shape of one but nothing in it: the model's fault or its provider's.
HOLLOW = {
    "wrong-lists": lambda api: json.dumps(dict.fromkeys(ANSWER_MEMBERS, [7])),
    "scrambled-text": lambda api: json.dumps(scrambled(api(FINDINGS))),
    "scrambled-calls": lambda api: json.dumps(scrambled(api(None, [LIST]))),
    "calls-without-names": lambda api: with_calls(api, [(7, "x")]),
}


class Handler(QuietHandler):
    def do_POST(self):
        asked = self.read_body().decode()
        api = api_of(self.path.split("?")[0])
        for name in ("endless", "drip", "silence", "hang-up"):
            if f"[[{name}]]" in asked:
                return self.misbehave(name)
        if "[[good]]" in asked:
            return self.send(self.good(api, asked))
        answers = {name: make for name, (make, _) in ANSWERS.items()} | HOLLOW
        self.send(next(make for name, make in answers.items() if f"[[{name}]]" in asked)(api))

    def good(self, api, asked):
        if "Tool calls and how their answers begin" in asked:
            return json.dumps(api(VERDICT))
        return json.dumps(api(FINDINGS)) if "no pods found" in asked else with_calls(api, [LIST])

    def send(self, answer):
        answer = answer if isinstance(answer, bytes) else answer.encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def misbehave(self, how):
        """Until the client has had enough. 1 GiB of an endless body would be a failure of ours."""
        provider = self.server.owner
        self.close_connection = True
        if how == "hang-up":
            return
        if how != "silence":
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
        try:
            for _ in range(1024):
                if how == "endless":
                    self.wfile.write(b" " * (1 << 20))
                elif provider.closing.wait(0.1):
                    return
                elif how == "drip":
                    self.wfile.write(b" ")
            provider.drained = True
        except OSError:
            pass


class Hostile(Double):
    def __init__(self):
        self.drained = False
        self.closing = threading.Event()
        super().__init__(Handler)
        self.url = self.address

    def close(self):
        self.closing.set()
        super().close()


@pytest.fixture(scope="module")
def provider():
    hostile = Hostile()
    yield hostile
    hostile.close()


class Health:
    """Asks /healthz all the time; `slowest` is how long an answer took, more than the limit when it
    was none."""

    def __init__(self, server):
        self.server, self.slowest, self.asked = server, 0.0, 0
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.ask, daemon=True)

    def ask(self):
        while not self.ended.wait(0.02):
            watch = Stopwatch()
            healthy = self.server.probe("/healthz") == 200
            self.slowest = max(self.slowest, watch.seconds() if healthy else 2 * HEALTHY)
            self.asked += 1

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()


@pytest.fixture
def server(model, provider, empty_kubeconfig, tmp_path):
    settings = {name: value.format(provider.url) for name, value in ADAPTERS[model].items()}
    env = {"OPENAI_API_BASE": None, "OPENAI_API_KEY": None} | settings | {"MODEL": model}
    made = Server(empty_kubeconfig, provider.url, provider.url, tmp_path / "log", **env)
    made.start()
    try:
        yield made
        assert made.terminate() == 0
    finally:
        made.kill()


def ask(server, name, timeout=TIMEOUT):
    """The check's answer, which came in time."""
    watch = Stopwatch()
    answer = server.execute(f"Are all pods healthy? [[{name}]]", timeout=timeout).json()
    assert watch.seconds() < timeout + GRACE, (name, answer)
    return answer


@pytest.mark.parametrize("model", ADAPTERS)
def test_whatever_a_provider_answers_ends_as_a_clear_error(model, provider, server):
    with Health(server) as health:
        for name, (_, words) in ANSWERS.items():
            answer = ask(server, name)
            assert (answer["status"], answer["reason"]) == ("error", "ModelUnavailable"), name
            assert words in answer["error"], (name, answer["error"])
            assert len(answer["error"]) < 1000, name
        for name in HOLLOW:
            answer = ask(server, name)
            reasons = ("ModelUnavailable", "Unparsable", "BudgetExceeded")
            assert answer["status"] == "error" and answer["reason"] in reasons, (name, answer)
        for name in ("endless", "hang-up"):
            answer = ask(server, name)
            assert (answer["status"], answer["reason"]) == ("error", "ModelUnavailable"), answer
        for name in ("drip", "silence"):
            answer = ask(server, name, SHORT)
            assert (answer["status"], answer["reason"]) == ("error", "Timeout"), answer
        assert not provider.drained
        answer = ask(server, "good")
        assert (answer["status"], answer["rationale"]) == ("pass", FINDINGS), answer
    assert health.asked > 50
    assert health.slowest < HEALTHY


@pytest.mark.parametrize("model", ["openai/gpt-x"])
def test_many_of_them_at_once_do_no_harm_either(model, provider, server):
    names = [*ANSWERS, "endless"] * 3  # fewer than run at once by default
    answers = {}

    def one(i, name):
        answers[i] = ask(server, name)

    with Health(server) as health:
        threads = [threading.Thread(target=one, args=work) for work in enumerate(names)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(answers) == len(names)
        assert {(a["status"], a["reason"]) for a in answers.values()} == {("error", "ModelUnavailable")}
        assert ask(server, "good")["status"] == "pass"
    assert health.slowest < HEALTHY
