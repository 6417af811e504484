"""The loop that a first version has: tools and the schema of the verdict in every model call, the flag before its
reasons, and no rule of evidence. It stands between `holmes check run` and the model, so that its tools are the very
same: Holmes makes the calls that the model wants, and this puts its own prompt and schema in place of Holmes's,
and leaves out which calls Holmes proposes."""

import json
import re

from support import Double, QuietHandler, http_request

MODEL_SECONDS = 300
PROPOSALS = re.compile(r"^call first: .*\n", re.M)
PROMPT = (
    "You are a Kubernetes health checker. Use the tools to look at the cluster and answer the health check. "
    "Return whether the check passed, and a rationale."
)
SCHEMA = {
    "type": "json_schema",
    "json_schema": {
        "name": "check_result",
        "strict": True,
        "schema": {
            "type": "object",
            "properties": {"passed": {"type": "boolean"}, "rationale": {"type": "string"}},
            "required": ["passed", "rationale"],
            "additionalProperties": False,
        },
    },
}


class NaiveHandler(QuietHandler):
    def do_POST(self):
        body = json.loads(self.read_body())
        self.reply(200, self.server.owner.answer(body))


class NaiveLoop(Double):
    def __init__(self, model_url):
        super().__init__(NaiveHandler)
        self.model_url = model_url
        self.passed = None
        self.rationale = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @property
    def url(self):
        return f"{self.address}/v1"

    def verdict(self):
        return {True: "pass", False: "fail", None: "error"}[self.passed]

    def answer(self, body):
        if not body.get("tools"):  # Holmes asks for its own verdict: this loop has no second phase
            return said(json.dumps({"rationale": "not asked", "verdict": "unknown"}))
        question, *more = body["messages"][1:]
        question = question | {"content": PROPOSALS.sub("", question["content"])}
        messages = [{"role": "system", "content": PROMPT}, question, *more]
        request = {"model": body["model"], "messages": messages, "tools": body["tools"], "response_format": SCHEMA,
                   "temperature": 0}
        reply = http_request("POST", f"{self.model_url}/chat/completions", request, timeout=MODEL_SECONDS).json()
        message = reply["choices"][0]["message"]
        if not message.get("tool_calls"):
            self.end(message.get("content") or "")
        return reply

    def end(self, content):
        try:
            result = json.loads(content)
            self.passed, self.rationale = result["passed"], result["rationale"]
        except (ValueError, KeyError, TypeError):
            self.rationale = f"unreadable: {content}"


def said(content):
    return {"id": "naive", "object": "chat.completion", "model": "naive", "usage": {},
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content}}]}
