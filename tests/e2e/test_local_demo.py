"""`holmes local --demo`: the sample cluster and its checks, in a pipe and on a terminal; and which
model it finds."""

import os
import re
import signal
import time

import pytest

from holmes import binary, run_holmes
from local import Local
from support import REPO, Double, Process, QuietHandler, clean_env, free_port, wait_until
from terminal import OnTerminal

LINE = re.compile(
    r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ default/(\S+) (\w+)(?: (pass|fail|error) [\d.]+s (.+))?$", re.M
)
HEALTHCHECKS = "/apis/holmesgpt.dev/v1alpha1/namespaces/default/healthchecks"
FIRST_RESULTS = {
    "frontend-healthy": "pass",
    "nodes-ready": "pass",
    "payments-healthy": "fail",
    "reports-available": "fail",
    "export-succeeded": "fail",
    "latency-fine": "error",
}
HEALS_WITHIN = 90  # seconds: the minute, and a slow machine


@pytest.fixture
def demo(tmp_path):
    started = []

    def start(*options, **env):
        started.append(Local(tmp_path / f"demo-{len(started)}.log", "--demo", *options, **env))
        return started[-1].start()

    yield start
    for program in started:
        program.kill()


def results(words):
    """Name -> results of a check, in the order in which the lines told them."""
    found = {}
    for name, _, result, message in LINE.findall(words):
        if result:
            found.setdefault(name, []).append((result, message))
    return found


def of_schedule(words, schedule):
    runs = results(words)
    return [runs[name][-1][0] for name in sorted(runs) if name.startswith(f"{schedule}-")]


def what_a_user_changes_counts(cluster):
    """As docs/local.md says."""
    shop = ("-n", "shop")
    cluster.kubectl("rollout", "status", "deployment/frontend", "--timeout=20s", *shop)
    cluster.kubectl("scale", "deployment/frontend", "--replicas=2", *shop)
    cluster.kubectl("rollout", "status", "deployment/frontend", "--timeout=20s", *shop)
    names = cluster.kubectl("get", "pods", "-l", "app=frontend", "-o", "name", *shop).stdout.split()
    assert len(names) == 2
    assert "payments-db" in cluster.kubectl("logs", "deployment/payments", "--previous", *shop).stdout
    cluster.kubectl("create", "service", "clusterip", "payments-db", "--tcp=5432", *shop)
    cluster.kubectl("delete", "pods", "-l", "app=payments", *shop)
    cluster.kubectl("rollout", "status", "deployment/payments", "--timeout=20s", *shop)


def test_in_a_pipe_each_result_is_a_line_and_what_heals_passes_after_a_minute(demo):
    began = time.monotonic()
    program = demo()
    assert "Model: no model is configured: using scripted/demo" in program.words()

    def first_results():
        found = results(program.words())
        return FIRST_RESULTS.keys() <= found.keys() and found

    found = wait_until("the first results", first_results, 30)
    assert {name: found[name][0][0] for name in FIRST_RESULTS} == FIRST_RESULTS
    assert "3 of 3 replicas ready" in found["frontend-healthy"][0][1]
    assert "CrashLoopBackOff" in found["payments-healthy"][0][1]
    assert "memory" in found["reports-available"][0][1]
    for check in program.cluster.api("GET", HEALTHCHECKS)["items"]:
        status = check.get("status", {})
        if status.get("result") in ("pass", "fail"):
            assert status["modelUsed"] == "scripted/demo"
    what_a_user_changes_counts(program.cluster)

    program.cluster.kubectl(
        "rollout", "status", "deployment/search", "-n", "shop", f"--timeout={HEALS_WITHIN}s",
        timeout=HEALS_WITHIN + 30,
    )
    assert time.monotonic() - began > 50
    program.cluster.kubectl("annotate", "shc", "search-ready", "holmesgpt.dev/run-now=true")
    wait_until(
        "the schedule's check passes after it failed",
        lambda: {"fail", "pass"} <= set(of_schedule(program.words(), "search-ready")),
        30,
    )
    outcomes = of_schedule(program.words(), "search-ready")
    assert outcomes == sorted(outcomes), outcomes  # "fail"s, and from then on "pass"es
    assert "\x1b" not in program.words()
    told = program.words().split("\n\n")[-1].splitlines()
    assert all(LINE.match(line) for line in told), told
    assert program.terminate() == 0


def table_of(terminal):
    """The lines of the table on the screen, from its header on."""
    lines = [line.rstrip() for line in terminal.screen()]
    headers = [i for i, line in enumerate(lines) if line.startswith("NAME ")]
    return lines[headers[0] :] if headers else []


@pytest.mark.parametrize("lines", [24, 9])
def test_on_a_terminal_a_table_is_redrawn_in_place_and_ctrl_c_leaves_it_in_order(lines):
    terminal = OnTerminal([binary(), "local", "--demo"], clean_env(), columns=90, lines=lines)
    try:
        wait_until("there is a table", lambda: table_of(terminal), 20)
        wait_until(
            "results come into it",
            lambda: re.search(r"frontend-healthy +Completed +pass", "\n".join(table_of(terminal))),
            20,
        )
        if lines > 15:
            shown = wait_until(
                "the crash-looping one fails",
                lambda: re.search(r"payments-healthy +Completed +fail .*", "\n".join(table_of(terminal))),
                20,
            )
            assert shown.group().endswith("...")  # cut to the width, not wrapped
        screen = terminal.screen()
        assert sum(line.startswith("NAME ") for line in screen) == 1  # one table, redrawn
        assert len(table_of(terminal)) <= lines
        assert max(map(len, table_of(terminal))) < 90
        assert len(re.findall(r"\x1b\[\d+A", terminal.text)) >= 2  # it was updated
        assert "\x1b[32mpass\x1b[0m" in terminal.text
        terminal.press_ctrl_c()
        assert terminal.wait(30) == 0
        assert terminal.is_as_before()
        assert terminal.screen()[-1] in ("", "^C")  # the prompt begins a line of its own
        assert "\x1b[?" not in terminal.text  # no mode was switched on
        last = re.findall(r"\x1b\[(\d+)m", terminal.text)[-1]
        assert last == "0"
    finally:
        terminal.close()


# Models


@pytest.mark.parametrize(
    "env, sentence",
    [
        ({"OPENAI_API_KEY": "secret-key"}, r"using openai/\S+ with the key in OPENAI_API_KEY"),
        ({"OPENAI_API_KEY": "secret-key", "MODEL": "openai/gpt-9"}, "using openai/gpt-9 with the key"),
        ({"OPENAI_API_BASE": "http://127.0.0.1:9/v1", "MODEL": "m"}, r"using m at http://127.0.0.1:9/v1"),
        ({"ANTHROPIC_API_KEY": "secret-key"}, r"found what anthropic needs; MODEL=anthropic/\.\.\. would use it"),
        ({"MODEL": "scripted/demo", "OPENAI_API_KEY": "secret-key"}, "using the demo model scripted/demo"),
    ],
)
def test_keys_in_the_environment_are_found_and_named_but_never_shown(demo, closed_port, env, sentence):
    program = demo(HTTPS_PROXY=f"http://127.0.0.1:{closed_port}", **env)  # nothing leaves this machine
    assert re.search(sentence, program.words()), program.words()
    assert "secret-key" not in program.log()


class ModelServer(QuietHandler):
    """As Ollama and llama.cpp answer who looks for them; `owner.pages` are the answers by path."""

    def do_GET(self):
        page = self.server.owner.pages.get(self.path)
        self.reply(200 if page else 404, page or {})

    def do_POST(self):
        self.server.owner.asked.append(self.read_body().decode())
        self.reply(400, {"error": {"message": "this one only listens"}})


def serve_model(port, pages):
    try:
        server = Double(ModelServer, port)
    except OSError:
        pytest.skip(f"port {port}, where such a server is looked for, is in use")
    server.pages, server.asked = pages, []
    return server


@pytest.fixture
def ollama():
    server = serve_model(
        11434, {"/api/tags": {"models": [{"name": "nomic-embed-text"}, {"name": "llama3.2:3b"}]}}
    )
    yield server
    server.close()


@pytest.fixture
def llama_cpp():
    server = serve_model(
        8080, {"/health": {"status": "ok"}, "/v1/models": {"data": [{"id": "qwen2.5-7b"}]}}
    )
    yield server
    server.close()


def test_a_local_ollama_is_found_named_and_asked(demo, ollama, llama_cpp):
    words = demo().words()
    assert "Model: using llama3.2:3b of Ollama at http://127.0.0.1:11434" in words
    assert "found: llama.cpp at http://127.0.0.1:8080 has qwen2.5-7b" in words
    asked = wait_until("a check asks it", lambda: ollama.asked, 20)
    assert '"model":"llama3.2:3b"' in asked[0] and '"num_ctx"' in asked[0]
    assert not llama_cpp.asked


def test_a_local_llama_cpp_is_found_and_named(demo, llama_cpp):
    assert "Model: using qwen2.5-7b of llama.cpp at http://127.0.0.1:8080" in demo().words()
    wait_until("a check asks it", lambda: llama_cpp.asked, 20)


def test_a_key_goes_before_a_local_server(demo, llama_cpp, closed_port):
    words = demo(OPENAI_API_KEY="k", HTTPS_PROXY=f"http://127.0.0.1:{closed_port}").words()
    assert "with the key in OPENAI_API_KEY" in words and "llama.cpp" not in words


def test_the_demo_looks_at_its_own_cluster_only():
    for option in (["--cluster", "a"], ["--snapshot", "b"]):
        done = run_holmes("local", "--demo", *option)
        assert done.returncode == 2 and "--demo" in done.stderr and done.stdout == ""


# ./dev run


def test_dev_run_is_the_demo_and_needs_no_go(tmp_path):
    cache, port = tmp_path / "cache", free_port()
    go = tmp_path / "go"
    go.write_text(f"#!/bin/sh\ntouch {tmp_path}/go-was-asked\nexit 1\n")
    go.chmod(0o755)
    program = Process(
        "./dev run",
        [REPO / "dev", "run", "--listen", f"127.0.0.1:{port}"],
        clean_env({"HOLMES_CACHE": cache, "PATH": f"{tmp_path}:{os.environ['PATH']}"}),
        tmp_path / "run.log",
    ).start()
    try:
        wait_until(
            "a result is told", lambda: results(program.log()) or not program.alive(), 300
        )
        words = program.log()
        assert f"Holmes runs at https://127.0.0.1:{port}" in words, words
        assert re.search(r"export KUBECONFIG=\S+\n +kubectl get pods", words)
        assert "Ctrl-C ends it" in words
        program.signal(signal.SIGINT)  # reaches the program: there is no shell any more
        assert program.child.wait(30) == 0
        assert not cache.exists() and not (tmp_path / "go-was-asked").exists()
    finally:
        program.kill()
