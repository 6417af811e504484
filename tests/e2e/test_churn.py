"""Everything at once, at random: users create, edit, re-run, cancel and delete; the way to the API
server breaks in all ways that faults.py knows; the operator is killed and started again. When
it is calm again, every promise has been kept.

HOLMES_CHURN_SECONDS (60) and HOLMES_CHURN_SEED (a new one each time; it is printed).
"""

import os
import random
import re
import time
from collections import Counter
from pathlib import Path

import pytest

from churn import RERUN, Users
from cluster import condition
from fake_check_api import CountingCheckApi
from fault_proxy import FaultProxy
from faults import CutBefore, CutInside, Delay, GoAway, HalfOpen, LostAnswer, Refuse, SlowLoris
from ledger import Ledger
from schedules import RUN_NOW, ended, now, owners
from support import wait_until

SECONDS = float(os.environ.get("HOLMES_CHURN_SECONDS", "60"))
SEED = int(os.environ.get("HOLMES_CHURN_SEED") or random.SystemRandom().randrange(1_000_000))

FAULTS = [
    CutBefore(),
    LostAnswer(),
    CutInside(),
    Delay(before=1),
    Delay(after=1),
    Delay(before=12),
    HalfOpen(at_most=15),
    HalfOpen(acted=True, at_most=15),
    Refuse(410),
    Refuse(429, retry_after=1),
    Refuse(429),
    Refuse(500),
    Refuse(500, acted=True),
    Refuse(503, retry_after=1),
    Refuse(503),
    Refuse(504, acted=True),
    SlowLoris(pieces=20),
    GoAway(),
]
RATES = (0, 0.05, 0.2, 0.5)
WEATHER_S = 4
LIFE_S = (1, 15)  # of an operator
CALM_S = 90  # in which all must be caught up with
RSS_KB_MAX = 128 << 10


class Lives:
    """The operator, which never lives long."""

    def __init__(self, start, proxy, api, dice):
        self.start, self.proxy, self.api, self.dice = start, proxy, api, dice
        self.operator, self.ends = None, 0.0
        self.killed = self.stopped = self.rss_kb_max = 0

    def begin(self):
        self.operator = self.start(self.api.address)
        self.ends = time.monotonic() + self.dice.uniform(*LIFE_S)

    def look(self):
        assert self.operator.alive(), f"the operator ended by itself:\n{self.operator.tail()}"
        self.rss_kb_max = max(self.rss_kb_max, peak_rss_kb(self.operator.pid))

    def end(self):
        self.look()
        if self.dice.randrange(4):
            self.operator.kill()
            self.killed += 1
        else:
            assert self.operator.terminate(grace=60) == 0, self.operator.tail()
            self.stopped += 1
        # What it sent last is carried out before the next one begins, or never.
        self.proxy.forget()


def peak_rss_kb(pid):
    found = re.search(r"^VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return int(found.group(1)) if found else 0


def durations(dice):
    return lambda body: dice.choice((0, 0, 0.2, 1, 2, 6))


@pytest.fixture
def world(start, cluster, scratch, ns):
    dice = random.Random(SEED)
    proxy = FaultProxy(cluster)
    kubeconfig = cluster.kubeconfig_for(
        "holmes-operator", scratch / "churn.kubeconfig", server=proxy.url
    )
    server_dice = random.Random(dice.random())
    api = CountingCheckApi(durations(server_dice), lambda: server_dice.randrange(20) == 0)
    ledger = Ledger(ns)

    def operator(url):
        return start.operator(url, wait=False, KUBECONFIG=kubeconfig)

    yield dice, proxy, api, ledger, Users(ns, random.Random(dice.random())), Lives(
        operator, proxy, api, dice
    )
    ledger.close()
    proxy.close()
    api.close()


def test_every_promise_is_kept_through_faults_and_deaths(world, ns, capsys):
    dice, proxy, api, ledger, users, lives = world
    with capsys.disabled():
        print(f"\nchurn: HOLMES_CHURN_SEED={SEED} HOLMES_CHURN_SECONDS={SECONDS:g}", flush=True)
    try:
        storm(dice, proxy, users, lives)
        proxy.calm()
        settle(ns, users, lives, ledger)
        suspend_all(ns, users, lives, proxy)
        ledger.catch_up()
        wrong = ledger.wrong + wrong_checks(ledger, users, api) + wrong_schedules(ledger, users)
        wrong += [f"{attempt} was executed twice" for attempt in api.twice()]
        wrong += [f"{attempt} ran unclaimed" for attempt in set(api.begun) - ledger.claimed]
        assert not wrong, f"seed {SEED}:\n" + "\n".join(wrong)
        assert lives.rss_kb_max < RSS_KB_MAX
        assert len(api.begun) > SECONDS / 10 and sum(proxy.injected.values()) > SECONDS / 10
    finally:
        with capsys.disabled():
            print(summary(proxy, api, ledger, users, lives))


def storm(dice, proxy, users, lives):
    lives.begin()
    end, weather = time.monotonic() + SECONDS, 0.0
    while time.monotonic() < end:
        if time.monotonic() >= weather:
            weather = time.monotonic() + WEATHER_S
            proxy.weather(
                dice, dice.choice(RATES), dice.sample(FAULTS, dice.randrange(1, len(FAULTS)))
            )
        if time.monotonic() >= lives.ends:
            lives.end()
            time.sleep(dice.choice((0, 0, 0.5, 4)))
            lives.begin()
        lives.look()
        users.act()
        time.sleep(dice.uniform(0, 0.25))


def settle(ns, users, lives, ledger):
    """The operator that lives now catches up with everything; ticks of all schedules go on."""
    users.heal()
    calm_since = now()
    wait_until(
        "every check has ended or is suspended, every wish is fulfilled",
        lambda: not unsettled_checks(ns),
        CALM_S,
        0.5,
    )
    for schedule in ns.cluster.api("GET", ns.schedules_path)["items"]:
        account = ledger.account(schedule["metadata"]["uid"])
        wait_until(
            f"the ticks of {schedule['metadata']['name']} go on",
            lambda account=account: account.decided() > calm_since,
            CALM_S,
        )
    lives.look()


def unsettled_checks(ns):
    """One-shots that are neither ended nor suspended, and annotations that are not taken up."""
    return [
        check["metadata"]["name"]
        for check in ns.cluster.api("GET", ns.checks_path)["items"]
        if not owners(check)
        and (
            RERUN in check["metadata"].get("annotations", {})
            or not (ended(check) or check["spec"].get("suspend"))
        )
    ]


def suspend_all(ns, users, lives, proxy):
    for schedule in ns.cluster.api("GET", ns.schedules_path)["items"]:
        name = schedule["metadata"]["name"]
        ns.cluster.merge(f"{ns.schedules_path}/{name}", {"spec": {"enabled": False}})
    wait_until("every schedule is at rest", lambda: not restless(ns), CALM_S, 0.5)
    # A check whose create had no answer is kept for a minute, as it may be carried out once more.
    wait_until("every history keeps to its limits", lambda: not overfull(ns), CALM_S, 0.5)
    seen = {}

    def quiet():
        before, seen["writes"] = seen.get("writes"), proxy.requests["writes"]
        return before == seen["writes"]

    wait_until("the operator writes nothing more", quiet, CALM_S, 4)
    lives.look()


def restless(ns):
    checks = ns.cluster.api("GET", ns.checks_path)["items"]
    unfinished = {o["uid"] for c in checks if not ended(c) for o in owners(c)}
    found = []
    for schedule in ns.cluster.api("GET", ns.schedules_path)["items"]:
        status = schedule.get("status", {})
        if (
            condition(status, "Suspended").get("status") != "True"
            or status.get("active")
            or status.get("runNow")
            or RUN_NOW in schedule["metadata"].get("annotations", {})
            or schedule["metadata"]["uid"] in unfinished
        ):
            found.append((schedule["metadata"]["name"], status.get("active"), status.get("runNow")))
    return found


def overfull(ns):
    """Schedules with more finished checks than they are to keep."""
    checks = [c for c in ns.cluster.api("GET", ns.checks_path)["items"] if ended(c)]
    found = []
    for schedule in ns.cluster.api("GET", ns.schedules_path)["items"]:
        uid = schedule["metadata"]["uid"]
        if too_many(schedule["spec"], [c for c in checks if uid in {o["uid"] for o in owners(c)}]):
            found.append(schedule["metadata"]["name"])
    return found


def too_many(spec, children):
    """How many are kept by kind, when that is more than the history limits allow."""
    left = Counter("passed" if c["status"]["result"] == "pass" else "other" for c in children)
    passed_max, other_max = spec["successfulHistoryLimit"], spec["failedHistoryLimit"]
    return left if left["passed"] > passed_max or left["other"] > other_max else None


# What must be true now


def wrong_checks(ledger, users, api):
    wrong = []
    for uid, check in ledger.checks.items():
        if uid in ledger.gone:
            continue
        found = wrong_check(check, 1 + users.reruns[uid], api)
        wrong += [f"{check['metadata']['name']}: {what}: {check['status']}" for what in found]
    return wrong


def wrong_check(check, runs, api):
    spec, status = check["spec"], check.get("status", {})
    if not ended(check):
        if not spec.get("suspend") or status.get("phase") != "Pending":
            yield "has not ended and is not suspended"
        return
    if status["run"] != runs:
        yield f"{runs} runs were asked for"
    if "attempt" in status:
        yield "is still claimed"
    mine = [a for a in status.get("attempts", []) if a["run"] == status["run"]]
    if status["phase"] == "Completed":
        answered = [a["id"] for a in mine if a["outcome"] == "Answered"]
        if len(answered) != 1 or answered[0] not in api.executions:
            yield "is completed without one answer"
        elif status["rationale"] != api.executions[answered[0]].answer["rationale"]:
            yield "was given another answer"
        return
    reason = condition(status, "Complete").get("reason")
    interrupted = [a for a in mine if a["outcome"] == "Interrupted"]
    if reason == "Cancelled":
        if not spec.get("cancel"):
            yield "was cancelled by nobody"
    elif reason != "Interrupted" or len(interrupted) != spec.get("backoffLimit", 1) + 1:
        yield "failed without a reason that we know"


def wrong_schedules(ledger, users):
    wrong = []
    for uid, account in ledger.accounts.items():
        if account.last is None:
            continue
        name = account.last["metadata"]["name"] + (" (deleted)" if account.deleted else "")
        found = [f"{name} {uid}: {what}" for what in wrong_schedule(ledger, users, uid, account)]
        wrong += [*found, *account.story] if found else []
    return wrong


def wrong_schedule(ledger, users, uid, account):
    spec, status = account.last["spec"], account.last.get("status", {})
    if spec.get("concurrencyPolicy") != "Allow" and account.unfinished_max > 1:
        yield f"{account.unfinished_max} ran at once"
    yield from account.faults()
    if account.deleted:
        return
    if len(account.by_hand) != users.by_hand[uid]:
        yield f"{users.by_hand[uid]} runs by hand were asked for, {len(account.by_hand)} were made"
    children = {
        c["metadata"]["name"]: c
        for c in ledger.checks.values()
        if any(o["uid"] == uid for o in owners(c))
    }
    for entry in status.get("history", []):
        child = children.get(entry["checkName"])
        if child is None:
            yield f"its history tells of {entry}, which never was"
        elif ended(child) and child["status"]["result"] != entry["result"]:
            yield f"its history tells {entry}, the check {child['status']}"
    limit = min(spec.get("historyLimit", 10), len(children))
    if children and not limit >= len(status.get("history", [])) >= 1:
        yield f"its history has {len(status.get('history', []))} entries of {limit}"
    if account.children and status["lastScheduleTime"] != max(account.children).strftime(
        "%Y-%m-%dT%H:%M:%SZ"
    ):
        yield f"its last run was {max(account.children)}, told {status['lastScheduleTime']}"
    kept = [c for c in children.values() if c["metadata"]["uid"] not in ledger.gone]
    if left := too_many(spec, kept):
        yield f"too many checks are kept: {left}"


def summary(proxy, api, ledger, users, lives):
    accounts = ledger.accounts.values()
    missed = sum(m["count"] for a in accounts for m in a.missed.values())
    faults = ", ".join(f"{name} {count}" for name, count in sorted(proxy.injected.items()))
    return (
        f"churn: seed {SEED}: {len(ledger.checks)} checks, {len(api.begun)} executions of attempts,"
        f" {len(ledger.verdicts)} runs ended; {sum(len(a.children) for a in accounts)} ticks ran and"
        f" {missed} were missed; {sum(users.done.values())} acts of users; the operator was killed"
        f" {lives.killed} times and stopped {lives.stopped} times, peak RSS {lives.rss_kb_max / 1024:.1f}"
        f" MiB; {proxy.requests['reads']} reads, {proxy.requests['writes']} writes,"
        f" {sum(proxy.injected.values())} faults: {faults}"
    )
