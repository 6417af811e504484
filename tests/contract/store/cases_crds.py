"""CustomResourceDefinitions: made, changed, refused, gone."""

import copy

from toys import CRD, CRDS


def _definition(api, plural, **names):
    crd = copy.deepcopy(CRD)
    group = f"g{api.ns}.test"
    crd["metadata"]["name"] = f"{plural}.{group}"
    crd["spec"]["group"] = group
    crd["spec"]["names"] = {"plural": plural, "kind": plural[:-1].capitalize()} | names
    return crd


def _established(api, name):
    def ready():
        conditions = api.peek(f"{CRDS}/{name}").get("status", {}).get("conditions") or []
        return {"Established": "True"}.items() <= {c["type"]: c["status"] for c in conditions}.items()

    api.wait(ready)


def _made(api, crd):
    made = api.peek(CRDS, "POST", crd)
    assert made["kind"] == "CustomResourceDefinition", made
    _established(api, crd["metadata"]["name"])
    version = crd["spec"]["versions"][0]["name"]
    where = f"/apis/{crd['spec']['group']}/{version}/{crd['spec']['names']['plural']}"
    api.wait(lambda: "items" in api.peek(where))
    return where.replace(f"/{version}/", f"/{version}/namespaces/{{ns}}/")


def _gone(api, crd):
    api.peek(f"{CRDS}/{crd['metadata']['name']}", "DELETE")
    api.wait_gone(f"{CRDS}/{crd['metadata']['name']}")


def a_definition_is_established(api):
    crd = _definition(api, "dolls")
    _made(api, crd)
    got = api.peek(f"{CRDS}/{crd['metadata']['name']}")
    api.write_down("names", [got["spec"]["names"], got["status"]["acceptedNames"]])
    api.write_down("conditions", {c["type"]: [c["status"], c["reason"], c["message"]] for c in got["status"]["conditions"]})
    api.write_down("stored", got["status"]["storedVersions"])
    _gone(api, crd)


def objects_go_with_their_definition(api):
    crd = _definition(api, "dolls")
    where = _made(api, crd)
    doll = {"apiVersion": f"{crd['spec']['group']}/v1", "kind": "Doll", "metadata": {"name": "a"}, "spec": {"size": 1}}
    api.post(where, doll)
    _gone(api, crd)
    api.wait(lambda: not isinstance(api.peek(where), dict))
    api.get(where)


def a_definition_can_get_more_fields(api):
    crd = _definition(api, "dolls")
    where = _made(api, crd)
    doll = {"apiVersion": f"{crd['spec']['group']}/v1", "kind": "Doll", "metadata": {"name": "a"}, "spec": {"size": 1, "extra": 1}}
    api.post(where, doll)
    name = crd["metadata"]["name"]
    live = api.peek(f"{CRDS}/{name}")
    spec = live["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    spec["properties"]["extra"] = {"type": "integer"}
    api.peek(f"{CRDS}/{name}", "PUT", live)
    patch = {"spec": {"extra": 5}}
    api.wait(lambda: api.peek(f"{where}/a", "PATCH", patch, "application/merge-patch+json")["spec"].get("extra") == 5)
    api.get(f"{where}/a")
    _gone(api, crd)


def columns_can_change(api):
    crd = _definition(api, "dolls")
    where = _made(api, crd)
    name = crd["metadata"]["name"]
    live = api.peek(f"{CRDS}/{name}")
    live["spec"]["versions"][0]["additionalPrinterColumns"] = [
        {"name": "Other", "type": "string", "jsonPath": ".spec.colour"}
    ]
    api.peek(f"{CRDS}/{name}", "PUT", live)
    table = "application/json;as=Table;v=v1;g=meta.k8s.io"

    def names():
        seen = api.parsed(api.send("GET", where, None, {}, None, table))
        return [column["name"] for column in seen.get("columnDefinitions", [])]

    api.wait(lambda: names() == ["Name", "Other"])
    api.write_down("columns", names())
    _gone(api, crd)


def names_that_are_taken(api):
    one = _definition(api, "dolls", shortNames=["dl"])
    two = _definition(api, "puppets", kind="Doll", shortNames=["dl"])
    _made(api, one)
    api.peek(CRDS, "POST", two)
    path = f"{CRDS}/{two['metadata']['name']}"
    api.wait(lambda: api.peek(path)["status"].get("conditions"))
    got = api.peek(path)["status"]
    api.write_down("conditions", {c["type"]: [c["status"], c["reason"], c["message"]] for c in got["conditions"]})
    api.write_down("accepted", got["acceptedNames"])
    _gone(api, two)
    _gone(api, one)


def definitions_that_are_invalid(api):
    def without(*path):
        crd = _definition(api, "dolls")
        at = crd
        for step in path[:-1]:
            at = at[step]
        del at[path[-1]]
        return crd

    api.post(CRDS, without("spec", "group"))
    api.post(CRDS, without("spec", "names", "plural"))
    api.post(CRDS, without("spec", "names", "kind"))
    crd = without("spec", "versions", 0, "schema")
    del crd["spec"]["versions"][0]["selectableFields"]
    api.post(CRDS, crd)
    crd = _definition(api, "dolls")
    crd["metadata"]["name"] = "other.name"
    api.post(CRDS, crd)
    crd = _definition(api, "dolls")
    crd["spec"]["scope"] = "Everywhere"
    api.post(CRDS, crd)


def schemas_that_are_not_structural(api):
    for schema in (
        {"properties": {"spec": {"type": "object"}}},
        {"type": "object", "properties": {"spec": {"properties": {"a": {"type": "string"}}}}},
        {"type": "object", "properties": {"spec": {"type": "array"}}},
        {"type": "object", "properties": {"spec": {"type": "text"}}},
    ):
        crd = _definition(api, "dolls")
        crd["spec"]["versions"][0]["selectableFields"] = []
        crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"] = schema
        api.post(CRDS, crd)


def what_a_definition_cannot_change(api):
    crd = _definition(api, "dolls")
    _made(api, crd)
    path = f"{CRDS}/{crd['metadata']['name']}"
    api.patch(path, {"spec": {"scope": "Cluster"}})
    api.patch(path, {"spec": {"names": {"kind": "Other"}}})
    api.patch(path, {"spec": {"group": "else.test"}})
    _gone(api, crd)


def a_cluster_wide_kind(api):
    crd = _definition(api, "dolls")
    crd["spec"]["scope"] = "Cluster"
    where = _made(api, crd).replace("/namespaces/{ns}", "")
    doll = {"apiVersion": f"{crd['spec']['group']}/v1", "kind": "Doll", "metadata": {"name": "a"}, "spec": {"size": 1}}
    api.post(where, doll)
    api.get(f"{where}/a")
    api.get(where.replace("/v1/", "/v1/namespaces/{ns}/") + "/a")
    doll["metadata"]["namespace"] = api.ns
    api.post(where, doll)
    _gone(api, crd)


def a_kind_without_status(api):
    crd = _definition(api, "dolls")
    version = crd["spec"]["versions"][0]
    del version["subresources"]
    where = _made(api, crd)
    doll = {"apiVersion": f"{crd['spec']['group']}/v1", "kind": "Doll", "metadata": {"name": "a"}, "spec": {"size": 1}, "status": {"mood": "glad"}}
    api.post(where, doll)
    api.get(f"{where}/a/status")
    api.patch(f"{where}/a", {"status": {"mood": "sad"}})
    _gone(api, crd)
