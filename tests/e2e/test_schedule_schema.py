"""What the API server makes of a ScheduledHealthCheck: accepted, refused at apply, shown by kubectl;
and whether `holmes validate` agrees. No operator runs here.
"""

import json

import pytest

from expect import FRONTEND
from holmes import run_holmes
from support import REPO

SCHEDULES = "/apis/holmesgpt.dev/v1alpha1/namespaces/{}/scheduledhealthchecks/{}"


def manifest(**spec):
    return json.dumps(
        {
            "apiVersion": "holmesgpt.dev/v1alpha1",
            "kind": "ScheduledHealthCheck",
            "metadata": {"name": "sample"},
            "spec": {"schedule": "*/5 * * * *", "query": FRONTEND} | spec,
        }
    )


def test_the_example_of_the_specification_is_accepted_as_written(ns):
    example = (REPO / "examples/schedule.yaml").read_text()
    ns.kubectl(
        "apply", "-f", "-", stdin=example.replace("namespace: default", f"namespace: {ns.name}")
    )
    spec = json.loads(ns.kubectl("get", "shc", "frontend-schedule", "-o", "json").stdout)["spec"]
    assert spec["schedule"] == "*/5 * * * *"
    defaults = {
        "enabled": True,
        "timeout": 30,
        "backoffLimit": 1,
        "concurrencyPolicy": "Forbid",
        "missedRunPolicy": "Coalesce",
        "successfulHistoryLimit": 10,
        "failedHistoryLimit": 10,
        "historyLimit": 10,
        "jitterSeconds": 0,
        "dstPolicy": "RunOnce",
    }
    assert {name: spec[name] for name in defaults} == defaults
    assert "timeZone" not in spec and "startingDeadlineSeconds" not in spec


@pytest.mark.parametrize(
    "spec, field",
    [
        ({"schedule": None}, "spec.schedule"),
        ({"schedule": ""}, "spec.schedule"),
        ({"schedule": 5}, "spec.schedule"),
        ({"schedule": "*" * 254}, "spec.schedule"),
        ({"query": " "}, "spec.query"),
        ({"query": "x" * 5001}, "spec.query"),
        ({"timeout": 301}, "spec.timeout"),
        ({"mode": "loud"}, "spec.mode"),
        ({"enabled": "maybe"}, "spec.enabled"),
        ({"timeZone": "x" * 254}, "spec.timeZone"),
        ({"concurrencyPolicy": "forbid"}, "spec.concurrencyPolicy"),
        ({"missedRunPolicy": "Run"}, "spec.missedRunPolicy"),
        ({"startingDeadlineSeconds": 0}, "spec.startingDeadlineSeconds"),
        ({"successfulHistoryLimit": -1}, "spec.successfulHistoryLimit"),
        ({"failedHistoryLimit": 1001}, "spec.failedHistoryLimit"),
        ({"historyLimit": 0}, "spec.historyLimit"),
        ({"historyLimit": 101}, "spec.historyLimit"),
        ({"jitterSeconds": 3601}, "spec.jitterSeconds"),
        ({"dstPolicy": "Once"}, "spec.dstPolicy"),
        ({"suspend": True}, "spec.suspend"),
        ({"destinations": [{"type": "slack"}] * 11}, "spec.destinations"),
    ],
)
def test_the_schema_and_validate_refuse_the_same_and_name_the_field(ns, spec, field):
    text = manifest(**spec)
    refused = ns.kubectl("create", "-f", "-", stdin=text, check=False)
    assert refused.returncode != 0 and field in refused.stderr
    validated = run_holmes("validate", "-", stdin=text)
    assert validated.returncode == 1 and f" error: {field}" in validated.stdout


@pytest.mark.parametrize(
    "yaml",
    ["timeout: 30.0", "timeout: 1e2", "timeout: 0x10", "enabled: yes", "model: ~", "timeZone:"],
)
def test_the_schema_and_validate_accept_the_same(ns, yaml):
    text = (
        "apiVersion: holmesgpt.dev/v1alpha1\nkind: ScheduledHealthCheck\n"
        f"metadata: {{name: a}}\nspec:\n  schedule: '@daily'\n  query: q\n  {yaml}\n"
    )
    ns.kubectl("create", "--dry-run=server", "-f", "-", stdin=text)
    assert run_holmes("validate", "-", stdin=text).returncode == 0


def test_get_shows_the_columns_of_the_contract(ns, cluster):
    ns.kubectl("create", "-f", "-", stdin=manifest())
    path = SCHEDULES.format(ns.name, "sample")
    status = {
        "lastScheduleTime": "2024-01-01T00:05:00Z",
        "lastResult": "pass",
        "nextScheduleTime": "2024-01-01T00:10:00Z",
    }
    cluster.merge(f"{path}/status", {"status": status})
    header, row = ns.kubectl("get", "shc").stdout.splitlines()
    assert header.split("  ")[0] == "NAME"
    for column in ("SCHEDULE", "ENABLED", "LAST RUN", "LAST RESULT", "AGE"):
        assert column in header
    assert "NEXT" not in header and "*/5 * * * *" in row and "true" in row and "pass" in row
    wide = ns.kubectl("get", "scheduledhealthchecks", "-o", "wide").stdout
    assert "NEXT" in wide and "2024-01-01T00:10:00Z" in wide
    assert "sample" in ns.kubectl("get", "holmes").stdout
