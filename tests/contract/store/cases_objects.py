"""One object: create, get, replace, patch, delete, and their guards."""

from recorder import JSON_PATCH, MERGE, STRATEGIC
from toys import ALL_TOYS, CONFIGMAPS, TOYS, configmap, toy


def a_create_returns_the_object(api):
    api.post(TOYS, toy(size=7))
    api.get(f"{TOYS}/a")


def a_create_of_a_taken_name(api):
    api.post(TOYS, toy())
    api.post(TOYS, toy())


def a_create_needs_a_name(api):
    body = toy()
    del body["metadata"]["name"]
    api.post(TOYS, body)


def names_are_checked(api):
    for name in ("A", "a_b", "-a", "a" * 254, "a..b", "a/b"):
        api.post(TOYS, toy(name))
        api.post(CONFIGMAPS, configmap(name))


def a_create_of_another_kind_or_namespace(api):
    api.post(TOYS, toy() | {"kind": "Doll"})
    api.post(TOYS, toy() | {"apiVersion": "toys.test/v2"})
    other = toy()
    other["metadata"]["namespace"] = "elsewhere"
    api.post(TOYS, other)


def a_create_without_a_kind(api):
    body = toy()
    del body["kind"]
    api.post(TOYS, body)
    body = configmap()
    del body["kind"]
    api.post(CONFIGMAPS, body)


def a_create_in_a_namespace_that_is_not_there(api):
    api.post("/apis/toys.test/v1/namespaces/not-there/toys", toy())
    api.post("/api/v1/namespaces/not-there/configmaps", configmap())


def a_create_with_a_version(api):
    body = toy()
    body["metadata"]["resourceVersion"] = "5"
    api.post(TOYS, body)


def what_the_server_sets_is_not_the_clients_to_set(api):
    body = toy()
    body["metadata"] |= {
        "uid": "00000000-0000-4000-8000-000000000000",
        "creationTimestamp": "2020-01-01T00:00:00Z",
        "generation": 7,
        "selfLink": "/x",
        "deletionTimestamp": "2020-01-01T00:00:00Z",
    }
    body["status"] = {"mood": "glad"}
    api.post(TOYS, body)


def a_dry_run_changes_nothing(api):
    made = api.post(TOYS, toy(), dryRun="All")
    api.get(f"{TOYS}/a")
    made = api.post(TOYS, toy())
    made["spec"]["size"] = 2
    api.put(f"{TOYS}/a", made, dryRun="All")
    api.patch(f"{TOYS}/a", {"spec": {"size": 3}}, dryRun="All")
    api.delete(f"{TOYS}/a", dryRun="All")
    api.get(f"{TOYS}/a")


def a_dry_run_of_another_kind(api):
    api.post(TOYS, toy(), dryRun="Some")


def what_is_not_there(api):
    api.get(f"{TOYS}/a")
    api.put(f"{TOYS}/a", toy())
    api.patch(f"{TOYS}/a", {"spec": {"size": 2}})
    api.delete(f"{TOYS}/a")
    api.get(f"{TOYS}/a/status")


def paths_that_nobody_serves(api):
    api.get("/apis/toys.test/v1/namespaces/{ns}/dolls/a")
    api.get("/apis/toys.test/v2/namespaces/{ns}/toys/a")
    api.get("/apis/nobody.test/v1/things")


def a_replace(api):
    made = api.post(TOYS, toy())
    made["spec"]["size"] = 2
    api.put(f"{TOYS}/a", made)
    api.get(f"{TOYS}/a")


def a_replace_of_an_old_version(api):
    made = api.post(TOYS, toy())
    made["spec"]["size"] = 2
    api.put(f"{TOYS}/a", made)
    made["spec"]["size"] = 3
    api.put(f"{TOYS}/a", made)


def a_replace_without_a_version(api):
    api.post(TOYS, toy())
    api.put(f"{TOYS}/a", toy(size=5))
    api.post(CONFIGMAPS, configmap(x="1"))
    api.put(f"{CONFIGMAPS}/a", configmap(x="2"))


def a_replace_that_changes_nothing(api):
    made = api.post(TOYS, toy())
    api.put(f"{TOYS}/a", made)


def a_replace_under_another_name(api):
    made = api.post(TOYS, toy())
    made["metadata"]["name"] = "b"
    api.put(f"{TOYS}/a", made)


def a_replace_of_another_uid(api):
    made = api.post(TOYS, toy())
    made["metadata"]["uid"] = "00000000-0000-4000-8000-000000000000"
    api.put(f"{TOYS}/a", made)


def what_never_changes(api):
    made = api.post(TOYS, toy())
    made["metadata"]["creationTimestamp"] = "2020-01-01T00:00:00Z"
    api.put(f"{TOYS}/a", made)
    api.patch(f"{TOYS}/a", {"metadata": {"uid": "00000000-0000-4000-8000-000000000000"}})
    api.patch(f"{TOYS}/a", {"metadata": {"name": "b"}})
    api.patch(f"{TOYS}/a", {"metadata": {"namespace": "b"}})


def status_has_its_own_door(api):
    made = api.post(TOYS, toy())
    made["spec"]["size"] = 2
    made["status"] = {"mood": "glad"}
    made["metadata"]["labels"] = {"a": "b"}
    made = api.put(f"{TOYS}/a/status", made)
    made["status"] = {"mood": "sad"}
    made["spec"]["size"] = 3
    api.put(f"{TOYS}/a", made)
    api.get(f"{TOYS}/a/status")


def generation_counts_the_changes_of_the_spec(api):
    api.post(TOYS, toy())
    api.patch(f"{TOYS}/a", {"metadata": {"labels": {"a": "b"}}})
    api.patch(f"{TOYS}/a", {"spec": {"size": 2}})
    api.patch(f"{TOYS}/a/status", {"status": {"mood": "glad"}})


def a_merge_patch(api):
    api.post(TOYS, toy(label="abc", notes=["x"]))
    api.patch(f"{TOYS}/a", {"spec": {"label": None, "notes": ["y", "z"], "size": 4}})


def a_merge_patch_with_guards(api):
    made = api.post(TOYS, toy())
    api.patch(f"{TOYS}/a", {"metadata": {"resourceVersion": "1"}, "spec": {"size": 2}})
    version = made["metadata"]["resourceVersion"]
    api.patch(f"{TOYS}/a", {"metadata": {"resourceVersion": version}, "spec": {"size": 2}})


def a_json_patch(api):
    api.post(TOYS, toy(notes=["x", "y"]))
    api.patch(
        f"{TOYS}/a",
        [
            {"op": "test", "path": "/spec/size", "value": 1},
            {"op": "replace", "path": "/spec/size", "value": 5},
            {"op": "add", "path": "/spec/notes/-", "value": "z"},
            {"op": "remove", "path": "/spec/notes/0"},
        ],
        JSON_PATCH,
    )


def a_json_patch_that_does_not_fit(api):
    api.post(TOYS, toy())
    for patch in (
        [{"op": "test", "path": "/spec/size", "value": 2}],
        [{"op": "remove", "path": "/spec/nothing"}],
        [{"op": "fly", "path": "/spec/size"}],
    ):
        api.patch(f"{TOYS}/a", patch, JSON_PATCH)


def a_patch_of_an_unknown_type(api):
    api.post(TOYS, toy())
    api.patch(f"{TOYS}/a", {"spec": {"size": 2}}, STRATEGIC)
    api.patch(f"{TOYS}/a", {"spec": {"size": 2}}, "application/json")


def a_strategic_patch_of_a_built_in_kind(api):
    api.post(CONFIGMAPS, configmap(x="1", y="2"))
    api.patch(f"{CONFIGMAPS}/a", {"data": {"x": None, "z": "3"}}, STRATEGIC)


def a_patch_that_the_schema_refuses(api):
    api.post(TOYS, toy())
    api.patch(f"{TOYS}/a", {"spec": {"size": -1}}, MERGE)
    api.patch(f"{TOYS}/a", {"spec": {"size": "many"}}, MERGE)


def a_delete(api):
    api.post(TOYS, toy())
    api.delete(f"{TOYS}/a")
    api.get(f"{TOYS}/a")


def a_delete_with_preconditions(api):
    made = api.post(TOYS, toy())
    api.delete(f"{TOYS}/a", {"preconditions": {"uid": "00000000-0000-4000-8000-000000000000"}})
    api.delete(f"{TOYS}/a", {"preconditions": {"resourceVersion": "1"}})
    api.delete(
        f"{TOYS}/a",
        {
            "preconditions": {
                "uid": made["metadata"]["uid"],
                "resourceVersion": made["metadata"]["resourceVersion"],
            }
        },
    )


def finalizers_hold_what_is_deleted(api):
    body = toy()
    body["metadata"]["finalizers"] = ["toys.test/hold"]
    api.post(TOYS, body)
    api.delete(f"{TOYS}/a")
    api.delete(f"{TOYS}/a")
    api.patch(f"{TOYS}/a", {"metadata": {"finalizers": ["toys.test/hold", "toys.test/more"]}})
    api.patch(f"{TOYS}/a", {"metadata": {"finalizers": None}})
    api.get(f"{TOYS}/a")


def finalizers_have_domains(api):
    body = toy()
    body["metadata"]["finalizers"] = ["hold"]
    api.post(TOYS, body)


def a_delete_of_a_collection(api):
    for name in ("a", "b", "c"):
        api.post(TOYS, toy(name, labels={"kind": "soft" if name != "b" else "hard"}))
    api.delete(TOYS, labelSelector="kind=soft")
    api.get(TOYS)


def a_delete_that_propagates_in_no_known_way(api):
    api.post(TOYS, toy())
    api.delete(f"{TOYS}/a", propagationPolicy="Sideways")


def methods_that_do_not_fit(api):
    api.post(f"{TOYS}/a", toy())
    api.put(TOYS, toy())
    api.patch(TOYS, {"spec": {"size": 2}})
    api.post(ALL_TOYS, toy())


def labels_and_annotations_are_checked(api):
    body = toy(labels={"a b": "c", "d": "e f", "UPPER/x": "y"})
    api.post(TOYS, body)
    body = toy()
    body["metadata"]["annotations"] = {"a b": "anything goes here"}
    api.post(TOYS, body)


def owner_references_are_checked(api):
    body = toy()
    body["metadata"]["ownerReferences"] = [{"apiVersion": "", "kind": "", "name": "", "uid": ""}]
    api.post(TOYS, body)


def who_wrote_what_was_never_applied(api):
    api.shows_owners = True
    with api.differs("Owners of what was never applied", "body.metadata.managedFields"):
        api.post(CONFIGMAPS, configmap(a="1"))
