"""What a program does with the official Python client (PyPI: kubernetes), unchanged; run by
test_local_clients.py in an environment that has it. The kubeconfig is its only argument.
"""

import sys

from kubernetes import client, config, watch
from kubernetes.client.exceptions import ApiException

config.load_kube_config(config_file=sys.argv[1])
core, apps, custom = client.CoreV1Api(), client.AppsV1Api(), client.CustomObjectsApi()
CHECKS = ("holmesgpt.dev", "v1alpha1", "python", "healthchecks")

core.create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(name="python")))
labels = {"app": "web"}
made = apps.create_namespaced_deployment(
    "python",
    client.V1Deployment(
        metadata=client.V1ObjectMeta(name="web", labels=labels),
        spec=client.V1DeploymentSpec(
            replicas=2,
            selector=client.V1LabelSelector(match_labels=labels),
            template=client.V1PodTemplateSpec(
                metadata=client.V1ObjectMeta(labels=labels),
                spec=client.V1PodSpec(containers=[client.V1Container(name="main", image="x")]),
            ),
        ),
    ),
)
assert made.metadata.uid and made.metadata.generation == 1
assert made.metadata.creation_timestamp.tzinfo
apps.patch_namespaced_deployment("web", "python", {"spec": {"replicas": 3}})
found = apps.read_namespaced_deployment("web", "python")
assert found.spec.replicas == 3 and found.spec.template.spec.containers[0].image == "x"

stale = found.metadata.resource_version
apps.patch_namespaced_deployment("web", "python", {"metadata": {"labels": {"a": "b"}}})
found.metadata.resource_version = stale
try:
    apps.replace_namespaced_deployment("web", "python", found)
    raise AssertionError("a stale write was taken")
except ApiException as refused:
    assert refused.status == 409

page = core.list_namespace(limit=2)
assert len(page.items) == 2 and page.metadata._continue
rest = core.list_namespace(limit=100, _continue=page.metadata._continue)
assert not {n.metadata.name for n in page.items} & {n.metadata.name for n in rest.items}

start = custom.list_namespaced_custom_object(*CHECKS)["metadata"]["resourceVersion"]
custom.create_namespaced_custom_object(
    *CHECKS,
    {
        "apiVersion": "holmesgpt.dev/v1alpha1",
        "kind": "HealthCheck",
        "metadata": {"name": "one"},
        "spec": {"query": "Are all pods healthy?"},
    },
)
events = watch.Watch()
for event in events.stream(
    custom.list_namespaced_custom_object, *CHECKS, resource_version=start, timeout_seconds=30
):
    if event["object"].get("status", {}).get("phase") == "Completed":
        events.stop()
assert event["type"] == "MODIFIED", event
custom.delete_namespaced_custom_object(*CHECKS, "one")
core.delete_namespace("python")
print("done")
