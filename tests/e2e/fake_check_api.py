"""Check APIs of the tests. FakeCheckApi answers what a test tells it: what the operator must bear
from servers that are not ours, or not well. CountingCheckApi remembers each execution, as ours does.

`script` is a list of answers for POST requests: (status, body, headers) or "drop" (the connection
is closed without an answer). The last one is repeated. GET /api/check/executions/... and /api/info
answer 404 unless told.
"""

import json
import threading
from collections import Counter
from urllib.parse import urlsplit

from support import Double, QuietHandler

PASS = (
    200,
    {
        "status": "pass",
        "message": "Check passed. All is well.",
        "duration": 0.1,
        "rationale": "All is well.",
        "error": None,
    },
    {},
)


class Handler(QuietHandler):
    def do_GET(self):
        owner = self.server.owner
        owner.note(self, b"")
        self.reply(*owner.answers.get(self.path.split("?")[0], (404, {"detail": "Not Found"}, {})))

    def do_DELETE(self):
        self.server.owner.note(self, b"")
        self.reply(404, {"detail": "Not Found"})

    def do_POST(self):
        raw = self.read_body()
        owner = self.server.owner
        owner.note(self, raw)
        if self.path not in owner.routes:
            return self.reply(404, {"detail": "Not Found"})
        answer = owner.next_answer()
        if answer == "drop":
            self.close_connection = True
            return
        self.reply(*answer)


class FakeCheckApi(Double):
    def __init__(
        self, script=(PASS,), routes=("/api/check/execute", "/api/checks/execute"), port=0
    ):
        self.script = list(script)
        self.routes = routes
        self.answers = {}
        self.seen = []
        super().__init__(Handler, port)

    def note(self, handler, raw):
        with self.lock:
            self.seen.append(
                {
                    "method": handler.command,
                    "path": handler.path,
                    "raw": raw,
                    "headers": {k.lower(): v for k, v in handler.headers.items()},
                }
            )

    def next_answer(self):
        with self.lock:
            return self.script.pop(0) if len(self.script) > 1 else self.script[0]

    def posts(self, path=None):
        """The POST requests so far; each with its body as `body`."""
        with self.lock:
            return [
                r | {"body": json.loads(r["raw"])}
                for r in self.seen
                if r["method"] == "POST" and path in (None, r["path"])
            ]


EXECUTIONS = "/api/check/executions/"


class Execution:
    def __init__(self, key):
        self.key = key
        self.answer = None
        self.cancelled = threading.Event()
        self.ended = threading.Event()

    def end(self):
        """The rationale names the attempt: whoever reads it later knows whose answer it is."""
        verdict = "pass" if sum(self.key.encode()) % 3 else "fail"
        self.answer = PASS[1] | {
            "status": verdict,
            "message": f"Check {verdict}ed. Said to {self.key}",
            "rationale": f"Said to {self.key}",
        }
        self.ended.set()


class CountingHandler(QuietHandler):
    def do_POST(self):
        owner, body = self.server.owner, json.loads(self.read_body())
        execution = owner.begin(self.headers["Idempotency-Key"], body["name"])
        execution.cancelled.wait(owner.duration(body))
        execution.end()
        if owner.drops():
            self.close_connection = True
            return
        self.reply(200, execution.answer)

    def do_GET(self):
        url = urlsplit(self.path)
        if url.path == "/api/info":
            return self.reply(200, {"capabilities": ["executions/v1"]})
        execution = self.server.owner.executions.get(url.path.removeprefix(EXECUTIONS))
        if execution is None:
            return self.reply(404, {"detail": "Not Found"})
        execution.ended.wait(5)
        self.reply(*((200, execution.answer) if execution.ended.is_set() else (202, {})))

    def do_DELETE(self):
        execution = self.server.owner.executions.get(self.path.removeprefix(EXECUTIONS))
        if execution is None:
            return self.reply(404, {"detail": "Not Found"})
        execution.cancelled.set()
        self.reply(200, {})


class CountingCheckApi(Double):
    """Counts the executions of each attempt id, keeps their answers and gives them out again
    (executions/v1). `duration(body)`: seconds that one takes; `drops()`: whether its answer is
    lost on the way.
    """

    def __init__(self, duration=lambda body: 0, drops=lambda: False):
        self.duration, self.drops = duration, drops
        self.executions = {}
        self.begun = Counter()  # by attempt id
        self.names = Counter()  # by "namespace/name"
        super().__init__(CountingHandler)

    def begin(self, key, name):
        with self.lock:
            self.begun[key] += 1
            self.names[name] += 1
            return self.executions.setdefault(key, Execution(key))

    def twice(self):
        """Attempt ids that were executed more than once: never."""
        with self.lock:
            return [key for key, count in self.begun.items() if count > 1]
