"""Programs that were written for other clusters run on the embedded API unchanged."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fake_check_api import FakeCheckApi
from local import Local
from store_server import StoreServer
from support import REPO, Process, clean_env, free_port, http_request, wait_until

CACHE = Path(os.environ.get("HOLMES_CACHE") or Path.home() / ".cache/holmes")
PYTHON_CLIENT = "kubernetes==35.0.0"


@pytest.fixture(scope="module")
def python():
    """A Python that has the official client; made once."""
    venv = CACHE / PYTHON_CLIENT.replace("==", "-python-")
    program = venv / "bin/python"
    if not (venv / "whole").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", venv], check=True)
        subprocess.run([program, "-m", "pip", "install", "-q", PYTHON_CLIENT], check=True)
        (venv / "whole").touch()
    return program


def test_official_python_client(python, tmp_path, model):
    local = Local(tmp_path / "log", model=model).start()
    try:
        done = subprocess.run(
            [python, REPO / "tests/e2e/python_client.py", local.kubeconfig],
            env=clean_env(), capture_output=True, text=True, timeout=120,
        )
        assert done.stdout == "done\n", done
        assert local.terminate() == 0
    finally:
        local.kill()


@pytest.fixture(scope="module")
def controller(cluster):
    """The Go operator of bench, on controller-runtime and client-go; built as bench/run.sh does."""
    go = subprocess.run([REPO / "tests/cluster/go.sh"], check=True, capture_output=True, text=True)
    folder = CACHE / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [go.stdout.strip(), "build", "-buildvcs=false", "-o", f"{folder}/", "./peer/operator"],
        check=True, cwd=REPO / "bench", timeout=900,
        env=os.environ | {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local"},
    )
    return folder / "operator"


def test_a_client_go_controller(controller, cluster, tmp_path):
    """On the store alone, since the operator of `holmes local` would do the same work."""
    store = StoreServer(tmp_path)
    checks, probe = FakeCheckApi(), free_port()
    kubeconfig = store.kubeconfig
    program = Process(
        "the Go operator",
        [controller, "--kubeconfig", kubeconfig, "--health-probe-bind-address", f"127.0.0.1:{probe}"],
        clean_env({"HOLMES_API_URL": checks.address}), tmp_path / "log",
    )

    def kubectl(*args, **kwargs):
        return cluster.kubectl(*args, kubeconfig=kubeconfig, **kwargs).stdout

    def ready():
        assert program.alive(), program.tail()
        try:
            return http_request("GET", f"http://127.0.0.1:{probe}/readyz").status == 200
        except OSError:
            return False

    try:
        kubectl("apply", "-f", REPO / "deploy/crds")
        program.start()
        wait_until("it is ready", ready)
        kubectl("apply", "-f", "-", stdin=CHECK + SCHEDULE)
        kubectl("wait", "--for=jsonpath={.status.phase}=Completed", "hc/one", "--timeout=30s")
        assert kubectl("get", "hc", "one", "-o", "jsonpath={.status.result}") == "pass"
        children = ["get", "hc", "-l", "holmesgpt.dev/scheduled-by=beat", "-o", "name"]
        wait_until("its schedule has children", lambda: kubectl(*children).count("\n") >= 2, 90)
        wait_until("it tells events", lambda: "CheckCompleted" in kubectl("get", "events"))
        kubectl("delete", "shc", "beat")
        wait_until("children go with their owner", lambda: kubectl(*children) == "")
        assert program.terminate() == 0, program.tail()
        assert "Failed to watch" not in program.log(), program.tail()
    finally:
        program.kill()
        checks.close()
        store.stop()


CHECK = """\
apiVersion: holmesgpt.dev/v1alpha1
kind: HealthCheck
metadata: {name: one}
spec: {query: "Are all pods healthy?"}
"""
SCHEDULE = """\
---
apiVersion: holmesgpt.dev/v1alpha1
kind: ScheduledHealthCheck
metadata: {name: beat}
spec: {query: "Are all pods healthy?", schedule: "@every 1s"}
"""
