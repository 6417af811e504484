"""What the other tests stand on: the fake kubelet's own tests."""

import os
import subprocess
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
