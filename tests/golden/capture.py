"""A server that keeps every request and answers as the provider does whose API it is asked in: two
tool calls with whatever that provider wants back verbatim, then findings, then a verdict. After that
it first refuses as often as it is told.
"""

import json
from dataclasses import dataclass

from support import Double, QuietHandler

CALLS = [
    ("kubernetes_list", {"kind": "Pod", "namespace": None}),
    ("kubernetes_version", {}),
]
FINDINGS = "3 of 3 pods are ready."
VERDICT = json.dumps({"rationale": FINDINGS, "verdict": "pass"})


@dataclass
class Seen:
    method: str
    url: str
    path: str
    headers: dict  # names in lower case
    body: str

    def json(self):
        return json.loads(self.body)


def openai(text, calls=CALLS):
    message = {"role": "assistant", "content": text, "refusal": None}
    if text is None:
        message["reasoning_content"] = "Hm."
        message["tool_calls"] = [
            {
                "id": f"call_{i}",
                "type": "function",
                "function": {"name": name, "arguments": json.dumps(arguments)},
            }
            for i, (name, arguments) in enumerate(calls)
        ]
    finish = "tool_calls" if text is None else "stop"
    return {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-x",
        "choices": [{"index": 0, "message": message, "finish_reason": finish, "logprobs": None}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
    }


def anthropic(text, calls=CALLS):
    content = [{"type": "text", "text": text}]
    if text is None:
        content = [
            {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"},
            {"type": "redacted_thinking", "data": "eHh4"},
            {"type": "text", "text": "I look."},
            *(
                {"type": "tool_use", "id": f"call_{i}", "name": name, "input": arguments}
                for i, (name, arguments) in enumerate(calls)
            ),
        ]
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-x",
        "content": content, "stop_reason": "tool_use" if text is None else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 60, "cache_read_input_tokens": 40, "output_tokens": 20},
    }


def gemini(text, calls=CALLS, ids=True):
    parts = [{"text": text}]
    if text is None:
        parts = [
            {"functionCall": {"name": name, "args": arguments} | ({"id": f"call_{i}"} if ids else {})}
            for i, (name, arguments) in enumerate(calls)
        ]
        parts[0]["thoughtSignature"] = "c2ln"
        parts.insert(0, {"text": "Hm.", "thought": True})
    content = {"role": "model", "parts": parts}
    return {
        "candidates": [{"content": content, "finishReason": "STOP", "index": 0}],
        "usageMetadata": {
            "promptTokenCount": 100, "candidatesTokenCount": 20, "totalTokenCount": 120
        },
        "modelVersion": "gemini-x",
    }


def vertex(text, calls=CALLS):
    """Version 1 of Vertex AI gives calls no ids, and knows none in their results."""
    return gemini(text, calls, ids=False)


def bedrock(text, calls=CALLS):
    content = [{"text": text}]
    if text is None:
        reasoning = {"reasoningText": {"text": "Hm.", "signature": "c2ln"}}
        content = [
            {"reasoningContent": reasoning},
            {"text": "I look."},
            *(
                {"toolUse": {"toolUseId": f"call_{i}", "name": name, "input": arguments}}
                for i, (name, arguments) in enumerate(calls)
            ),
        ]
    return {
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": "tool_use" if text is None else "end_turn",
        "usage": {"inputTokens": 100, "outputTokens": 20, "totalTokens": 120},
        "metrics": {"latencyMs": 1},
    }


def ollama(text, calls=CALLS):
    message = {"role": "assistant", "content": text or ""}
    if text is None:
        message["thinking"] = "Hm."
        message["tool_calls"] = [
            {"function": {"name": name, "arguments": arguments}}
            for name, arguments in calls
        ]
    return {
        "model": "llama-x", "created_at": "2026-01-01T00:00:00Z", "message": message,
        "done": True, "done_reason": "stop", "prompt_eval_count": 100, "eval_count": 20,
    }


def api_of(path):
    if path.endswith("/v1/messages"):
        return anthropic
    if path.endswith(":generateContent"):
        return vertex if "/projects/" in path else gemini
    if path.endswith("/converse"):
        return bedrock
    return ollama if path.endswith("/api/chat") else openai


class Handler(QuietHandler):
    def do_POST(self):
        headers = {name.lower(): value for name, value in self.headers.items()}
        url = f"http://{headers['host']}{self.path}"
        seen = self.server.owner.seen
        seen.append(Seen("POST", url, self.path, headers, self.read_body().decode()))
        turn = len(seen) - 1
        refusals = self.server.owner.refusals
        if 3 <= turn < 3 + len(refusals):
            return self.reply(400, {"error": {"message": refusals[turn - 3]}})
        text = [None, FINDINGS, VERDICT][min(turn, 2)]
        self.reply(200, api_of(self.path.split("?")[0])(text))


class Capture(Double):
    def __init__(self):
        self.seen = []
        self.refusals = []  # sentences
        super().__init__(Handler)
        self.url = self.address

    def take(self):
        """What came since the last time."""
        seen, self.seen = self.seen, []
        return seen
