"""A Slack that keeps what it is sent: POST /api/chat.postMessage with a bearer token.

A message to `#no-such-channel` is answered with ok:false, as Slack does for a channel it does not
know; one to `#slack-is-down` with HTTP 503, one to `#slack-is-busy` with HTTP 429 and Retry-After.
GET /messages shows what was accepted.

    python3 tests/e2e/slack_capture.py --port 4102
"""

import argparse
import json
import time
from urllib.parse import parse_qs

from support import Double, QuietHandler

TOKEN = "xoxb-scripted-slack-token"


class Handler(QuietHandler):
    def do_GET(self):
        if self.path != "/messages":
            return self.reply(404, {"ok": False, "error": "unknown_path"})
        self.reply(200, self.server.owner.messages())

    def do_POST(self):
        raw = self.read_body()
        if self.path != "/api/chat.postMessage":
            return self.reply(404, {"ok": False, "error": "unknown_method"})
        status, document, headers = self.server.owner.accept(self.headers, raw)
        self.reply(status, document, headers)


class SlackCapture(Double):
    """`url` is what SLACK_API_URL must be. Every request counts in `requests`; what was delivered
    stands in messages().
    """

    def __init__(self, port=0, token=TOKEN):
        self.token = token
        self.delivered = []
        self.requests = 0
        super().__init__(Handler, port)
        self.url = f"{self.address}/api"

    def messages(self, channel=None, about=""):
        """Delivered messages, oldest first: {channel, text, raw}. `about`: only those that contain
        this text.
        """
        with self.lock:
            return [
                m for m in self.delivered if channel in (None, m["channel"]) and about in m["raw"]
            ]

    def accept(self, headers, raw):
        with self.lock:
            self.requests += 1
        if headers.get("Authorization") != f"Bearer {self.token}":
            return 200, {"ok": False, "error": "invalid_auth"}, {}
        message = parse(headers.get("Content-Type", ""), raw)
        if message is None:
            return 200, {"ok": False, "error": "invalid_json"}, {}
        channel = message.get("channel")
        if not channel or channel == "#no-such-channel":
            return 200, {"ok": False, "error": "channel_not_found"}, {}
        if channel == "#slack-is-down":
            return 503, {"ok": False, "error": "service_unavailable"}, {}
        if channel == "#slack-is-busy":
            return 429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "30"}
        if not message.get("text") and not message.get("blocks") and not message.get("attachments"):
            return 200, {"ok": False, "error": "no_text"}, {}
        with self.lock:
            self.delivered.append(
                {
                    "channel": channel,
                    "text": message.get("text", ""),
                    "raw": raw.decode(errors="replace"),
                }
            )
        return (
            200,
            {
                "ok": True,
                "channel": "C0123456789",
                "ts": f"{time.time():.6f}",
                "message": {"type": "message"},
            },
            {},
        )


def parse(content_type, raw):
    """The message's fields, or None when the body is not what its Content-Type says."""
    if content_type.startswith("application/x-www-form-urlencoded"):
        return {name: values[0] for name, values in parse_qs(raw.decode(errors="replace")).items()}
    try:
        message = json.loads(raw)
    except ValueError:
        return None
    return (
        message
        if content_type.startswith("application/json") and isinstance(message, dict)
        else None
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--port", type=int, default=0)
    slack = SlackCapture(parser.parse_args().port)
    print(slack.url, flush=True)
    slack.thread.join()


if __name__ == "__main__":
    main()
