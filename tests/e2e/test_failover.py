"""Two operators, of which one leads: what becomes of checks and ticks when it dies, is told to stop,
stands still and comes back, or cannot reach its lease. Seconds are printed (pytest -s).
"""

import itertools
import signal
from datetime import timedelta
from types import SimpleNamespace

import pytest

from cluster import SYSTEM_NAMESPACE
from conftest import numbers
from expect import FRONTEND, expect_judged
from fake_check_api import CountingCheckApi
from fault_proxy import FaultProxy
from faults import HalfOpen
from schedules import KEEP, Schedule, ended, expect_one_outcome_each, now, wait_for_clock
from support import Stopwatch, free_port, wait_until

LEASE = f"/apis/coordination.k8s.io/v1/namespaces/{SYSTEM_NAMESPACE}/leases/holmes-operator"
ELECTION = {"HOLMES_LEADER_ELECTION": "true", "HOLMES_LEASE_NAMESPACE": SYSTEM_NAMESPACE}
LOST = "the lease is lost"


def leads(operator):
    return operator.metrics().value("leader_election_master_status", name="holmes-operator") == 1


def wait_leads(operator, timeout=20):
    wait_until(f"{operator.name} leads", lambda: leads(operator), timeout)


def attempts(status):
    return [(a["number"], a["outcome"]) for a in status["attempts"]]


def report(what, since):
    print(f"\n{what}: {since.seconds():.2f} s")
    return since.seconds()


@pytest.fixture
def api():
    api = CountingCheckApi(duration=lambda body: 1)
    yield api
    api.close()


@pytest.fixture
def replicas(start, cluster):
    """replicas(url, mounts): (the leader, the standby), both ready. The lease is new."""

    def begin(api_url, mounts=None, **env_of_leader):
        cluster.remove(LEASE)
        leader = start.operator(api_url, mounts=mounts, **ELECTION, **env_of_leader)
        wait_leads(leader)
        standby = start.operator(api_url, mounts=mounts, **ELECTION)
        assert not leads(standby)
        return leader, standby

    return begin


def wait_claimed(ns, name, timeout):
    return ns.wait_status(name, "claimed", lambda s: s.get("phase"), timeout)


def test_after_kill_9_the_standby_acts_within_20_s(ns, api, replicas):
    leader, standby = replicas(api.address)
    ns.run("before", "Is all well?")
    since_kill = Stopwatch()
    leader.kill()
    ns.check("after", "Is all well?")
    wait_claimed(ns, "after", 20)
    assert report("kill -9 to the first claim of the next leader", since_kill) < 20
    ns.wait_finished("after")
    assert leads(standby) and not api.twice()


def test_after_sigterm_the_standby_acts_within_3_s_and_answers_in_flight_count_once(
    ns, api, replicas, cluster
):
    api.duration = lambda body: 12
    leader, standby = replicas(api.address)
    ns.check("in-flight", "Is all well?")
    wait_until("it runs", lambda: api.names[f"{ns.name}/in-flight"] == 1)
    first = ns.status("in-flight")["attempt"]["epoch"]
    since_sigterm = Stopwatch()
    leader.signal(signal.SIGTERM)
    ns.check("after", "Is all well?")
    claim = wait_claimed(ns, "after", 3)["attempt"]
    assert report("SIGTERM to the first claim of the next leader", since_sigterm) < 3
    assert leads(standby) and leader.alive()  # it waits for its answer
    uid, transitions = first.split("/")
    assert claim["epoch"] == f"{uid}/{int(transitions) + 1}"
    assert leader.child.wait(40) == 0
    assert attempts(ns.wait_finished("in-flight")) == [(1, "Answered")]
    ns.wait_finished("after")
    assert set(api.names.values()) == {1} and not api.twice()
    reasons = [reason for reason, _, _ in ns.events("in-flight")]
    assert reasons == ["Started", "Completed"] or reasons == ["Started", "Completed", "Completed"]


def test_leader_that_is_stopped_for_60_s_and_comes_back_executes_nothing_twice(ns, api, replicas):
    """Checks come all the time, so that it is stopped in the middle of claims and executions."""
    leader, standby = replicas(api.address)
    schedule = Schedule(ns, query="Is all well?", **KEEP)
    names = (f"c{n}" for n in itertools.count())

    def checks_for(seconds):
        end = now() + timedelta(seconds=seconds)
        while now() < end:
            ns.check(next(names), "Is all well?")
            wait_for_clock(now() + timedelta(seconds=0.2))

    checks_for(3)
    leader.signal(signal.SIGSTOP)
    stopped = Stopwatch()
    checks_for(10)
    wait_leads(standby)
    report("SIGSTOP to the next leader", stopped)
    checks_for(60 - stopped.seconds())
    back = Stopwatch()
    leader.signal(signal.SIGCONT)
    assert leader.child.wait(10) == 1
    report("SIGCONT to the end of the one that led", back)
    assert LOST in leader.log()
    checks_for(3)
    schedule.suspend()
    wait_until(
        "all checks have ended",
        lambda: all(ended(c) for c in ns.cluster.api("GET", ns.checks_path)["items"]),
        60,
    )
    expect_one_outcome_each(schedule)
    assert not api.twice()
    executed = {name: count for name, count in api.names.items() if count != 1}
    assert len(api.names) > 200 and not executed, executed


def test_failover_in_the_middle_of_a_check_fetches_the_running_executions_answer(
    ns, start, replicas, model
):
    ns.deployment("frontend", 3)
    leader, _ = replicas(start.server().url)
    ns.check("orphan", f"{FRONTEND} [[slow 20]]", timeout=60)
    wait_until("the model works", lambda: model.executions(ns.name) == 1)
    leader.kill()
    status = ns.wait_finished("orphan", 60)
    expect_judged(status, "pass")
    assert attempts(status) == [(1, "Answered")] and model.executions(ns.name) == 1


def test_failover_after_the_servers_end_too_waits_for_nothing_that_cannot_come(
    ns, start, replicas, model
):
    """The execution died with its server: the next attempt is another id, once."""
    ns.deployment("frontend", 3)
    server = start.server()
    leader, _ = replicas(server.url)
    ns.check("orphan", f"{FRONTEND} [[slow 20 once]]", timeout=120)
    wait_until("the model works", lambda: model.executions(ns.name) == 1)
    leader.kill()
    server.kill()
    start.server(port=server.port)
    status = ns.wait_finished("orphan", 90)
    expect_judged(status, "pass")
    assert attempts(status) == [(1, "Interrupted"), (2, "Answered")]
    assert model.executions(ns.name) == 2


@pytest.fixture
def name_of_two(tmp_path):
    """A name with two addresses, as the headless Service of the servers has."""
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.2 holmes-api-replicas\n127.0.0.3 holmes-api-replicas\n")
    port = free_port()
    return SimpleNamespace(hosts=hosts, port=port, url=f"http://holmes-api-replicas:{port}")


@pytest.fixture
def orphan(ns, start, replicas, model, name_of_two):
    """A check that one of two servers works on, and whose operator died: (that server, the other
    one, which does not know it and is asked first).
    """
    ns.deployment("frontend", 3)
    works = start.server(port=name_of_two.port, host="127.0.0.3")
    leader, _ = replicas(name_of_two.url, mounts={"/etc/hosts": name_of_two.hosts})
    ns.check("orphan", f"{FRONTEND} [[slow 20 once]]", timeout=120)
    wait_until("the model works", lambda: model.executions(ns.name) == 1)
    other = start.server(port=name_of_two.port, host="127.0.0.2")
    leader.kill()
    return works, other


def asked(server):
    """How often somebody asked it for an execution that it does not know."""
    return server.metrics().value(
        "holmes_server_requests_total", route="/api/check/executions/{key}", code="404"
    )


def test_failover_finds_the_one_of_two_servers_that_works_on_the_check(ns, orphan, model):
    works, other = orphan
    status = ns.wait_finished("orphan", 90)
    expect_judged(status, "pass")
    assert attempts(status) == [(1, "Answered")] and model.executions(ns.name) == 1
    assert asked(other) > 0 and works.alive()


def test_failover_knows_that_the_server_that_worked_is_gone_and_the_other_one_never_did(
    ns, orphan, model, name_of_two
):
    works, other = orphan
    works.kill()
    hosts = name_of_two.hosts
    hosts.write_text(hosts.read_text().splitlines()[0])  # as a Service does without its Pod
    status = ns.wait_finished("orphan", 90)
    expect_judged(status, "pass")
    assert attempts(status) == [(1, "Interrupted"), (2, "Answered")]
    assert model.executions(ns.name) == 2 and other.alive()


def test_leader_that_cannot_renew_its_lease_ends_before_the_next_one_begins(
    ns, api, start, cluster, replicas, scratch
):
    """Only its lease is out of reach: whatever else it would write would arrive."""
    proxy = FaultProxy(cluster)
    kubeconfig = cluster.kubeconfig_for(
        "holmes-operator", scratch / f"proxied-{next(numbers)}.kubeconfig", server=proxy.url
    )
    leader, standby = replicas(api.address, KUBECONFIG=kubeconfig)
    schedule = Schedule(ns, query="Is all well?", **KEEP)
    schedule.wait_ended(1)
    cut = Stopwatch()
    proxy.on_request(HalfOpen(), lambda r: r.kind == "leases", times=100)
    assert leader.child.wait(30) == 1
    assert report("lease out of reach to the end of the leader", cut) < 15
    assert not leads(standby)
    assert LOST in leader.log()
    wait_leads(standby, 20 - cut.seconds())
    assert report("lease out of reach to the next leader", cut) < 20
    after = len(schedule.children())
    schedule.wait_ended(after + 2)
    expect_one_outcome_each(schedule)
    assert not api.twice()
    proxy.close()


def test_standby_ends_at_once_and_leaves_the_lease_alone(api, replicas, cluster):
    leader, standby = replicas(api.address)
    before = cluster.api("GET", LEASE)["spec"]["holderIdentity"]
    told = Stopwatch()
    assert standby.terminate() == 0
    assert told.seconds() < 2
    assert cluster.api("GET", LEASE)["spec"]["holderIdentity"] == before and leads(leader)
