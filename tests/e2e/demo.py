"""The main job on real input: a real Kubernetes API, a workload, the operator, the API server, and
the examples' results as they come.

    ./dev run [--once | --keep]      (builds first; needs nothing but this machine)

With OPENAI_API_KEY in the environment that model is asked (OPENAI_API_BASE, MODEL as the server
takes them), without one the scripted model. Stays until Ctrl-C when started from a terminal; else
ends by itself. Exit code 0: the results were as expected.
"""

import argparse
import os
import shutil
import signal
import sys
import tempfile
import textwrap
import time
from pathlib import Path

from cluster import Cluster, Namespace
from holmes import API_KEY, Operator, Server, binary
from scripted_model import ScriptedModel
from slack_capture import SlackCapture
from support import REPO, wait_until

# Example file -> check in it, its result, whether it alerts.
EXAMPLES = {
    "healthcheck.yaml": ("frontend-health-check", "pass", False),
    "broken-deployment.yaml": ("checkout-health-check", "fail", True),
    "monitor.yaml": ("all-pods-monitor", "fail", False),
}
REAL_MODEL = "openai/gpt-4.1"
PASSED_ON = ("OPENAI_API_KEY", "OPENAI_API_BASE", "MODEL", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY")
RESULTS_WITHIN = 150.0  # seconds; the longest timeout of the examples and two attempts


class Demo:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.cluster = Cluster(self.folder / "cluster")
        self.default = Namespace(self.cluster, "default")
        self.slack = SlackCapture()
        self.real = bool(os.environ.get("OPENAI_API_KEY"))
        self.model = None if self.real else ScriptedModel()
        self.programs = []

    def start(self):
        began = time.monotonic()
        self.cluster.start()
        self.cluster.install(self.folder)
        say(
            "control plane",
            f"etcd, kube-apiserver and kube-controller-manager, up in {time.monotonic() - began:.0f} s; {self.cluster.server}",
        )
        self.default.deployment("frontend", 3, wait=False)
        self.default.deployment("checkout", 2, behavior="crash-loop", wait=False)
        self.default.wait_deployment("frontend", 3, 3)
        self.default.wait_deployment("checkout", 0, 2)
        say("workload", "deployment frontend, 3/3 ready; deployment checkout, crash-looping")
        self.start_holmes()

    def start_holmes(self):
        server = Server(
            self.account("holmes-server"),
            self.model.url if self.model else None,
            self.slack.url,
            self.folder / "server.log",
            **self.model_settings(),
        )
        self.launch(server)
        operator = Operator(
            self.account("holmes-operator"), server.url, self.folder / "operator.log"
        )
        self.launch(operator)
        say(
            "holmes",
            f"{binary()}: server at {server.url}, operator with metrics at {operator.url}/metrics, each under its own ServiceAccount",
        )

    def model_settings(self):
        if not self.real:
            say(
                "model",
                "SCRIPTED: no OPENAI_API_KEY in the environment, so a program plays the model and computes its answers "
                "from what the tools return. With OPENAI_API_KEY (and OPENAI_API_BASE, MODEL) set, that model is asked.",
            )
            return {}
        settings = {"OPENAI_API_BASE": None, "MODEL": REAL_MODEL} | {
            name: os.environ[name] for name in PASSED_ON if name in os.environ
        }
        say(
            "model",
            f"REAL: {settings['MODEL']} at {settings['OPENAI_API_BASE'] or 'https://api.openai.com/v1'}; its answers cost what they cost",
        )
        return settings

    def account(self, name):
        return self.cluster.kubeconfig_for(name, self.folder / f"{name}.kubeconfig")

    def launch(self, program):
        self.programs.append(program)
        program.start()

    def run_examples(self):
        files = " ".join(f"-f examples/{name}" for name in EXAMPLES)
        print(f"\n$ kubectl apply {files}", flush=True)
        self.cluster.kubectl(
            "apply", *[part for name in EXAMPLES for part in ("-f", REPO / "examples" / name)]
        )
        shown = {}
        wait_until(
            "every example has its result",
            lambda: self.show_changes(shown),
            RESULTS_WITHIN,
            every=0.1,
        )

    def show_changes(self, shown):
        """Prints what is new since the last look; True when all have ended."""
        ended = 0
        for name, _, _ in EXAMPLES.values():
            status = self.default.status(name)
            phase = status.get("phase", "Pending")
            ended += phase in ("Completed", "Failed")
            if shown.get(name) != phase:
                shown[name] = phase
                outcome = f"{status.get('result', ''):5} {status.get('message', '')}".rstrip()
                print(
                    wrapped(f"  {time.strftime('%H:%M:%S')}  {name:22} {phase:9} {outcome}", 47),
                    flush=True,
                )
        return ended == len(EXAMPLES)

    def show_what_a_user_sees(self):
        self.show("get", "healthchecks")
        wait_until(
            "the events are there",
            lambda: len(self.default.events("checkout-health-check")) >= 2,
            10,
        )
        self.show("events", "--for", "healthcheck/checkout-health-check")
        messages = self.slack.messages()
        print(f"\nSlack received {len(messages)} message{'' if len(messages) == 1 else 's'}:")
        for message in messages:
            print(
                textwrap.indent(
                    textwrap.fill(
                        f"{message['channel']}: {message['text'] or message['raw']}", 110
                    ),
                    "  ",
                )
            )

    def show(self, *args):
        print(f"\n$ kubectl {' '.join(args)}")
        print(self.cluster.kubectl(*args).stdout.rstrip(), flush=True)

    def disappointments(self):
        """What is not as it should be. Nobody can promise what a real model says: with one, only
        that every check got its answer.
        """
        wrong = []
        for name, result, _ in EXAMPLES.values():
            status = self.default.status(name)
            if status["phase"] != "Completed" or (not self.real and status["result"] != result):
                wrong.append(
                    f"{name}: {status['phase']} {status['result']}, expected {result}: {status.get('message')}"
                )
        alerts = sum(alerting for _, _, alerting in EXAMPLES.values())
        if not self.real and len(self.slack.messages()) != alerts:
            wrong.append(f"{len(self.slack.messages())} Slack messages, expected {alerts}")
        return wrong

    def stay(self):
        print(
            textwrap.dedent(f"""
            Everything stays up until Ctrl-C. In another terminal:
              export KUBECONFIG={self.cluster.kubeconfig}
              kubectl get hc -o wide
              kubectl describe hc checkout-health-check
              kubectl scale deployment frontend --replicas=1
              kubectl annotate hc frontend-health-check holmesgpt.dev/rerun=true
              kubectl get hc -w
            Or ask the server itself:
              curl -H 'X-API-Key: {API_KEY}' -H 'Content-Type: application/json' \\
                -d '{{"query": "Are all pods in this namespace healthy?", "name": "default/by-hand"}}' {self.programs[0].url}/api/check/execute
            Logs: {self.folder}/server.log, {self.folder}/operator.log"""),
            flush=True,
        )
        try:
            signal.pause()
        except KeyboardInterrupt:
            print("\nstopping", flush=True)

    def stop(self):
        for program in reversed(self.programs):
            program.terminate(grace=10)
        self.cluster.stop()

    def show_logs(self):
        for program in self.programs:
            print(f"\n--- {program.name}, last lines ---\n{program.tail()}", file=sys.stderr)


def say(subject, sentence):
    print(wrapped(f"{subject:14} {sentence}", 15), flush=True)


def wrapped(line, indent):
    return textwrap.fill(
        line, 118, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False
    )


def stop_on_sigterm(*_):
    raise KeyboardInterrupt


def main():
    parser = argparse.ArgumentParser(prog="./dev run", description=__doc__.split("\n\n")[0])
    stay = parser.add_mutually_exclusive_group()
    stay.add_argument(
        "--once", action="store_true", help="end after the results, from a terminal too"
    )
    stay.add_argument(
        "--keep", action="store_true", help="stay until Ctrl-C, without a terminal too"
    )
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, stop_on_sigterm)
    folder = tempfile.mkdtemp(prefix="holmes-run-")
    demo = Demo(folder)
    try:
        demo.start()
        demo.run_examples()
        demo.show_what_a_user_sees()
        wrong = demo.disappointments()
        print(
            "\n"
            + (
                "\n".join(["NOT as expected:", *wrong]) if wrong else "All results are as expected."
            ),
            flush=True,
        )
        if options.keep or (sys.stdin.isatty() and not options.once):
            demo.stay()
        return 1 if wrong else 0
    except KeyboardInterrupt:
        print("\nstopping", flush=True)
        return 130
    except Exception as problem:
        print(f"\n./dev run failed: {problem}", file=sys.stderr)
        demo.show_logs()
        return 1
    finally:
        demo.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
