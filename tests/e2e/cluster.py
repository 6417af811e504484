"""The real control plane of tests/cluster, seen through kubectl and through plain requests of its
administrator.
"""

import base64
import json
import os
import shutil
import ssl
import subprocess
from pathlib import Path

from support import REPO, clean_env, http_request, wait_until

CRDS = REPO / "deploy/crds"
BASE = REPO / "deploy/kustomize/base"
HEALTHCHECKS = "/apis/holmesgpt.dev/v1alpha1"
CRD_PATH = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
SYSTEM_NAMESPACE = "holmes"

KUBECONFIG = """\
apiVersion: v1
kind: Config
clusters:
- name: test
  cluster:
    server: {server}
    certificate-authority-data: {ca}
users:
- name: {user}
  user:
    token: {token}
contexts:
- name: test
  context:
    cluster: test
    user: {user}
    namespace: default
current-context: test
"""


class NotFound(Exception):
    pass


def build_testcluster():
    """The program that runs control planes; kubectl lies beside it."""
    built = subprocess.run(
        [REPO / "tests/cluster/build.sh"], check=True, stdout=subprocess.PIPE, text=True
    )
    return Path(built.stdout.split()[-1])


def kubectl_of(testcluster):
    return (
        os.environ.get("HOLMES_KUBECTL") or shutil.which("kubectl") or testcluster.parent / "kubectl"
    )


class Cluster:
    """One control plane in `directory`. HOLMES_E2E_CLUSTER names one that runs already; it is then
    left running.
    """

    def __init__(self, directory):
        self.lent = os.environ.get("HOLMES_E2E_CLUSTER")
        self.directory = Path(self.lent or directory)
        self.program = None
        self.kubeconfig = self.directory / "kubeconfig"

    def start(self):
        self.program = build_testcluster()
        if not self.lent:
            self.directory.mkdir(parents=True, exist_ok=True)
            self.control("up", "--detach", "--parent-pid", str(os.getpid()), timeout=120)
        config = json.loads(self.kubectl("config", "view", "--raw", "-o", "json").stdout)
        self.server = config["clusters"][0]["cluster"]["server"]
        self.ca = config["clusters"][0]["cluster"]["certificate-authority-data"]
        self.token = config["users"][0]["user"].get("token")
        self.tls = ssl.create_default_context(cadata=base64.b64decode(self.ca).decode())
        if not self.token:
            self.use_client_certificate(config["users"][0]["user"])
        wait_until("the API server is ready", self.is_ready, 60)
        return self

    def use_client_certificate(self, user):
        for name in ("client-certificate", "client-key"):
            (self.directory / f"admin-{name}.pem").write_bytes(
                base64.b64decode(user[f"{name}-data"])
            )
        self.tls.load_cert_chain(
            self.directory / "admin-client-certificate.pem", self.directory / "admin-client-key.pem"
        )

    def stop(self):
        if self.program and not self.lent:
            self.control("down", check=False)

    def control(self, verb, *options, check=True, timeout=90):
        """A verb of the testcluster program."""
        return subprocess.run(
            [self.program, verb, "--dir", self.directory, *options],
            check=check,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            timeout=timeout,
        )

    def stop_api_server(self):
        """kill -9: every connection breaks. (A graceful stop lets watches linger, for 20 s.)"""
        self.control("stop-apiserver", "--signal", "KILL")

    def start_api_server(self):
        self.control("start-apiserver")
        wait_until("the API server is ready", self.is_ready, 60)

    def is_ready(self):
        try:
            return self.request("GET", "/readyz").status == 200
        except OSError:
            return False

    # kubectl, as a user types it

    def kubectl_command(self, *args, kubeconfig=None):
        program = kubectl_of(self.program)
        return [str(program), "--kubeconfig", str(kubeconfig or self.kubeconfig), *map(str, args)]

    def kubectl(self, *args, stdin=None, check=True, timeout=60, kubeconfig=None):
        done = subprocess.run(
            self.kubectl_command(*args, kubeconfig=kubeconfig),
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            timeout=timeout,
            env=clean_env(),
        )
        if check and done.returncode != 0:
            raise AssertionError(
                f"kubectl {' '.join(map(str, args))}: exit {done.returncode}: {done.stderr.strip()}"
            )
        return done

    def kubectl_child(self, *args):
        """A kubectl that keeps running (get -w); the caller ends it."""
        return subprocess.Popen(
            self.kubectl_command(*args),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            env=clean_env(),
        )

    # The API, quicker than a kubectl per look

    def request(self, method, path, body=None, content_type="application/json"):
        headers = {"Content-Type": content_type, "Accept": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        return http_request(
            method,
            self.server + path,
            None if body is None else json.dumps(body),
            headers,
            context=self.tls,
        )

    def api(self, method, path, body=None, content_type="application/json"):
        """The answer's object; NotFound for 404, AssertionError for any other refusal."""
        answer = self.request(method, path, body, content_type)
        if answer.status == 404:
            raise NotFound(path)
        assert answer.status < 300, f"{method} {path}: {answer.status} {answer.text()}"
        return answer.json()

    def remove(self, path):
        """Deletes what is at `path`, if it is there."""
        try:
            self.api("DELETE", path)
        except NotFound:
            pass

    def merge(self, path, patch):
        return self.api("PATCH", path, patch, "application/merge-patch+json")

    # What Holmes needs to be installed, and the identities it runs under

    def install(self, scratch):
        """CRDs and deploy/kustomize/base, with keys made here: as the guide tells an administrator
        to.
        """
        self.install_crds()
        overlay = Path(scratch) / "kustomize"
        shutil.copytree(BASE, overlay, dirs_exist_ok=True)
        (overlay / "api-key.env").write_text("HOLMES_API_KEY=a-key-of-the-tests\n")
        (overlay / "server.env").write_text(
            "MODEL=openai/scripted\nOPENAI_API_KEY=a-key-of-the-tests\n"
        )
        self.kubectl("apply", "-k", overlay)

    def install_crds(self):
        self.kubectl("apply", "--server-side", "--force-conflicts", "-f", CRDS)
        self.kubectl(
            "wait",
            "--for=condition=Established",
            "crd",
            "healthchecks.holmesgpt.dev",
            "scheduledhealthchecks.holmesgpt.dev",
            "--timeout=30s",
        )
        wait_until(
            "both kinds are served",
            lambda: all(
                self.request("GET", f"{HEALTHCHECKS}/{kind}").status == 200
                for kind in ("healthchecks", "scheduledhealthchecks")
            ),
        )

    def remove_crds(self):
        self.kubectl("delete", "-f", CRDS, "--ignore-not-found", "--wait=true", "--timeout=60s")
        wait_until(
            "neither kind is served any longer",
            lambda: all(
                self.request("GET", f"{HEALTHCHECKS}/{kind}").status == 404
                for kind in ("healthchecks", "scheduledhealthchecks")
            ),
        )

    def kubeconfig_for(self, account, path, namespace=SYSTEM_NAMESPACE, server=None):
        """A kubeconfig with a real token of a ServiceAccount (TokenRequest): the program has its
        shipped rights and no more.
        """
        token = self.kubectl(
            "create", "token", account, "-n", namespace, "--duration=2h"
        ).stdout.strip()
        Path(path).write_text(
            KUBECONFIG.format(server=server or self.server, ca=self.ca, user=account, token=token)
        )
        return Path(path)

    def namespace(self, name):
        self.api("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
        return Namespace(self, name)


class Namespace:
    """A namespace of one test's own, and what tests do in it."""

    def __init__(self, cluster, name):
        self.cluster = cluster
        self.name = name
        self.checks_path = f"{HEALTHCHECKS}/namespaces/{name}/healthchecks"
        self.schedules_path = f"{HEALTHCHECKS}/namespaces/{name}/scheduledhealthchecks"
        self.core_path = f"/api/v1/namespaces/{name}"
        self.apps_path = f"/apis/apps/v1/namespaces/{name}"

    def kubectl(self, *args, **kwargs):
        return self.cluster.kubectl("-n", self.name, *args, **kwargs)

    def remove(self):
        """Schedules and checks go at once, so that no operator meets them again; the rest goes when
        the namespace controller comes round.
        """
        self.cluster.request("DELETE", self.schedules_path)
        self.cluster.request("DELETE", self.checks_path)
        self.cluster.request("DELETE", f"/api/v1/namespaces/{self.name}")

    # Checks

    def check(self, name, query, annotations=None, **spec):
        """Creates a HealthCheck."""
        return self.cluster.api(
            "POST",
            self.checks_path,
            {
                "apiVersion": "holmesgpt.dev/v1alpha1",
                "kind": "HealthCheck",
                "metadata": {"name": name, "annotations": annotations or {}},
                "spec": {"query": query, **spec},
            },
        )

    def get(self, name):
        return self.cluster.api("GET", f"{self.checks_path}/{name}")

    def names(self):
        return [
            item["metadata"]["name"] for item in self.cluster.api("GET", self.checks_path)["items"]
        ]

    def status(self, name):
        return self.get(name).get("status", {})

    def patch(self, name, patch):
        return self.cluster.merge(f"{self.checks_path}/{name}", patch)

    def delete_check(self, name):
        return self.cluster.api("DELETE", f"{self.checks_path}/{name}")

    def wait_status(self, name, what, test, timeout=30):
        """The status once test(status) holds."""

        def probe():
            status = self.status(name)
            self.last = status
            return status if test(status) else None

        try:
            return wait_until(f"{name}: {what}", probe, timeout)
        except AssertionError as late:
            raise AssertionError(f"{late}\nstatus: {json.dumps(self.last)}") from None

    def wait_phase(self, name, phase, timeout=30):
        return self.wait_status(name, f"phase {phase}", lambda s: s.get("phase") == phase, timeout)

    def wait_finished(self, name, timeout=45, run=1):
        return self.wait_status(
            name,
            f"run {run} finished",
            lambda s: s.get("phase") in ("Completed", "Failed") and s.get("run", 1) >= run,
            timeout,
        )

    def run(self, name, query, timeout_s=45, **spec):
        """Creates a check and waits for its end."""
        self.check(name, query, **spec)
        return self.wait_finished(name, timeout_s)

    def events(self, about=None):
        """[(reason, type, note)] of events.k8s.io in this namespace, oldest first."""
        items = self.cluster.api("GET", f"/apis/events.k8s.io/v1/namespaces/{self.name}/events")[
            "items"
        ]
        items.sort(key=lambda e: e.get("eventTime") or "")
        return [
            (e["reason"], e["type"], e.get("note", ""))
            for e in items
            if about in (None, e["regarding"].get("name"))
        ]

    # Workload

    def deployment(self, name, replicas=3, behavior=None, logs=None, wait=True):
        """A Deployment with label app=<name>. Its pods become Ready unless `behavior` asks the fake
        kubelet otherwise.
        """
        annotations = {"fake.kubelet/behavior": behavior, "fake.kubelet/logs": logs}
        self.cluster.api(
            "POST",
            f"{self.apps_path}/deployments",
            {
                "metadata": {"name": name, "labels": {"app": name}},
                "spec": {
                    "replicas": replicas,
                    "selector": {"matchLabels": {"app": name}},
                    "template": {
                        "metadata": {
                            "labels": {"app": name},
                            "annotations": {k: v for k, v in annotations.items() if v},
                        },
                        "spec": {
                            "containers": [{"name": "main", "image": "registry.example/app:1"}]
                        },
                    },
                },
            },
        )
        if wait:
            self.wait_deployment(name, replicas if behavior is None else 0, replicas)

    def wait_deployment(self, name, ready, replicas):
        def settled():
            status = self.cluster.api("GET", f"{self.apps_path}/deployments/{name}").get(
                "status", {}
            )
            seen = status.get("readyReplicas", 0), status.get("replicas", 0)
            return seen == (ready, replicas) and self.pods_settled(name, replicas)

        wait_until(f"deployment {name} has {ready}/{replicas} ready", settled, 60)

    def pods_settled(self, app, count):
        """Every pod's container runs, or has come to where it is only tried again."""
        pods = self.cluster.api("GET", f"{self.core_path}/pods?labelSelector=app%3D{app}")["items"]
        states = [
            c["state"] for p in pods for c in p.get("status", {}).get("containerStatuses", [])
        ]
        return len(pods) == len(states) == count and all(
            "running" in s
            or s.get("waiting", {}).get("reason") in ("CrashLoopBackOff", "ImagePullBackOff")
            for s in states
        )

    def scale(self, name, replicas):
        self.cluster.merge(f"{self.apps_path}/deployments/{name}", {"spec": {"replicas": replicas}})
        self.wait_deployment(name, replicas, replicas)

    def pod(self, name, annotations=None, env=None):
        env = [{"name": k, "value": v} for k, v in (env or {}).items()]
        self.cluster.api(
            "POST",
            f"{self.core_path}/pods",
            {
                "metadata": {"name": name, "annotations": annotations or {}},
                "spec": {
                    "containers": [{"name": "main", "image": "registry.example/app:1", "env": env}]
                },
            },
        )
        wait_until(
            f"pod {name} runs",
            lambda: (
                self.cluster.api("GET", f"{self.core_path}/pods/{name}")["status"].get("phase")
                == "Running"
            ),
        )

    def configmap(self, name, data):
        self.cluster.api(
            "POST", f"{self.core_path}/configmaps", {"metadata": {"name": name}, "data": data}
        )

    def secret(self, name, data):
        self.cluster.api(
            "POST", f"{self.core_path}/secrets", {"metadata": {"name": name}, "stringData": data}
        )


def condition(status, kind):
    """The condition of this type, or {}."""
    return next((c for c in status.get("conditions", []) if c["type"] == kind), {})


def true_conditions(status):
    return {c["type"] for c in status.get("conditions", []) if c["status"] == "True"}
