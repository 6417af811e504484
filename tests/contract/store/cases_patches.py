"""Patches: JSON patch, merge patch, strategic merge patch."""

from recorder import APPLY, JSON_PATCH, MERGE, STRATEGIC
from toys import CONFIGMAPS, DEPLOYMENTS, PODS, SERVICES, TOYS, configmap, deployment, pod, service, toy


# What the allocator of addresses adds.
ADDRESSES = [f"body.spec.{name}" for name in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy")]


def _patches(api, path, patches, kind=JSON_PATCH):
    for patch in patches:
        api.patch(path, patch, kind)


def a_json_patch_has_six_verbs(api):
    api.post(TOYS, toy(notes=["x"], limits={"a": 1}))
    _patches(
        api,
        f"{TOYS}/a",
        [
            [{"op": "add", "path": "/spec/limits/b", "value": 2}],
            [{"op": "remove", "path": "/spec/limits/a"}],
            [{"op": "replace", "path": "/spec/limits/b", "value": 3}],
            [{"op": "copy", "from": "/spec/limits/b", "path": "/spec/limits/c"}],
            [{"op": "move", "from": "/spec/limits/b", "path": "/spec/limits/d"}],
            [{"op": "test", "path": "/spec/limits/d", "value": 3}],
        ],
    )


def places_in_lists(api):
    api.post(TOYS, toy(notes=["x", "y"]))
    _patches(
        api,
        f"{TOYS}/a",
        [
            [{"op": "add", "path": "/spec/notes/0", "value": "first"}],
            [{"op": "add", "path": "/spec/notes/3", "value": "last"}],
            [{"op": "add", "path": "/spec/notes/9", "value": "far"}],
            [{"op": "add", "path": "/spec/notes/-1", "value": "back"}],
            [{"op": "add", "path": "/spec/notes/x", "value": "word"}],
            [{"op": "remove", "path": "/spec/notes/7"}],
            [{"op": "remove", "path": "/spec/notes/-"}],
            [{"op": "replace", "path": "/spec/notes/1", "value": "second"}],
        ],
    )


def names_with_slashes_and_tildes(api):
    api.post(TOYS, toy())
    _patches(
        api,
        f"{TOYS}/a",
        [
            [{"op": "add", "path": "/metadata/annotations", "value": {}}],
            [{"op": "add", "path": "/metadata/annotations/toys.test~1x", "value": "1"}],
            [{"op": "add", "path": "/metadata/annotations", "value": {"toys.test/y": "2"}}],
            [{"op": "replace", "path": "/metadata/annotations/toys.test~1y", "value": "3"}],
            [{"op": "remove", "path": "/metadata/annotations/toys.test~0y"}],
        ],
    )


def json_patches_that_cannot_be_read(api):
    api.post(TOYS, toy())
    _patches(
        api,
        f"{TOYS}/a",
        [
            {"op": "add"},
            [{"path": "/spec/size", "value": 2}],
            [{"op": "add", "value": 2}],
            [{"op": "copy", "path": "/spec/size"}],
            [],
        ],
    )
    with api.differs("Paths of patches without a slash", "status", "body", "warnings"):
        api.patch(f"{TOYS}/a", [{"op": "add", "path": "spec/size", "value": 2}], JSON_PATCH)


def a_json_patch_is_all_or_nothing(api):
    api.post(TOYS, toy())
    api.patch(
        f"{TOYS}/a",
        [
            {"op": "replace", "path": "/spec/size", "value": 9},
            {"op": "test", "path": "/spec/colour", "value": "green"},
        ],
        JSON_PATCH,
    )
    api.get(f"{TOYS}/a")


def a_json_patch_can_guard_its_version(api):
    made = api.post(TOYS, toy())
    version = made["metadata"]["resourceVersion"]
    for guard in (version, "1"):
        api.patch(
            f"{TOYS}/a",
            [
                {"op": "test", "path": "/metadata/resourceVersion", "value": guard},
                {"op": "replace", "path": "/spec/size", "value": 3},
            ],
            JSON_PATCH,
        )
    api.patch(
        f"{TOYS}/a",
        [{"op": "replace", "path": "/metadata/resourceVersion", "value": version}],
        JSON_PATCH,
    )


def a_merge_patch_replaces_lists_and_removes_nulls(api):
    api.post(TOYS, toy(parts=[{"name": "a"}, {"name": "b"}], limits={"a": 1, "b": 2}))
    _patches(
        api,
        f"{TOYS}/a",
        [
            {"spec": {"parts": [{"name": "c"}]}},
            {"spec": {"limits": {"a": None, "c": 3}}},
            {"spec": {"limits": None}},
            {"metadata": {"labels": {"x": "y"}, "annotations": {"p": "q"}}},
            {"metadata": {"labels": None}},
            {"metadata": {"annotations": {"p": None}}},
            {},
        ],
        MERGE,
    )


def merge_patches_that_cannot_be_read(api):
    api.post(TOYS, toy())
    _patches(api, f"{TOYS}/a", ["[]", "5", "null", "{", '{"spec":', ""], MERGE)


def a_merge_patch_of_a_config_map(api):
    api.post(CONFIGMAPS, configmap(x="1", y="2"))
    _patches(
        api,
        f"{CONFIGMAPS}/a",
        [{"data": {"x": "3", "y": None, "z": ""}}, {"data": None}],
        MERGE,
    )
    with api.differs("Members of built-in kinds", "status", "body"):
        api.patch(f"{CONFIGMAPS}/a", {"data": {"a": 5}})


def a_patch_cannot_make_another_kind(api):
    api.post(TOYS, toy())
    api.patch(f"{TOYS}/a", {"kind": "Doll"})
    with api.differs("Patches of kind and version", "warnings"):
        api.patch(f"{TOYS}/a", {"apiVersion": "toys.test/v2"})
    with api.differs("Patches of kind and version", "status", "body"):
        api.patch(f"{TOYS}/a", {"kind": None})
    api.patch(f"{TOYS}/a", {"metadata": None})
    api.post(CONFIGMAPS, configmap())
    with api.differs("Patches of kind and version", "status", "body"):
        api.patch(f"{CONFIGMAPS}/a", {"kind": "Secret"})


def patch_types_and_kinds(api):
    api.post(TOYS, toy())
    api.post(CONFIGMAPS, configmap())
    for path in (f"{TOYS}/a", f"{CONFIGMAPS}/a"):
        for kind in ("application/json", "text/plain", "", "application/merge-patch+json; charset=utf-8"):
            api.patch(path, {"metadata": {"labels": {"a": "b"}}}, kind)


def a_status_patch_is_about_status_only(api):
    api.post(TOYS, toy())
    api.patch(
        f"{TOYS}/a/status",
        {"spec": {"size": 9}, "status": {"mood": "glad"}, "metadata": {"labels": {"x": "y"}}},
    )
    api.patch(f"{TOYS}/a", {"spec": {"size": 8}, "status": {"mood": "sad"}})
    api.patch(f"{TOYS}/a/status", [{"op": "remove", "path": "/status/mood"}], JSON_PATCH)
    api.get(f"{TOYS}/a")


def a_patch_of_what_is_not_there(api):
    api.patch(f"{TOYS}/nobody", {"spec": {}}, MERGE)
    api.patch(f"{CONFIGMAPS}/nobody", {"data": {}}, STRATEGIC)
    api.patch(f"{TOYS}/nobody", [], JSON_PATCH)


def a_dry_run_of_a_patch(api):
    api.post(TOYS, toy())
    api.patch(f"{TOYS}/a", {"spec": {"size": 7}}, dryRun="All")
    api.patch(f"{TOYS}/a", {"spec": {"size": -7}}, dryRun="All")
    api.get(f"{TOYS}/a")


def force_is_for_applies(api):
    api.post(TOYS, toy())
    api.patch(f"{TOYS}/a", {"spec": {"size": 7}}, force="true")


def a_strategic_patch_merges_containers_by_name(api):
    api.peek(PODS, "POST", pod())
    wanted = {
        "spec": {"containers": [{"name": "main", "image": "new"}]},
        "metadata": {"labels": {"x": "y"}},
    }
    for patch in (wanted, {"metadata": {"labels": {"x": None}}}):
        changed = api.peek(f"{PODS}/a", "PATCH", patch, STRATEGIC)
        images = [(one["name"], one["image"]) for one in changed["spec"]["containers"]]
        api.write_down("pod", [changed["metadata"]["labels"], images])


def a_strategic_patch_of_a_deployment(api):
    api.peek(DEPLOYMENTS, "POST", deployment(replicas=0))
    main = {"name": "main", "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]}
    for patch in (
        {"spec": {"template": {"spec": {"containers": [main]}}}},
        {
            "spec": {
                "template": {
                    "spec": {
                        "containers": [
                            {"name": "main", "env": [{"name": "A", "$patch": "delete"}]}
                        ]
                    }
                }
            }
        },
        {"spec": {"template": {"spec": {"containers": [{"name": "side", "image": "side"}]}}}},
        {"spec": {"replicas": None}},
    ):
        changed = api.peek(f"{DEPLOYMENTS}/a", "PATCH", patch, STRATEGIC)
        api.write_down("deployment", changed["spec"])


def a_strategic_patch_of_a_service(api):
    api.peek(SERVICES, "POST", service())
    for ports in (
        [{"port": 81, "name": "more", "protocol": "TCP"}],
        [{"port": 80, "name": "web", "targetPort": 8080, "protocol": "TCP"}],
        [{"port": 81, "$patch": "delete"}],
    ):
        with api.differs("Cluster addresses", *ADDRESSES):
            api.patch(f"{SERVICES}/a", {"spec": {"ports": ports}}, STRATEGIC)


def directives_of_strategic_patches(api):
    api.post(CONFIGMAPS, configmap(x="1", y="2"))
    _patches(
        api,
        f"{CONFIGMAPS}/a",
        [
            {"data": {"$patch": "replace", "z": "3"}},
            {"metadata": {"finalizers": ["toys.test/a", "toys.test/b"]}},
            {"metadata": {"$deleteFromPrimitiveList/finalizers": ["toys.test/a"]}},
            {"data": {"$patch": "fly"}},
            {"metadata": {"finalizers": None}},
        ],
        STRATEGIC,
    )


def a_strategic_patch_of_the_wrong_shape(api):
    api.post(CONFIGMAPS, configmap(x="1"))
    with api.differs("Words of parsers", "body.message"):
        api.patch(f"{CONFIGMAPS}/a", "[]", STRATEGIC)
        api.patch(f"{CONFIGMAPS}/a", "{", STRATEGIC)
    with api.differs("Members of built-in kinds", "status", "body"):
        api.patch(f"{CONFIGMAPS}/a", {"data": "x"}, STRATEGIC)


def a_patch_that_ends_what_is_being_deleted(api):
    body = toy()
    body["metadata"]["finalizers"] = ["toys.test/hold"]
    api.post(TOYS, body)
    api.delete(f"{TOYS}/a")
    api.patch(f"{TOYS}/a", [{"op": "remove", "path": "/metadata/finalizers"}], JSON_PATCH)
    api.get(f"{TOYS}/a")
    api.patch(f"{TOYS}/a", {"spec": {}}, APPLY, fieldManager="x")
