"""The embedded API held against a real one: each case of tests/contract/store asks both, and what
they answer must be the same.
"""

import ast
import importlib
import inspect
import itertools
import os
import sys

import pytest

from store_server import StoreServer
from support import REPO, wait_until

CASES = REPO / "tests/contract/store"
sys.path.insert(0, str(CASES))

from recorder import MERGE, Recorder, differences  # noqa: E402
from toys import CRD, CRDS  # noqa: E402

numbers = itertools.count(1)


def cases():
    """Every public function of the case files that takes an api."""
    found = []
    for path in sorted(CASES.glob("cases_*.py")):
        module = importlib.import_module(path.stem)
        for name, function in inspect.getmembers(module, inspect.isfunction):
            own = function.__module__ == module.__name__ and not name.startswith("_")
            if own and list(inspect.signature(function).parameters) == ["api"]:
                found.append(pytest.param(function, id=f"{path.stem.removeprefix('cases_')}-{name}"))
    return found


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    served = StoreServer(tmp_path_factory.mktemp("store"))
    yield served
    served.stop()


@pytest.fixture(scope="module")
def both(cluster, store):
    """Makes the two recorders of a case."""

    def make(ns):
        return [
            Recorder(cluster.server, ns, tls=cluster.tls, token=cluster.token),
            Recorder(store.url, ns, tls=store.tls, token=store.token),
        ]

    for api in make("default"):
        api.post(CRDS, CRD)

        def established(api=api):
            crd = api.get(f"{CRDS}/toys.toys.test")
            conditions = {c["type"]: c["status"] for c in crd["status"].get("conditions") or []}
            served = api.ask("GET", "/apis/toys.test/v1/toys")
            return conditions.get("Established") == "True" and "items" in served

        wait_until("the toys are served", established)
    yield make
    real = make("default")[0]
    real.delete(f"{CRDS}/toys.toys.test")
    left = real.peek("/apis/toys.test/v1/toys")  # what a failed case left held; a text when none
    for toy in left["items"] if isinstance(left, dict) else []:
        if "finalizers" in toy["metadata"]:
            where = f"/apis/toys.test/v1/namespaces/{toy['metadata']['namespace']}/toys"
            real.peek(
                f"{where}/{toy['metadata']['name']}",
                "PATCH",
                {"metadata": {"finalizers": None}},
                MERGE,
            )
    real.wait_gone(f"{CRDS}/toys.toys.test")


@pytest.mark.parametrize("case", cases())
def test_case(case, both):
    real, ours = both(f"contract-{os.getpid()}-{next(numbers)}")
    for api in (real, ours):
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": api.ns}}
        assert api.post("/api/v1/namespaces", namespace)["metadata"]["name"] == api.ns
        api.steps.clear()
        case(api)
    assert real.steps, "the case asked nothing"
    found = differences(real, ours)
    assert not found, "\n".join(found)


# The table of docs/local.md


def documented():
    """The first column of the table of kept differences."""
    text = (REPO / "docs/local.md").read_text().split("## Where the embedded API differs")[1]
    rows = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("|")]
    assert rows[:2] == ["What", "---"], rows[:2]
    return rows[2:]


def kept():
    """The rows that cases name, and those that test_kube_contract.py leaves cases out for."""
    from test_kube_contract import KEPT

    found = set(KEPT.values())
    for path in CASES.glob("cases_*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and getattr(call.func, "attr", "") == "differs":
                assert isinstance(call.args[0], ast.Constant), f"{path.name}:{call.lineno}"
                found.add(call.args[0].value)
    return found


def test_each_difference_that_is_kept_has_its_row_and_each_row_shows_somewhere():
    rows = documented()
    assert len(rows) == len(set(rows)), "a row stands twice"
    assert kept() - set(rows) == set(), "not in docs/local.md"
    assert set(rows) - kept() == set(), "in docs/local.md, but no case shows it"
