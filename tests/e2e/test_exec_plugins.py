"""Credentials that a program prints (exec plugins), and when the operator runs it again. kubectl runs
the same programs, as the judge of what they are told.
"""

import json
import stat
from pathlib import Path

import pytest

from authentication import (
    Account,
    api,
    bind,
    expect_works,
    files_of,
    folder,
    rights,
    wait_for_log,
    watches_opened,
    who_is,
    write_config,
)
from support import wait_until

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

    account.replace()
    plugin_prints(folder, {"token": account.token()})
    account.wait_refused(old)
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
