"""What our adapters send to model providers: held against the vendors' published descriptions, and
against what the official clients send for the same conversation to the same server.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from support import REPO, clean_env

GOLDEN = REPO / "tests/golden"
sys.path.insert(0, str(GOLDEN))
from capture import FINDINGS, VERDICT, Capture  # noqa: E402

from test_schema_ladder import LADDERS  # noqa: E402

CACHE = Path(os.environ.get("HOLMES_CACHE") or Path.home() / ".cache/holmes")
RECORDER = Path(
    os.environ.get("HOLMES_RECORD_REQUESTS") or REPO / "build/dev/tests/golden/record_requests"
)
GOOGLE_NAMES = {
    "parameters_json_schema": "parametersJsonSchema",
    "allowed_function_names": "allowedFunctionNames",
}
KEYS = ("authorization", "api-key", "x-api-key", "x-goog-api-key", "anthropic-version")


@dataclass
class Case:
    sdk: str  # a function of sdk_conversation.py
    model: str
    base: str  # the variable of the address
    settings: dict
    schema: str  # of vendor_schemas.py; "": nobody published one
    path: str = ""  # below the address
    environment: dict = field(default_factory=dict)  # of the official client


AWS_KEYS = {
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_SESSION_TOKEN": "session",
}
CLAUDE = "bedrock/us.anthropic.claude-x-v1:0"
CASES = [
    Case("openai", "openai/gpt-x", "OPENAI_API_BASE", {"OPENAI_API_KEY": "k"}, "openai", "/v1"),
    Case(
        "vllm", "hosted_vllm/Qwen/Qwen3", "HOSTED_VLLM_API_BASE", {"HOSTED_VLLM_API_KEY": "k"},
        "openai", "/v1",
    ),
    Case("openrouter", "openrouter/a/b", "OPENROUTER_API_BASE", {"OPENROUTER_API_KEY": "k"}, "", "/v1"),
    Case("azure", "azure/my-deployment", "AZURE_API_BASE", {"AZURE_API_KEY": "k"}, "azure"),
    Case(
        "anthropic", "anthropic/claude-x", "ANTHROPIC_API_BASE", {"ANTHROPIC_API_KEY": "k"},
        "anthropic",
    ),
    Case("gemini", "gemini/gemini-x", "GEMINI_API_BASE", {"GEMINI_API_KEY": "k"}, "gemini"),
    Case(
        "vertex", "vertex_ai/gemini-x", "VERTEXAI_API_BASE",
        {
            "VERTEXAI_PROJECT": "p-1",
            "VERTEXAI_LOCATION": "europe-west4",
            "VERTEXAI_ACCESS_TOKEN": "t",
        },
        "vertex",
    ),
    Case(
        "bedrock", CLAUDE, "AWS_ENDPOINT_URL_BEDROCK_RUNTIME",
        {"AWS_REGION": "us-east-1"} | AWS_KEYS, "bedrock",
    ),
    Case(
        "bedrock_bearer", CLAUDE, "AWS_ENDPOINT_URL_BEDROCK_RUNTIME",
        {"AWS_REGION": "us-east-1", "AWS_BEARER_TOKEN_BEDROCK": "t"}, "bedrock",
        environment={"AWS_BEARER_TOKEN_BEDROCK": "t"},
    ),
    Case("ollama", "ollama/llama-x", "OLLAMA_API_BASE", {}, ""),
]


@pytest.fixture(scope="module")
def python():
    """A Python with the official clients and the descriptions, whose versions are pinned; made
    once."""
    wanted = (GOLDEN / "requirements.txt").read_text()
    venv = CACHE / "model-clients"
    program = venv / "bin/python"
    if not (venv / "whole").exists() or (venv / "whole").read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", venv], check=True)
        install = [program, "-m", "pip", "install", "-q", "-r", GOLDEN / "requirements.txt"]
        subprocess.run(install, check=True)
        (venv / "whole").write_text(wanted)
    return program


@pytest.fixture
def server():
    capture = Capture()
    yield capture
    capture.close()


def refusals(case):
    """Of each way to ask for a verdict's form."""
    kind = case.model.split("/")[0].removesuffix("_ai").replace("vertex", "gemini")
    return [sentence for sentence in LADDERS.get(kind, LADDERS["openai"]).values() if sentence]


def record(case, server):
    """What our adapter sent: the conversation, and the verdict again with all its rungs."""
    server.refusals = refusals(case)
    settings = {"MODEL": case.model, case.base: server.url + case.path} | case.settings
    done = subprocess.run(
        [RECORDER, *(f"{name}={value}" for name, value in settings.items())],
        env=clean_env(), capture_output=True, text=True, timeout=60,
    )
    assert done.returncode == 0, done
    calls, findings, verdict, again = map(json.loads, done.stdout.splitlines())
    assert [call["name"] for call in calls["calls"]] == ["kubernetes_list", "kubernetes_version"]
    assert (findings["content"], findings["finish"]) == (FINDINGS, "stop")
    assert verdict["content"] == again["content"] == VERDICT
    assert (calls["input"], calls["output"]) == (100, 20)
    seen = server.take()
    assert len(seen) == 4 + len(server.refusals)
    assert meaning(case, seen[3].json()) == meaning(case, seen[2].json())
    return seen[:3], seen[4:]


def run_python(python, *args, stdin="", env=None):
    done = subprocess.run(
        [python, *args], env=clean_env(env), input=stdin, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def meaning(case, value):
    """A body without what means nothing: members that are null, the order of members. Schemas sent
    as text are read; Google reads names in both cases, and no role of a system instruction;
    Ollama's client knows schemas by halves and drops additionalProperties, and offers no tools by
    an empty list."""
    if isinstance(value, list):
        return [meaning(case, item) for item in value]
    if not isinstance(value, dict):
        return value
    out = {}
    for name, item in value.items():
        if name == "schema" and isinstance(item, str):
            item = json.loads(item)
        if name == "systemInstruction":
            item.pop("role", None)
        if name == "parameters" and case.sdk == "ollama":
            item.pop("additionalProperties", None)
        name = GOOGLE_NAMES.get(name, name)
        if item is not None and (name, item) != ("tools", []):
            out[name] = meaning(case, item)
    return out


def keys_of(case, seen):
    """Anthropic takes a key in either header; its client prefers the other one."""
    keys = {name: seen.headers[name] for name in KEYS if name in seen.headers}
    if case.sdk == "anthropic" and "x-api-key" in keys:
        keys["authorization"] = "Bearer " + keys.pop("x-api-key")
    return keys


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.sdk)
def test_the_vendor_would_accept_each_request(case, python, server):
    conversation, ladder = record(case, server)
    if not case.schema:
        return  # the official client decides, below
    bodies = "".join(seen.body + "\n" for seen in conversation + ladder)
    run_python(python, GOLDEN / "vendor_schemas.py", case.schema, stdin=bodies)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.sdk)
def test_each_request_means_what_the_official_client_says(case, python, server):
    conversation, ladder = record(case, server)
    server.refusals = []
    url = server.url + case.path
    for ours, which in ((conversation, []), (ladder, ["ladder"])):
        run_python(python, GOLDEN / "sdk_conversation.py", case.sdk, url, *which, env=case.environment)
        compare(case, ours, server.take())


def compare(case, ours, theirs):
    assert len(ours) == len(theirs)
    for our, their in zip(ours, theirs):
        assert meaning(case, our.json()) == meaning(case, their.json())
        assert our.path == their.path
        if case.sdk != "bedrock":  # whose signatures have dates: below
            assert keys_of(case, our) == keys_of(case, their)


def test_botocore_would_sign_our_requests_to_bedrock_as_we_do(python, server):
    case = next(case for case in CASES if case.sdk == "bedrock")
    conversation, ladder = record(case, server)
    ours = conversation + ladder
    signed = run_python(
        python, GOLDEN / "sign_like_aws.py",
        stdin="".join(json.dumps(vars(seen)) + "\n" for seen in ours),
    )
    assert signed.splitlines() == [seen.headers["authorization"] for seen in ours]
    assert all(seen.headers["x-amz-security-token"] == "session" for seen in ours)


def test_the_descriptions_refuse_what_is_wrong(python):
    """Or all of the above would prove nothing."""
    user = {"role": "user", "content": "x"}
    wrong = {
        "openai": {"model": "m", "messages": [user], "max_output": 5},
        "azure": {"model": "m", "messages": [{"role": "tool", "tool_call_id": "a", "content": ""}]},
        "anthropic": {"model": "m", "messages": [user]},
        "gemini": {"contents": [{"role": "user", "parts": [{"texts": "x"}]}]},
        "vertex": {"contents": [{"role": "user", "parts": [{"text": 7}]}]},
        "bedrock": {"messages": [{"role": "user", "content": [{"text": 7}]}]},
    }
    for who, body in wrong.items():
        done = subprocess.run(
            [python, GOLDEN / "vendor_schemas.py", who], env=clean_env(),
            input=json.dumps(body), capture_output=True, text=True, timeout=120,
        )
        assert (done.returncode, done.stderr) == (1, ""), (who, done)
        assert "0 passed, 1 failed" in done.stdout
