"""What became of every check and of every tick in a namespace, written down from watches of our own,
straight at the API server; and whether it is what was promised. It knows what was deleted since.
"""

import http.client
import json
import re
import threading
from collections import Counter, deque
from datetime import timedelta
from urllib.parse import urlsplit

from schedules import AT, ended, now, owners, tick_of, time_of
from support import wait_until

STORY_LINES = 400


class Account:
    """Of one schedule, by its uid. Its meaning may be any `@every Ns`, or no schedule at all."""

    def __init__(self):
        self.children = Counter()  # by tick: how often a check was created for it
        self.by_hand = Counter()  # by name: the runs without a tick
        self.unbegun = Counter()  # by tick: those that were deleted before anybody claimed them
        self.missed = {}  # by `from`: the entry as last told
        self.meanings = (
            []
        )  # (since, text) in the order of their beginning, as the status tells them
        self.texts = set()  # that spec.schedule ever had
        self.unfinished = set()
        self.unfinished_max = 0
        self.created = self.last = None
        self.deleted = False
        self.story = deque(maxlen=STORY_LINES)  # for whoever must find out what went wrong

    def decided(self):
        """All ticks up to here should have an outcome."""
        return max(
            [self.created, *self.children, *(time_of(m["to"]) for m in self.missed.values())]
        )

    def ticks(self):
        """Those of each meaning while it held, up to the last one that is decided."""
        ends = [since for since, _ in self.meanings[1:]] + [self.decided()]
        ticks = []
        for (since, text), end in zip(self.meanings, ends):
            period = period_of(text)
            if not period:
                continue
            number = int((since - self.created) / period) + 1
            while (tick := self.created + number * period) <= min(end, self.decided()):
                ticks.append(tick)
                number += 1
        return ticks

    def is_tick(self, tick, text):
        return bool(period_of(text)) and (tick - self.created) % period_of(text) == timedelta(0)

    def faults(self):
        """What is wrong with its outcomes: nothing, if each tick has exactly one."""
        made = self.children
        if self.deleted:
            # A create that comes late makes a check for a schedule that is gone; the API server
            # removes it, and what comes later still finds the name free.
            made = made - self.unbegun
        wrong = [f"{tick} has {n} checks" for tick, n in made.items() if n > 1]
        wrong += [f"{name} was made {n} times" for name, n in self.by_hand.items() if n > 1]
        ticks = self.ticks()
        # A check comes before the status: that may never tell of a meaning that was soon edited away.
        wrong += [
            f"{tick} ran and is no tick"
            for tick in self.children
            if tick not in ticks and not any(self.is_tick(tick, text) for text in self.texts)
        ]
        open_ticks = [tick for tick in ticks if tick not in self.children]
        before = self.created
        for entry in sorted(self.missed.values(), key=lambda m: m["from"]):
            first, last = time_of(entry["from"]), time_of(entry["to"])
            span = [tick for tick in open_ticks if first <= tick <= last]
            if len(span) != entry["count"]:
                wrong.append(f"{len(span)} ticks were missed where {entry} is told")
            if first <= before:
                wrong.append(f"{entry} tells what is told already")
            open_ticks = [tick for tick in open_ticks if tick not in span]
            before = last
        if (
            not self.deleted
        ):  # the child of a later tick came first, then the status that would tell
            wrong += [f"{tick} has no outcome" for tick in open_ticks]
        return wrong


def period_of(text):
    """None: it has no ticks."""
    found = re.fullmatch(r"@every (\d+)s", text)
    return timedelta(seconds=int(found.group(1))) if found else None


class Ledger:
    def __init__(self, ns):
        self.ns, self.cluster = ns, ns.cluster
        self.lock = threading.Lock()
        self.checks = {}  # by uid: the last seen object
        self.gone = set()  # uids
        self.verdicts = {}  # (uid, run): how the run ended
        self.claimed = set()  # attempt ids
        self.accounts = {}  # by uid of the schedule
        self.wrong = []  # what must never happen and did
        self.versions = {}
        self.closed = False
        for path, note in (
            (ns.checks_path, self.note_check),
            (ns.schedules_path, self.note_schedule),
        ):
            self.versions[path] = self.cluster.api("GET", path)["metadata"]["resourceVersion"]
            threading.Thread(target=self.watch, args=(path, note), daemon=True).start()

    def close(self):
        self.closed = True

    def account(self, uid):
        with self.lock:
            return self.accounts.setdefault(uid, Account())

    def watch(self, path, note):
        while not self.closed:
            try:
                self.stream(path, note)
            except (OSError, http.client.HTTPException) as broken:
                self.wrong.append(f"the ledger's own watch of {path} broke: {broken!r}")

    def stream(self, path, note):
        url = urlsplit(self.cluster.server)
        connection = http.client.HTTPSConnection(url.hostname, url.port, context=self.cluster.tls)
        headers = {"Authorization": f"Bearer {self.cluster.token}"} if self.cluster.token else {}
        query = f"watch=1&timeoutSeconds=60&resourceVersion={self.versions[path]}"
        connection.request("GET", f"{path}?{query}", headers=headers)
        for line in connection.getresponse():
            event = json.loads(line)
            if event["type"] == "ERROR":
                self.wrong.append(f"the ledger's own watch of {path} ended: {event['object']}")
                self.closed = True
                return
            with self.lock:
                note(event["type"], event["object"])
                self.versions[path] = event["object"]["metadata"]["resourceVersion"]
        connection.close()

    def note_check(self, kind, check):
        uid, status = check["metadata"]["uid"], check.get("status", {})
        self.checks[uid] = check
        if kind == "DELETED":
            self.gone.add(uid)
        if attempt := status.get("attempt"):
            self.claimed.add(attempt["id"])
        if ended(check):
            verdict = status["result"], status["message"]
            first = self.verdicts.setdefault((uid, status["run"]), verdict)
            if first != verdict:
                self.wrong.append(
                    f"{check['metadata']['name']} ended as {first}, then as {verdict}"
                )
        for owner in owners(check):
            self.note_child(self.accounts.setdefault(owner["uid"], Account()), kind, check)

    def note_child(self, account, kind, check):
        uid, status = check["metadata"]["uid"], check.get("status", {})
        account.story.append(
            f"{now():%T.%f} {kind} {check['metadata']['name']} {status.get('phase')} {status.get('result')}"
        )
        if kind == "ADDED":
            if AT in check["metadata"].get("annotations", {}):
                account.children[tick_of(check)] += 1
            else:
                account.by_hand[check["metadata"]["name"]] += 1
        if kind == "DELETED" and not status and AT in check["metadata"].get("annotations", {}):
            account.unbegun[tick_of(check)] += 1
        if kind == "DELETED" or ended(check):
            account.unfinished.discard(uid)
        else:
            account.unfinished.add(uid)
            account.unfinished_max = max(account.unfinished_max, len(account.unfinished))

    def note_schedule(self, kind, schedule):
        account = self.accounts.setdefault(schedule["metadata"]["uid"], Account())
        account.last, account.deleted = schedule, kind == "DELETED"
        account.texts.add(schedule["spec"]["schedule"])
        account.created = time_of(schedule["metadata"]["creationTimestamp"])
        status = schedule.get("status", {})
        told = ("observedSchedule", "lastScheduleTime", "active", "runNow", "missed")
        account.story.append(
            f"{now():%T.%f} {kind} {schedule['metadata']['generation']} {schedule['spec']['schedule']}"
            f" {schedule['spec'].get('enabled', True)} {schedule['metadata'].get('annotations', '')} "
            + json.dumps({name: status.get(name) for name in told})[:700]
        )
        for entry in status.get("missed", []):
            account.missed[entry["from"]] = entry
        if observed := status.get("observedSchedule"):
            meaning = time_of(observed["since"]), observed.get("schedule", "")
            if not account.meanings or account.meanings[-1] != meaning:
                account.meanings.append(meaning)

    def catch_up(self):
        """Until it has seen all that there is now."""
        for path in (self.ns.checks_path, self.ns.schedules_path):
            version = int(self.cluster.api("GET", path)["metadata"]["resourceVersion"])
            wait_until(
                f"the ledger knows {path} of {version}",
                lambda path=path, version=version: (
                    self.closed or int(self.versions[path]) >= version or self.same(path)
                ),
            )

    def same(self, path):
        """Nothing of the kind has changed, only others have."""
        there = {
            (item["metadata"]["uid"], item["metadata"]["resourceVersion"])
            for item in self.cluster.api("GET", path)["items"]
        }
        with self.lock:
            if path == self.ns.checks_path:
                seen = [c for uid, c in self.checks.items() if uid not in self.gone]
            else:
                seen = [a.last for a in self.accounts.values() if a.last and not a.deleted]
            return there == {(o["metadata"]["uid"], o["metadata"]["resourceVersion"]) for o in seen}
