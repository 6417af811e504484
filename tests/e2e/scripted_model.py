"""A model that computes: an OpenAI Chat Completions server whose answers follow from the tool
results in the request.

It understands a few kinds of questions (model_reasoning.py), refuses what the real API refuses
(model_rules.py), keeps every request, and misbehaves when the question asks for it by a marker.
`once` as last word: only the first request that meets the marker.

    [[slow 20]]             waits 20 s before the first answer
    [[slow-verdict 20]]     waits 20 s before the verdict
    [[429]] [[500]] [[401]] such an answer; 429 with Retry-After: 1
    [[cut]]                 closes the connection in the middle of the answer
    [[not-json]]            answers 200 with half a JSON document
    [[no-tools]]            is sure without having looked
    [[endless]]             calls a tool for ever
    [[unknown-tool]]        first calls a tool nobody offered
    [[bad-args]]            first sends arguments that are not JSON
    [[obey]]                does what a tool result tells it: CALL name {json}
    [[length]]              a finding that is cut off, finish_reason length
    [[refusal]] [[empty]]   refuses to answer; a finding without words
    [[broken-json]]         a verdict that is not JSON
    [[verdict maybe]]       a verdict outside the enum

    python3 tests/e2e/scripted_model.py --port 4101

prints the URL for OPENAI_API_BASE and serves GET /stats, GET /requests and DELETE /stats beside it.
"""

import argparse
import json
import re
import select
import socket
import time

from model_reasoning import PASS, judge, plan_for
from model_rules import Refused, check_request
from support import Double, QuietHandler

MARKER = re.compile(r"\[\[([a-z0-9-]+)((?: [a-z0-9.]+)*)\]\]")
NAMESPACE = re.compile(r"namespace: ?['\"`]?([a-z0-9-]+)", re.IGNORECASE)
MAX_REQUESTS_KEPT = 5000


class Handler(QuietHandler):
    def do_GET(self):
        model = self.server.owner
        if self.path == "/stats":
            self.reply(200, model.stats())
        elif self.path == "/requests":
            self.reply(200, model.requests())
        elif self.path == "/v1/models":
            self.reply(
                200,
                {
                    "object": "list",
                    "data": [
                        {"id": "scripted", "object": "model", "created": 0, "owned_by": "tests"}
                    ],
                },
            )
        else:
            self.refuse(404, f"Invalid URL (GET {self.path})")

    def do_DELETE(self):
        self.server.owner.reset()
        self.reply(200, {})

    def do_POST(self):
        raw = self.read_body()
        if self.path != "/v1/chat/completions":
            return self.refuse(404, f"Invalid URL (POST {self.path})")
        if not self.headers.get("Authorization", "").startswith("Bearer "):
            return self.refuse(401, "You didn't provide an API key.", "invalid_request_error")
        try:
            body = json.loads(raw)
            check_request(body)
        except ValueError:
            return self.refuse(400, "We could not parse the JSON body of your request.")
        except Refused as refused:
            self.server.owner.note_refusal(str(refused))
            return self.refuse(400, str(refused), param=refused.param)
        with self.server.owner.serving(body) as turn:
            self.answer(turn)

    def answer(self, turn):
        wait = turn.seconds_to_wait()
        if wait and not self.wait_for_client(wait):
            self.server.owner.note_cancelled(turn)
            self.close_connection = True
            return
        for status in (429, 500, 401):
            if turn.marked(str(status)):
                headers = {"Retry-After": 1} if status == 429 else {}
                return self.refuse(status, f"Scripted {status}.", "scripted", headers=headers)
        completion = turn.completion()
        if turn.marked("cut") or turn.marked("not-json"):
            return self.answer_partly(
                json.dumps(completion).encode(), whole_length=turn.marked("cut", take=False)
            )
        self.reply(200, completion)

    def answer_partly(self, text, whole_length):
        """Half of the answer: under the whole one's Content-Length (a cut connection), or as if it
        were all (broken JSON).
        """
        half = text[: len(text) // 2]
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text) if whole_length else len(half)))
        self.end_headers()
        self.wfile.write(half)
        self.close_connection = True

    def wait_for_client(self, seconds):
        """False as soon as the client hangs up."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            readable, _, _ = select.select([self.connection], [], [], min(0.05, seconds))
            if readable:
                try:
                    if not self.connection.recv(1, socket.MSG_PEEK):
                        return False
                except OSError:
                    return False
                time.sleep(0.05)  # the next request of a pipelining client: it is still there
        return True

    def refuse(self, status, message, kind="invalid_request_error", param=None, headers=None):
        self.reply(
            status,
            {"error": {"message": message, "type": kind, "param": param, "code": None}},
            headers,
        )


class Turn:
    """One valid request, and what the model makes of it."""

    def __init__(self, model, body):
        self.model = model
        self.body = body
        self.messages = body["messages"]
        self.user_text = next((text_of(m) for m in self.messages if m["role"] == "user"), "")
        self.system_text = "\n".join(
            text_of(m) for m in self.messages if m["role"] in ("system", "developer")
        )
        self.markers = {name: words.split() for name, words in MARKER.findall(self.user_text)}
        self.classifies = (
            "tools" not in body and body.get("response_format", {}).get("type") == "json_schema"
        )
        self.is_first = not any(m["role"] in ("assistant", "tool") for m in self.messages)

    def marked(self, name, take=True):
        """True when the question carries this marker; one with `once` is spent by the first request
        that takes it.
        """
        words = self.markers.get(name)
        if words is None:
            return False
        return "once" not in words or (self.model.spend(self.user_text, name) if take else True)

    def seconds_to_wait(self):
        name = "slow-verdict" if self.classifies else "slow" if self.is_first else None
        if name not in self.markers or not self.marked(name):
            return 0.0
        return float(self.markers[name][0])

    def completion(self):
        message, finish = self.verdict() if self.classifies else self.investigate()
        tokens_in = len(json.dumps(self.messages)) // 4
        tokens_out = max(1, len(json.dumps(message)) // 4)
        return {
            "id": f"chatcmpl-{self.model.next_id()}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": self.body["model"],
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "refusal": None} | message,
                    "logprobs": None,
                    "finish_reason": finish,
                }
            ],
            "usage": {
                "prompt_tokens": tokens_in,
                "completion_tokens": tokens_out,
                "total_tokens": tokens_in + tokens_out,
                "prompt_tokens_details": {
                    "cached_tokens": 0 if self.is_first else tokens_in // 2,
                    "audio_tokens": 0,
                },
                "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
            },
        }

    def verdict(self):
        if self.marked("broken-json"):
            return {"content": '{"rationale": "it is all'}, "stop"
        verdict, rationale = judge(self.user_text)
        if "verdict" in self.markers:
            verdict = self.markers["verdict"][0]
        return {"content": json.dumps({"rationale": rationale, "verdict": verdict})}, "stop"

    def investigate(self):
        if self.marked("no-tools"):
            return {"content": f"{PASS}I am sure that all is well."}, "stop"
        if self.marked("refusal"):
            return {"content": None, "refusal": "I can't help with that."}, "stop"
        if self.marked("length"):
            return {"content": f"{PASS}All 3 of the"}, "length"
        if self.marked("empty"):
            return {"content": ""}, "stop"
        steps = self.steps()
        if self.marked("endless"):
            return self.call(
                [("kubernetes_list", {"kind": "Pod", "label_selector": f"step={len(steps)}"})]
            )
        for name, call in (
            ("unknown-tool", ("shell_exec", '{"command": "id"}')),
            ("bad-args", ("kubernetes_get", '{"kind": "Depl')),
        ):
            if name in self.markers:
                if not steps:
                    return self.call([call])
                steps = steps[1:]
        if self.marked("obey"):
            told = re.search(
                r"CALL ([a-z_]+) (\{.*?\})",
                "\n".join(r.replace('\\"', '"') for step in steps[-1:] for r in step),
            )
            if told:
                return self.call([told.groups()])
            steps = steps[:1]
        return self.follow(plan_for(self.question(), self.namespace()), steps)

    def follow(self, plan, steps):
        """Replays the plan over the results that are there; the next calls, or the finding."""
        try:
            calls = next(plan)
            for results in steps:
                if len(results) != len(calls):
                    break
                calls = plan.send(results)
            return self.call(calls)
        except StopIteration as finding:
            return {"content": finding.value}, "stop"

    def call(self, calls):
        offered = {
            tool["function"]["name"]: tool["function"] for tool in self.body.get("tools", [])
        }
        if not offered:
            return {"content": "I was offered no tools."}, "stop"
        made = []
        for name, arguments in calls:
            if not isinstance(arguments, str):
                arguments = json.dumps(complete(arguments, offered.get(name, {})))
            made.append(
                {
                    "id": f"call_{self.model.next_id()}",
                    "type": "function",
                    "function": {"name": name, "arguments": arguments},
                }
            )
        return {"content": None, "tool_calls": made}, "tool_calls"

    def steps(self):
        """The tool results so far: one list per assistant message, in the order of its calls."""
        results = {m["tool_call_id"]: text_of(m) for m in self.messages if m["role"] == "tool"}
        return [
            [results[c["id"]] for c in m["tool_calls"]]
            for m in self.messages
            if m.get("tool_calls")
        ]

    def question(self):
        return MARKER.sub("", self.user_text)

    def namespace(self):
        """The check's namespace, as the server tells the model."""
        found = NAMESPACE.search(self.system_text) or NAMESPACE.search(self.user_text)
        return found.group(1) if found else None


class Serving:
    def __init__(self, model, turn):
        self.model, self.turn = model, turn

    def __enter__(self):
        self.model.begin(self.turn)
        return self.turn

    def __exit__(self, *_):
        self.model.end()


class ScriptedModel(Double):
    """`url` is what OPENAI_API_BASE must be. Asked from any thread."""

    def __init__(self, port=0):
        self.reset(first=True)
        super().__init__(Handler, port)
        self.url = f"{self.address}/v1"

    def reset(self, first=False):
        """Forgets all requests. Call it only while no request runs."""
        if not first:
            with self.lock:
                return self.reset(first=True)
        self.turns, self.refusals, self.cancelled_turns, self.spent = [], [], [], set()
        self.in_flight = self.max_in_flight = self.ids = 0

    def serving(self, body):
        return Serving(self, Turn(self, body))

    def begin(self, turn):
        with self.lock:
            self.turns = (self.turns + [turn])[-MAX_REQUESTS_KEPT:]
            self.in_flight += 1
            self.max_in_flight = max(self.max_in_flight, self.in_flight)

    def end(self):
        with self.lock:
            self.in_flight -= 1

    def note_cancelled(self, turn):
        with self.lock:
            self.cancelled_turns.append(turn)

    def note_refusal(self, sentence):
        with self.lock:
            self.refusals.append(sentence)

    def spend(self, text, marker):
        text = re.sub(r"\ntime: .*", "", text)  # a later attempt asks the same at another time
        with self.lock:
            fresh = (text, marker) not in self.spent
            self.spent.add((text, marker))
            return fresh

    def next_id(self):
        with self.lock:
            self.ids += 1
            return f"{self.ids:08d}"

    # What tests ask. `about`: only requests whose conversation contains this text (a namespace, a word of the question).

    def requests(self, about=""):
        """The bodies, oldest first."""
        with self.lock:
            return [turn.body for turn in self.turns if about in json.dumps(turn.messages)]

    def executions(self, about=""):
        """How many investigations were begun: requests that carry a question and nothing of an
        answer yet.
        """
        with self.lock:
            return sum(
                1
                for t in self.turns
                if t.is_first and not t.classifies and about in json.dumps(t.messages)
            )

    def cancelled(self, about=""):
        """How many requests the client gave up while the model was slow."""
        with self.lock:
            return sum(1 for turn in self.cancelled_turns if about in json.dumps(turn.messages))

    def stats(self):
        with self.lock:
            questions = {}
            for turn in self.turns:
                counts = questions.setdefault(
                    turn.user_text.split("\n")[0][:200], {"investigate": 0, "classify": 0}
                )
                counts["classify" if turn.classifies else "investigate"] += 1
            return {
                "requests": len(self.turns),
                "questions": questions,
                "in_flight": self.in_flight,
                "max_in_flight": self.max_in_flight,
                "cancelled": len(self.cancelled_turns),
                "refused": self.refusals,
            }


def complete(arguments, function):
    """With a strict schema every property is there, null when the model has nothing to say; without
    one only what it wants to say.
    """
    if not function.get("strict"):
        return {name: value for name, value in arguments.items() if value is not None}
    return {
        name: arguments.get(name) for name in function.get("parameters", {}).get("properties", {})
    }


def text_of(message):
    content = message.get("content")
    if isinstance(content, list):
        return "\n".join(part["text"] for part in content)
    return content or ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--port", type=int, default=0)
    model = ScriptedModel(parser.parse_args().port)
    print(model.url, flush=True)
    model.thread.join()


if __name__ == "__main__":
    main()
