"""How the operator proves who it is to a real API server, and what it does when that changes while
it runs. kubectl reads the same kubeconfigs, as the judge of what they mean.
"""

import base64
import itertools
import json
import ssl
import stat
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest

from fake_check_api import FakeCheckApi
from forward_proxy import ForwardProxy
from holmes import run_holmes
from support import http_request, wait_until

RBAC = "/apis/rbac.authorization.k8s.io/v1"
OPERATOR = "system:serviceaccount:holmes:holmes-operator"
CHANGE_SECONDS = 90  # files are looked at once a minute
TOKEN_CACHE_SECONDS = 30  # the API server itself remembers good tokens for 10 s

numbers = itertools.count(1)

# Prints the credential that lies beside it, or does worse, and writes down how it was called.
PLUGIN = """\
#!/usr/bin/env python3
import datetime, json, os, pathlib, sys, time
here = pathlib.Path(__file__).parent
info = os.environ["KUBERNETES_EXEC_INFO"]
with open(here / "calls", "a") as calls:
    print(json.dumps([sys.argv[1:], os.environ.get("PLUGIN"), info, os.getpid()]), file=calls)
status = json.loads((here / "status").read_text())
if status == "logged out":
    sys.exit("please log in first")
if status == "hang":
    time.sleep(1000)
life = int(sys.argv[1])
if life:
    end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=life)
    status["expirationTimestamp"] = end.strftime("%Y-%m-%dT%H:%M:%SZ")
version = json.loads(info)["apiVersion"]
print(json.dumps({"apiVersion": version, "kind": "ExecCredential", "status": status}))
"""


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

    def revoke(self, token):
        """An account of the same name comes instead; waits until the API server refuses `token`."""
        self.cluster.api("DELETE", f"{self.path}/{self.name}")
        self.create()

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

    account.revoke(old)
    (folder / "token").write_text(account.token() + "\n")
    expect_works(ns)
    again = operator.metrics().value("rest_client_requests_total", code="401")
    assert 1 <= again <= 8, "the few that were under way learned of it, and were sent again"
    assert watches_opened(operator) == watches, "an open watch goes on"


# exec plugins


def install_plugin(folder, status, life=0, version="v1"):
    """The user of a kubeconfig whose plugin prints `status`, for `life` seconds or (0) for good."""
    (folder / "bin").mkdir()
    plugin = folder / "bin/plugin"
    plugin.write_text(PLUGIN)
    plugin.chmod(plugin.stat().st_mode | stat.S_IXUSR)
    plugin_prints(folder, status)
    return {
        "exec": {
            "apiVersion": f"client.authentication.k8s.io/{version}",
            "command": "bin/plugin",
            "args": [str(life)],
            "env": [{"name": "PLUGIN", "value": "set"}],
            "interactiveMode": "IfAvailable",
            "provideClusterInfo": True,
            "installHint": "see the guide",
        }
    }


def plugin_prints(folder, status):
    (folder / "bin/status.new").write_text(json.dumps(status))
    (folder / "bin/status.new").rename(folder / "bin/status")


def calls_of(folder):
    path = folder / "bin/calls"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def told_about_cluster(info):
    """What a plugin learns by KUBERNETES_EXEC_INFO."""
    told = json.loads(info)["spec"]["cluster"]
    return {name: value for name, value in told.items() if value is not None}


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_exec_plugin_is_run_again_before_its_token_expires(
    start, ns, cluster, api, folder, rights, version
):
    account = Account(cluster, ns)
    user = install_plugin(folder, {"token": account.token()}, 4, version)
    config = write_config(folder, cluster, user)
    assert who_is(cluster, config) == account.user
    [[arguments, variable, info, _]] = calls_of(folder)
    (folder / "bin/calls").unlink()

    start.operator(api.address, KUBECONFIG=config)
    ours = calls_of(folder)[0]
    assert ours[:2] == [arguments, variable] == [["4"], "set"]
    assert told_about_cluster(ours[2]) == told_about_cluster(info)
    assert json.loads(ours[2])["spec"]["interactive"] is False
    expect_works(ns)

    def is_run_again():
        expect_works(ns)
        return len(calls_of(folder)) >= 3

    wait_until("the plugin is run again", is_run_again)


def test_exec_plugin_is_run_again_when_its_token_is_refused(
    start, ns, cluster, api, folder, rights
):
    account = Account(cluster, ns)
    old = account.token()
    config = write_config(folder, cluster, install_plugin(folder, {"token": old}))
    start.operator(api.address, KUBECONFIG=config)
    expect_works(ns)
    assert len(calls_of(folder)) == 1, "its token does not expire, and many requests were sent"

    account.revoke(old)
    plugin_prints(folder, {"token": account.token()})
    expect_works(ns)
    assert len(calls_of(folder)) == 2


def test_exec_plugin_that_fails_is_named_and_tried_again(start, ns, cluster, api, folder, rights):
    account = Account(cluster, ns)
    user = install_plugin(folder, "logged out")
    config = write_config(folder, cluster, user)
    operator = start.operator(api.address, wait=False, KUBECONFIG=config)
    wait_for_log(
        operator,
        f"{config}: users[0].user.exec: {folder}/bin/plugin: exit code 1; "
        "its stderr is in the log",
    )
    wait_for_log(operator, '"stderr":"please log in first"')
    plugin_prints(folder, {"token": account.token()})
    operator.wait_ready()
    expect_works(ns)
    user["exec"]["command"] = "no-such-plugin"
    missing = start.operator(
        api.address, wait=False, KUBECONFIG=write_config(folder, cluster, user, "missing")
    )
    wait_for_log(missing, "run no-such-plugin: not found in PATH; see the guide")


def test_exec_plugin_gives_a_certificate_and_later_another(
    start, ns, cluster, api, folder, rights
):
    def prints(name):
        files = files_of(cluster, name)
        return {
            "clientCertificateData": files.certificate.read_text(),
            "clientKeyData": files.key.read_text(),
        }

    user = install_plugin(folder, prints("apiserver-kubelet-client"), 4)
    config = write_config(folder, cluster, user)
    assert who_is(cluster, config) == "kube-apiserver"
    binding = bind(cluster, ns, {"kind": "User", "name": "kube-apiserver"})
    operator = start.operator(api.address, KUBECONFIG=config)
    expect_works(ns)
    watches = watches_opened(operator)

    def is_run_again():
        expect_works(ns)
        return len(calls_of(folder)) >= 4

    wait_until("the plugin is run again", is_run_again)
    assert watches_opened(operator) == watches, "the same certificate: an open watch goes on"
    plugin_prints(folder, prints("admin"))
    wait_until("both watches are opened again", lambda: new_watches_of(operator, ns) >= watches + 2)
    cluster.api("DELETE", binding)
    expect_works(ns)


def new_watches_of(operator, ns):
    """A check makes for requests, which notice that the credential is over."""
    expect_works(ns)
    return watches_opened(operator)


def test_exec_plugin_that_hangs_ends_with_the_operator(start, ns, cluster, api, folder):
    config = write_config(folder, cluster, install_plugin(folder, "hang"))
    operator = start.operator(api.address, wait=False, KUBECONFIG=config)
    wait_until("the plugin is run", lambda: calls_of(folder))
    assert operator.terminate(grace=10) == 0
    assert len(calls_of(folder)) == 1
    [[_, _, _, pid]] = calls_of(folder)
    wait_until("the plugin is gone", lambda: not lives(pid))


def lives(pid):
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


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
