"""Lists: limits, continuing, versions, selectors, forms."""

from recorder import METADATA, METADATA_LIST, TABLE
from toys import ALL_TOYS, CONFIGMAPS, TOYS, configmap, toy


def _some(api, names="abcde"):
    made = [
        api.peek(TOYS, "POST", toy(name, {"even": str(i % 2 == 0).lower(), "n": str(i)}))
        for i, name in enumerate(names)
    ]
    return [one["metadata"]["resourceVersion"] for one in made]


def an_empty_list(api):
    api.get(TOYS)
    api.get(CONFIGMAPS, labelSelector="nobody=has")


def a_list_is_in_the_order_of_names(api):
    for name in ("b", "a-1", "a", "a.b", "c", "10", "9"):
        api.peek(TOYS, "POST", toy(name))
    api.get(TOYS)


def a_list_of_a_built_in_kind(api):
    for name in ("b", "a"):
        body = configmap(name, x="1")
        body["metadata"]["labels"] = {"mine": "yes"}
        api.post(CONFIGMAPS, body)
    api.get(CONFIGMAPS, labelSelector="mine")


def a_list_of_all_namespaces(api):
    body = toy("a", {"run": api.ns})
    api.post(TOYS, body)
    api.get(ALL_TOYS, labelSelector=f"run={api.ns}")
    api.get("/apis/toys.test/v1/namespaces/not-there/toys")


def a_list_by_pages(api):
    _some(api)
    page = api.get(TOYS, limit=2)
    page = api.get(TOYS, limit=2, **{"continue": page["metadata"]["continue"]})
    api.get(TOYS, limit=2, **{"continue": page["metadata"]["continue"]})
    api.get(TOYS, limit=5)
    api.get(TOYS, limit=4)


def pages_are_of_one_version(api):
    _some(api)
    page = api.get(TOYS, limit=2)
    token = page["metadata"]["continue"]
    api.delete(f"{TOYS}/c")
    api.post(TOYS, toy("ca"))
    api.patch(f"{TOYS}/d", {"spec": {"size": 9}})
    api.get(TOYS, limit=10, **{"continue": token})
    api.get(TOYS)


def pages_of_what_is_selected(api):
    _some(api)
    page = api.get(TOYS, limit=1, labelSelector="even=true")
    token = page["metadata"]["continue"]
    api.get(TOYS, limit=1, labelSelector="even=true", **{"continue": token})
    api.get(TOYS, limit=3, labelSelector="even=true")


def tokens_that_are_none(api):
    _some(api, "ab")
    for token in ("x", "e30", "!!", "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MCwic3RhcnQiOiIifQ"):
        api.get(TOYS, limit=1, **{"continue": token})


def a_token_with_a_version(api):
    _some(api, "abc")
    page = api.get(TOYS, limit=1)
    token = page["metadata"]["continue"]
    version = page["metadata"]["resourceVersion"]
    api.get(TOYS, limit=1, resourceVersion=version, **{"continue": token})
    api.get(TOYS, limit=1, resourceVersion=0, **{"continue": token})
    api.get(
        TOYS,
        limit=1,
        resourceVersion=version,
        resourceVersionMatch="Exact",
        **{"continue": token},
    )


def limits_that_are_none(api):
    _some(api, "ab")
    for limit in ("x", "-1", "1.5", "", "99999999999999999999", "0"):
        api.get(TOYS, limit=limit)


def a_list_at_a_version(api):
    versions = _some(api, "abc")
    api.get(TOYS, resourceVersion=versions[1], resourceVersionMatch="Exact")
    api.get(TOYS, resourceVersion=versions[1], resourceVersionMatch="NotOlderThan")
    api.get(TOYS, resourceVersion=versions[1])
    api.get(TOYS, resourceVersion=versions[2], resourceVersionMatch="Exact", limit=1)
    api.get(TOYS, resourceVersion=versions[1], limit=1)


def a_list_from_the_cache(api):
    versions = _some(api, "ab")
    api.wait(
        lambda: len(api.peek(TOYS, resourceVersion=versions[1]).get("items", [])) == 2
    )
    api.get(TOYS, resourceVersion=0)
    api.get(TOYS, resourceVersion=0, resourceVersionMatch="NotOlderThan")
    api.get(TOYS, resourceVersion=0, limit=1)


def versions_and_matches_that_do_not_fit(api):
    versions = _some(api, "a")
    api.get(TOYS, resourceVersionMatch="Exact")
    api.get(TOYS, resourceVersionMatch="Sometimes", resourceVersion=versions[0])
    api.get(TOYS, resourceVersionMatch="Exact", resourceVersion=0)
    api.get(TOYS, resourceVersionMatch="Sometimes")
    for version in ("x", "-1", "1.5"):
        api.get(TOYS, resourceVersion=version)
    api.get(TOYS, sendInitialEvents="true")


def an_old_version_of_one_object(api):
    versions = _some(api, "a")
    api.get(f"{TOYS}/a", resourceVersion=versions[0])
    api.get(f"{TOYS}/a", resourceVersion=0)
    api.get(f"{TOYS}/a", resourceVersion="x")


def label_selectors(api):
    _some(api)
    for selector in (
        "even=true",
        "even==false",
        "even!=true",
        "even in (true)",
        "even notin (true)",
        "n in (1,3),even",
        "!even",
        "!other",
        "n>2",
        "n<2",
        "n>x",
        "",
    ):
        api.get(TOYS, labelSelector=selector)


def label_selectors_that_cannot_be_read(api):
    for selector in ("a in", "a in (", "a in (b", "=b", "a=b c", ",", "a b", "a in ()", "a=b,", "!", "-a", "a=b/c"):
        api.get(TOYS, labelSelector=selector)


def field_selectors(api):
    _some(api, "abc")
    api.peek(TOYS, "POST", toy("green", colour="green"))
    for selector in (
        "metadata.name=b",
        "metadata.name!=b",
        "metadata.name==b,metadata.namespace=elsewhere",
        "spec.colour=green",
        "spec.colour!=green",
        "spec.colour=",
        "metadata.name=nobody",
        "",
    ):
        api.get(TOYS, fieldSelector=selector)


def field_selectors_that_nobody_knows(api):
    for selector in ("spec.size=1", "x", "metadata.name", "metadata.labels.a=b", "a=b=c", "spec.colour>1"):
        api.get(TOYS, fieldSelector=selector)
    for selector in ("data.x=1", "metadata.uid=1", "x"):
        api.get(CONFIGMAPS, fieldSelector=selector)


def both_selectors_at_once(api):
    _some(api)
    api.get(TOYS, labelSelector="even=true", fieldSelector="metadata.name!=a")


def a_list_as_a_table(api):
    _some(api, "ab")
    with api.differs("Descriptions of columns", "body.columnDefinitions.0.description"):
        api.ask("GET", TOYS, accept=TABLE)
        api.ask("GET", TOYS, accept=TABLE, query={"includeObject": "None"})
        api.ask("GET", TOYS, accept=TABLE, query={"includeObject": "Object"})
        api.ask("GET", TOYS, accept=TABLE, query={"limit": 1})
        api.ask("GET", f"{TOYS}/a", accept=TABLE)
    api.ask("GET", TOYS, accept=TABLE, query={"includeObject": "All"})


def an_empty_table(api):
    with api.differs("Descriptions of columns", "body.columnDefinitions.0.description"):
        api.ask("GET", TOYS, accept=TABLE)


def a_list_of_metadata_only(api):
    _some(api, "ab")
    api.ask("GET", TOYS, accept=METADATA_LIST)
    api.ask("GET", TOYS, accept=METADATA_LIST, query={"limit": 1})
    api.ask("GET", f"{TOYS}/a", accept=METADATA)


def forms_that_are_not_there(api):
    _some(api, "a")
    with api.differs("Forms of bodies and answers", "body.message"):
        for accept in (
            "application/xml",
            "text/html",
            "application/json;as=Table;v=v2;g=meta.k8s.io",
            "application/json;as=Chair;v=v1;g=meta.k8s.io",
        ):
            api.ask("GET", f"{TOYS}/a", accept=accept)
    for accept in (
        "application/xml,application/json",
        "*/*",
        "application/*",
        "application/json;q=0.5, */*;q=0.1",
    ):
        api.ask("GET", f"{TOYS}/a", accept=accept)


def a_write_answered_as_a_table(api):
    with api.differs("Descriptions of columns", "body.columnDefinitions.0.description"):
        api.ask("POST", TOYS, body=toy(), accept=TABLE)
    api.ask("PUT", f"{TOYS}/a", body=toy(), accept=METADATA)
    api.ask("POST", TOYS, body=toy(), accept=TABLE)
    api.ask("GET", f"{TOYS}/nobody", accept=TABLE)


def a_list_of_a_version_of_the_future(api):
    api.get(TOYS, resourceVersion="4000000000", resourceVersionMatch="Exact")
