"""The kinds that need no definition, as far as checks and controllers look at them."""

from recorder import MERGE
from toys import CONFIGMAPS, DEPLOYMENTS, PODS, SECRETS, SERVICES, configmap, deployment, pod

NAMESPACES = "/api/v1/namespaces"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/{ns}/leases"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
CORE_EVENTS = "/api/v1/namespaces/{ns}/events"
EVENTS = "/apis/events.k8s.io/v1/namespaces/{ns}/events"


def _secret(name="a", **members):
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}} | members


def a_namespace_has_a_phase_and_a_label(api):
    name = f"{api.ns}-more"
    api.post(NAMESPACES, {"metadata": {"name": name}})
    api.get(f"{NAMESPACES}/{name}")
    api.patch(f"{NAMESPACES}/{name}", {"metadata": {"labels": {"a": "b"}}})
    api.post(NAMESPACES, {"metadata": {"name": name}})


def names_of_namespaces_are_labels(api):
    for name in ("A", "a.b", "-a", "n" * 64, ""):
        api.post(NAMESPACES, {"metadata": {"name": name}})


def a_config_map_in_all_its_ways(api):
    api.post(CONFIGMAPS, configmap(a="1") | {"binaryData": {"b": "AAE="}})
    api.put(f"{CONFIGMAPS}/a", configmap(c="2"))
    api.get(f"{CONFIGMAPS}/a")
    api.post(CONFIGMAPS, configmap("empty"))
    api.delete(f"{CONFIGMAPS}/a")


def keys_of_config_maps_are_file_names(api):
    for key in ("a b", "..", ".", "a/b", "ok-1_2.3"):
        api.post(CONFIGMAPS, configmap("k", **{key: "1"}))


def what_is_immutable_stays(api):
    api.post(CONFIGMAPS, configmap(x="1") | {"immutable": True})
    api.patch(f"{CONFIGMAPS}/a", {"data": {"x": "2"}})
    api.patch(f"{CONFIGMAPS}/a", {"immutable": False})
    api.patch(f"{CONFIGMAPS}/a", {"metadata": {"labels": {"a": "b"}}})


def a_secret_takes_plain_text(api):
    api.post(SECRETS, _secret(stringData={"word": "open", "x": ""}, data={"y": "AAE="}))
    api.get(f"{SECRETS}/a")
    api.patch(f"{SECRETS}/a", {"stringData": {"word": "shut"}})
    api.get(SECRETS)


def types_of_secrets_stay(api):
    api.post(SECRETS, _secret(type="toys.test/x"))
    api.patch(f"{SECRETS}/a", {"type": "Opaque"})
    api.get(SECRETS, fieldSelector="type=toys.test/x")
    api.get(SECRETS, fieldSelector="data=1")


def an_immutable_secret(api):
    api.post(SECRETS, _secret(data={"a": "AAE="}, immutable=True))
    api.patch(f"{SECRETS}/a", {"data": {"a": "AAI="}})


def a_pods_status_has_its_own_door(api):
    api.peek(PODS, "POST", pod())
    status = {"phase": "Running", "podIP": "10.1.2.3"}
    made = api.peek(f"{PODS}/a/status", "PATCH", {"status": status}, MERGE)
    assert made["status"]["phase"] == "Running", made
    api.ask("GET", f"{PODS}/a", accept="application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io")
    api.peek(f"{PODS}/a", "PATCH", {"status": {"phase": "Failed"}}, MERGE)
    assert api.peek(f"{PODS}/a")["status"]["phase"] == "Running"


def logs_of_pods_that_are_not_there(api):
    api.get(f"{PODS}/nobody/log")
    api.get(f"{PODS}/nobody")
    api.get(f"{PODS}/nobody/status")


def field_selectors_of_pods(api):
    for selector in ("status.phase=Running", "spec.nodeName=x", "spec.nodeName!=x", "metadata.name=b"):
        api.get(PODS, fieldSelector=selector)


def a_dry_run_of_a_deployment(api):
    api.post(DEPLOYMENTS, deployment(replicas=2), dryRun="All")
    api.get(f"{DEPLOYMENTS}/a")


def a_lease_is_taken_and_kept(api):
    spec = {
        "holderIdentity": "a",
        "leaseDurationSeconds": 15,
        "acquireTime": "2026-01-01T00:00:00.000000Z",
        "renewTime": "2026-01-01T00:00:00.000000Z",
        "leaseTransitions": 0,
    }
    body = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": "l"},
        "spec": spec,
    }
    made = api.post(LEASES, body)
    made["spec"]["holderIdentity"] = "b"
    api.put(f"{LEASES}/l", made)
    api.put(f"{LEASES}/l", made)
    api.post(LEASES, body)


def _event(api, name):
    return {
        "metadata": {"name": name},
        "involvedObject": {"kind": "Toy", "name": "a", "namespace": api.ns},
        "reason": "Played",
        "message": "it was played with",
        "type": "Normal",
        "count": 1,
        "firstTimestamp": "2026-01-01T00:00:00Z",
        "lastTimestamp": "2026-01-01T00:00:00Z",
        "source": {"component": "child"},
        "reportingComponent": "child",
        "reportingInstance": "child-1",
    }


def an_event_shows_in_both_groups(api):
    api.post(CORE_EVENTS, _event(api, "one"))
    api.get(f"{CORE_EVENTS}/one")
    api.get(f"{EVENTS}/one")
    api.get(EVENTS)


def a_new_event_shows_in_both_groups(api):
    body = {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"name": "two"},
        "eventTime": "2026-01-01T00:00:00.000000Z",
        "reportingController": "toys.test/child",
        "reportingInstance": "child-1",
        "action": "Play",
        "reason": "Played",
        "regarding": {"kind": "Toy", "name": "a", "namespace": api.ns},
        "note": "it was played with",
        "type": "Normal",
    }
    api.post(EVENTS, body)
    api.get(f"{CORE_EVENTS}/two")
    api.patch(f"{EVENTS}/two", {"series": {"count": 2, "lastObservedTime": "2026-01-01T00:00:01.000000Z"}})
    api.delete(f"{CORE_EVENTS}/two")
    api.get(f"{EVENTS}/two")


def events_are_selected_by_what_they_are_about(api):
    api.post(CORE_EVENTS, _event(api, "one"))
    for selector in ("involvedObject.name=a", "involvedObject.name=b", "reason=Played", "type!=Normal", "note=x"):
        api.get(CORE_EVENTS, fieldSelector=selector)


def roles_and_bindings(api):
    rule = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}
    role = {"metadata": {"name": "r:1"}, "rules": [rule]}
    api.post(f"{RBAC}/namespaces/{{ns}}/roles", role)
    api.get(f"{RBAC}/namespaces/{{ns}}/roles/r:1")
    binding = {
        "metadata": {"name": "b"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "r:1"},
        "subjects": [{"kind": "ServiceAccount", "name": "x", "namespace": api.ns}],
    }
    api.post(f"{RBAC}/namespaces/{{ns}}/rolebindings", binding)


def a_node_is_the_clusters(api):
    name = f"{api.ns}-node"
    made = {"metadata": {"name": name, "labels": {"zone": "a"}}, "spec": {"providerID": "toy://1"}}
    node = api.peek("/api/v1/nodes", "POST", made)
    assert node["kind"] == "Node", node
    api.get(f"/api/v1/namespaces/{{ns}}/nodes/{name}")
    api.delete(f"/api/v1/nodes/{name}")


def names_that_the_server_makes_up(api):
    body = configmap(x="1")
    body["metadata"] = {"generateName": "made-"}
    api.post(CONFIGMAPS, body)
    body["metadata"] = {"generateName": "Made_"}
    api.post(CONFIGMAPS, body)


def methods_that_a_built_in_kind_does_not_have(api):
    api.post(f"{CONFIGMAPS}/a", configmap())
    api.put(CONFIGMAPS, configmap())
    api.patch(CONFIGMAPS, {})
    api.post("/api/v1/configmaps", configmap())
    api.delete("/api/v1/configmaps")
    api.get("/api/v1/configmaps/a")
    api.get(f"{CONFIGMAPS}/a/status")
    api.get("/api/v1/namespaces/{ns}/dolls")


def admission_protects_volumes_and_tolerates_nodes(api):
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "c"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }
    made = api.peek("/api/v1/namespaces/{ns}/persistentvolumeclaims", "POST", claim)
    made_pod = api.peek(PODS, "POST", pod())
    with api.differs("What controllers and admission write", "finalizers", "tolerations"):
        api.write_down(
            "written",
            {
                "name": made["metadata"]["name"],
                "finalizers": made["metadata"].get("finalizers"),
                "tolerations": made_pod["spec"].get("tolerations"),
            },
        )


def the_scale_of_a_deployment(api):
    path = f"{DEPLOYMENTS}/a/scale"
    api.get(path)
    # Of nobody's pods, so that no controller writes into it meanwhile.
    api.peek(DEPLOYMENTS, "POST", deployment(replicas=0, paused=True))
    api.get(path)
    api.patch(path, {"spec": {"replicas": -1}})
    with api.differs("Types in a patch of a scale", "status", "body"):
        api.patch(path, {"spec": {"replicas": "x"}})
    api.post(path, {})
    api.delete(path)
    api.get(f"{CONFIGMAPS}/a/scale")
    api.get("/apis/apps/v1/namespaces/{ns}/daemonsets/a/scale")


def a_scale_is_written(api):
    path = "/apis/apps/v1/namespaces/{ns}/replicasets"
    api.peek(path, "POST", deployment(replicas=0) | {"kind": "ReplicaSet"})
    scale = api.peek(f"{path}/a/scale")
    del scale["metadata"]["resourceVersion"]  # a controller may write meanwhile
    scale["spec"] = {"replicas": 0}
    made = api.peek(f"{path}/a/scale", "PUT", scale)
    api.write_down("spec", {"spec": made["spec"], "kind": made["kind"], "members": sorted(made["metadata"])})
    old = scale["metadata"] | {"resourceVersion": "1"}
    api.put(f"{path}/a/scale", scale | {"metadata": old})
    api.put(f"{path}/a/scale", scale | {"metadata": scale["metadata"] | {"name": "b"}})
