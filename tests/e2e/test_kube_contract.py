"""The contract tests of src/kube (tests/contract), each case as a test of its own: production
clients against this control plane's API server.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

from support import REPO, clean_env

PROGRAM = Path(
    os.environ.get("HOLMES_KUBE_CONTRACT_TEST")
    or REPO / "build/dev/tests/contract/kube_contract_test"
)
RUN_S = 300


def cases():
    """ "Suite.Case" of each, as the program lists them."""
    if not PROGRAM.is_file():
        return [f"is-not-built:{PROGRAM.name}"]
    listed = subprocess.run(
        [PROGRAM, "--gtest_list_tests"],
        env=clean_env(),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    names, suite = [], ""
    for line in listed.stdout.splitlines():
        if line.startswith("  "):
            names.append(suite + line.split("#")[0].strip())
        elif line.endswith("."):
            suite = line
    return names


@pytest.fixture(scope="module")
def results(cluster, scratch):
    """All run once, in one process; (failures, output) by name."""
    assert PROGRAM.is_file(), f"{PROGRAM} is missing: ninja -C build/dev kube_contract_test"
    cluster.control("compact")  # so that there are versions that nobody knows any more
    report = scratch / "contract.json"
    done = subprocess.run(
        [PROGRAM, f"--gtest_output=json:{report}"],
        env=clean_env({"KUBECONFIG": cluster.kubeconfig}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=RUN_S,
    )
    assert report.is_file(), f"the program ended with {done.returncode}:\n{done.stdout[-4000:]}"
    return {
        f"{suite['name']}.{case['name']}": [f["failure"] for f in case.get("failures", [])]
        for suite in json.loads(report.read_text())["testsuites"]
        for case in suite["testsuite"]
        if case["status"] == "RUN"
    }


@pytest.mark.parametrize("case", cases())
def test_contract(case, results):
    assert case in results, "it did not run"
    assert results[case] == []
