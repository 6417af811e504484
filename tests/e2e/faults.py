"""What FaultProxy can break, and how a test says which requests and events it is for."""

import json
import re
import time

from fault_proxy import Answer


class Fault:
    """`request` is called instead of forwarding a request, `event` instead of passing on an event of a
    watch; `x` is the Exchange.
    """

    def __init__(self):
        self.name = re.sub(r"(?<!^)(?=[A-Z])", "-", type(self).__name__).lower()

    def fits(self, request):
        """Whether such a thing happens to such a request."""
        return True

    def request(self, x):
        x.pass_on()

    def event(self, x, line):
        x.send_event(line)


class CutBefore(Fault):
    """The connection breaks before the API server hears of the request."""

    def request(self, x):
        x.cut()

    def event(self, x, line):
        x.cut()


class LostAnswer(Fault):
    """The API server has acted; its answer never comes."""

    def request(self, x):
        if not x.request.watch:
            x.forward()
        x.cut()

    def event(self, x, line):
        x.cut()


class CutInside(Fault):
    """The connection breaks in the middle of the answer, or of an event's chunk."""

    def request(self, x):
        if x.request.watch:
            return x.pass_on()
        answer = x.forward()
        x.write(answer.wire()[: -1 - len(answer.body) // 2])
        x.cut()

    def event(self, x, line):
        x.write(b"%x\r\n" % len(line) + line[: len(line) // 2])
        x.cut()


class Delay(Fault):
    """Request, answer and event each come later than they should."""

    def __init__(self, before=0.0, after=0.0):
        super().__init__()
        self.before, self.after = before, after

    def request(self, x):
        x.pause(self.before)
        if x.request.watch:
            return x.pass_on()
        answer = x.forward()
        x.pause(self.after)
        x.send(answer)

    def event(self, x, line):
        time.sleep(self.before or self.after)
        x.send_event(line)


class HalfOpen(Fault):
    """The connection stays up and nothing comes any more. `acted`: the API server has heard it."""

    def __init__(self, acted=False, at_most=None):
        super().__init__()
        self.acted, self.at_most = acted, at_most
        self.name += "-after-the-act" if acted else ""

    def request(self, x):
        if self.acted and not x.request.watch:
            x.forward()
        x.hold(self.at_most)

    def event(self, x, line):
        x.hold(self.at_most)


class Refuse(Fault):
    """A status other than 2xx; `acted`: although the request was carried out. Inside a watch, which
    has answered 200 already, the same as an ERROR event.
    """

    REASONS = {
        400: "BadRequest",
        410: "Expired",
        429: "TooManyRequests",
        500: "InternalError",
        503: "ServiceUnavailable",
        504: "Timeout",
    }

    def __init__(self, code, retry_after=None, acted=False):
        super().__init__()
        self.code, self.retry_after, self.acted = code, retry_after, acted
        self.name = f"{code}{'-after-the-act' if acted else ''}"

    def fits(self, request):
        return self.code != 410 or request.watch or request.list

    def status(self):
        return status_object(self.code, self.REASONS[self.code], "said the proxy", self.retry_after)

    def request(self, x):
        if self.acted and not x.request.watch:
            x.forward()
        headers = [("Content-Type", "application/json")]
        if self.retry_after:
            headers.append(("Retry-After", str(self.retry_after)))
        x.send(Answer(self.code, headers, json.dumps(self.status()).encode()))

    def event(self, x, line):
        x.send_event(json.dumps({"type": "ERROR", "object": self.status()}).encode() + b"\n")
        x.end_stream()


class SlowLoris(Fault):
    """The answer dribbles: so many pieces, so far apart."""

    def __init__(self, pieces=40, pause=0.05):
        super().__init__()
        self.pieces, self.pause = pieces, pause

    def dribble(self, x, wire):
        step = max(1, -(-len(wire) // self.pieces))
        for begin in range(0, len(wire), step):
            x.write(wire[begin : begin + step])
            time.sleep(self.pause)

    def request(self, x):
        if x.request.watch:
            return x.pass_on()
        self.dribble(x, x.forward().wire())

    def event(self, x, line):
        self.dribble(x, b"%x\r\n" % len(line) + line + b"\r\n")


class GoAway(Fault):
    """The answer is whole and the last one on its connection; so are those that lie idle."""

    def request(self, x):
        x.proxy.close_idle()
        if x.request.watch:
            return x.pass_on()
        x.send(x.forward(), close=True)

    def event(self, x, line):
        x.send_event(line)
        x.end_stream()


def status_object(code, reason, message, retry_after=None):
    details = {"retryAfterSeconds": retry_after} if retry_after else {}
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": reason,
        "code": code,
        "details": details,
    }


# Which requests and events: each returns a function.


def claims(name):
    return lambda r: status_write(r, "healthchecks", name) and phase(r) == "Running"


def commits(name):
    return lambda r: status_write(r, "healthchecks", name) and phase(r) in ("Completed", "Failed")


def creates_child_of(schedule):
    def found(r):
        owners = r.json().get("metadata", {}).get("ownerReferences", [])
        return (
            r.method == "POST"
            and r.kind == "healthchecks"
            and schedule in [o["name"] for o in owners]
        )

    return found


def writes_status_of(schedule):
    return lambda r: status_write(r, "scheduledhealthchecks", schedule)


def lists(kind):
    return lambda r: r.list and r.kind == kind


def streams(kind):
    """A list as a watch that begins with all objects (WatchList)."""
    return lambda r: r.stream and r.kind == kind


def watches(kind):
    return lambda r: r.watch and not r.stream and r.kind == kind


def about(name):
    """Events of a watch: of the object of this name."""
    return lambda r, event: event["object"].get("metadata", {}).get("name") == name


def status_write(r, kind, name):
    return r.method == "PUT" and r.kind == kind and r.name == name and r.sub == "status"


def phase(r):
    return r.json().get("status", {}).get("phase")
