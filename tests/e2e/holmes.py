"""The built programs under test: `holmes operator` and `holmes server` as child processes."""

import os
import re
import subprocess
from pathlib import Path

from slack_capture import TOKEN as SLACK_TOKEN
from support import (
    REPO,
    Process,
    clean_env,
    free_port,
    http_request,
    wait_until,
    with_mounts,
)

API_KEY = "a-key-of-the-tests"


def binary():
    """HOLMES_BIN, else the release build, else the dev build."""
    candidates = [
        os.environ.get("HOLMES_BIN"),
        REPO / "build/release/holmes",
        REPO / "build/dev/holmes",
    ]
    for candidate in candidates:
        if candidate and Path(candidate).is_file():
            return Path(candidate)
    raise FileNotFoundError(
        "no holmes binary: build one with `./dev build release`, or name one by HOLMES_BIN"
    )


def run_holmes(*args, env=None, stdin="", timeout=30):
    """A command that ends by itself."""
    return subprocess.run(
        [binary(), *map(str, args)],
        env=clean_env(env),
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        timeout=timeout,
    )


class Program(Process):
    """A daemon with /readyz on `port`."""

    def __init__(self, verb, port, env, log_path, kubeconfig):
        common = {
            "KUBECONFIG": kubeconfig,
            "LOG_FORMAT": "json",
            "LOG_LEVEL": "INFO",
            "HOLMES_API_KEY": API_KEY,
        }
        env = {name: value for name, value in (common | env).items() if value is not None}
        super().__init__(f"holmes {verb}", [binary(), verb], clean_env(env), log_path)
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    def probe(self, path):
        """The HTTP status of a health path, None while nobody listens."""
        try:
            return http_request("GET", self.url + path, timeout=5).status
        except OSError:
            return None

    def start(self, wait=True, timeout=30):
        super().start()
        return self.wait_ready(timeout) if wait else self

    def wait_ready(self, timeout=30):
        def ready():
            assert self.alive(), f"{self.name} ended with {self.child.returncode}:\n{self.tail()}"
            return self.probe("/readyz") == 200

        wait_until(f"{self.name} is ready", ready, timeout)
        return self

    def metrics(self):
        return Metrics(http_request("GET", self.url + "/metrics").text())


class Operator(Program):
    """`mounts`: what it finds at these paths instead (support.with_mounts)."""

    def __init__(self, kubeconfig, api_url, log_path, port=None, mounts=None, **env):
        port = port or free_port()
        super().__init__(
            "operator",
            port,
            {
                "HOLMES_API_URL": api_url,
                "HOLMES_METRICS_ADDRESS": f"127.0.0.1:{port}",
                "HOLMES_VERIFY_CACHE_SECONDS": "2",
                **env,
            },
            log_path,
            kubeconfig,
        )
        if mounts:
            self.argv = with_mounts(mounts, self.argv)


class Server(Program):
    def __init__(
        self, kubeconfig, model_url, slack_url, log_path, port=None, host="127.0.0.1", **env
    ):
        port = port or free_port()
        settings = {
            "HOLMES_HOST": host,
            "HOLMES_PORT": port,
            "MODEL": "openai/scripted",
            "OPENAI_API_BASE": model_url,
            "OPENAI_API_KEY": "a-key-of-the-tests",
            "SLACK_TOKEN": SLACK_TOKEN,
            "SLACK_API_URL": slack_url,
        }
        super().__init__("server", port, settings | env, log_path, kubeconfig)
        self.url = f"http://{host}:{port}"

    def call(self, method, path, body=None, key=API_KEY, headers=None, timeout=60):
        """A request with the API key; key=None leaves it out."""
        headers = dict(headers or {})
        if key:
            headers.setdefault("X-API-Key", key)
        return http_request(method, self.url + path, body, headers, timeout)

    def execute(
        self,
        query,
        namespace="default",
        name="direct",
        path="/api/check/execute",
        headers=None,
        key=API_KEY,
        **body,
    ):
        headers = {"X-Check-Name": f"{namespace}/{name}"} | (headers or {})
        return self.call("POST", path, {"query": query, **body}, key, headers)


class Metrics:
    """A Prometheus exposition, as far as tests ask it."""

    SAMPLE = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)")

    def __init__(self, text):
        self.text = text
        self.samples = []
        for line in text.splitlines():
            found = None if line.startswith("#") else self.SAMPLE.match(line)
            if found:
                labels = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', found.group(2) or ""))
                self.samples.append((found.group(1), labels, float(found.group(3))))

    def names(self):
        return {name for name, _, _ in self.samples}

    def kinds(self):
        """Metric name -> type, as declared."""
        return dict(re.findall(r"^# TYPE (\S+) (\S+)", self.text, re.MULTILINE))

    def value(self, metric, /, **labels):
        """Sum of the samples of `metric` that carry these labels; None when there is none."""
        values = [v for n, have, v in self.samples if n == metric and labels.items() <= have.items()]
        return sum(values) if values else None
