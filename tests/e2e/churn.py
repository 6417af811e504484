"""Users who do all that users do, at random: for test_churn.py."""

from collections import Counter

from cluster import NotFound
from expect import FRONTEND
from schedules import RUN_NOW, ended, owners

RERUN = "holmesgpt.dev/rerun"
CHECKS_MAX = 40  # alive at once, without those of schedules
SCHEDULES_MAX = 6
PERIODS = ("@every 1s", "@every 2s", "@every 3s", "@every 5s")
NONSENSE = "now and then"


class Users:
    """act() does one thing. What they asked for is counted: `reruns` of each check and `by_hand` of
    each schedule, by uid.
    """

    def __init__(self, ns, dice):
        self.ns, self.dice, self.cluster = ns, dice, ns.cluster
        self.made = 0
        self.reruns, self.by_hand, self.done = Counter(), Counter(), Counter()

    def act(self):
        actions = {
            self.create_check: 8,
            self.edit_check: 2,
            self.delete_check: 3,
            self.rerun: 5,
            self.cancel: 2,
            self.suspend_check: 2,
            self.create_schedule: 3,
            self.edit_schedule: 3,
            self.edit_template: 2,
            self.switch_schedule: 4,
            self.run_now: 4,
            self.delete_schedule: 1,
        }
        [action] = self.dice.choices(list(actions), list(actions.values()))
        if action():
            self.done[action.__name__] += 1

    def one_in(self, n):
        return self.dice.randrange(n) == 0

    def any_of(self, path, fits=lambda o: True):
        """An object as it is just now, or None."""
        found = [o for o in self.cluster.api("GET", path)["items"] if fits(o)]
        return self.dice.choice(found) if found else None

    def any_check(self, fits=lambda c: True):
        return self.any_of(self.ns.checks_path, lambda c: not owners(c) and fits(c))

    def any_schedule(self, fits=lambda s: True):
        return self.any_of(self.ns.schedules_path, fits)

    def patch(self, path, thing, patch):
        """Of the object as it was seen: false when it has changed since, or is gone."""
        if not thing:
            return False
        metadata = {"resourceVersion": thing["metadata"]["resourceVersion"]} | patch.get(
            "metadata", {}
        )
        answer = self.cluster.request(
            "PATCH",
            f"{path}/{thing['metadata']['name']}",
            patch | {"metadata": metadata},
            "application/merge-patch+json",
        )
        assert answer.status in (200, 404, 409), answer.text()
        return answer.status == 200

    def delete(self, path, thing):
        try:
            return bool(thing) and bool(
                self.cluster.api("DELETE", f"{path}/{thing['metadata']['name']}")
            )
        except NotFound:
            return False

    # Checks

    def create_check(self):
        alive = [c for c in self.cluster.api("GET", self.ns.checks_path)["items"] if not owners(c)]
        if len(alive) >= CHECKS_MAX:
            return self.delete_check()
        self.made += 1
        spec = {
            "backoffLimit": self.dice.choice((0, 1, 1, 3)),
            "timeout": self.dice.choice((5, 30)),
        }
        if self.one_in(4):
            spec["ttlSecondsAfterFinished"] = self.dice.choice((0, 1, 10))
        if self.one_in(8):
            spec["suspend"] = True
        return self.ns.check(f"one-{self.made}", FRONTEND, **spec)

    def edit_check(self):
        edit = {"spec": {"query": f"{FRONTEND} Edit {self.dice.random()}."}}
        return self.patch(self.ns.checks_path, self.any_check(), edit)

    def delete_check(self):
        return self.delete(self.ns.checks_path, self.any_check())

    def rerun(self):
        check = self.any_check(
            lambda c: ended(c) and RERUN not in c["metadata"].get("annotations", {})
        )
        asked = self.patch(
            self.ns.checks_path, check, {"metadata": {"annotations": {RERUN: "true"}}}
        )
        if asked:
            self.reruns[check["metadata"]["uid"]] += 1
        return asked

    def cancel(self):
        check = self.any_check(lambda c: not c["spec"].get("cancel"))
        return self.patch(self.ns.checks_path, check, {"spec": {"cancel": True}})

    def suspend_check(self):
        check = self.any_check()
        return self.patch(
            self.ns.checks_path,
            check,
            {"spec": {"suspend": not (check and check["spec"].get("suspend"))}},
        )

    # Schedules

    def create_schedule(self):
        alive = self.cluster.api("GET", self.ns.schedules_path)["items"]
        free = {f"beat-{n}" for n in range(SCHEDULES_MAX)} - {s["metadata"]["name"] for s in alive}
        if not free:
            return False
        spec = {
            "schedule": self.dice.choice(PERIODS),
            "query": FRONTEND,
            "timeout": 30,
            "concurrencyPolicy": self.dice.choice(("Forbid", "Forbid", "Allow", "Replace")),
            "missedRunPolicy": self.dice.choice(("Coalesce", "Skip")),
            "historyLimit": self.dice.choice((1, 10, 100)),
            "successfulHistoryLimit": self.dice.choice((0, 1, 10)),
            "failedHistoryLimit": self.dice.choice((0, 1, 10)),
        }
        if self.one_in(4):
            spec["startingDeadlineSeconds"] = self.dice.choice((1, 5))
        if self.one_in(4):
            spec["ttlSecondsAfterFinished"] = self.dice.choice((0, 3))
        return self.cluster.api(
            "POST",
            self.ns.schedules_path,
            {
                "apiVersion": "holmesgpt.dev/v1alpha1",
                "kind": "ScheduledHealthCheck",
                "metadata": {"name": self.dice.choice(sorted(free))},
                "spec": spec,
            },
        )

    def edit_schedule(self):
        text = NONSENSE if self.one_in(8) else self.dice.choice(PERIODS)
        return self.patch(self.ns.schedules_path, self.any_schedule(), {"spec": {"schedule": text}})

    def edit_template(self):
        edit = {
            "query": f"{FRONTEND} Edit {self.dice.random()}.",
            "historyLimit": self.dice.choice((1, 10)),
        }
        return self.patch(self.ns.schedules_path, self.any_schedule(), {"spec": edit})

    def switch_schedule(self):
        schedule = self.any_schedule()
        enabled = bool(schedule) and schedule["spec"].get("enabled", True)
        if enabled and not self.one_in(3):  # most are on at most times
            return False
        return self.patch(self.ns.schedules_path, schedule, {"spec": {"enabled": not enabled}})

    def run_now(self):
        schedule = self.any_schedule(
            lambda s: (
                RUN_NOW not in s["metadata"].get("annotations", {})
                and "runNow" not in s.get("status", {})
            )
        )
        asked = self.patch(
            self.ns.schedules_path, schedule, {"metadata": {"annotations": {RUN_NOW: "true"}}}
        )
        if asked:
            self.by_hand[schedule["metadata"]["uid"]] += 1
        return asked

    def delete_schedule(self):
        return self.delete(self.ns.schedules_path, self.any_schedule())

    def heal(self):
        """Each schedule means something and is enabled again."""
        for schedule in self.cluster.api("GET", self.ns.schedules_path)["items"]:
            name = schedule["metadata"]["name"]
            self.cluster.merge(
                f"{self.ns.schedules_path}/{name}",
                {"spec": {"schedule": "@every 2s", "enabled": True}},
            )
