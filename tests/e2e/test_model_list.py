"""The model list file and the settings of models: names that checks ask for, fallbacks, what goes out
with a request, recordings in a model's place, and mistakes that are told before anything runs.
"""

import base64
import json
import ssl

import pytest

from cluster import Namespace
from expect import FRONTEND, expect_error, expect_judged
from holmes import Server, run_holmes
from local import Local
from scripted_model import ScriptedModel
from support import Double, QuietHandler, http_request
from test_server_tls import Authority

PASSED = "Check passed. Deployment 'frontend' has 3 ready replicas out of 3 desired."
# Nothing of a provider in the environment: all of it stands in the list.
NOTHING = {"MODEL": None, "OPENAI_API_BASE": None, "OPENAI_API_KEY": None}


class GateHandler(QuietHandler):
    def do_POST(self):
        gate = self.server.owner
        raw = self.read_body()
        body = json.loads(raw)
        with gate.lock:
            gate.asked.append((dict(self.headers), body))
            refused = gate.refusal if len(gate.asked) > gate.open_for else None
        if refused:
            return self.reply(*refused)
        answer = http_request("POST", gate.model.address + self.path, raw, dict(self.headers))
        self.reply(answer.status, answer.json())


class Gate(Double):
    """A provider: lets `open_for` requests through to the scripted model, then refuses as told."""

    def __init__(self, model):
        self.model, self.asked, self.open_for, self.refusal = model, [], 10**9, None
        super().__init__(GateHandler)
        self.url = f"{self.address}/v1"

    def refuse(self, status, error, headers=None, after=0):
        self.open_for = after
        self.refusal = (status, {"error": error}, headers)


@pytest.fixture(scope="module")
def scripted():
    double = ScriptedModel()
    yield double
    refused = double.stats()["refused"]
    double.close()
    assert not refused, refused


@pytest.fixture
def gate(scripted):
    double = Gate(scripted)
    yield double
    double.close()


@pytest.fixture(scope="module")
def kubeconfig(tmp_path_factory):
    """Of an embedded cluster with a healthy deployment."""
    local = Local(tmp_path_factory.mktemp("models") / "log")
    try:
        local.start()
        local.cluster.workload("default", "frontend", 3, 3)
        yield local.kubeconfig
    finally:
        local.kill()


@pytest.fixture
def serve(tmp_path, kubeconfig):
    """Starts a server with a list; ends all of them at the end."""
    started = []

    def start(models, **env):
        path = tmp_path / "model_list.yaml"
        path.write_text(models if isinstance(models, str) else json.dumps(models))
        env = NOTHING | {"MODEL_LIST_FILE_LOCATION": path} | env
        started.append(Server(kubeconfig, "", "http://127.0.0.1:9", tmp_path / "log", **env))
        return started[-1].start()

    yield start
    for server in started:
        server.kill()


def entry(double, model="openai/scripted", **more):
    return {"model": model, "api_base": double.url, "api_key": "k", **more}


# Names


def test_checks_name_the_models_of_the_list(serve, scripted, gate):
    server = serve(
        {
            "fast": entry(scripted, "openai/small"),
            "strong": entry(gate, "hosted_vllm/large"),
            "other": {"model": "anthropic/x"},
            "absent": {"model": "openai/x", "api_key": "{{ env.NOBODY_HAS_SET_THIS }}"},
        }
    )
    assert json.loads(server.call("GET", "/api/model").json()["model_name"]) == ["fast", "strong"]
    answer = server.execute(FRONTEND).json()
    assert (answer["message"], answer["model_used"]) == (PASSED, "fast")
    answer = server.execute(FRONTEND, model="strong").json()
    assert (answer["message"], answer["model_used"]) == (PASSED, "strong")
    assert {body["model"] for _, body in gate.asked} == {"large"}
    assert {headers["Authorization"] for headers, _ in gate.asked} == {"Bearer k"}
    for name, words in {
        "other": "the model 'other' is anthropic/x, which needs ANTHROPIC_API_KEY",
        "absent": "the model 'absent' needs the variable NOBODY_HAS_SET_THIS, which is not set",
        "openai/small": "no model 'openai/small' is configured; there is: fast, strong",
    }.items():
        answer = server.execute(FRONTEND, model=name).json()
        assert (answer["status"], answer["reason"], answer["error"]) == (
            "error", "ModelUnavailable", words,
        )
    assert "a model cannot be asked" in server.log()


def test_model_names_an_entry_or_stands_beside_the_list(serve, scripted):
    models = {"fast": entry(scripted, "openai/small"), "strong": entry(scripted, "openai/large")}
    assert serve(models, MODEL="strong").execute(FRONTEND).json()["model_used"] == "strong"
    beside = serve(models, MODEL="own", OPENAI_API_BASE=scripted.url, OPENAI_API_KEY="k")
    assert beside.execute(FRONTEND).json()["model_used"] == "own"
    assert beside.execute(FRONTEND, model="fast").json()["model_used"] == "fast"


def test_a_health_check_names_a_model_of_holmes_locals_list(tmp_path, scripted, slack):
    home = tmp_path / "home"
    (home / ".holmes").mkdir(parents=True)
    listed = {"fast": entry(scripted, "openai/small"), "strong": entry(scripted, "openai/large")}
    (home / ".holmes/model_list.yaml").write_text(json.dumps(listed))
    local = Local(tmp_path / "log", slack=slack, HOME=home)
    try:
        local.start()
        assert f"using fast, the first of {home}/.holmes/model_list.yaml" in local.words()
        local.cluster.workload("default", "frontend", 3, 3)
        ns = Namespace(local.cluster, "default")
        status = ns.run("named", FRONTEND, model="strong")
        expect_judged(status, "pass")
        assert status["modelUsed"] == "strong"
        assert ns.run("default", FRONTEND)["modelUsed"] == "fast"
        expect_error(ns.run("unknown", FRONTEND, model="nobody"), "ModelUnavailable")
    finally:
        local.kill()


# Fallback


def test_falls_back_when_the_provider_is_overloaded(serve, scripted, gate):
    """In the middle of a conversation, and each reply costs what its model does."""
    gate.refuse(529, {"type": "overloaded_error", "message": "Overloaded"}, after=1)
    paid = {"input_cost_per_token": 1e-04, "output_cost_per_token": 0}
    free = {"input_cost_per_token": 0, "output_cost_per_token": 0}
    server = serve(
        {
            "first": entry(gate, fallbacks=["second"], **paid),
            "second": entry(scripted, "openai/standin", **free),
        }
    )
    before = len(scripted.requests())
    answer = server.execute(FRONTEND, model="first", timeout=60).json()
    assert (answer["message"], answer["model_used"]) == (PASSED, "second"), answer
    assert len(gate.asked) == 1 + 4  # one reply, four tries; the verdict stays with the stand-in
    standin = [r for r in scripted.requests()[before:] if r["model"] == "standin"]
    assert len(standin) == 2
    tokens = len(json.dumps(scripted.requests()[before]["messages"])) // 4
    assert float(answer["usage"]["costUSD"]) == pytest.approx(tokens * 1e-04)
    assert "asking another one" in server.log()


def test_a_wait_beyond_the_deadline_is_not_waited_for(serve, scripted, gate):
    gate.refuse(429, {"message": "Slow down"}, {"Retry-After": 200})
    server = serve({"first": entry(gate, fallbacks=["second"]), "second": entry(scripted)})
    answer = server.execute(FRONTEND, timeout=20).json()
    assert (answer["message"], answer["model_used"]) == (PASSED, "second")
    assert answer["duration"] < 10 and len(gate.asked) == 1
    # The price of the stand-in is not known, so that of the check is not.
    assert answer["usage"].get("costUSD") is None


def test_what_another_model_cannot_help_is_told(serve, scripted, gate):
    server = serve({"first": entry(gate, fallbacks=["second"]), "second": entry(scripted)})
    gate.refuse(401, {"message": "bad key"})
    answer = server.execute(FRONTEND).json()
    assert answer["reason"] == "ModelUnavailable" and answer["model_used"] == "first"
    gate.refuse(429, {"message": "no money", "code": "insufficient_quota"})
    assert server.execute(FRONTEND).json()["model_used"] == "second"


# What goes out with a request


def test_settings_of_the_process_and_of_an_entry(serve, gate):
    server = serve(
        {
            "plain": entry(gate),
            "own": entry(
                gate, temperature=0, max_tokens=500, extra_headers={"X-Team": "{{ env.TEAM }}"}
            ),
        },
        TEMPERATURE="0.5",
        REASONING_EFFORT="LOW",
        OVERRIDE_MAX_OUTPUT_TOKEN="1000",
        EXTRA_HEADERS='{"X-Team": "red", "Authorization": "Bearer of-the-gateway"}',
        TEAM="blue",
    )
    assert server.execute(FRONTEND, model="plain").json()["message"] == PASSED
    for headers, body in gate.asked:
        assert (headers["X-Team"], headers["Authorization"]) == ("red", "Bearer of-the-gateway")
        assert (body["temperature"], body["reasoning_effort"]) == (0.5, "low")
        assert body["max_completion_tokens"] == 1000
    gate.asked.clear()
    assert server.execute(FRONTEND, model="own").json()["message"] == PASSED
    for headers, body in gate.asked:
        assert (headers["X-Team"], headers["Authorization"]) == ("blue", "Bearer k")
        assert (body["temperature"], body["max_completion_tokens"]) == (0, 500)
    assert "of-the-gateway" not in server.log() and "blue" not in server.log()


def test_without_a_setting_no_temperature_is_sent(serve, gate):
    server = serve({"plain": entry(gate)})
    assert server.execute(FRONTEND).json()["message"] == PASSED
    assert all("temperature" not in body for _, body in gate.asked)


def test_a_request_that_takes_too_long_is_given_up_and_tried_again(serve, scripted):
    server = serve({"slow": entry(scripted)}, LLM_REQUEST_TIMEOUT="1")
    answer = server.execute(f"{FRONTEND} [[slow 20 once]]").json()
    assert answer["message"] == PASSED, answer
    assert answer["duration"] < 10 and scripted.cancelled("slow 20 once") == 1
    assert "no answer within 1 seconds (LLM_REQUEST_TIMEOUT)" in server.log()


def test_certificate_is_trusted_beside_the_systems(serve, gate, tmp_path):
    authority = Authority(tmp_path, "provider")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.server())
    gate.http.socket = context.wrap_socket(gate.http.socket, server_side=True)
    models = {"tls": entry(gate, api_base=gate.url.replace("http:", "https:"))}
    encoded = base64.b64encode(authority.ca.read_bytes()).decode()
    answer = serve(models, CERTIFICATE=encoded).execute(FRONTEND).json()
    assert answer["message"] == PASSED, answer
    without = serve(models).execute(FRONTEND, timeout=5).json()
    assert without["reason"] == "ModelUnavailable" and "certificate" in without["error"]


# Recordings


def test_a_recording_answers_in_a_models_place(serve, scripted, kubeconfig, tmp_path):
    recorder = serve({"live": entry(scripted)}, HOLMES_RECORD=tmp_path / "runs")
    live = recorder.execute(FRONTEND).json()
    recorder.terminate()
    asked = len(scripted.requests())

    server = serve({"rehearsal": {"recording": "runs"}, "live": entry(scripted)})
    assert json.loads(server.call("GET", "/api/model").json()["model_name"]) == ["rehearsal", "live"]
    for name in ("direct", "nightly-29411520"):
        answer = server.execute(FRONTEND, name=name).json()  # by default, and whatever its name
        assert (answer["status"], answer["message"]) == ("pass", PASSED)
        assert answer["model_used"] == "rehearsal"
        assert answer["evidence"] == live["evidence"]
        assert answer["usage"].get("costUSD") is None
    unknown = server.execute("Are all nodes ready?", model="rehearsal").json()
    assert (unknown["status"], unknown["reason"]) == ("error", "ModelUnavailable")
    assert unknown["error"] == "the recording 'rehearsal' has no run of this question"
    assert len(scripted.requests()) == asked  # nobody was asked
    assert server.execute(FRONTEND, model="live").json()["model_used"] == "live"
    # A check cannot name a file.
    by_path = server.execute(FRONTEND, model=str(tmp_path / "runs")).json()
    assert by_path["reason"] == "ModelUnavailable" and "no model" in by_path["error"]


def test_check_run_takes_the_list_too(scripted, kubeconfig, tmp_path):
    path = tmp_path / "list.yaml"
    path.write_text(json.dumps({"fast": entry(scripted), "strong": entry(scripted)}))
    done = run_holmes(
        *("check", "run", "-q", FRONTEND, "-n", "default", "--output", "json"),
        *("--model-list-file-location", path, "--model", "strong"),
        env={"KUBECONFIG": kubeconfig},
    )
    assert done.returncode == 0, done
    assert json.loads(done.stdout)[0]["status"] == "pass"


# Mistakes


@pytest.mark.parametrize("command", [("server", "--host", "127.0.0.1"), ("local",)])
def test_mistakes_are_told_with_their_places_and_nothing_runs(command, tmp_path):
    path = tmp_path / "list.yaml"
    path.write_text(
        "fast:\n  model: oracle/delphi\n  api_key: 'hidden value'\n  temprature: 0\n"
        "a: {model: openai/m, fallbacks: [b]}\nb: {model: openai/m, fallbacks: [a]}\n"
    )
    done = run_holmes(*command, env={"MODEL_LIST_FILE_LOCATION": path})
    assert done.returncode == 2
    assert f"{path}:2:10: error: fast.model: " in done.stderr
    assert f"{path}:3:12: error: fast.api_key: must be printable ASCII" in done.stderr
    assert f"{path}:6:34: error: b.fallbacks: a circle: 'a' stands in for itself" in done.stderr
    assert f"{path}:4:3: warning: fast.temprature: " in done.stderr
    assert "did you mean temperature?" in done.stderr
    assert "has 3 errors" in done.stderr and "hidden" not in done.stderr


@pytest.mark.parametrize(
    "env, words",
    [
        ({"MODEL_LIST_FILE_LOCATION": "/nowhere/list.yaml"}, "/nowhere/list.yaml"),
        ({"TEMPERATURE": "warm"}, "TEMPERATURE: 'warm' is not usable: must be a number from 0 to 2"),
        ({"EXTRA_HEADERS": "X: hidden"}, "EXTRA_HEADERS"),
        ({"EXTRA_HEADERS": '{"Host": "hidden"}'}, "the header 'Host' belongs to the request itself"),
        ({"CERTIFICATE": base64.b64encode(b"hidden").decode()}, "CERTIFICATE"),
        ({"THINKING": '{"type": "much"}'}, "THINKING"),
    ],
)
def test_settings_that_cannot_be_used_are_told(env, words):
    done = run_holmes("server", "--host", "127.0.0.1", env=env)
    assert done.returncode == 2 and words in done.stderr, done
    assert "hidden" not in done.stderr
