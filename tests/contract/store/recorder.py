"""Asks one API and writes down what it answers, with what differs by nature masked."""

import http.client
import json
import re
import time
from contextlib import contextmanager
from urllib.parse import quote, urlencode, urlsplit

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
AGE = re.compile(r"\d+[smh]")
CURRENT = re.compile(r"(?<=resource version: )\d+, current: \d+")
GENERATED = re.compile(r"(?<=[Mm]ade[-_])[a-z0-9]{5}\b")
LIST_VERSION = "<version of the list>"
UID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
METADATA = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"
METADATA_LIST = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
TIMEOUT_S = 30


class Recorder:
    """`kept` collects, by step, the members whose difference is kept: {(step, path): row}."""

    def __init__(self, url, ns, tls=None, token=None):
        self.address, self.tls, self.token = urlsplit(url), tls, token
        self.ns = ns
        self.steps = []
        self.kept = {}
        self.names = {}  # uids and versions, by order of appearance
        self.keeping = None
        self.shows_owners = False  # managedFields are compared, too

    # What cases call

    def get(self, path, **query):
        return self.ask("GET", path, query=query)

    def post(self, path, body, **query):
        return self.ask("POST", path, body=body, query=query)

    def put(self, path, body, **query):
        return self.ask("PUT", path, body=body, query=query)

    def patch(self, path, body, kind=MERGE, **query):
        return self.ask("PATCH", path, body=body, query=query, content_type=kind)

    def delete(self, path, body=None, **query):
        return self.ask("DELETE", path, body=body, query=query)

    def apply(self, path, body, manager="alice", **query):
        return self.patch(path, body, APPLY, fieldManager=manager, **query)

    def ask(self, method, path, body=None, query=None, content_type="application/json", accept=None):
        """One exchange; returns the body, parsed when it is JSON."""
        query = {name: str(value) for name, value in (query or {}).items() if value is not None}
        answer = self.send(method, path, body, query, content_type, accept)
        parsed = self.parsed(answer)
        warnings = sorted(answer.headers.get_all("Warning") or [])
        content_type = answer.headers.get("Content-Type")
        self.write_down(
            f"{method} {path} {query or ''}",
            {"status": answer.status, "type": content_type, "warnings": warnings, "body": parsed},
        )
        return parsed

    def peek(self, path, method="GET", body=None, content_type="application/json", **query):
        """As ask(), but nothing is written down: for what a real server needs a moment for."""
        return self.parsed(self.send(method, path, body, query, content_type, None))

    def wait(self, probe, timeout=60):
        """Until the probe, which only peeks, finds something true; returns it. The real garbage
        collector takes up to half a minute to notice a new kind.
        """
        deadline = time.monotonic() + timeout
        while not (found := probe()):
            assert time.monotonic() < deadline, "the server does not come to it"
            time.sleep(0.02)
        return found

    def wait_gone(self, path):
        self.wait(lambda: self.peek(path).get("code") == 404)

    def watch(self, path, during=lambda: None, until=1, then_silent=0, accept=None, **query):
        """Opens a watch, does `during`, and writes down `until` events, or fewer when the watch ends before;
        and what more comes within `then_silent` seconds, which should be nothing. Bookmarks without
        annotations come when they like, and are left out.
        """
        query = {"watch": "true", "timeoutSeconds": "20"} | {n: str(v) for n, v in query.items()}
        connection = self.request("GET", path, None, query, None, accept)
        answer = connection.getresponse()
        events = []
        if answer.status != 200:
            events.append(self.parsed(answer))
        else:
            during()
            events = self.read_events(answer, until)
            if then_silent:
                connection.sock.settimeout(then_silent)
                events += self.read_events(answer, 1)
        answer.close()
        self.write_down(f"WATCH {path}", {"status": answer.status, "events": events})
        return events

    @contextmanager
    def differs(self, row, *paths):
        """Within, these members of what is answered differ for good, as `row` says."""
        self.keeping = (row, paths)
        yield
        self.keeping = None

    # How it is done

    @staticmethod
    def parsed(answer):
        raw = answer.read().decode("utf-8", "replace")
        try:
            return json.loads(raw)
        except ValueError:
            return raw

    def send(self, *request):
        return self.request(*request).getresponse()

    def request(self, method, path, body, query, content_type, accept):
        """The connection on which it was sent."""
        if self.address.scheme == "https":
            connection = http.client.HTTPSConnection(
                self.address.hostname, self.address.port, context=self.tls, timeout=TIMEOUT_S
            )
        else:
            connection = http.client.HTTPConnection(
                self.address.hostname, self.address.port, timeout=TIMEOUT_S
            )
        target = path.replace("{ns}", self.ns)
        if query:
            target += "?" + urlencode(query, quote_via=quote)
        headers = {"Accept": accept or "application/json", "User-Agent": "contract/1"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if body is not None:
            headers["Content-Type"] = content_type
            body = body if isinstance(body, (str, bytes)) else json.dumps(body)
            body = body.replace("{ns}", self.ns) if isinstance(body, str) else body
        connection.request(method, target, body=body, headers=headers)
        return connection

    @staticmethod
    def read_events(answer, until):
        events = []
        try:
            while len(events) < until:
                line = answer.readline()
                if not line:
                    break
                event = json.loads(line)
                meta = event["object"].get("metadata", {})
                if event["type"] == "BOOKMARK":
                    if not meta.get("annotations"):
                        continue
                    meta["resourceVersion"] = LIST_VERSION
                events.append(event)
        except TimeoutError:
            pass
        return events

    def write_down(self, what, seen):
        if self.keeping:
            row, paths = self.keeping
            for path in paths:
                self.kept[(len(self.steps), path)] = row
        self.steps.append((what, self.mask(seen)))

    def mask(self, value, name=""):
        if isinstance(value, dict):
            is_list = "items" in value or "rows" in value
            masked = {
                self.mask_text(key): self.mask(member, key)
                for key, member in sorted(value.items())  # uids are named in the same order
                if not (key == "managedFields" and not self.shows_owners)
                and not (key == "metadata" and is_list)
            }
            if len(value.get("causes") or []) > 1 and all("field" in c for c in value["causes"]):
                masked["causes"].sort(key=json.dumps)  # maps of Go have no order
            if isinstance(value.get("message"), str) and ": [" in value["message"]:
                masked["message"] = sorted(re.split(r", |: \[", masked["message"].rstrip("]")))
            if isinstance(masked.get("managedFields"), list):
                masked["managedFields"] = [
                    self.mask(owner) for owner in in_one_order(value["managedFields"])
                ]
            if is_list:
                masked["metadata"] = self.mask_list(value.get("metadata", {}))
            return masked
        if isinstance(value, list):
            return [self.mask(item, name if name == "cells" else "") for item in value]
        if name == "cells" and isinstance(value, str) and AGE.fullmatch(value):
            return "<age>"
        if name == "resourceVersion" and isinstance(value, str):
            return self.named("version", value)
        return self.mask_text(value) if isinstance(value, str) else value

    @staticmethod
    def mask_list(metadata):
        """A list is of the version of the whole store, where others write, too."""
        masked = dict(metadata)
        if masked.get("resourceVersion") not in (None, "", "0"):
            masked["resourceVersion"] = LIST_VERSION
        if masked.get("continue"):
            masked["continue"] = "<token>"
        return masked

    def mask_text(self, text):
        text = text.replace(self.ns, "<ns>")
        text = UID.sub(lambda found: self.named("uid", found.group()), text)
        text = TIME.sub("<time>", text)
        text = GENERATED.sub("<random>", text)
        text = CURRENT.sub("current: <number>", text)
        if "ersion" not in text:
            return text
        for (kind, value), name in self.names.items():
            if kind == "version" and value and len(value) > 1:
                text = re.sub(rf"(?<![\w.-]){value}(?![\w.-])", name, text)
        return text

    def named(self, kind, value):
        if value in ("", "0"):
            return value
        number = sum(1 for known, _ in self.names if known == kind)
        return self.names.setdefault((kind, value), f"<{kind} {number}>")


def in_one_order(owners):
    """Owners stand in the order of their times, in whole seconds, and then of their names. Where a second
    ends is chance: each side must keep the rule, and they are compared by name.
    """

    def place(owner, time):
        names = [owner.get(key, "") for key in ("manager", "apiVersion", "subresource")]
        return [owner.get("operation", ""), time, *names]

    ordered = sorted(owners, key=lambda owner: place(owner, owner.get("time", "")))
    assert owners == ordered, f"owners out of order: {owners}"
    return sorted(owners, key=lambda owner: place(owner, ""))


def differences(real, ours):
    """What the two recorders wrote down differently, in words; and the rows of kept differences that do
    not show any more.
    """
    found, unused = [], []
    for number, ((what, a), (_, b)) in enumerate(zip(real.steps, ours.steps)):
        for path in [path for (step, path) in real.kept if step == number]:
            if take(a, path) == take(b, path):
                unused.append(f"{what}: {path}: the same now ({real.kept[(number, path)]})")
        found += [f"{what}: {line}" for line in compare(a, b, "")]
    if len(real.steps) != len(ours.steps):
        found.append(f"{len(real.steps)} steps against {len(ours.steps)}")
    return found + unused


def take(value, path):
    """Takes a member out, and returns it."""
    *parents, last = path.split(".")
    for part in parents:
        value = value[int(part)] if isinstance(value, list) else (value or {}).get(part)
        if value is None:
            return None
    if isinstance(value, list):
        index = int(last)
        return value.pop(index) if index < len(value) else None
    return value.pop(last, None) if isinstance(value, dict) else None


def compare(a, b, path):
    if isinstance(a, dict) and isinstance(b, dict):
        for key in sorted(set(a) | set(b)):
            where = f"{path}.{key}".lstrip(".")
            if key not in a:
                yield f"{where}: only ours has it: {json.dumps(b[key])}"
            elif key not in b:
                yield f"{where}: ours lacks it: {json.dumps(a[key])}"
            else:
                yield from compare(a[key], b[key], where)
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for i, (x, y) in enumerate(zip(a, b)):
            yield from compare(x, y, f"{path}.{i}")
    elif a != b:
        yield f"{path}: real {json.dumps(a)}, ours {json.dumps(b)}"
