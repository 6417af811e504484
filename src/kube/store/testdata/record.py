#!/usr/bin/env python3
"""Asks a real API server what it says, and writes that beside what was asked. The tests hold the
store to it. record.py DIR, where `testcluster up --dir DIR` has just started (tests/cluster)."""

import json
import pathlib
import ssl
import sys
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).parent
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


class Server:
    def __init__(self, folder):
        self.ready = json.loads(pathlib.Path(folder, "ready.json").read_text())
        self.tls = ssl.create_default_context(cafile=self.ready["ca_file"])

    def call(self, method, path, body=None, content="application/json", accept="application/json"):
        request = urllib.request.Request(
            self.ready["server"] + path,
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={
                "Authorization": "Bearer " + self.ready["token"],
                "Content-Type": content,
                "Accept": accept,
            },
        )
        try:
            with urllib.request.urlopen(request, context=self.tls) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            text = error.read().decode()
            is_json = text.startswith("{")
            return error.code, json.loads(text) if is_json else {"message": text}

    def until(self, done, what):
        for _ in range(100):
            if done():
                return
            time.sleep(0.2)
        raise SystemExit(f"record.py: {what} did not happen in 20 s")


def dump(name, rows):
    """One row a line, so that changes can be read."""
    lines = ",\n".join(json.dumps(row, ensure_ascii=False, sort_keys=True) for row in rows)
    (HERE / name).write_text(f"[\n{lines}\n]\n")


def merged(base, patch):
    if not isinstance(patch, dict) or not isinstance(base, dict):
        return patch
    result = dict(base)
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(base.get(key), value)
    return result


def unknown_fields(message):
    marker = 'unknown field "'
    return [part.split('"')[0] for part in message.split(marker)[1:]]


def record_objects(server):
    """What becomes of objects of a CRD. Old ones are stored under a schema that forbids nothing."""
    crd = json.loads((HERE / "toy_crd.json").read_text())
    cases = json.loads((HERE / "toy_cases.json").read_text())
    group = crd["spec"]["group"]
    head = {"apiVersion": group + "/v1", "kind": "Toy"}
    path = f"/apis/{group}/v1/namespaces/default/toys"
    lax = json.loads(json.dumps(crd))
    lax["spec"]["versions"][0]["schema"]["openAPIV3Schema"] = {
        "type": "object",
        "x-kubernetes-preserve-unknown-fields": True,
    }
    del lax["spec"]["versions"][0]["subresources"]
    server.call("DELETE", f"{CRDS}/{crd['metadata']['name']}")
    server.until(lambda: server.call("GET", path)[0] == 404, "the end of the old CRD")
    server.until(lambda: server.call("POST", CRDS, lax)[0] == 201, "a new CRD")
    server.until(lambda: server.call("GET", path)[0] == 200, "serving the CRD")
    for number, case in enumerate(cases):
        case.pop("causes", None), case.pop("stored", None), case.pop("unknown", None)
        if "old" in case:
            old = {**head, "metadata": {"name": f"toy-{number}"}, **case["old"]}
            code, answer = server.call("POST", path, old)
            assert code == 201, answer
    name = f"{CRDS}/{crd['metadata']['name']}"
    crd["metadata"]["resourceVersion"] = server.call("GET", name)[1]["metadata"]["resourceVersion"]
    server.until(lambda: server.call("PUT", name, crd)[0] == 200, "the strict CRD")
    bad = {**head, "metadata": {"name": "bad"}, "spec": {}}
    server.until(
        lambda: server.call("POST", path + "?dryRun=All", bad)[0] == 422, "the strict schema"
    )
    for number, case in enumerate(cases):
        record_object(server, path, head, f"toy-{number}", case)
    dump("toy_cases.json", cases)


def record_object(server, path, head, name, case):
    sent = {**head, "metadata": {"name": name}, **case["object"]}
    method, where = "POST", path
    if "old" in case:
        old = server.call("GET", f"{path}/{name}")[1]
        sent["metadata"] = old["metadata"]
        case["old"] = {key: old[key] for key in ("spec", "status") if key in old}
        method, where = "PUT", "/".join(filter(None, [path, name, case.get("subresource")]))
    code, answer = server.call(method, where + "?dryRun=All", sent)
    if code == 422:
        case["causes"] = answer["details"]["causes"]
    else:
        assert code in (200, 201), answer
        case["stored"] = {key: answer[key] for key in ("spec", "status") if key in answer}
    code, answer = server.call(method, where + "?dryRun=All&fieldValidation=Strict", sent)
    if code == 400:
        case["unknown"] = unknown_fields(answer["message"])


def record_crds(server):
    """What is wrong with CRDs. `crd` is a merge patch of a good one."""
    base = json.loads((HERE / "good_crd.json").read_text())
    cases = json.loads((HERE / "crd_cases.json").read_text())
    for case in cases:
        case.pop("causes", None), case.pop("stored", None)
        if "kept_difference" in case:
            continue
        code, answer = server.call("POST", CRDS + "?dryRun=All", merged(base, case["crd"]))
        if code == 422:
            case["causes"] = answer["details"]["causes"]
        else:
            assert code == 201, (case, answer)
            case["stored"] = answer["spec"]
    dump("crd_cases.json", cases)


TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
TABLES = [
    "/api/v1/namespaces",
    "/api/v1/nodes",
    "/apis/rbac.authorization.k8s.io/v1/clusterroles?limit=2",
    "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings?limit=12",
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    "/apis/apps/v1/namespaces/tables/replicasets",
    "/apis/discovery.k8s.io/v1/namespaces/tables/endpointslices",
]
PLURALS = {"Ingress": "ingresses", "Namespace": "namespaces"}


def path_of(thing):
    group, version = ("/api", thing["apiVersion"])
    if "/" in version:
        group = "/apis"
    plural = PLURALS.get(thing["kind"], thing["kind"].lower() + "s")
    namespace = thing["metadata"].get("namespace")
    return f"{group}/{version}/" + (f"namespaces/{namespace}/" if namespace else "") + plural


def record_tables(server):
    """What `kubectl get` gets for many objects, as the controllers and kubelet left them."""
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "tables"}}
    server.until(lambda: server.call("POST", "/api/v1/namespaces", space)[0] == 201, "a namespace")
    paths = list(TABLES)
    for thing in json.loads((HERE / "table_objects.json").read_text()):
        path = path_of(thing)
        server.until(lambda: server.call("POST", path, thing)[0] in (201, 409), f"{path} {thing}")
        if "status" in thing:
            name = f"{path}/{thing['metadata']['name']}/status"
            patch = {"status": thing["status"]}
            code, answer = server.call("PATCH", name, patch, "application/merge-patch+json")
            assert code == 200, answer
        if "namespace" in thing["metadata"] and path not in paths:
            paths.append(path)
    server.call("DELETE", "/api/v1/namespaces/tables/pods/deleting")
    time.sleep(70)  # for a restart, a tick of the CronJob, and ages of more than a minute
    dump("table_cases.json", [record_table(server, path) for path in paths])


def record_table(server, path):
    now = time.time()
    table = server.call("GET", path, accept=TABLE)[1]
    items = server.call("GET", path)[1]["items"]
    for item in items:
        item["metadata"].pop("managedFields", None)
        item.get("metadata").get("annotations", {}).pop(
            "kubectl.kubernetes.io/last-applied-configuration", None
        )
        if path.endswith("customresourcedefinitions"):
            item.pop("spec"), item.pop("status")
        if path.endswith("nodes"):
            item["status"].pop("images", None)
    columns = [[c["name"], c["type"], c["format"], c["priority"]] for c in table["columnDefinitions"]]
    rows = [{key: row[key] for key in ("cells", "conditions") if key in row} for row in table["rows"]]
    if path.endswith("events"):  # there are hundreds: one of each reason
        first = {item["reason"]: number for number, item in reversed(list(enumerate(items)))}
        kept = sorted({*first.values(), *(n for n, i in enumerate(items) if "series" in i)})
        items, rows = [items[n] for n in kept], [rows[n] for n in kept]
    return {"path": path, "now": now, "objects": items, "columns": columns, "rows": rows}


if __name__ == "__main__":
    api = Server(sys.argv[1])
    record_objects(api)
    record_crds(api)
    record_tables(api)
