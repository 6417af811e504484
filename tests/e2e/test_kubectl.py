"""What `kubectl` users see, and what the schema refuses at apply."""

import json

import pytest

from cluster import CRDS
from expect import FRONTEND, expect_judged
from holmes import run_holmes
from support import REPO, wait_until

pytestmark = pytest.mark.usefixtures("stack")


def manifest(name="sample", **spec):
    return json.dumps(
        {
            "apiVersion": "holmesgpt.dev/v1alpha1",
            "kind": "HealthCheck",
            "metadata": {"name": name},
            "spec": {"query": FRONTEND} | spec,
        }
    )


def test_get_shows_phase_result_duration_and_age(ns):
    ns.deployment("frontend", 3)
    ns.run("shown", FRONTEND)
    for word in ("hc", "healthcheck", "healthchecks", "holmes"):
        header, row = ns.kubectl("get", word).stdout.splitlines()
        assert header.split() == ["NAME", "PHASE", "RESULT", "DURATION", "AGE"]
        assert (
            row.split()[0].endswith("shown")
            and row.split()[1:3] == ["Completed", "pass"]
            and float(row.split()[3]) >= 0
        )
    wide = ns.kubectl("get", "hc", "-o", "wide").stdout
    assert (
        "MESSAGE" in wide
        and "Check passed. Deployment 'frontend' has 3 ready replicas out of 3 desired." in wide
    )


def test_wait_for_condition_passed_and_complete(ns, cluster):
    ns.deployment("frontend", 3)
    ns.check("awaited", f"{FRONTEND} [[slow 1]]")
    for kind in ("Passed", "Complete"):
        done = ns.kubectl("wait", f"--for=condition={kind}", "hc/awaited", "--timeout=30s")
        assert "condition met" in done.stdout
    ns.check("failing", FRONTEND.replace("frontend", "absent"))
    ns.kubectl("wait", "--for=condition=Failed", "hc/failing", "--timeout=30s")
    assert (
        ns.kubectl(
            "wait", "--for=condition=Passed", "hc/failing", "--timeout=1s", check=False
        ).returncode
        != 0
    )


def test_get_watch_shows_the_run_go_by(ns, cluster):
    ns.deployment("frontend", 3)
    ns.check("first", FRONTEND, suspend=True)
    watcher = cluster.kubectl_child("-n", ns.name, "get", "hc", "-w")
    try:
        wait_for_line(watcher, "first")  # it watches by now
        ns.check("watched", f"{FRONTEND} [[slow 1]]")
        seen = []
        for line in watcher.stdout:
            seen.append(line.split())
            if "Completed" in line:
                break
        phases = [row[1] for row in seen if row[0] == "watched" and len(row) > 2]
        assert (
            "Running" in phases
            and phases[-1] == "Completed"
            and phases == sorted(phases, key=["Pending", "Running", "Completed"].index)
        )
    finally:
        watcher.kill()
        watcher.communicate()


def wait_for_line(child, word):
    for line in child.stdout:
        if line.startswith(word):
            return
    raise AssertionError(f"it ended without a line of {word}")


def test_explain_describes_every_field(cluster):
    whole = cluster.kubectl("explain", "hc", "--recursive").stdout
    for field in (
        "query",
        "timeout",
        "mode",
        "destinations",
        "model",
        "backoffLimit",
        "suspend",
        "cancel",
        "phase",
        "result",
        "rationale",
        "attempts",
        "conditions",
        "usage",
        "evidence",
        "notifications",
    ):
        assert f"  {field}\t" in whole, field
    query = cluster.kubectl("explain", "healthcheck.spec.query").stdout
    assert "<string>" in query and len(query.split("DESCRIPTION:")[1].strip()) > 20
    assert "alert" in cluster.kubectl("explain", "healthcheck.spec.mode").stdout
    crd = cluster.api(
        "GET", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/healthchecks.holmesgpt.dev"
    )
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    assert (
        undescribed(schema["properties"]["spec"], "spec")
        + undescribed(schema["properties"]["status"], "status")
        == []
    )


def undescribed(schema, path):
    here = [] if schema.get("description") else [path]
    for name, child in schema.get("properties", {}).items():
        here += undescribed(child, f"{path}.{name}")
    return here


def test_describe_shows_the_result_and_the_events(ns):
    ns.deployment("frontend", 3)
    ns.run("told", FRONTEND)
    wait_until("both events are there", lambda: len(ns.events("told")) >= 2)
    text = ns.kubectl("describe", "healthcheck", "told").stdout
    assert "Deployment 'frontend' has 3 ready replicas out of 3 desired." in text
    events = text.split("Events:")[1]
    assert "Started" in events and "Completed" in events


def test_the_api_server_keeps_one_owner_for_a_status(ns):
    ns.deployment("frontend", 3)
    ns.run("owned", FRONTEND)
    shown = ns.kubectl("get", "hc", "owned", "-o", "json", "--show-managed-fields").stdout
    [owned] = [
        entry["fieldsV1"]
        for entry in json.loads(shown)["metadata"]["managedFields"]
        if entry.get("subresource") == "status"
    ]
    assert owned == {"f:status": {}}


def test_labels_select(ns):
    ns.kubectl(
        "apply",
        "-f",
        "-",
        stdin=(REPO / "examples/healthcheck.yaml")
        .read_text()
        .replace("namespace: default", f"namespace: {ns.name}"),
    )
    ns.check("unlabelled", FRONTEND)
    found = ns.kubectl(
        "get", "healthcheck", "-l", "holmesgpt.dev/scheduled-by=frontend-schedule", "-o", "name"
    ).stdout.split()
    assert found == ["healthcheck.holmesgpt.dev/frontend-health-check"]


def test_apply_client_side_and_server_side_change_nothing_the_second_time(ns):
    ns.deployment("frontend", 3)
    for name, options in (("client-side", ()), ("server-side", ("--server-side",))):
        ns.kubectl("apply", *options, "-f", "-", stdin=manifest(name))
        expect_judged(ns.wait_finished(name), "pass")
        before = ns.get(name)
        ns.kubectl("apply", *options, "-f", "-", stdin=manifest(name))
        after = ns.get(name)
        assert after["metadata"]["generation"] == before["metadata"]["generation"] == 1
        assert after["status"] == before["status"]


def test_examples_apply(ns):
    for example in sorted((REPO / "examples").glob("*.yaml")):
        ns.kubectl(
            "apply",
            "--dry-run=server",
            "-f",
            "-",
            stdin=example.read_text().replace("namespace: default", f"namespace: {ns.name}"),
        )


@pytest.mark.parametrize(
    "spec, field",
    [
        ({"query": ""}, "spec.query"),
        ({"query": "  \n "}, "spec.query"),
        ({"query": "x" * 5001}, "spec.query"),
        ({"query": None}, "spec.query"),
        ({"query": 42}, "spec.query"),
        ({"timeout": 0}, "spec.timeout"),
        ({"timeout": 301}, "spec.timeout"),
        ({"timeout": "30s"}, "spec.timeout"),
        ({"mode": "loud"}, "spec.mode"),
        ({"backoffLimit": 11}, "spec.backoffLimit"),
        ({"ttlSecondsAfterFinished": -1}, "spec.ttlSecondsAfterFinished"),
        ({"destinations": [{"type": "slack"}] * 11}, "spec.destinations"),
        ({"destinations": [{"config": {}}]}, "spec.destinations"),
    ],
)
def test_schema_refuses_at_apply_and_names_the_field(ns, spec, field):
    refused = ns.kubectl("apply", "-f", "-", stdin=manifest(**spec), check=False)
    assert refused.returncode != 0 and field in refused.stderr


def test_query_of_exactly_5000_characters_and_defaults_are_accepted(ns):
    ns.kubectl("create", "-f", "-", stdin=manifest("long", query="ü" * 5000, suspend=True))
    spec = ns.get("long")["spec"]
    assert spec["timeout"] == 30 and spec["mode"] == "monitor"


def test_holmes_crd_prints_what_deploy_carries(ns):
    printed = run_holmes("crd")
    assert printed.returncode == 0
    shipped = "".join(path.read_text() for path in sorted(CRDS.glob("*.yaml")))
    assert printed.stdout.strip() == shipped.strip()
    ns.kubectl(
        "apply",
        "--dry-run=server",
        "--server-side",
        "--force-conflicts",
        "-f",
        "-",
        stdin=printed.stdout,
    )
