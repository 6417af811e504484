"""Accounts of a test's own, and kubeconfigs that say how an operator proves to be one of them."""

import base64
import itertools
import json
import ssl
from types import SimpleNamespace

import pytest

from fake_check_api import FakeCheckApi
from support import http_request, wait_until

RBAC = "/apis/rbac.authorization.k8s.io/v1"
TOKEN_CACHE_SECONDS = 30  # the API server itself remembers good tokens for 10 s

numbers = itertools.count(1)


@pytest.fixture
def api():
    double = FakeCheckApi()
    yield double
    double.close()


class Account:
    """A ServiceAccount of the test's own, with the operator's rights unless `bound` is False."""

    def __init__(self, cluster, ns, bound=True):
        self.cluster = cluster
        self.path = f"{ns.core_path}/serviceaccounts"
        self.namespace = ns.name
        self.name = "operator"
        self.user = f"system:serviceaccount:{ns.name}:operator"
        self.create()
        if bound:
            bind(cluster, ns, {"kind": "ServiceAccount", "name": self.name, "namespace": ns.name})

    def create(self):
        self.cluster.api("POST", self.path, {"metadata": {"name": self.name}})

    def token(self):
        """A real one."""
        request = {"spec": {"expirationSeconds": 3600}}
        answer = self.cluster.api("POST", f"{self.path}/{self.name}/token", request)
        return answer["status"]["token"]

    def replace(self):
        """By another one of its name: the API server will soon refuse the tokens of this one."""
        self.cluster.api("DELETE", f"{self.path}/{self.name}")
        self.create()

    def wait_refused(self, token):
        def is_refused():
            answer = http_request(
                "GET",
                f"{self.cluster.server}/api",
                headers={"Authorization": f"Bearer {token}"},
                context=plain_tls(self.cluster),
            )
            return answer.status == 401

        wait_until("the old token is refused", is_refused, TOKEN_CACHE_SECONDS)


def plain_tls(cluster):
    """Trusts the cluster, and shows no certificate of its own."""
    return ssl.create_default_context(cadata=base64.b64decode(cluster.ca).decode())


def bind(cluster, ns, subject, role="holmes-operator"):
    """Gives the rights of a ClusterRole; returns the path of the binding."""
    name = f"{ns.name}-{role}"
    cluster.api(
        "POST",
        f"{RBAC}/clusterrolebindings",
        {
            "metadata": {"name": name},
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": role,
            },
            "subjects": [subject],
        },
    )
    return f"{RBAC}/clusterrolebindings/{name}"


@pytest.fixture
def rights(cluster, ns):
    """Removes what was bound."""
    yield
    for binding in cluster.api("GET", f"{RBAC}/clusterrolebindings")["items"]:
        name = binding["metadata"]["name"]
        if name.startswith(ns.name):
            cluster.api("DELETE", f"{RBAC}/clusterrolebindings/{name}")
    cluster.remove(f"{RBAC}/clusterroles/{ns.name}-impersonator")


@pytest.fixture
def folder(tmp_path, cluster):
    (tmp_path / "ca.crt").write_bytes(base64.b64decode(cluster.ca))
    return tmp_path


def write_config(folder, cluster, user, name="config", **of_cluster):
    """A kubeconfig with this user; JSON is YAML."""
    entry = {"server": cluster.server, "certificate-authority": "ca.crt"} | of_cluster
    (folder / name).write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "test",
                "contexts": [{"name": "test", "context": {"cluster": "c", "user": "u"}}],
                "clusters": [{"name": "c", "cluster": entry}],
                "users": [{"name": "u", "user": user}],
            }
        )
    )
    return folder / name


def who_is(cluster, kubeconfig):
    """Whom the API server takes the user of this kubeconfig for, by kubectl's word."""
    answer = cluster.kubectl("auth", "whoami", "-o", "json", kubeconfig=kubeconfig).stdout
    return json.loads(answer)["status"]["userInfo"]["username"]


def expect_works(ns):
    """The operator sees a new check, claims it, and writes its result."""
    status = ns.run(f"check-{next(numbers)}", "Is all well?")
    assert status["phase"] == "Completed", status
    return status


def wait_for_log(operator, words, timeout=30):
    wait_until(f"the log says: {words}", lambda: words in operator.log(), timeout)


def watches_opened(operator):
    return operator.metrics().value("rest_client_request_duration_seconds_count", verb="watch")


def files_of(cluster, name):
    return SimpleNamespace(
        certificate=cluster.directory / f"{name}.crt", key=cluster.directory / f"{name}.key"
    )


def install(folder, cluster, name):
    """The certificate of this name becomes the one that is in use: not both files at once."""
    files = files_of(cluster, name)
    (folder / "me.crt").write_bytes(files.certificate.read_bytes())
    (folder / "me.key").write_bytes(files.key.read_bytes())
