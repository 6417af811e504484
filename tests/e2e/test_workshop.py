"""What the other tests stand on: the fake kubelet's own tests, and `./dev run` to its end."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_fake_kubelet_passes_its_own_tests():
    go = subprocess.run(
        [ROOT / "tests/cluster/go.sh"], check=True, capture_output=True, text=True
    ).stdout.strip()
    subprocess.run(
        [go, "test", "./kubelet"],
        cwd=ROOT / "tests/cluster",
        env=os.environ | {"GOTOOLCHAIN": "local", "GOFLAGS": "-buildvcs=false"},
        check=True,
        timeout=300,
    )


def test_demo_ends_with_the_expected_results():
    demo = subprocess.run(
        [sys.executable, ROOT / "tests/e2e/demo.py", "--once"],
        env={k: v for k, v in os.environ.items() if not k.startswith("OPENAI")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert "SCRIPTED" in demo.stdout  # it says plainly that no real model was asked
    assert "All results are as expected." in demo.stdout
