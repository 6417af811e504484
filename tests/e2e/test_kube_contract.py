"""The contract tests of src/kube (tests/contract), each case as a test of its own: production
clients against this control plane's API server, and against the embedded API.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

from support import REPO, clean_env
from test_store_contract import store  # noqa: F401

PROGRAM = Path(
    os.environ.get("HOLMES_KUBE_CONTRACT_TEST")
    or REPO / "build/dev/tests/contract/kube_contract_test"
)
RUN_S = 300

# What does not hold of the embedded API, and the row of docs/local.md that says so.
KEPT = {
    "Objects.ALogIsReadAsText": "Logs and commands in pods",
    "Refusals.WhoHasNoRightIs403ForbiddenAndIsToldWhatHeLacks": "Rights",
    "Refusals.ABudgetThatIsUsedUpIs429Refused": "Groups and kinds",
    "Refusals.AWebhookThatCannotBeAskedIs500Unavailable": "Groups and kinds",
    "Refusals.AnApiWithoutServersIs503Unavailable": "Groups and kinds",
    "Refusals.AnAnswerThatIsNotWaitedForIsATimeout": "Versions of the future",
}


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


def run_cases(kubeconfig, report, *options):
    """All run once, in one process; failures by name."""
    assert PROGRAM.is_file(), f"{PROGRAM} is missing: ninja -C build/dev kube_contract_test"
    done = subprocess.run(
        [PROGRAM, f"--gtest_output=json:{report}", *options],
        env=clean_env({"KUBECONFIG": kubeconfig}),
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


@pytest.fixture(scope="module")
def results(cluster, scratch):
    cluster.control("compact")  # so that there are versions that nobody knows any more
    return run_cases(cluster.kubeconfig, scratch / "contract.json")


@pytest.fixture(scope="module")
def store_results(store, scratch):  # noqa: F811
    store.compact()
    left_out = ":".join(KEPT)
    return run_cases(store.kubeconfig, scratch / "store.json", f"--gtest_filter=-{left_out}")


@pytest.mark.parametrize("case", cases())
def test_contract(case, results):
    assert case in results, "it did not run"
    assert results[case] == []


@pytest.mark.parametrize("case", [case for case in cases() if case not in KEPT])
def test_contract_of_the_embedded_api(case, store_results):
    assert case in store_results, "it did not run"
    assert store_results[case] == []
