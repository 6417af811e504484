"""A proxy between operator and API server that breaks what it is told to break.

TLS on both sides, HTTP/1.1, loopback. A request is read whole before it is forwarded, an answer before
it is passed on; a watch is passed on event by event. So a fault hits exactly the request or the
event it is meant for:

    proxy.on_request(LostAnswer(), claims("mine"))          the next one; times=3: the next three
    proxy.on_event(CutInside(), about("mine"))              an event of a watch that may be open since long
    proxy.weather(random.Random(7), 0.1, FAULTS)            one in ten of all requests and events
    proxy.calm()                                            no more faults; what is held back is lost

The faults, and which requests and events they are for, are in faults.py.
`injected` counts the faults that happened, by name.
"""

import http.client
import json
import os
import random
import re
import select
import socket
import ssl
import struct
import sys
import threading
import time
from collections import Counter, deque
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

from support import QuietHandler, QuietServer, wait_until

ANSWER_TIMEOUT_S = 75  # of the API server, for anything but a watch
LOG_LINES = 5000
PATH = re.compile(
    r"^/apis?(?:/(?P<group>[^/]+))?/v1\w*(?:/namespaces/(?P<ns>[^/]+))?"
    r"/(?P<kind>[a-z]+)(?:/(?P<name>[^/]+))?(?:/(?P<sub>[a-z]+))?$"
)


class Cut(Exception):
    """The client's connection is gone: nothing more can be told on it."""


class Request:
    def __init__(self, method, target, headers, body):
        self.method, self.target, self.headers, self.body = method, target, headers, body
        url = urlsplit(target)
        self.path, self.query = url.path, {k: v[-1] for k, v in parse_qs(url.query).items()}
        found = PATH.match(url.path)
        self.ns, self.kind, self.name, self.sub = (
            found.group("ns", "kind", "name", "sub") if found else (None, None, None, None)
        )
        self.watch = self.query.get("watch") in ("1", "true")
        self.stream = self.watch and self.query.get("sendInitialEvents") == "true"
        self.list = method == "GET" and self.kind and not self.name and not self.watch

    def json(self):
        try:
            document = json.loads(self.body or b"{}")
        except ValueError:
            document = {}
        return document if isinstance(document, dict) else {}

    @property
    def write(self):
        return self.method != "GET"


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.body = status, body
        self.headers = [
            (name, value)
            for name, value in headers
            if name.lower() not in ("transfer-encoding", "content-length", "connection")
        ]

    def wire(self, close=False):
        lines = [f"HTTP/1.1 {self.status} {http.client.responses.get(self.status, 'Unknown')}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        lines += [
            f"Content-Length: {len(self.body)}",
            f"Connection: {'close' if close else 'keep-alive'}",
        ]
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + self.body


class Rule:
    def __init__(self, fault, where, times):
        self.fault, self.where, self.left, self.hits = fault, where, times, 0

    def wait(self, hits=1, timeout=30):
        wait_until(
            f"{self.fault.name} happened {hits} times", lambda: self.hits >= hits, timeout, 0.01
        )


class Exchange:
    """One request on its way: what a fault may do with it."""

    def __init__(self, proxy, handler, request):
        self.proxy, self.handler, self.request = proxy, handler, request
        self.era = proxy.era

    # Towards the client

    def write(self, wire):
        try:
            self.handler.connection.sendall(wire)
        except OSError as gone:
            raise Cut from gone

    def send(self, answer, close=False):
        self.write(answer.wire(close))
        if close:
            self.handler.close_connection = True

    def send_event(self, line):
        self.write(b"%x\r\n" % len(line) + line + b"\r\n")

    def end_stream(self):
        self.write(b"0\r\n\r\n")
        self.handler.close_connection = True
        raise Cut

    def cut(self):
        """A reset: neither the end of TLS nor that of HTTP is told."""
        self.handler.reset()
        raise Cut

    def hold(self, at_most=None):
        """Nothing more is said, until the client hangs up or so many seconds have passed."""
        self.pause(at_most or float("inf"), lambda: self.handler.hung_up(0.1))
        self.cut()

    def pause(self, seconds, ends=lambda: time.sleep(0.02)):
        """A client that gives up meanwhile changes nothing; forget() loses what is held back."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not ends():
            self.cut_if_forgotten()

    def cut_if_forgotten(self):
        if self.proxy.era != self.era:
            self.cut()

    # Towards the API server

    def forward(self):
        self.cut_if_forgotten()
        response = self.handler.ask(self.request, ANSWER_TIMEOUT_S)
        return Answer(response.status, response.getheaders(), response.read())

    def pass_on(self):
        if not self.request.watch:
            return self.send(self.forward())
        response = self.handler.ask(self.request, None)
        if response.status != 200:
            return self.send(Answer(response.status, response.getheaders(), response.read()))
        self.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        with self.proxy.streaming(self.handler):
            for line in response:
                fault = self.proxy.fault_of_event(self.request, line)
                fault.event(self, line) if fault else self.send_event(line)
        self.end_stream()


class Handler(QuietHandler):
    def setup(self):
        self.request = self.server.owner.server_tls.wrap_socket(self.request, server_side=True)
        super().setup()
        self.upstream = None
        with self.proxy.lock:
            self.proxy.idle.add(self)

    @property
    def proxy(self):
        return self.server.owner

    def finish(self):
        with self.proxy.lock:
            self.proxy.idle.discard(self)
        if self.upstream:
            self.upstream.close()
        try:
            super().finish()
            self.request.unwrap()
        except (OSError, ValueError):
            pass
        self.request.close()

    def forwarded(self):
        with self.proxy.lock:
            self.proxy.idle.discard(self)
        request = Request(self.command, self.path, dict(self.headers.items()), self.read_body())
        try:
            self.proxy.handle(Exchange(self.proxy, self, request))
        except Cut:
            self.close_connection = True
        except (OSError, http.client.HTTPException):
            self.reset()  # the API server broke off: so does the proxy
            self.close_connection = True
        with self.proxy.lock:
            self.proxy.idle.add(self)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = forwarded

    def ask(self, request, timeout):
        if self.upstream is None:
            self.upstream = http.client.HTTPSConnection(
                *self.proxy.address, context=self.proxy.client_tls, timeout=ANSWER_TIMEOUT_S
            )
            self.upstream.connect()
            self.upstream.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.upstream.sock.settimeout(timeout)
        self.upstream.putrequest(
            request.method, request.target, skip_host=True, skip_accept_encoding=True
        )
        for name, value in request.headers.items():
            self.upstream.putheader(name, value)
        self.upstream.endheaders(request.body)
        return self.upstream.getresponse()

    def reset(self):
        try:
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            os.close(self.connection.detach())
        except OSError:
            pass

    def hung_up(self, wait):
        """A client that waits for an answer has nothing to say: what can be read is its end."""
        try:
            return bool(select.select([self.connection], [], [], wait)[0])
        except (OSError, ValueError):
            return True


class Server(QuietServer):
    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], (OSError, ValueError)):
            super().handle_error(request, client_address)


class FaultProxy:
    """In front of the API server of `cluster`, with that one's certificate."""

    def __init__(self, cluster):
        self.server_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        directory = cluster.directory
        self.server_tls.load_cert_chain(directory / "apiserver.crt", directory / "apiserver.key")
        self.client_tls = ssl.create_default_context(cafile=directory / "ca.crt")
        upstream = urlsplit(cluster.server)
        self.address = upstream.hostname, upstream.port

        self.lock = threading.Lock()
        self.rules, self.event_rules = [], []
        self.sky = None  # (random, rate, faults)
        self.injected, self.requests = Counter(), Counter()
        self.log = deque(maxlen=LOG_LINES)
        self.idle, self.streams = set(), set()
        self.era = 0
        self.http = Server(("127.0.0.1", 0), Handler)
        self.http.owner = self
        self.url = f"https://127.0.0.1:{self.http.server_address[1]}"
        self.closed = False
        for work in (lambda: self.http.serve_forever(0.05), self.reap):
            threading.Thread(target=work, daemon=True).start()

    def close(self):
        self.calm()
        self.closed = True
        self.http.shutdown()
        self.http.server_close()

    # What shall go wrong

    def on_request(self, fault, where, times=1):
        return self.add(self.rules, Rule(fault, where, times))

    def on_event(self, fault, where, times=1):
        return self.add(self.event_rules, Rule(fault, where, times))

    def add(self, rules, rule):
        with self.lock:
            rules.append(rule)
        return rule

    def weather(self, dice, rate, faults):
        """Each request and each event meets one of `faults` with this probability."""
        with self.lock:
            self.sky = random.Random(dice.random()), rate, list(faults)

    def calm(self):
        with self.lock:
            self.rules, self.event_rules, self.sky = [], [], None
        self.forget()

    def forget(self):
        """What is held back just now is lost, and never comes to the API server."""
        self.era += 1

    def close_idle(self):
        """The connections that wait for their next request."""
        with self.lock:
            idle = list(self.idle)
        for handler in idle:
            try:
                handler.connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    # What becomes of it

    def handle(self, exchange):
        request = exchange.request
        with self.lock:
            self.requests["writes" if request.write else "reads"] += 1
            fault = self.choose(self.rules, request, lambda rule: rule.where(request))
            self.note(fault, request, "")
        fault.request(exchange) if fault else exchange.pass_on()

    def fault_of_event(self, request, line):
        with self.lock:
            if not self.event_rules and not self.sky:
                return None
            event = json.loads(line)
            fault = self.choose(self.event_rules, request, lambda rule: rule.where(request, event))
            self.note(fault, request, f" {event['type']}")
        return fault

    def choose(self, rules, request, matches):
        for rule in rules:
            if rule.left > 0 and matches(rule):
                rule.left -= 1
                rule.hits += 1
                return rule.fault
        if self.sky:
            dice, rate, faults = self.sky
            fault = dice.choice(faults)
            if dice.random() < rate and fault.fits(request):
                return fault
        return None

    def note(self, fault, request, suffix):
        if not fault:
            return
        self.injected[fault.name] += 1
        self.log.append(
            f"{time.time():.3f} {fault.name}: {request.method} {request.target}{suffix}"
        )

    # Watches whose client went away

    @contextmanager
    def streaming(self, handler):
        with self.lock:
            self.streams.add(handler)
        try:
            yield
        finally:
            with self.lock:
                self.streams.discard(handler)

    def reap(self):
        while not self.closed:
            with self.lock:
                streams = list(self.streams)
            for handler in streams:
                if handler.hung_up(0):
                    try:
                        handler.upstream.sock.shutdown(socket.SHUT_RDWR)
                    except (OSError, AttributeError):
                        pass
            time.sleep(0.2)
