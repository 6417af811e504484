"""A ScheduledHealthCheck of a test: what to do with it, its children, and what became of its
ticks.
"""

import json
import re
from datetime import datetime, timedelta, timezone

from cluster import condition
from expect import FRONTEND
from support import wait_until

NEVER = "@every 1000h"  # a schedule whose ticks no test sees
QUICK = f"{FRONTEND} [[no-tools]]"  # an error at once, without a workload
KEEP = {"historyLimit": 100, "successfulHistoryLimit": 100, "failedHistoryLimit": 100}
BY = "holmesgpt.dev/scheduled-by"
AT = "holmesgpt.dev/scheduled-at"
RUN_NOW = "holmesgpt.dev/run-now"


def time_of(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def text_of(time):
    return time.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def now():
    return datetime.now(timezone.utc)


def wait_for_clock(time, timeout=60):
    """The test's clock is the operator's: both run on this machine."""
    wait_until(f"it is {time}", lambda: now() >= time, timeout, every=0.002)


class Schedule:
    """Created by its constructor; `every`: the seconds of an @every schedule, or its text."""

    def __init__(self, ns, every=2, name="beat", query=QUICK, annotations=None, **spec):
        self.ns, self.name = ns, name
        self.period = timedelta(seconds=every) if isinstance(every, int) else None
        self.path = f"{ns.schedules_path}/{name}"
        text = f"@every {every}s" if isinstance(every, int) else every
        self.adopt(
            ns.cluster.api(
                "POST",
                ns.schedules_path,
                {
                    "apiVersion": "holmesgpt.dev/v1alpha1",
                    "kind": "ScheduledHealthCheck",
                    "metadata": {"name": name, "annotations": annotations or {}},
                    "spec": {"schedule": text, "query": query, **spec},
                },
            )
        )

    @classmethod
    def existing(cls, ns, name):
        """One that kubectl made."""
        self = cls.__new__(cls)
        self.ns, self.name, self.period = ns, name, None
        self.path = f"{ns.schedules_path}/{name}"
        self.adopt(self.get())
        return self

    def adopt(self, made):
        self.uid = made["metadata"]["uid"]
        self.created = time_of(made["metadata"]["creationTimestamp"])

    def get(self):
        return self.ns.cluster.api("GET", self.path)

    def status(self):
        return self.get().get("status", {})

    def annotations(self):
        return self.get()["metadata"].get("annotations", {})

    def patch(self, **spec):
        return self.ns.cluster.merge(self.path, {"spec": spec})

    def edit_status(self, **status):
        """By hand, through the status subresource."""
        return self.ns.cluster.merge(f"{self.path}/status", {"status": status})

    def run_now(self):
        return self.ns.cluster.merge(self.path, {"metadata": {"annotations": {RUN_NOW: "true"}}})

    def delete(self):
        return self.ns.cluster.api("DELETE", self.path)

    def suspend(self):
        self.patch(enabled=False)
        self.wait("suspended", is_suspended)

    def events(self):
        return self.ns.events(self.name)

    def wait_event(self, reason, kind="Normal"):
        wait_until(
            f"{self.name}: {reason} is told",
            lambda: (reason, kind) in [event[:2] for event in self.events()],
        )

    def wait(self, what, test, timeout=30):
        """The status once test(status) holds."""
        seen = {}

        def probe():
            seen.update(last=self.status())
            return seen["last"] if test(seen["last"]) else None

        try:
            return wait_until(f"{self.name}: {what}", probe, timeout)
        except AssertionError as late:
            raise AssertionError(f"{late}\nstatus: {json.dumps(seen['last'])}") from None

    # Its children

    def children(self):
        """By name, which is by tick."""
        items = self.ns.cluster.api("GET", self.ns.checks_path)["items"]
        mine = [c for c in items if any(o["uid"] == self.uid for o in owners(c))]
        return sorted(mine, key=lambda check: check["metadata"]["name"])

    def wait_children(self, count, timeout=30):
        """At least so many."""
        return wait_until(
            f"{self.name} has {count} children",
            lambda: found if len(found := self.children()) >= count else None,
            timeout,
        )

    def wait_ended(self, count, timeout=30):
        """At least so many ended children."""
        return wait_until(
            f"{self.name} has {count} ended children",
            lambda: found if len(found := [c for c in self.children() if ended(c)]) >= count else 0,
            timeout,
        )

    def ticks_run(self):
        """The ticks that have a child, also one that only the history knows."""
        made = {c["metadata"]["name"]: tick_of(c) for c in self.children() if tick_of(c)}
        for entry in self.status().get("history", []):
            if re.search(r"-\d{8}-\d{6}-[0-9a-f]{6}$", entry["checkName"]):
                made[entry["checkName"]] = time_of(entry["executionTime"])
        ticks = sorted(made.values())
        assert len(set(ticks)) == len(ticks), f"a tick ran twice: {made}"
        return ticks

    # Its ticks

    def tick(self, number):
        return self.created + number * self.period

    def next_tick(self, count=1):
        return self.tick(int((now() - self.created) / self.period) + count)

    def wait_ticks(self, count):
        """Until so many more ticks are past, the last by half a period; returns that one."""
        tick = self.next_tick(count)
        wait_for_clock(tick + self.period / 2)
        return tick


def owners(check):
    return check["metadata"].get("ownerReferences", [])


def ended(check):
    return check.get("status", {}).get("phase") in ("Completed", "Failed")


def unfinished(ns):
    return [c for c in ns.cluster.api("GET", ns.checks_path)["items"] if not ended(c)]


def tick_of(check):
    at = check["metadata"].get("annotations", {}).get(AT)
    return time_of(at) if at else None


def is_suspended(status):
    return condition(status, "Suspended").get("status") == "True"


def is_ready(status):
    return condition(status, "Ready").get("status") == "True"


def missed_of(status, reason):
    """(from, to, count) of the entries with this reason, newest first."""
    return [
        (time_of(m["from"]), time_of(m["to"]), m["count"])
        for m in status.get("missed", [])
        if m["reason"] == reason
    ]


def missed_count(status, reason):
    return sum(count for _, _, count in missed_of(status, reason))


def expect_one_outcome_each(schedule):
    """Each tick from the first to the last decided one has a child, or is counted once in
    status.missed. Suspends the schedule, so that nothing moves. Returns the ticks that ran and the
    number of those that were missed.
    """
    schedule.suspend()
    ran, missed = schedule.ticks_run(), []
    entries = schedule.status().get("missed", [])
    last = max(ran[-1:] + [time_of(entry["to"]) for entry in entries])
    ticks = [schedule.tick(n) for n in range(1, int((last - schedule.created) / schedule.period) + 1)]
    for entry in entries:
        first, to = time_of(entry["from"]), time_of(entry["to"])
        span = [tick for tick in ticks if first <= tick <= to and tick not in ran]
        assert span and span[0] == first and span[-1] == to, (entry, span)
        assert len(span) == entry["count"], (entry, span)
        missed += span
    assert sorted(ran + missed) == ticks, (ran, entries)
    return ran, len(missed)
