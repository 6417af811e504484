"""Real kubectl drives the store of `holmes local`, as its users do."""

import json
import re
import subprocess

import pytest

from cluster import Namespace
from expect import FRONTEND
from local import Local
from support import clean_env, wait_until

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: "registry.example/app:1"}]}
"""


def check(name="sample", **spec):
    return json.dumps(
        {
            "apiVersion": "holmesgpt.dev/v1alpha1",
            "kind": "HealthCheck",
            "metadata": {"name": name, "labels": {"team": "a"}},
            "spec": {"query": FRONTEND, **spec},
        }
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory, model):
    program = Local(tmp_path_factory.mktemp("local") / "log", model=model).start()
    yield program.cluster
    assert program.terminate() == 0
    program.kill()


@pytest.fixture
def ns(store, request):
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.removeprefix("test_").lower()).strip("-")
    return Namespace(store, store.namespace(name[:50].strip("-")).name)


def says(ns, *args, **kwargs):
    return ns.kubectl(*args, **kwargs).stdout


def refuses(ns, *args, **kwargs):
    done = ns.kubectl(*args, check=False, **kwargs)
    assert done.returncode != 0, done
    return done.stderr


# Create and apply


def test_apply_client_side_creates_changes_and_removes_fields(ns):
    assert "created" in says(ns, "apply", "-f", "-", stdin=check(timeout=20, suspend=True))
    assert "unchanged" in says(ns, "apply", "-f", "-", stdin=check(timeout=20, suspend=True))
    assert "configured" in says(ns, "apply", "-f", "-", stdin=check(suspend=True))
    assert ns.get("sample")["spec"]["timeout"] == 30  # the default again


def test_apply_server_side_owns_fields_and_tells_conflicts(ns):
    apply = ["apply", "--server-side", "-f", "-"]
    assert "serverside-applied" in says(ns, *apply, stdin=DEPLOYMENT)
    other = DEPLOYMENT.replace("replicas: 2", "replicas: 3")
    conflict = refuses(ns, *apply, "--field-manager=other", stdin=other)
    assert "conflict" in conflict and ".spec.replicas" in conflict
    says(ns, *apply, "--field-manager=other", "--force-conflicts", stdin=other)
    assert says(ns, "get", "deploy", "web", "-o", "jsonpath={.spec.replicas}") == "3"
    owners = json.loads(says(ns, "get", "deploy", "web", "-o", "json", "--show-managed-fields"))
    assert {e["manager"] for e in owners["metadata"]["managedFields"]} == {"kubectl", "other"}


def test_apply_refuses_what_the_schema_refuses_and_warns_of_unknown_fields(ns):
    assert "spec.mode: Unsupported value" in refuses(ns, "apply", "-f", "-", stdin=check(mode="x"))
    assert "unknown field" in refuses(ns, "apply", "-f", "-", stdin=check(colour="red"))
    assert "created (server dry run)" in says(
        ns, "apply", "--dry-run=server", "-f", "-", stdin=check("dry"))
    assert ns.names() == []


@pytest.mark.parametrize(
    "words, kind",
    [
        ("configmap made --from-literal=a=b", "configmap"),
        ("secret generic made --from-literal=a=b", "secret"),
        ("deployment made --image=registry.example/app:1 --replicas=3", "deployment.apps"),
        ("job made --image=registry.example/app:1", "job.batch"),
        ("cronjob made --image=registry.example/app:1 --schedule=@daily", "cronjob.batch"),
        ("service clusterip made --tcp=80:8080", "service"),
        ("ingress made --rule=example.com/=web:80", "ingress.networking.k8s.io"),
        ("role made --verb=get --resource=pods", "role.rbac.authorization.k8s.io"),
        ("rolebinding made --role=made --user=me", "rolebinding.rbac.authorization.k8s.io"),
        ("serviceaccount made", "serviceaccount"),
        ("quota made --hard=pods=3", "resourcequota"),
        ("poddisruptionbudget made --selector=a=b --min-available=1", "poddisruptionbudget.policy"),
    ],
)
def test_create_by_words(ns, words, kind):
    """These travel as protobuf."""
    assert says(ns, "create", *words.split()) == f"{kind}/made created\n"
    made = json.loads(says(ns, "get", kind, "made", "-o", "json"))
    assert made["metadata"]["name"] == "made" and made["metadata"]["uid"]
    if kind == "deployment.apps":
        assert made["spec"]["replicas"] == 3
        assert made["spec"]["template"]["spec"]["containers"][0]["image"].endswith("app:1")
    if kind == "secret":
        assert made["data"] == {"a": "Yg=="}
    if kind == "service":
        assert made["spec"]["ports"][0]["targetPort"] == 8080


def test_create_namespace_run_expose_and_set_image(store, ns):
    name = f"{ns.name}-2"
    assert "created" in store.kubectl("create", "namespace", name).stdout
    assert "Active" in store.kubectl("get", "ns", name).stdout
    assert "created" in says(ns, "run", "p", "--image=x")
    assert "exposed" in says(ns, "expose", "pod", "p", "--port=80", "--selector=run=p")
    says(ns, "create", "-f", "-", stdin=DEPLOYMENT)
    says(ns, "set", "image", "deploy/web", "main=y")
    assert says(ns, "get", "deploy", "web", "-o", "jsonpath={..image}") == "y"
    assert "already exists" in refuses(ns, "create", "-f", "-", stdin=DEPLOYMENT)
    says(ns, "replace", "-f", "-", stdin=DEPLOYMENT)
    says(ns, "replace", "--force", "-f", "-", stdin=DEPLOYMENT)
    assert says(ns, "get", "deploy", "web", "-o", "jsonpath={.spec.replicas}") == "2"


# Look


def test_get_in_every_form(ns):
    says(ns, "create", "-f", "-", stdin=DEPLOYMENT)
    says(ns, "create", "-f", "-", stdin=check("one", suspend=True))
    says(ns, "create", "-f", "-", stdin=check("two", suspend=True).replace('"team": "a"', '"team": "b"'))
    header, row = says(ns, "get", "deploy", "-o", "wide").splitlines()
    assert header.split()[-3:] == ["CONTAINERS", "IMAGES", "SELECTOR"]
    assert row.split()[-3:] == ["main", "registry.example/app:1", "app=web"]
    assert says(ns, "get", "hc", "-o", "name").split() == [
        "healthcheck.holmesgpt.dev/one", "healthcheck.holmesgpt.dev/two"]
    assert says(ns, "get", "hc", "-l", "team=b", "-o", "name").split() == [
        "healthcheck.holmesgpt.dev/two"]
    assert says(ns, "get", "hc", "-l", "team notin (a,c)", "-o", "name").count("\n") == 1
    assert says(ns, "get", "hc", "--field-selector", "metadata.name=one", "-o", "name").count("\n") == 1
    assert says(ns, "get", "hc", "-o", "jsonpath={.items[*].metadata.name}") == "one two"
    assert json.loads(says(ns, "get", "hc", "-o", "json"))["kind"] == "List"
    assert "kind: HealthCheck\n" in says(ns, "get", "hc", "one", "-o", "yaml")
    assert says(ns, "get", "hc", "-o", "custom-columns=N:.metadata.name,T:.spec.timeout").split() == [
        "N", "T", "one", "30", "two", "30"]
    assert says(ns, "get", "hc", "--sort-by=.metadata.labels.team").split()[:1] == ["NAME"]
    assert "one" in says(ns, "get", "hc", "--show-labels", "--chunk-size=1")
    assert "deployment.apps/web" in says(ns, "get", "all")
    assert "healthcheck.holmesgpt.dev/one" in says(ns, "get", "holmes")
    assert 'healthchecks.holmesgpt.dev "x" not found' in refuses(ns, "get", "hc", "x")


def test_get_watch_shows_what_happens(ns):
    child = subprocess.Popen(
        ns.cluster.kubectl_command("-n", ns.name, "get", "hc", "-w", "-o", "name"),
        stdout=subprocess.PIPE, text=True, env=clean_env())
    try:
        ns.check("seen", FRONTEND, suspend=True)
        assert child.stdout.readline() == "healthcheck.holmesgpt.dev/seen\n"
        ns.delete_check("seen")
        assert child.stdout.readline() == "healthcheck.holmesgpt.dev/seen\n"
    finally:
        child.kill()
        child.wait()


def test_describe_shows_status_and_events(ns):
    ns.run("told", f"{FRONTEND} [[no-tools]]")
    text = says(ns, "describe", "hc", "told")
    assert re.search(r"Phase:\s+Completed", text) and re.search(r"Result:\s+error", text)
    wait_until("the events are described",
               lambda: "Completed" in says(ns, "describe", "hc", "told").split("Events:")[1])
    assert "HealthCheck/told" in says(ns, "events")
    assert "HealthCheck/told" in says(ns, "events", "--for", "healthcheck/told")
    assert "healthcheck/told" in says(ns, "get", "events")
    says(ns, "create", "-f", "-", stdin=DEPLOYMENT)
    assert "2 desired" in says(ns, "describe", "deploy", "web")


def test_explain_api_resources_and_api_versions(store):
    text = store.kubectl("explain", "hc.spec.mode").stdout
    assert "ENUM:\n    alert\n    monitor" in text
    assert "conditions" in store.kubectl("explain", "hc", "--recursive").stdout
    assert "VERSION:    v1" in store.kubectl("explain", "deployment").stdout
    kinds = store.kubectl("api-resources", "--namespaced=true", "-o", "name").stdout.split()
    assert {"pods", "deployments.apps", "healthchecks.holmesgpt.dev"} <= set(kinds)
    assert "holmes" in store.kubectl("api-resources", "--categories=holmes", "-o", "wide").stdout
    assert "holmesgpt.dev/v1alpha1" in store.kubectl("api-versions").stdout.split()
    version = json.loads(store.kubectl("version", "-o", "json").stdout)
    assert int(version["clientVersion"]["minor"].rstrip("+")) >= 32
    assert "is running at" in store.kubectl("cluster-info").stdout


def test_logs_say_that_there_are_none(ns):
    says(ns, "run", "p", "--image=x")
    assert "has no log here" in refuses(ns, "logs", "p")


# Change


def test_three_kinds_of_patch(ns):
    ns.check("one", FRONTEND, suspend=True)
    says(ns, "patch", "hc", "one", "--type=merge", "-p", '{"spec":{"timeout":20}}')
    says(ns, "patch", "hc", "one", "--type=json",
         "-p", '[{"op":"test","path":"/spec/timeout","value":20},'
               '{"op":"replace","path":"/spec/timeout","value":21}]')
    assert ns.get("one")["spec"]["timeout"] == 21
    says(ns, "create", "-f", "-", stdin=DEPLOYMENT)
    side = '{"spec":{"template":{"spec":{"containers":[{"name":"side","image":"s"}]}}}}'
    says(ns, "patch", "deploy", "web", "-p", side)
    names = says(ns, "get", "deploy", "web", "-o", "jsonpath={..containers[*].name}").split()
    assert sorted(names) == ["main", "side"]
    says(ns, "patch", "deploy", "web", "--subresource=status", "--type=merge",
         "-p", '{"status":{"readyReplicas":2}}')
    assert "2/2" in says(ns, "get", "deploy", "web")


def test_label_and_annotate(ns):
    ns.check("one", FRONTEND, suspend=True)
    says(ns, "label", "hc", "one", "a=b")
    assert "already has a value" in refuses(ns, "label", "hc", "one", "a=c")
    says(ns, "label", "hc", "--all", "a=c", "--overwrite")
    says(ns, "annotate", "hc", "one", "note=yes")
    metadata = ns.get("one")["metadata"]
    assert metadata["labels"]["a"] == "c" and metadata["annotations"]["note"] == "yes"
    says(ns, "label", "hc", "one", "a-")
    assert "a" not in ns.get("one")["metadata"].get("labels", {})


def test_edit_and_diff(ns, tmp_path):
    ns.check("one", FRONTEND, suspend=True)
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\nsed -i 's/timeout: 30/timeout: 40/' \"$1\"\n")
    editor.chmod(0o755)
    command = ns.cluster.kubectl_command("-n", ns.name, "edit", "hc", "one")
    done = subprocess.run(command, env=clean_env({"KUBE_EDITOR": editor}), text=True,
                          capture_output=True, timeout=60)
    assert "edited" in done.stdout, done
    assert ns.get("one")["spec"]["timeout"] == 40
    done = ns.kubectl("diff", "-f", "-", stdin=check("one", suspend=True, timeout=50), check=False)
    assert done.returncode == 1 and "+  timeout: 50" in done.stdout, done
    says(ns, "apply", "-f", "-", stdin=check("one", suspend=True, timeout=50))
    assert says(ns, "diff", "-f", "-", stdin=check("one", suspend=True, timeout=50)) == ""


def test_wait_for_conditions_deletion_and_values(ns):
    ns.check("one", f"{FRONTEND} [[no-tools]]")
    assert "condition met" in says(ns, "wait", "--for=condition=Complete", "hc/one", "--timeout=30s")
    assert "met" in says(ns, "wait", "--for=jsonpath={.status.phase}=Completed", "hc/one")
    child = subprocess.Popen(
        ns.cluster.kubectl_command("-n", ns.name, "wait", "--for=delete", "hc/one", "--timeout=30s"),
        stdout=subprocess.PIPE, env=clean_env())
    ns.delete_check("one")
    assert child.wait(30) == 0
    child.stdout.close()


@pytest.mark.parametrize("kind", ["Deployment", "ReplicaSet", "StatefulSet"])
def test_scale(ns, kind):
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "m", "image": "i"}]}}
    spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
    workload = {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "web"}, "spec": spec}
    says(ns, "create", "-f", "-", stdin=json.dumps(workload))
    assert "scaled" in says(ns, "scale", kind, "web", "--replicas=3")
    assert says(ns, "get", kind, "web", "-o", "jsonpath={.spec.replicas}") == "3"
    assert "scaled" in says(ns, "scale", kind, "web", "--current-replicas=3", "--replicas=2")
    assert "to be 3, was 2" in refuses(ns, "scale", kind, "web", "--current-replicas=3", "--replicas=4")
    assert says(ns, "get", kind, "web", "-o", "jsonpath={.spec.replicas}") == "2"


def test_rollout_of_what_nobody_runs_is_told_apart(ns):
    says(ns, "create", "-f", "-", stdin=DEPLOYMENT)
    assert "timed out" in refuses(ns, "rollout", "status", "deploy/web", "--timeout=1s")
    assert "restarted" in says(ns, "rollout", "restart", "deploy/web")


# Delete


def test_delete_waits_for_finalizers(ns):
    ns.check("held", FRONTEND, suspend=True)
    ns.patch("held", {"metadata": {"finalizers": ["example.com/hold"]}})
    assert "timed out" in refuses(ns, "delete", "hc", "held", "--timeout=1s")
    assert ns.get("held")["metadata"]["deletionTimestamp"]
    child = subprocess.Popen(
        ns.cluster.kubectl_command("-n", ns.name, "delete", "hc", "held", "--wait",
                                   "--ignore-not-found"),
        stdout=subprocess.PIPE, env=clean_env())
    ns.patch("held", {"metadata": {"finalizers": None}})
    assert child.wait(30) == 0
    child.stdout.close()
    assert ns.names() == []


@pytest.mark.parametrize("cascade", ["background", "foreground", "orphan"])
def test_delete_cascades_as_it_is_told(ns, cascade):
    owner = ns.check("owner", FRONTEND, suspend=True)
    reference = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": "owner",
                 "uid": owner["metadata"]["uid"], "blockOwnerDeletion": True}
    ns.configmap("mine", {})
    ns.cluster.merge(f"{ns.core_path}/configmaps/mine",
                     {"metadata": {"ownerReferences": [reference]}})

    def children():
        return says(ns, "get", "cm", "-o", "name").split()

    says(ns, "delete", "hc", "owner", f"--cascade={cascade}")
    if cascade == "orphan":
        owners = "jsonpath={.metadata.ownerReferences}"
        wait_until("it has no owner", lambda: says(ns, "get", "cm", "mine", "-o", owners) == "")
    elif cascade == "foreground":
        assert children() == []
    else:
        wait_until("the child is gone", lambda: children() == [])


def test_delete_by_file_selector_and_namespace(ns, store):
    says(ns, "apply", "-f", "-", stdin=DEPLOYMENT)
    assert "deleted" in says(ns, "delete", "-f", "-", stdin=DEPLOYMENT)
    for name in ("one", "two"):
        says(ns, "create", "-f", "-", stdin=check(name, suspend=True))
    says(ns, "delete", "hc", "-l", "team=a")
    assert ns.names() == []
    says(ns, "create", "-f", "-", stdin=check("three", suspend=True))
    assert "deleted" in store.kubectl("delete", "namespace", ns.name, "--timeout=30s").stdout
    assert "not found" in refuses(ns, "get", "ns", ns.name)
    assert ns.names() == []


# Who am I


def test_auth_whoami_and_can_i(ns):
    assert "holmes-local" in says(ns, "auth", "whoami")
    assert says(ns, "auth", "can-i", "create", "healthchecks") == "yes\n"
    assert "*.*" in says(ns, "auth", "can-i", "--list")
