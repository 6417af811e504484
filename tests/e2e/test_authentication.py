"""How the operator proves who it is to a real API server, and what it does when that changes while
it runs. kubectl reads the same kubeconfigs, as the judge of what they mean.
"""

import base64
import json
from urllib.parse import urlsplit

import pytest

from authentication import (
    RBAC,
    Account,
    api,
    bind,
    expect_works,
    files_of,
    folder,
    install,
    rights,
    wait_for_log,
    watches_opened,
    who_is,
    write_config,
)
from forward_proxy import ForwardProxy
from holmes import run_holmes
from support import wait_until

OPERATOR = "system:serviceaccount:holmes:holmes-operator"
CHANGE_SECONDS = 90  # files are looked at once a minute


# Client certificates. The control plane has two that it trusts: of its administrator, and of the
# user kube-apiserver, who may do nothing.


def test_client_certificate_as_data(start, ns, cluster, api, folder):
    files = files_of(cluster, "admin")
    user = {
        "client-certificate-data": base64.b64encode(files.certificate.read_bytes()).decode(),
        "client-key-data": base64.b64encode(files.key.read_bytes()).decode(),
    }
    config = write_config(folder, cluster, user)
    assert who_is(cluster, config) == "admin"
    start.operator(api.address, KUBECONFIG=config)
    expect_works(ns)


def test_client_certificate_in_files_is_renewed_while_it_runs(
    start, ns, cluster, api, folder, rights
):
    install(folder, cluster, "apiserver-kubelet-client")
    config = write_config(folder, cluster, {"client-certificate": "me.crt", "client-key": "me.key"})
    assert who_is(cluster, config) == "kube-apiserver"
    binding = bind(cluster, ns, {"kind": "User", "name": "kube-apiserver"})
    operator = start.operator(api.address, KUBECONFIG=config)
    expect_works(ns)
    watches = watches_opened(operator)

    install(folder, cluster, "admin")
    cluster.api("DELETE", binding)
    wait_for_log(operator, "The certificates of the cluster have changed", CHANGE_SECONDS)
    expect_works(ns)  # what the first certificate is not allowed any more
    wait_until(
        "both watches are opened again",
        lambda: watches_opened(operator) >= watches + 2,
    )
    expect_works(ns)


def test_certificate_authority_is_read_again_after_a_failure(
    start, ns, cluster, api, folder, rights
):
    account = Account(cluster, ns)
    right = (folder / "ca.crt").read_bytes()
    (folder / "ca.crt").write_bytes(files_of(cluster, "admin").certificate.read_bytes())
    config = write_config(folder, cluster, {"token": account.token()})
    operator = start.operator(api.address, wait=False, KUBECONFIG=config)
    wait_for_log(operator, "the server's certificate is not trusted")
    (folder / "ca.crt").write_bytes(right[: len(right) // 2])
    wait_for_log(operator, "keeping the old ones")
    (folder / "ca.crt").write_bytes(right)
    operator.wait_ready()
    expect_works(ns)


# Tokens


def test_a_token_file_is_read_again_when_the_old_token_is_refused(
    start, ns, cluster, api, folder, rights
):
    account = Account(cluster, ns)
    old = account.token()
    (folder / "token").write_text(old + "\n")
    config = write_config(folder, cluster, {"tokenFile": "token"})
    operator = start.operator(api.address, KUBECONFIG=config)
    expect_works(ns)
    watches = watches_opened(operator)

    account.replace()
    account.wait_refused(old)
    (folder / "token").write_text(account.token() + "\n")
    expect_works(ns)
    again = operator.metrics().value("rest_client_requests_total", code="401")
    assert 1 <= again <= 8, "the few that were under way learned of it, and were sent again"
    assert watches_opened(operator) == watches, "an open watch goes on"


# Impersonation


def test_impersonation_needs_the_right_to_it(start, ns, cluster, api, folder, rights):
    account = Account(cluster, ns, bound=False)
    user = {"token": account.token(), "as": OPERATOR, "as-user-extra": {"example.org/why": ["a b"]}}
    config = write_config(folder, cluster, user)
    operator = start.operator(api.address, wait=False, KUBECONFIG=config)
    wait_for_log(operator, r'cannot impersonate resource \"serviceaccounts\"')
    assert operator.probe("/readyz") != 200

    rules = [
        {"apiGroups": [""], "resources": ["serviceaccounts"], "verbs": ["impersonate"]},
        {
            "apiGroups": ["authentication.k8s.io"],
            "resources": ["userextras/example.org/why"],
            "verbs": ["impersonate"],
        },
    ]
    role = f"{ns.name}-impersonator"
    cluster.api("POST", f"{RBAC}/clusterroles", {"metadata": {"name": role}, "rules": rules})
    subject = {"kind": "ServiceAccount", "name": account.name, "namespace": ns.name}
    bind(cluster, ns, subject, role)
    operator.wait_ready()
    assert who_is(cluster, config) == OPERATOR
    expect_works(ns)


# The way to the API server


@pytest.fixture
def proxy(cluster):
    url = urlsplit(cluster.server)
    double = ForwardProxy((url.hostname, url.port))
    yield double
    double.close()


@pytest.mark.parametrize("scheme", ["http", "socks5"])
def test_proxy_url(start, ns, cluster, api, folder, proxy, rights, scheme):
    """The name is known to the proxy alone."""
    way = {"server": "https://kubernetes.default.svc:6443", "proxy-url": proxy.urls[scheme]}
    config = write_config(folder, cluster, {"token": Account(cluster, ns).token()}, **way)
    start.operator(api.address, KUBECONFIG=config, NO_PROXY="*")
    expect_works(ns)
    assert set(proxy.targets) == {"kubernetes.default.svc:6443"}


def test_tls_server_name(start, ns, cluster, api, folder, proxy, rights):
    """The API server is reached by a name that its certificate does not have."""
    way = {"server": "https://api.example:6443", "proxy-url": proxy.urls["http"]}
    user = {"token": Account(cluster, ns).token()}
    refused = start.operator(
        api.address, wait=False, KUBECONFIG=write_config(folder, cluster, user, "without", **way)
    )
    wait_for_log(refused, "api.example")
    assert refused.probe("/readyz") != 200
    refused.kill()
    way["tls-server-name"] = "kubernetes.default"
    start.operator(api.address, KUBECONFIG=write_config(folder, cluster, user, **way))
    expect_works(ns)


# Files


def test_kubeconfigs_are_merged(start, ns, cluster, api, tmp_path, rights):
    """The cluster is in one file and the user in another, each with files beside it; of two users
    of one name the first file's counts.
    """
    account = Account(cluster, ns)
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
    (tmp_path / "a/ca.crt").write_bytes(base64.b64decode(cluster.ca))
    (tmp_path / "b/token").write_text(account.token())
    entry = {"server": cluster.server, "certificate-authority": "ca.crt"}
    parts = {
        "a": {"clusters": [{"name": "here", "cluster": entry}]},
        "b": {
            "users": [{"name": "me", "user": {"tokenFile": "token"}}],
            "contexts": [
                {"name": "there", "context": {"cluster": "nowhere", "user": "me"}},
                {"name": "main", "context": {"cluster": "here", "user": "me"}},
            ],
            "current-context": "there",
        },
        "c": {"users": [{"name": "me", "user": {"token": "of-nobody"}}], "current-context": "main"},
    }
    for name, part in parts.items():
        (tmp_path / name / "config").write_text(
            json.dumps({"apiVersion": "v1", "kind": "Config"} | part)
        )
    paths = ":".join(str(tmp_path / name / "config") for name in ("gone", "a", "b", "c"))
    refused = run_holmes("operator", env={"KUBECONFIG": paths})
    assert refused.returncode == 2
    assert "no cluster named 'nowhere' (contexts[0].context.cluster)" in refused.stderr

    (tmp_path / "first").write_text(
        json.dumps({"apiVersion": "v1", "kind": "Config", "current-context": "main"})
    )
    start.operator(api.address, KUBECONFIG=f"{tmp_path}/first:{paths}")
    expect_works(ns)


def test_a_bad_kubeconfig_is_refused_at_the_start_with_file_and_key(cluster, folder):
    half = files_of(cluster, "admin").certificate.read_text()[:200]
    (folder / "half.crt").write_text(half)
    (folder / "me.key").write_bytes(files_of(cluster, "admin").key.read_bytes())
    for user, words in (
        ({"token": ["a"]}, "users[0].user.token: must be a string"),
        ({"tokenFile": "gone"}, f"users[0].user.tokenFile: read {folder}/gone: No such file"),
        (
            {"client-certificate": "half.crt", "client-key": "me.key"},
            "users[0].user.client-certificate: TLS: the client certificate cannot be used",
        ),
        (
            {
                "exec": {
                    "apiVersion": "client.authentication.k8s.io/v1",
                    "command": "x",
                    "interactiveMode": "Always",
                }
            },
            "users[0].user.exec.interactiveMode: is Always, but there is no terminal here",
        ),
    ):
        config = write_config(folder, cluster, user)
        for command in ("operator", "server"):
            refused = run_holmes(command, "--kubeconfig", config, env={"HOLMES_HOST": "127.0.0.1"})
            assert refused.returncode == 2, refused.stderr
            assert f"{config}: {words}" in refused.stderr


def test_the_context_option_needs_a_kubeconfig_that_has_it(cluster, folder):
    refused = run_holmes("operator", "--context", "dev")
    assert refused.returncode == 2
    assert "--context dev: there is no kubeconfig: set KUBECONFIG" in refused.stderr
    config = write_config(folder, cluster, {"token": "t"})
    refused = run_holmes("operator", "--context", "dev", "--kubeconfig", config)
    assert refused.returncode == 2
    assert "no context named 'dev' (asked for); there are: test" in refused.stderr
