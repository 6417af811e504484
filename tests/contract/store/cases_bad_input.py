"""What nobody should send."""

from toys import CONFIGMAPS, TOYS, configmap, toy


def bodies_that_are_no_objects(api):
    for path in (TOYS, CONFIGMAPS):
        for body in ("", "[]", "5", '"x"', "true", "{"):
            api.post(path, body)


def bodies_that_are_no_json(api):
    with api.differs("Words of parsers", "body.message"):
        api.post(TOYS, "{bad")
        api.post(CONFIGMAPS, "{'a':1}")
        api.post(TOYS, '{"a":1}}')


def bodies_of_other_types(api):
    with api.differs("Forms of bodies and answers", "body.message"):
        for kind in ("text/plain", "application/xml", "application/x-www-form-urlencoded"):
            api.ask("POST", TOYS, body=toy(), content_type=kind)
            api.ask("POST", CONFIGMAPS, body=configmap(), content_type=kind)


def a_body_in_yaml(api):
    with api.differs("Forms of bodies and answers", "status", "body"):
        api.ask("POST", CONFIGMAPS, body="metadata:\n  name: a\n", content_type="application/yaml")


def json_with_a_character_set(api):
    api.ask("POST", TOYS, body=toy(), content_type="application/json; charset=utf-8")
    api.ask("POST", TOYS, body=toy("b"), content_type="")


def metadata_of_wrong_types(api):
    for member, value in (
        ("name", 5),
        ("labels", {"a": 5}),
        ("labels", "x"),
        ("annotations", {"a": True}),
        ("annotations", ["a"]),
        ("finalizers", "x"),
        ("finalizers", [5]),
        ("ownerReferences", "x"),
        ("generation", "x"),
        ("uid", 5),
        ("resourceVersion", 5),
    ):
        for path, body in ((TOYS, toy()), (CONFIGMAPS, configmap())):
            body["metadata"][member] = value
            api.post(path, body)


def metadata_that_is_no_object(api):
    for metadata in (5, "x", []):
        api.post(TOYS, toy() | {"metadata": metadata})
        api.post(CONFIGMAPS, configmap() | {"metadata": metadata})


def kinds_of_wrong_types(api):
    for member in ("kind", "apiVersion"):
        for value in (5, True, []):
            api.post(TOYS, toy() | {member: value})


def options_that_are_none(api):
    api.post(TOYS, toy(), dryRun="None", fieldValidation="No", fieldManager="x" * 129)
    api.post(TOYS, toy(), unknown="option")
    api.get(TOYS, unknown="option", limit="")
    api.post(TOYS, toy("b"), dryRun="")
    made = api.peek(f"{TOYS}/a")
    api.put(f"{TOYS}/a", made, dryRun="None")
    api.patch(f"{TOYS}/a", {}, fieldValidation="No")


def paths_that_lead_nowhere(api):
    for path in (
        "/nothing",
        "/api/v2",
        "/api/v2/namespaces",
        "/api/v1/dolls",
        "/apis/nobody.test",
        "/apis/nobody.test/v1",
        "/apis/toys.test/v2",
        "/apis/toys.test/v1/dolls",
        "/apis/apps/v9",
        "/apis/apps/v1/dolls",
        "/openapi/v2/x",
    ):
        api.get(path)


def methods_that_nobody_has(api):
    api.ask("DELETE", "/version")
    api.ask("POST", "/api/v1", body={})
    api.ask("BREW", TOYS)
    api.ask("PUT", "/apis/toys.test/v1/toys/a", body=toy())
    api.ask("DELETE", "/apis/toys.test/v1/toys")
    api.ask("POST", f"{TOYS}/a/status", body=toy())
    api.get("/apis/toys.test/v1/toys/a")
    api.get(f"{TOYS}/a/scale")


def nesting_that_is_deep_but_fine(api):
    value = {"x": 1}
    for _ in range(40):
        value = {"x": value}
    api.post(TOYS, toy(anything=value))


def nesting_that_is_too_deep(api):
    deep = '{"apiVersion":"toys.test/v1","kind":"Toy","metadata":{"name":"a"},"spec":{"size":1,"anything":%s}}'
    with api.differs("Depth of objects", "status", "body"):
        api.post(TOYS, deep % ('{"x":' * 80 + "1" + "}" * 80))


def annotations_that_are_too_large(api):
    body = toy()
    body["metadata"]["annotations"] = {"a": "x" * (256 * 1024)}
    api.post(TOYS, body)


def a_config_map_that_is_too_large(api):
    api.post(CONFIGMAPS, configmap(x="x" * (1024 * 1024 + 1)))


def names_from_the_path_that_are_odd(api):
    for name in ("a%20b", "%C3%A4", "A", "x" * 300):
        api.get(f"{TOYS}/{name}")


def objects_beyond_the_limit_of_etcd(api):
    api.post(TOYS, toy(anything={"x": "y" * 1_400_000}))
    api.patch(f"{TOYS}/a", {"spec": {"anything": {"z": "y" * 300_000}}})
    api.post(TOYS, toy("b", anything={"x": "y" * 1_700_000}))
    api.get(f"{TOYS}/b")
