"""`holmes local` as a child process, and its store seen as every other cluster of these tests."""

import base64
import json
import re
import ssl
from pathlib import Path

from cluster import Cluster, build_testcluster
from holmes import binary
from slack_capture import TOKEN as SLACK_TOKEN
from support import Process, clean_env, wait_until


class Local(Process):
    """One `holmes local`; `data` is its folder, None: in memory. Talk to it through `.cluster`."""

    def __init__(self, log_path, *options, data=None, model=None, slack=None, **env):
        self.data = data
        env = {"TMPDIR": Path(log_path).parent, **env}  # what a kill leaves there goes with the test
        if model:
            env |= {"MODEL": "openai/scripted", "OPENAI_API_BASE": model.url, "OPENAI_API_KEY": "k"}
        if slack:
            env |= {"SLACK_TOKEN": SLACK_TOKEN, "SLACK_API_URL": slack.url}
        folder = ["--data", data] if data else []
        argv = [binary(), "local", *folder, *options]
        super().__init__("holmes local", argv, clean_env(env), log_path)
        self.cluster = None
        self.said = 0  # of its output, what earlier processes of this object wrote

    def start(self, wait=True, timeout=30):
        self.said = len(self.log())
        super().start()
        return self.wait_ready(timeout) if wait else self

    def words(self):
        """What this process has said so far."""
        return self.log()[self.said :]

    def wait_ready(self, timeout=30):
        def kubeconfig():
            assert self.alive(), f"{self.name} ended with {self.child.returncode}:\n{self.tail()}"
            return re.search(r"export KUBECONFIG=(\S+)\n.*Ctrl-C ends it", self.words(), re.S)

        self.kubeconfig = Path(wait_until("it says where it is", kubeconfig, timeout).group(1))
        self.cluster = LocalCluster(self.kubeconfig)
        wait_until("the store answers", self.cluster.is_ready, timeout)
        return self


class LocalCluster(Cluster):
    """What a kubeconfig of `holmes local` leads to."""

    def __init__(self, kubeconfig):
        self.lent = True
        self.kubeconfig = Path(kubeconfig)
        self.program = build_testcluster()
        config = json.loads(self.kubectl("config", "view", "--raw", "-o", "json").stdout)
        [cluster], [user] = config["clusters"], config["users"]
        self.server = cluster["cluster"]["server"]
        self.ca = cluster["cluster"]["certificate-authority-data"]
        self.token = user["user"]["token"]
        self.tls = ssl.create_default_context(cadata=base64.b64decode(self.ca).decode())

    def workload(self, namespace, name, replicas, ready):
        """A Deployment and its status, as a controller would write it: nobody runs pods here."""
        path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
        labels = {"app": name}
        container = {"name": "main", "image": "registry.example/app:1"}
        self.api(
            "POST",
            path,
            {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"name": name, "labels": labels},
                "spec": {
                    "replicas": replicas,
                    "selector": {"matchLabels": labels},
                    "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
                },
            },
        )
        status = {"replicas": replicas, "readyReplicas": ready, "availableReplicas": ready}
        self.merge(f"{path}/{name}/status", {"status": status})
