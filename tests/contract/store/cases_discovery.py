"""What there is: groups, resources, versions, documents."""

from toys import CRDS

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
OURS = (
    ("v1", ("configmaps", "secrets", "pods/status", "namespaces/status", "events", "nodes/status")),
    ("apps/v1", ("deployments", "deployments/status", "daemonsets", "statefulsets", "replicasets")),
    ("batch/v1", ("jobs", "cronjobs", "jobs/status")),
    ("coordination.k8s.io/v1", ("leases",)),
    ("events.k8s.io/v1", ("events",)),
    ("rbac.authorization.k8s.io/v1", ("roles", "rolebindings", "clusterroles")),
    ("networking.k8s.io/v1", ("ingresses", "networkpolicies")),
    ("apiextensions.k8s.io/v1", ("customresourcedefinitions", "customresourcedefinitions/status")),
)


def _same(entry):
    """Verbs have no order, and the hash of a version's storage is the server's own."""
    kept = {key: value for key, value in entry.items() if key != "storageVersionHash"}
    return kept | {"verbs": sorted(kept.get("verbs", []))}


def the_resources_of_our_groups_are_described_alike(api):
    for group, names in OURS:
        path = f"/api/{group}" if "/" not in group else f"/apis/{group}"
        listed = {entry["name"]: _same(entry) for entry in api.peek(path)["resources"]}
        api.write_down(path, {name: listed.get(name) for name in names})


def the_resources_of_a_new_kind(api):
    listed = api.peek("/apis/toys.test/v1")
    listed["resources"] = [_same(entry) for entry in listed["resources"]]
    api.write_down("/apis/toys.test/v1", listed)
    api.get("/apis/toys.test")


def groups_are_listed_with_their_versions(api):
    groups = {group["name"]: group for group in api.peek("/apis")["groups"]}
    for name in ("apps", "batch", "toys.test", "coordination.k8s.io", "rbac.authorization.k8s.io"):
        api.write_down(name, groups.get(name))
    api.get("/apis/apps")


def aggregated_discovery_tells_the_same(api):
    answer = api.send("GET", "/apis", None, {}, None, AGGREGATED)
    kind = answer.headers.get("Content-Type")
    groups = {item["metadata"]["name"]: item for item in api.parsed(answer)["items"]}
    toys = groups["toys.test"]
    for version in toys["versions"]:
        version["resources"] = [
            _same(resource)
            | {"subresources": [_same(sub) for sub in resource.get("subresources", [])]}
            for resource in version["resources"]
        ]
    api.write_down("aggregated", {"type": kind, "toys": toys})


def the_core_version_is_v1(api):
    api.write_down("/api", api.peek("/api")["versions"])


def a_version_has_its_members(api):
    version = api.peek("/version")
    api.write_down("/version", {key: version[key] for key in ("major", "minor")})
    api.write_down("members", sorted(version))


def servers_are_healthy(api):
    for path in ("/healthz", "/livez", "/readyz"):
        api.get(path)


def documents_are_there_for_each_group(api):
    paths = api.peek("/openapi/v3")["paths"]
    wanted = ("api/v1", "apis/apps/v1", "apis/toys.test/v1", "apis/events.k8s.io/v1")
    api.write_down("index", {path: path in paths for path in wanted})
    for path in wanted:
        doc = api.peek("/openapi/v3/" + path)
        api.write_down(path, {"openapi": doc["openapi"], "members": sorted(set(doc) & {"info", "paths", "components"})})


def a_kind_is_found_in_its_document(api):
    doc = api.peek("/openapi/v3/apis/toys.test/v1")
    schema = doc["components"]["schemas"]["test.toys.v1.Toy"]
    api.write_down("gvk", schema["x-kubernetes-group-version-kind"])
    api.write_down("size", schema["properties"]["spec"]["properties"]["size"])
    api.write_down("required", schema["properties"]["spec"]["required"])


def documents_of_built_in_kinds_are_open(api):
    with api.differs("Documents of OpenAPI", "spec"):
        doc = api.peek("/openapi/v3/api/v1")
        pod = doc["components"]["schemas"]["io.k8s.api.core.v1.Pod"]
        api.write_down("pod", {"kind": pod["x-kubernetes-group-version-kind"], "spec": pod["properties"].get("spec")})


def reviews_are_answered(api):
    ask = {"spec": {"resourceAttributes": {"verb": "get", "resource": "pods", "namespace": api.ns}}}
    made = api.peek(
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
        "POST",
        {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview"} | ask,
    )
    api.write_down("allowed", made["status"]["allowed"])
    token = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenReview",
        "spec": {"token": "nobody's"},
    }
    made = api.peek("/apis/authentication.k8s.io/v1/tokenreviews", "POST", token)
    api.write_down("kind", made["kind"])


def definitions_are_listed(api):
    api.get(f"{CRDS}/nobody.toys.test")
