"""`holmes check run` as people and pipelines call it: against a real API, with the scripted model."""

import json
import os
import pty
import re
import signal
import subprocess
import time
import xml.etree.ElementTree as ElementTree

import pytest

from expect import FRONTEND
from fake_check_api import FakeCheckApi
from holmes import API_KEY, binary, run_holmes
from slack_capture import TOKEN as SLACK_TOKEN
from support import REPO, Stopwatch, clean_env, wait_until

UNKNOWABLE = "What is the meaning of it all?"
CHECKOUT = FRONTEND.replace("frontend", "checkout")


class Checks:
    """Runs `holmes check run` in one namespace."""

    def __init__(self, ns, kubeconfig, model, slack):
        self.ns = ns
        self.env = {
            "KUBECONFIG": kubeconfig,
            "MODEL": "openai/scripted",
            "OPENAI_API_BASE": model.url,
            "OPENAI_API_KEY": "a-key-of-the-tests",
            "SLACK_TOKEN": SLACK_TOKEN,
            "SLACK_API_URL": slack.url,
        }

    def run(self, *args, stdin="", env=None, timeout=60):
        return run_holmes(
            "check",
            "run",
            *(args if "-n" in args else (*args, "-n", self.ns.name)),
            env=self.env | (env or {}),
            stdin=stdin,
            timeout=timeout,
        )

    def rows(self, *args, code, **more):
        """The rows of --output json."""
        done = self.run(*args, "--output", "json", **more)
        assert done.returncode == code, done
        assert done.stderr == ""
        return json.loads(done.stdout)

    def child(self, *args, **pipes):
        return subprocess.Popen(
            [binary(), "check", "run", *map(str, args), "-n", self.ns.name],
            env=clean_env(self.env),
            stdin=subprocess.DEVNULL,
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **pipes},
        )


@pytest.fixture
def checks(ns, accounts, model, slack):
    return Checks(ns, accounts.server, model, slack)


def checks_yaml(ns, **more):
    """A file of HolmesGPT's shape; JSON is YAML."""
    return json.dumps(
        {
            "version": 1,
            "defaults": {"timeout": 60, "tags": ["all"], "destinations": ["slack"], **more},
            "destinations": {"slack": {"channel": f"#{ns.name}"}, "pagerduty": {"integration_key": "k"}},
            "checks": [
                {"name": "frontend", "query": FRONTEND, "description": "d", "tags": ["web", "prod"]},
                {"name": "checkout", "query": CHECKOUT, "tags": ["prod"], "mode": "alert"},
                {"name": "unknowable", "query": UNKNOWABLE},
            ],
        }
    )


def without_times(rows):
    return [{key: value for key, value in row.items() if key != "duration"} for row in rows]


# Verdicts and exit codes


def test_a_question_that_passes(checks, ns, model):
    ns.deployment("frontend", 3)
    done = checks.run("-q", FRONTEND)
    assert done.returncode == 0, done
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["NAME", "RESULT", "DURATION", "MESSAGE"]
    assert re.fullmatch(
        rf"{ns.name}/Inline Check +pass +\d+\.\d s +"
        r"Deployment 'frontend' has 3 ready replicas out of 3 desired\.",
        lines[1],
    )
    assert lines[2].startswith("1 check: 1 passed, 0 failed, 0 could not be judged (")
    assert len(lines) == 3 and "\x1b" not in done.stdout + done.stderr
    assert done.stderr.splitlines()[0] == f"{ns.name}/Inline Check: started"
    assert model.executions(ns.name) == 1


def test_exit_codes_tell_the_gravest_finding(checks, ns):
    ns.deployment("frontend", 3)
    ns.deployment("checkout", 1)
    assert checks.run("-q", FRONTEND).returncode == 0
    assert checks.run("-q", FRONTEND, "-q", UNKNOWABLE).returncode == 3
    assert checks.run("-q", UNKNOWABLE, "-q", CHECKOUT, "-q", FRONTEND).returncode == 1


def test_a_recorded_run_is_run_again_without_model_and_cluster(checks, ns, model, tmp_path):
    ns.deployment("frontend", 3)
    runs = tmp_path / "runs"
    recorded = checks.rows("-q", FRONTEND, "-q", UNKNOWABLE, "--record", str(runs), code=3)
    assert len(list(runs.iterdir())) == 2
    asked = model.executions(ns.name)
    nothing = {"KUBECONFIG": "", "MODEL": "", "OPENAI_API_BASE": "", "OPENAI_API_KEY": ""}
    again = checks.rows("--replay", str(runs), code=3, env=nothing)
    by_query = {row["query"]: row for row in without_times(recorded)}
    assert {row["query"]: row for row in without_times(again)} == by_query
    assert model.executions(ns.name) == asked


def test_a_budget_that_is_used_up_is_named(checks, ns):
    ns.deployment("frontend", 3)
    [row] = checks.rows("-q", FRONTEND, "--check-max-input-tokens", "10", code=3)
    assert row["reason"] == "BudgetExceeded"
    assert re.search(r"the check used \d+ input tokens, its limit is 10", row["error"])


def test_results_for_programs(checks, ns):
    ns.deployment("frontend", 1)
    [failed, unknown] = checks.rows("-q", FRONTEND, "-c", UNKNOWABLE, code=1)
    assert (failed["name"], failed["namespace"], failed["query"]) == (
        "Inline Check",
        ns.name,
        FRONTEND,
    )
    assert failed["status"] == "fail" and failed["message"].startswith("Check failed. ")
    assert failed["duration"] > 0 and failed["error"] is None and failed["rationale"]
    assert failed["usage"]["modelCalls"] >= 3 and failed["evidence"][0]["tool"] == "kubernetes_get"
    assert unknown["status"] == "error" and unknown["reason"] and unknown["error"]
    as_yaml = checks.run("-q", FRONTEND, "--output", "yaml")
    assert as_yaml.returncode == 1 and "status: fail" in as_yaml.stdout


def test_junit_is_read_by_an_xml_parser(checks, ns):
    ns.deployment("frontend", 3)
    ns.deployment("checkout", 1)
    done = checks.run(
        "-q", FRONTEND, "-q", CHECKOUT, "-q", f"{UNKNOWABLE} <&\"'\x01", "--output", "junit"
    )
    assert (done.returncode, done.stderr) == (1, "")
    root = ElementTree.fromstring(done.stdout)
    [suite] = root.findall("testsuite")
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("3", "1", "1")
    passed, failed, unknown = suite.findall("testcase")
    assert passed.get("classname") == ns.name and passed.get("name") == "Inline Check"
    assert float(passed.get("time")) >= 0 and [c.tag for c in passed] == ["system-out"]
    assert failed.find("failure").get("message").startswith("Check failed. ")
    assert "kubernetes_get" in failed.find("failure").text
    assert f"{UNKNOWABLE} <&\"'\ufffd" in unknown.find("error").text


def test_verbose_tells_rationale_and_evidence(checks, ns):
    ns.deployment("frontend", 3)
    once, twice = checks.run("-q", FRONTEND, "-v"), checks.run("-q", FRONTEND, "-vv")
    for done in (once, twice):
        assert "  rationale:\n    Deployment 'frontend' has 3 ready" in done.stdout
        assert "  model: openai/scripted; 3 model calls, 1 tool call, " in done.stdout
    assert "evidence:" not in once.stdout and "  evidence:\n    kubernetes_get {" in twice.stdout


# Files


def test_a_checks_file_of_holmesgpt(checks, ns, slack, tmp_path):
    ns.deployment("frontend", 3)
    ns.deployment("checkout", 1)
    file = tmp_path / "checks.yaml"
    file.write_text(checks_yaml(ns, destinations=["pagerduty", "slack"]))
    done = checks.run("--checks-file", file, "--output", "json")
    assert done.returncode == 1
    assert "warning: defaults.destinations[0]: 'pagerduty' is no type of destination" in done.stderr
    rows = {row["name"]: row for row in json.loads(done.stdout)}
    assert [row["status"] for row in rows.values()] == ["pass", "fail", "error"]
    assert [(n["type"], n["status"]) for n in rows["checkout"]["notifications"]] == [
        ("pagerduty", "skipped"),
        ("slack", "sent"),
    ]
    assert rows["frontend"]["notifications"] == []
    assert len(slack.messages(f"#{ns.name}")) == 1


def test_the_mode_flag_goes_before_the_files(checks, ns, slack):
    ns.deployment("checkout", 1)
    args = ("-f", "-", "--name", "checkout")
    [row] = checks.rows(*args, "--mode", "monitor", code=1, stdin=checks_yaml(ns))
    assert row["notifications"] == [] and slack.messages(f"#{ns.name}") == []
    question = ("-q", CHECKOUT, "--mode", "alert", "--slack-channel", f"#{ns.name}")
    [row] = checks.rows(*question, code=1)
    assert [n["status"] for n in row["notifications"]] == ["sent"]
    assert len(slack.messages(f"#{ns.name}")) == 1


def test_the_flags_for_model_time_and_cluster_go_before_everything_else(checks, ns, cluster, tmp_path):
    ns.deployment("frontend", 3)
    config = cluster.kubectl("config", "view", "--raw", "-o", "json", kubeconfig=checks.env["KUBECONFIG"])
    config = json.loads(config.stdout)
    config["contexts"].append(config["contexts"][0] | {"name": "here"})
    config["current-context"] = "nowhere"
    (tmp_path / "kubeconfig").write_text(json.dumps(config))
    file = tmp_path / "checks.yaml"
    file.write_text(
        json.dumps(
            {
                "defaults": {"model": "openai/of-the-file", "timeout": 60},
                "checks": [
                    {"name": "quick", "query": FRONTEND},
                    {"name": "slow", "query": f"{FRONTEND} [[slow 60]]"},
                ],
            }
        )
    )
    [quick, slow] = checks.rows(
        "-f", file, "--model", "openai/of-the-flag", "--timeout", "5", "--context", "here",
        env={"KUBECONFIG": tmp_path / "kubeconfig"}, code=3,
    )
    assert quick["status"] == "pass" and quick["model_used"] == "openai/of-the-flag"
    assert slow["reason"] == "Timeout" and slow["duration"] < 13


def test_checks_are_picked_by_name_and_by_tag(checks, ns):
    ns.deployment("frontend", 3)
    ns.deployment("checkout", 3)
    for picks, names in (
        (("--tags", "web"), ["frontend"]),
        (("--tags", "web", "--tags", "all"), ["frontend", "unknowable"]),
        (("--tags", "web,prod"), ["frontend", "checkout"]),
        (("--name", "checkout", "--name", "frontend"), ["frontend", "checkout"]),
        (("--tags", "prod", "--name", "checkout"), ["checkout"]),
    ):
        code = 3 if "unknowable" in names else 0
        rows = checks.rows("-f", "-", *picks, code=code, stdin=checks_yaml(ns))
        assert [row["name"] for row in rows] == names


def test_the_examples_run_as_they_are(checks, ns):
    ns.deployment("frontend", 3)
    ns.deployment("checkout", 2)
    files = sorted((REPO / "examples").glob("*.yaml"))
    files.remove(REPO / "examples/demo.yaml")  # asks about the sample cluster of holmes local
    texts = [f.read_text().replace("namespace: default", f"namespace: {ns.name}") for f in files]
    rows = checks.rows("-f", "-", code=0, stdin="---\n".join(texts))
    assert sorted(row["name"] for row in rows) == [
        "all-pods-monitor",
        "checkout-health-check",
        "frontend-health-check",
        "frontend-schedule",
    ]
    assert {(row["status"], row["namespace"]) for row in rows} == {("pass", ns.name)}


def test_a_webhook_of_slack_is_told(checks, ns, closed_port):
    ns.deployment("checkout", 1)
    hook = FakeCheckApi([(200, "ok", {})], routes=("/services/T/B/secret",))
    try:
        url = f"{hook.address}/services/T/B/secret"
        file = json.loads(checks_yaml(ns))
        file["destinations"]["slack"] = {"webhook_url": url}
        args = ("-f", "-", "--name", "checkout")
        [row] = checks.rows(*args, code=1, stdin=json.dumps(file))
        assert [n["status"] for n in row["notifications"]] == ["sent"]
        question = ("-q", CHECKOUT, "--mode", "alert")
        [row] = checks.rows(*question, "--slack-webhook", url, code=1)
        assert [n["status"] for n in row["notifications"]] == ["sent"]
        told = hook.posts("/services/T/B/secret")
        assert len(told) == 2 and "Health check failed" in json.dumps(told[0]["body"])
        away = f"http://127.0.0.1:{closed_port}/services/T/B/secret"
        done = checks.run(*question, "--slack-webhook", away)
        assert "alert to slack failed: the Slack webhook cannot be reached" in done.stdout
        assert "secret" not in done.stdout + done.stderr
    finally:
        hook.close()


# Several at once, again and again, interrupted


def test_parallel_checks_overlap(checks, ns):
    ns.deployment("frontend", 3)
    slow = [word for _ in range(4) for word in ("-q", f"{FRONTEND} [[slow 4]]")]
    watch = Stopwatch()
    rows = checks.rows(*slow, "--parallel", code=0)
    took = watch.seconds()
    assert len(rows) == 4 and all(row["duration"] >= 4 for row in rows)
    assert took < 12, "four checks of four seconds, one after the other, take sixteen"


def test_interrupting_cancels_what_runs_and_shows_what_ended(checks, ns, model):
    ns.deployment("frontend", 3)
    child = checks.child(
        "-q", FRONTEND, "-q", f"{FRONTEND} [[slow 30]]", "-q", FRONTEND, "--output", "table"
    )
    wait_until("the second check asks the model", lambda: model.executions(ns.name) == 2)
    child.send_signal(signal.SIGINT)
    out, _ = child.communicate(timeout=10)
    assert child.returncode == 130
    lines = out.splitlines()
    assert lines[1].split()[2:4] == ["pass", lines[1].split()[3]]
    assert "error" in lines[2] and "the check was cancelled" in lines[2]
    assert "1 passed, 0 failed, 1 could not be judged, 1 not run; interrupted" in lines[3]
    wait_until("the model's client hung up", lambda: model.cancelled(ns.name) == 1)
    assert model.executions(ns.name) == 2


def test_watch_runs_again_until_it_is_interrupted(checks, ns, model):
    ns.deployment("frontend", 3)
    child = checks.child("-q", FRONTEND, "--watch", "--interval", "1", "--output", "json")
    rounds = [json.loads(child.stdout.readline()) for _ in range(3)]
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=10)
    assert child.returncode == 130
    assert [row["status"] for [row] in rounds] == ["pass"] * 3
    assert model.executions(ns.name) >= 3


def test_a_terminal_shows_progress_in_place_and_colours(checks, ns):
    ns.deployment("frontend", 3)
    for no_color in ("", "1"):
        leader, follower = pty.openpty()
        checks.env |= {"TERM": "xterm", "NO_COLOR": no_color}
        child = checks.child(
            "-q", f"{FRONTEND} [[slow-verdict 4]]", stdout=follower, stderr=follower, text=False
        )
        os.close(follower)
        shown = b""
        while chunk := read_some(leader):
            shown += chunk
        os.close(leader)
        assert child.wait(10) == 0
        text = shown.decode()
        assert re.search(r"Inline Check: model call 3, tools 1, [1-4] s", text), text
        assert "\x1b[1F\x1b[J" in text and ("\x1b[32mpass" in text) == (no_color == "")
        assert "started" not in text


def read_some(descriptor):
    try:
        return os.read(descriptor, 4096)
    except OSError:
        return b""


# An API server elsewhere


def test_a_server_judges_and_alerts(checks, ns, start, slack):
    ns.deployment("frontend", 3)
    ns.deployment("checkout", 1)
    server = start.server()
    remote = {"HOLMES_API_KEY": API_KEY, "KUBECONFIG": "", "MODEL": "", "SLACK_TOKEN": ""}
    rows = checks.rows(
        "-f", "-", "--server", server.url, code=1, stdin=checks_yaml(ns), env=remote
    )
    assert [row["status"] for row in rows] == ["pass", "fail", "error"]
    assert [n["status"] for n in rows[1]["notifications"]] == ["sent"]
    assert len(slack.messages(f"#{ns.name}")) == 1
    wrong = checks.rows(
        "-q", FRONTEND, "--server", server.url, code=3, env=remote | {"HOLMES_API_KEY": "wrong"}
    )
    assert "does not take this key" in wrong[0]["error"]


def test_a_busy_server_is_waited_for_within_the_timeout(checks, ns, start):
    ns.deployment("frontend", 3)
    server = start.server(HOLMES_MAX_CONCURRENT_EXECUTIONS="1")
    remote = {"HOLMES_API_KEY": API_KEY}
    slow = f"{FRONTEND} [[slow 3]]"
    rows = checks.rows(
        "-q", slow, "-q", slow, "--parallel", "2", "--server", server.url, code=0, env=remote
    )
    assert sorted(row["status"] for row in rows) == ["pass", "pass"]
    args = ("-q", f"{FRONTEND} [[slow 2]]", "-q", FRONTEND, "--parallel", "2", "--timeout", "5")
    rows = checks.rows(*args, "--server", server.url, code=3, env=remote)
    late = [row for row in rows if row["status"] == "error"]
    assert len(late) == 1 and "did not take the check within 5 s: HTTP 429" in late[0]["error"]


def test_interrupting_cancels_at_the_server(checks, ns, start, model):
    ns.deployment("frontend", 3)
    server = start.server()
    checks.env["HOLMES_API_KEY"] = API_KEY
    child = checks.child("-q", f"{FRONTEND} [[slow 30]]", "--server", server.url)
    wait_until("the server asks the model", lambda: model.executions(ns.name) == 1)
    child.send_signal(signal.SIGINT)
    out, _ = child.communicate(timeout=15)
    assert child.returncode == 130 and "the check was cancelled" in out
    wait_until("the server gave it up", lambda: model.cancelled(ns.name) == 1)


# What is wrong with a command


def test_mistakes_in_files_are_all_told_and_nothing_runs(checks, ns, model, tmp_path):
    one, two = tmp_path / "one.yaml", tmp_path / "two.yaml"
    one.write_text("checks:\n- name: a\n  qeury: q\n  timeout: 301\n")
    two.write_text("checks:\n\t- name: b\n")
    for order in ((one, two), (two, one)):
        done = checks.run("-q", FRONTEND, "-f", order[0], "-f", order[1])
        assert (done.returncode, done.stdout) == (2, "")
        lines = done.stderr.splitlines()
        assert f"{one}:2:3: error: checks[0].query: must be set: " in done.stderr
        assert f"{one}:3:3: error: checks[0].qeury: there is no such field (did you mean query?)" in lines
        assert f"{two}:2:2: error: a tab cannot indent YAML; use spaces" in lines
        assert lines[-1] == "holmes: 4 errors in files, nothing was run"
    assert model.executions(ns.name) == 0


@pytest.mark.parametrize(
    "args, words",
    [
        ((), "nothing to check"),
        (("-q", " "), "the question is blank"),
        (("-q", "x" * 5001), "at most 5000 characters, not 5001"),
        (("-q", "a", "--name", "b"), "there is no check 'b'; there are: Inline Check"),
        (("-f", "-", "--name", "checkuot"), "'checkuot' (did you mean checkout?); there are: frontend,"),
        (("-f", "-", "--tags", "none"), "no check has the tag none; there are: all, prod, web"),
        (("-q", "a", "--timeout", "301"), "must be an integer from 1 to 300"),
        (("-q", "a", "--parallel", "0"), "must be an integer from 1 to 64"),
        (("-q", "a", "--output", "xml"), "must be table or json or yaml or junit"),
        (("-q", "a", "--check-max-usd", "much"), "it must be a number of US dollars"),
        (("-q", "a", "--replay", "runs"), "--replay: the recordings are what is checked"),
        (("-q", "a", "--snapshot", "x", "--server", "http://127.0.0.1:1"), "leave out --server"),
        (("-q", "a", "--outptu", "json"), "did you mean --output?"),
        (("-q", "a", "--server", "nowhere"), "--server: 'nowhere' is not usable"),
        (("-q", "a", "--context", "absent"), "absent"),
        (("-q", "a", "--slack-webhook", "x"), "--slack-webhook: must be a URL"),
        (("-q", "a", "--slack-webhook", "http://x", "--slack-channel", "#a"), "give one"),
        (("-f", "/nonexistent.yaml"), "/nonexistent.yaml: No such file"),
    ],
)
def test_usage_errors_are_one_sentence_and_exit_2(accounts, model, slack, args, words, tmp_path):
    class Anywhere:
        name = "default"

    done = Checks(Anywhere, accounts.server, model, slack).run(
        *args, "-n", "default", stdin=checks_yaml(Anywhere), env={"HOME": tmp_path}
    )
    assert done.returncode == 2 and words in done.stderr, done
    assert done.stdout == "" and len(done.stderr.splitlines()) == 1, done.stderr


def test_without_cluster_or_model_it_says_how_to_name_one(checks, tmp_path):
    no_cluster = checks.run("-q", "a", env={"KUBECONFIG": "", "HOME": tmp_path})
    assert no_cluster.returncode == 2 and "--kubeconfig" in no_cluster.stderr
    no_model = checks.run("-q", "a", env={"OPENAI_API_KEY": "", "OPENAI_API_BASE": ""})
    assert no_model.returncode == 2 and "OPENAI_API_KEY" in no_model.stderr


def test_the_home_directory_has_the_defaults(checks, ns, tmp_path, accounts):
    ns.deployment("frontend", 3)
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube/config").write_text(accounts.server.read_text())
    (tmp_path / ".holmes").mkdir()
    (tmp_path / ".holmes/checks.yaml").write_text(checks_yaml(ns))
    env = {"KUBECONFIG": "", "HOME": tmp_path}
    rows = checks.rows("--name", "frontend", code=0, env=env)
    assert [row["status"] for row in rows] == ["pass"]


def test_a_server_that_is_not_there_is_told_at_once(checks, closed_port):
    began = time.monotonic()
    [row] = checks.rows("-q", "a", "--server", f"http://127.0.0.1:{closed_port}", code=3)
    assert "Connection refused" in row["error"] and time.monotonic() - began < 10
