"""A check API that answers what a test tells it: what the operator must bear from servers that are
not ours, or not well.

`script` is a list of answers for POST requests: (status, body, headers) or "drop" (the connection
is closed without an answer). The last one is repeated. GET /api/check/executions/... and /api/info
answer 404 unless told.
"""

import json

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
