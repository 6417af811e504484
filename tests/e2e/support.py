"""What every part of the end-to-end suite needs: waiting, ports, child processes, plain HTTP."""

import http.client
import json
import os
import resource
import signal
import socket
import subprocess
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

REPO = Path(__file__).resolve().parents[2]


class TooLate(AssertionError):
    """A condition did not come true before its deadline."""


class Stalls(threading.Thread):
    """Sums up the time in which this machine let its programs wait: what a short sleep takes longer."""

    NAP_S, HICCUP_S = 0.02, 0.1

    def __init__(self):
        super().__init__(daemon=True)
        self.seconds = 0.0

    def run(self):
        while True:
            before = time.monotonic()
            time.sleep(self.NAP_S)
            overslept = time.monotonic() - before - self.NAP_S
            self.seconds += overslept if overslept > self.HICCUP_S else 0


STALLS = Stalls()
STALLS.start()


class Stopwatch:
    """How long something took, without the time in which the machine let nobody run."""

    def __init__(self):
        self.begun, self.stalled_before = time.monotonic(), STALLS.seconds

    def stalled(self):
        return STALLS.seconds - self.stalled_before

    def seconds(self):
        return time.monotonic() - self.begun - self.stalled()


def wait_until(what, probe, timeout=30.0, every=0.05):
    """The first truthy value of probe(). Past the deadline, which waits while the machine stands still:
    TooLate, which quotes the last value seen.
    """
    watch = Stopwatch()
    while True:
        seen = probe()
        if seen:
            return seen
        if watch.seconds() >= timeout:
            raise TooLate(f"not within {timeout:g} s: {what}; last seen: {seen!r}")
        time.sleep(every)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def clean_env(extra=None):
    """The environment of a child: what a program needs to run at all, and nothing of the caller's
    settings.
    """
    kept = ("PATH", "HOME", "TMPDIR", "LANG", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS")
    env = {name: os.environ[name] for name in kept if name in os.environ}
    return env | {name: str(value) for name, value in (extra or {}).items()}


def with_mounts(mounts, argv):
    """argv for a process that finds other files and folders at the paths that are the keys of
    `mounts`: an /etc/hosts with a name of several addresses, as that of a headless Service is, or
    a pod's ServiceAccount. It needs no rights.
    """
    command = 'while [ "$1" != -- ]; do mount --bind "$2" "$1"; shift 2; done; shift; exec "$@"'
    pairs = [str(part) for pair in mounts.items() for part in pair]
    return ["unshare", "--map-root-user", "--mount", "sh", "-ec", command, "sh", *pairs, "--", *argv]


class Process:
    """One child process with its whole output in a file. It is ended by its process id only.
    `file_bytes_max`: no file of it may grow beyond.
    """

    file_bytes_max = None

    def __init__(self, name, argv, env, log_path):
        self.name = name
        self.argv = [str(part) for part in argv]
        self.env = env
        self.log_path = Path(log_path)
        self.child = None

    def start(self):
        with open(self.log_path, "ab") as log:
            self.child = subprocess.Popen(
                self.argv,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=self.limit_files if self.file_bytes_max else None,
            )
        return self

    def limit_files(self):
        resource.setrlimit(resource.RLIMIT_FSIZE, (self.file_bytes_max,) * 2)

    @property
    def pid(self):
        return self.child.pid

    def alive(self):
        return self.child is not None and self.child.poll() is None

    def signal(self, number):
        if self.alive():
            self.child.send_signal(number)

    def kill(self):
        """kill -9: no last words."""
        self.signal(signal.SIGKILL)
        if self.child:
            self.child.wait()

    def terminate(self, grace=20.0):
        """SIGTERM, and the exit code; after `grace` seconds SIGKILL and None."""
        if not self.child:
            return None
        self.signal(signal.SIGTERM)
        try:
            return self.child.wait(grace)
        except subprocess.TimeoutExpired:
            self.kill()
            return None

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def log_lines(self):
        """The log as objects; a line that is not JSON becomes {"msg": line}."""
        lines = []
        for line in self.log().splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                entry = None
            lines.append(entry if isinstance(entry, dict) else {"msg": line})
        return lines

    def tail(self, lines=40):
        return "\n".join(self.log().splitlines()[-lines:])


@dataclass
class Reply:
    status: int
    headers: dict
    body: bytes

    def text(self):
        return self.body.decode(errors="replace")

    def json(self):
        return json.loads(self.body)


def http_request(method, url, body=None, headers=None, timeout=30.0, context=None):
    """One request on a connection of its own. `body`: bytes or str as they are, anything else as
    JSON.
    """
    parts = urlsplit(url)
    headers = dict(headers or {})
    if body is not None and not isinstance(body, (bytes, str)):
        body = json.dumps(body)
        headers.setdefault("Content-Type", "application/json")
    if parts.scheme == "https":
        connection = http.client.HTTPSConnection(
            parts.hostname, parts.port, timeout=timeout, context=context
        )
    else:
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)
    try:
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target or "/", body, headers)
        answer = connection.getresponse()
        return Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
    finally:
        connection.close()


class QuietHandler(BaseHTTPRequestHandler):
    """Base of the doubles' handlers: HTTP/1.1, no access log, JSON in and out. `self.server.owner`
    is the double.
    """

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def read_body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def reply(self, status, document, headers=None):
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)


class QuietServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def handle_error(self, request, client_address):
        """A client that hung up is the daily bread of these tests, not an event worth a traceback."""
        import sys

        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)


class Double:
    """An HTTP server in a thread of this process, on loopback. `handler` is a QuietHandler class."""

    def __init__(self, handler, port=0):
        self.lock = threading.Lock()
        self.http = QuietServer(("127.0.0.1", port), handler)
        self.http.owner = self
        self.port = self.http.server_address[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def close(self):
        self.http.shutdown()
        self.http.server_close()
