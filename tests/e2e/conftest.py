"""Fixtures of the end-to-end suite: one control plane per session, one namespace per test, operator
and server per file or per test.

Two operators at once would fight over the same checks, unless they elect a leader (test_failover.py).
So a file uses either `stack` (one pair for
the whole file) or `start` (pairs that a test starts, kills and restarts), never both.
"""

import itertools
import re
from types import SimpleNamespace

import pytest

from cluster import Cluster
from holmes import Operator, Server
from local import Local
from scripted_model import ScriptedModel
from slack_capture import SlackCapture
from support import free_port

numbers = itertools.count(1)
running = []  # every program that was started and not yet stopped, for the words at a failure


@pytest.fixture(scope="session")
def scratch(tmp_path_factory):
    return tmp_path_factory.mktemp("holmes")


@pytest.fixture(scope="session")
def cluster(scratch):
    """The control plane with the CRDs, the roles and the ServiceAccounts of deploy/ installed."""
    plane = Cluster(scratch / "cluster")
    try:
        plane.start()
        plane.install(scratch)
        yield plane
    finally:
        plane.stop()


@pytest.fixture(scope="session")
def model():
    double = ScriptedModel()
    yield double
    refused = double.stats()["refused"]
    double.close()
    assert not refused, f"the model refused requests of ours as malformed: {refused}"


@pytest.fixture(scope="session")
def slack():
    double = SlackCapture()
    yield double
    double.close()


@pytest.fixture(scope="module")
def empty_kubeconfig(tmp_path_factory):
    """Of an embedded cluster without pods."""
    local = Local(tmp_path_factory.mktemp("empty") / "log")
    try:
        yield local.start().kubeconfig
    finally:
        local.kill()


@pytest.fixture
def local(tmp_path, model, slack):
    """Starts a `holmes local`; ends all of them at the end."""
    started = []

    def start(*options, wait=True, **settings):
        log = tmp_path / f"local-{len(started)}.log"
        started.append(Local(log, *options, model=settings.pop("model", model), slack=slack, **settings))
        return started[-1].start(wait)

    yield start
    for program in started:
        program.kill()


@pytest.fixture(scope="session")
def accounts(cluster, scratch):
    """Kubeconfigs with real tokens of the shipped ServiceAccounts."""
    return SimpleNamespace(
        operator=cluster.kubeconfig_for("holmes-operator", scratch / "operator.kubeconfig"),
        server=cluster.kubeconfig_for("holmes-server", scratch / "server.kubeconfig"),
    )


class Starter:
    """Starts operators and servers, and stops what is left at the end."""

    def __init__(self, accounts, model, slack, scratch):
        self.accounts, self.model, self.slack, self.scratch = accounts, model, slack, scratch
        self.started = []

    def log_path(self, verb):
        return self.scratch / f"{verb}-{next(numbers)}.log"

    def server(self, wait=True, port=None, **env):
        kubeconfig = env.pop("KUBECONFIG", self.accounts.server)
        return self.launch(
            Server(
                kubeconfig, self.model.url, self.slack.url, self.log_path("server"), port, **env
            ),
            wait,
        )

    def operator(self, api_url, wait=True, **env):
        kubeconfig = env.pop("KUBECONFIG", self.accounts.operator)
        return self.launch(Operator(kubeconfig, api_url, self.log_path("operator"), **env), wait)

    def pair(self, **env):
        server = self.server()
        return SimpleNamespace(server=server, operator=self.operator(server.url, **env))

    def launch(self, program, wait):
        self.started.append(program)
        running.append(program)
        return program.start(wait)

    def stop(self):
        for program in reversed(self.started):
            if program.alive():
                program.terminate(grace=10)
            running.remove(program)
        wrong = [p.tail() for p in self.started if "the cache differs from the API server" in p.log()]
        self.started = []
        assert not wrong, wrong


@pytest.fixture
def start(accounts, model, slack, scratch):
    starter = Starter(accounts, model, slack, scratch)
    yield starter
    starter.stop()


@pytest.fixture(scope="module")
def stack(accounts, model, slack, scratch):
    starter = Starter(accounts, model, slack, scratch)
    try:
        yield starter.pair()
    finally:
        starter.stop()


@pytest.fixture
def ns(cluster, request):
    """A namespace of this test's own; its name is also the word by which the doubles count what
    belongs to the test.
    """
    word = re.sub(r"[^a-z0-9]+", "-", request.node.originalname.removeprefix("test_").lower())[
        :40
    ].strip("-")
    namespace = cluster.namespace(f"{word}-{next(numbers)}")
    yield namespace
    namespace.remove()


@pytest.fixture
def closed_port():
    """A port where nobody listens."""
    return free_port()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        for program in running:
            report.sections.append(
                (f"{program.name}, last lines of {program.log_path}", program.tail())
            )
