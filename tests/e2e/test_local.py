"""`holmes local`: store, operator and server in one process, with and without a folder."""

import json
import re
import signal
import ssl
import stat
import subprocess
import threading

import pytest

from cluster import Namespace
from expect import FRONTEND, expect_error, expect_judged
from holmes import run_holmes
from local import Local
from schedules import Schedule, expect_one_outcome_each
from support import free_port, http_request, wait_until

CHECK = {
    "apiVersion": "holmesgpt.dev/v1alpha1",
    "kind": "HealthCheck",
    "metadata": {"name": "first"},
    "spec": {"query": FRONTEND},
}


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


# What a user sees


def test_says_where_it_is_what_checks_look_at_which_model_and_what_to_try(local, model):
    program = local()
    words = program.words()
    assert re.search(r"^Holmes runs at https://127\.0\.0\.1:\d+, in memory", words, re.M)
    assert "Checks look at this API itself.\n" in words
    assert re.search(r"^Model: .*openai/scripted", words, re.M)
    tries = [line for line in words.splitlines() if line.startswith("  ")]
    assert [line.split()[0] for line in tries] == ["export", "echo", "kubectl"]


def test_the_lines_it_prints_work_as_they_are(local):
    program = local()
    [set_path, apply, _] = [line for line in program.words().splitlines() if line[:2] == "  "]
    kubectl = program.cluster.kubectl_command()[0]
    script = f"kubectl() {{ {kubectl} \"$@\"; }}\n{set_path}\n{apply}\nkubectl get hc first -o name"
    done = subprocess.run(["bash", "-ec", script], capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == [
        "healthcheck.holmesgpt.dev/first", "created", "healthcheck.holmesgpt.dev/first",
    ], done


def test_without_a_model_it_says_how_to_get_one_and_checks_say_so_too(local):
    program = local(model=None)
    assert "no model is configured" in program.words() and "OPENAI_API_KEY" in program.words()
    ns = Namespace(program.cluster, "default")
    expect_error(ns.run("asked", FRONTEND), "ModelUnavailable")


def test_memory_leaves_nothing_behind_and_sigterm_ends_it_cleanly(local):
    program = local()
    assert stat.S_IMODE(program.kubeconfig.stat().st_mode) == 0o600
    assert program.terminate() == 0
    assert not program.kubeconfig.parent.exists()
    assert program.words().splitlines()[-1].startswith("Ctrl-C ends it")  # no log lines


# Checks


def test_a_check_looks_at_the_store_itself(local, model):
    program = local()
    cluster = program.cluster
    ns = Namespace(cluster, "default")
    cluster.workload("default", "frontend", 3, 3)
    cluster.kubectl("apply", "-f", "-", stdin=json.dumps(CHECK))
    status = ns.wait_finished("first")
    expect_judged(status, "pass")
    assert status["evidence"][0]["tool"] == "kubernetes_get"
    assert [reason for reason, _, _ in ns.events("first")] == ["Started", "Completed"]
    cluster.merge("/apis/apps/v1/namespaces/default/deployments/frontend/status",
                  {"status": {"readyReplicas": 1}})
    expect_judged(ns.run("second", FRONTEND), "fail")


def test_a_failed_check_in_alert_mode_tells_slack(local, slack):
    program = local()
    ns = Namespace(program.cluster, "default")
    channel = f"#local-{free_port()}"
    status = ns.run("missing", FRONTEND, mode="alert",
                    destinations=[{"type": "slack", "config": {"channel": channel}}])
    expect_judged(status, "fail")
    assert len(slack.messages(channel)) == 1
    assert status["notifications"][0]["status"] == "sent"


def test_a_schedule_makes_children_and_history(local):
    program = local()
    ns = Namespace(program.cluster, "default")
    schedule = Schedule(ns, 5)  # ticks that no stall of this machine passes over
    schedule.wait_ended(2)
    status = schedule.wait("two runs in the history", lambda s: len(s.get("history", [])) >= 2)
    assert {entry["result"] for entry in status["history"]} == {"error"}
    ran, missed = expect_one_outcome_each(schedule)
    assert len(ran) >= 2 and missed == 0


def test_children_go_with_their_schedule(local):
    program = local()
    ns = Namespace(program.cluster, "default")
    schedule = Schedule(ns, 1)
    schedule.wait_ended(1)
    schedule.delete()
    wait_until("no child is left", lambda: ns.names() == [])


# Life and restart


def test_a_restart_keeps_objects_port_token_and_kubeconfig(local, data):
    first = local(data=data)
    ns = Namespace(first.cluster, "default")
    first.cluster.workload("default", "frontend", 2, 2)
    before = ns.run("kept", FRONTEND)
    crds = first.cluster.api("GET", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions")
    kubeconfig, server = first.kubeconfig.read_bytes(), first.cluster.server
    assert first.terminate() == 0
    second = local(data=data)
    assert second.kubeconfig == data / "kubeconfig"
    assert second.kubeconfig.read_bytes() == kubeconfig and second.cluster.server == server
    again = Namespace(second.cluster, "default")
    assert again.status("kept") == before
    now = second.cluster.api("GET", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions")
    assert now["items"] == crds["items"]  # brought up to date without a change
    for file in ("kubeconfig", "identity.json", "store.db"):
        assert stat.S_IMODE((data / file).stat().st_mode) == 0o600, file


def test_kill_9_in_the_middle_of_writes_loses_nothing_that_was_acknowledged(local, data):
    acknowledged, stopped = [], threading.Event()
    program = local(data=data)

    def write(cluster, writer):
        number = 0
        while not stopped.is_set():
            number += 1
            name = f"cm-{writer}-{number}"
            try:
                made = cluster.request("POST", "/api/v1/namespaces/default/configmaps",
                                       {"metadata": {"name": name}, "data": {"n": str(number)}})
            except (OSError, ssl.SSLError):
                return
            if made.status == 201:
                acknowledged.append(name)

    for round_number in range(3):
        writers = [threading.Thread(target=write, args=(program.cluster, f"{round_number}-{i}"))
                   for i in range(4)]
        for thread in writers:
            thread.start()
        wanted = len(acknowledged) + 60
        wait_until("writes are acknowledged", lambda: len(acknowledged) >= wanted)
        program.kill()
        stopped.set()
        for thread in writers:
            thread.join(30)
        stopped.clear()
        program.start()
        kept = program.cluster.api("GET", "/api/v1/namespaces/default/configmaps")["items"]
        lost = set(acknowledged) - {item["metadata"]["name"] for item in kept}
        assert not lost


def test_kill_9_while_a_check_runs_executes_no_attempt_twice(local, data, model):
    program = local(data=data)
    program.cluster.api("POST", "/api/v1/namespaces", {"metadata": {"name": "killed"}})
    ns = Namespace(program.cluster, "killed")
    ns.check("slow", f"{FRONTEND} [[slow 20 once]]", timeout=60)
    ns.wait_phase("slow", "Running")
    wait_until("the model is asked", lambda: model.executions("killed"))
    program.kill()
    program.start()
    status = Namespace(program.cluster, "killed").wait_finished("slow", timeout=90)
    attempts = status["attempts"]
    assert [(a["number"], a["outcome"]) for a in attempts] == [(1, "Interrupted"), (2, "Answered")]
    assert len({a["id"] for a in attempts}) == 2
    assert model.executions("killed") == 2  # one of each attempt


def test_kill_9_leaves_each_tick_with_one_outcome(local, data):
    program = local(data=data)
    ns = Namespace(program.cluster, "default")
    schedule = Schedule(ns, 1, historyLimit=100, successfulHistoryLimit=100, failedHistoryLimit=100)
    for count in (2, 4):
        schedule.wait_children(count)
        program.kill()
        schedule.wait_ticks(3)
        program.start()
        ns.cluster = program.cluster
    schedule.wait_ended(6)
    ran, _ = expect_one_outcome_each(schedule)
    assert len(ran) >= 6


def test_sigterm_lets_a_running_check_end(local, data):
    program = local(data=data)
    ns = Namespace(program.cluster, "default")
    program.cluster.workload("default", "frontend", 2, 2)
    ns.check("slow", f"{FRONTEND} [[slow 2]]")
    ns.wait_phase("slow", "Running")
    assert program.terminate() == 0
    program.start()
    status = Namespace(program.cluster, "default").status("slow")
    expect_judged(status, "pass")
    assert [a["outcome"] for a in status["attempts"]] == ["Answered"]


def test_watches_do_not_hold_up_the_end_and_a_second_signal_ends_at_once(local):
    program = local()
    watch = program.cluster.kubectl_child("get", "hc", "-w", "-A")
    ns = Namespace(program.cluster, "default")
    ns.check("slow", f"{FRONTEND} [[slow 20]]")
    ns.wait_phase("slow", "Running")
    program.signal(signal.SIGINT)
    wait_until("the port is closed", lambda: not program.cluster.is_ready())
    assert program.alive()
    program.signal(signal.SIGINT)
    assert program.child.wait(5) == 128 + signal.SIGINT
    watch.kill()
    watch.communicate()


def test_a_second_signal_leaves_no_temporary_folder_behind(local):
    program = local()
    ns = Namespace(program.cluster, "default")
    ns.check("slow", f"{FRONTEND} [[slow 20]]")
    ns.wait_phase("slow", "Running")
    program.signal(signal.SIGTERM)
    wait_until("it is ending", lambda: not program.cluster.is_ready())
    program.signal(signal.SIGTERM)
    assert program.child.wait(5) == 128 + signal.SIGTERM
    assert not program.kubeconfig.parent.exists()


def test_what_a_kill_left_half_made_is_gone_at_the_next_start(local, data):
    assert local(data=data).terminate() == 0
    half = [data / f"store.db.new-Ab12Cd{end}" for end in ("", "-wal", "-journal")]
    own = data / "store.db.backup"
    for file in [*half, own]:
        file.write_bytes(b"half")
    assert local(data=data).cluster.is_ready()
    assert not any(file.exists() for file in half) and own.read_bytes() == b"half"


def test_a_full_disk_is_told_ends_it_and_loses_nothing_that_was_acknowledged(local, data):
    assert local(data=data).terminate() == 0
    program = Local(data.parent / "full.log", data=data)
    program.file_bytes_max = 3_000_000
    program.start()
    configmaps = "/api/v1/namespaces/default/configmaps"
    acknowledged, refused = [], None
    for number in range(200):
        body = {"metadata": {"name": f"cm-{number}"}, "data": {"x": "y" * 100_000}}
        made = program.cluster.request("POST", configmaps, body)
        if made.status != 201:
            refused = made
            break
        acknowledged.append(f"cm-{number}")
    assert refused is not None and len(acknowledged) > 5
    assert refused.status == 500 and "store.db" in refused.json()["message"]
    assert program.child.wait(30) == 1
    last = program.words().splitlines()[-1]
    assert last.startswith("holmes: ") and "store.db" in last and "disk" in last, last
    kept = local(data=data).cluster.api("GET", configmaps)["items"]
    assert set(acknowledged) <= {item["metadata"]["name"] for item in kept}


# What is refused


def test_a_folder_in_use_is_refused_and_says_by_whom(local, data):
    program = local(data=data)
    second = run_holmes("local", "--data", data)
    assert second.returncode == 1 and second.stdout == ""
    assert f"is in use by process {program.pid}" in second.stderr and "--data" in second.stderr
    assert program.cluster.is_ready()


@pytest.mark.parametrize("file", ["identity.json", "store.db"])
def test_a_damaged_folder_is_refused_and_left_as_it_is(local, data, file):
    assert local(data=data).terminate() == 0
    whole = (data / file).read_bytes()
    damaged = whole[: len(whole) // 2]
    (data / file).write_bytes(damaged)
    done = run_holmes("local", "--data", data)
    assert done.returncode == 1 and done.stdout == ""
    assert file in done.stderr and "damaged" in done.stderr and len(done.stderr.splitlines()) == 1
    assert (data / file).read_bytes() == damaged
    (data / file).write_bytes(whole)
    assert local(data=data).cluster.is_ready()


def test_a_folder_of_a_newer_version_is_refused(local, data):
    assert local(data=data).terminate() == 0
    identity = json.loads((data / "identity.json").read_text())
    (data / "identity.json").write_text(json.dumps(identity | {"format": 99}))
    done = run_holmes("local", "--data", data)
    assert done.returncode == 1 and "newer Holmes" in done.stderr
    (data / "identity.json").write_text(json.dumps(identity))
    subprocess.run(
        ["python3", "-c", "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]);"
                          "c.execute('PRAGMA user_version = 99'); c.commit()", data / "store.db"],
        check=True)
    done = run_holmes("local", "--data", data)
    assert done.returncode == 1 and "newer Holmes" in done.stderr


def test_a_folder_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    for folder in ("/proc/holmes", tmp_path / "file", tmp_path / "file/below"):
        done = run_holmes("local", "--data", folder)
        assert done.returncode == 1 and done.stdout == "", done
        assert str(folder) in done.stderr and "--data" in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_a_port_in_use_is_one_sentence(local):
    port = local().cluster.server.rsplit(":", 1)[1]
    done = run_holmes("local", "--listen", f"127.0.0.1:{port}")
    assert done.returncode == 1 and done.stdout == ""
    assert port in done.stderr and "in use" in done.stderr and len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "options, words",
    [
        (["--listen", "nowhere"], "--listen"),
        (["--listen", "no where:1"], "--listen"),
        (["--listen", "example.com:1"], "not an IP address"),
        (["--data"], "--data"),
        (["--cluster", "a", "--snapshot", "b"], "leave the other out"),
        (["--cluster", "absent", "--kubeconfig", "/absent"], "/absent"),
        (["--snapshot", "/absent"], "/absent"),
        (["--metrics-address", "x"], "--metrics-address"),
    ],
)
def test_wrong_options_are_one_sentence_and_exit_2(options, words):
    done = run_holmes("local", *options)
    assert done.returncode == 2 and done.stdout == "", done
    assert words in done.stderr and len(done.stderr.splitlines()) == 1


# The listener


def test_another_token_is_refused_and_none_too(local):
    cluster = local().cluster
    path = f"{cluster.server}/api/v1/namespaces"
    for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": f"Bearer {cluster.token}x"}):
        answer = http_request("GET", path, headers=headers, context=cluster.tls)
        assert answer.status == 401 and answer.json()["reason"] == "Unauthorized"
    with pytest.raises(ssl.SSLError):
        http_request("GET", path, context=ssl.create_default_context())


def test_listens_where_it_is_told_and_serves_metrics_when_asked(local):
    port, metrics = free_port(), free_port()
    program = local("--listen", f"localhost:{port}", "--metrics-address", f"127.0.0.1:{metrics}")
    assert program.cluster.server == f"https://127.0.0.1:{port}"
    url = f"http://127.0.0.1:{metrics}"
    wait_until("it is ready", lambda: http_request("GET", url + "/readyz").status == 200)
    assert "holmes_scheduled_checks_active" in http_request("GET", url + "/metrics").text()


def test_kubeconfig_of_the_caller_is_not_looked_at(local):
    program = local(KUBECONFIG="/absent")
    assert program.cluster.is_ready()
