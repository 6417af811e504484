"""Server-side apply: who owns what. managedFields are compared as they stand."""

from recorder import JSON_PATCH, MERGE
from toys import CONFIGMAPS, DEPLOYMENTS, TOYS, configmap, deployment, toy


def _owners(api):
    api.shows_owners = True


def an_apply_makes_an_object(api):
    _owners(api)
    api.apply(f"{TOYS}/a", toy(label="abc"))
    api.get(f"{TOYS}/a")


def an_apply_again_changes_nothing(api):
    _owners(api)
    api.apply(f"{TOYS}/a", toy(label="abc"))
    api.apply(f"{TOYS}/a", toy(label="abc"))


def an_apply_removes_what_it_leaves_out(api):
    _owners(api)
    api.apply(f"{TOYS}/a", toy("a", {"x": "1", "y": "2"}, label="abc", limits={"a": 1, "b": 2}))
    api.apply(f"{TOYS}/a", toy("a", {"x": "1"}, limits={"a": 1}))
    api.apply(f"{TOYS}/a", toy("a"))


def two_appliers_share_what_they_agree_on(api):
    _owners(api)
    api.apply(f"{TOYS}/a", toy(label="abc"), "alice")
    api.apply(f"{TOYS}/a", toy(label="abc", soft=True), "bob")
    api.apply(f"{TOYS}/a", toy(), "alice")
    api.apply(f"{TOYS}/a", toy(), "bob")


def appliers_conflict(api):
    _owners(api)
    api.apply(f"{TOYS}/a", toy(size=1, label="abc"), "alice")
    api.apply(f"{TOYS}/a", toy(size=2), "bob")
    api.apply(f"{TOYS}/a", toy(size=2, label="xyz"), "bob")
    api.get(f"{TOYS}/a")


def force_takes_over(api):
    _owners(api)
    api.apply(f"{TOYS}/a", toy(size=1, label="abc"), "alice")
    api.apply(f"{TOYS}/a", toy(size=2), "bob", force="true")
    api.apply(f"{TOYS}/a", toy(size=1, label="abc"), "alice")


def three_appliers_conflict(api):
    _owners(api)
    api.apply(f"{TOYS}/a", toy(size=1, label="abc"), "alice")
    api.apply(f"{TOYS}/a", toy(size=1, soft=True), "bob")
    api.apply(f"{TOYS}/a", toy(size=3, label="xyz", soft=False), "carol")


def elements_of_lists_have_owners(api):
    _owners(api)
    api.apply(f"{TOYS}/a", toy(parts=[{"name": "x", "count": 1}], tags=["p"]), "alice")
    api.apply(f"{TOYS}/a", toy(parts=[{"name": "y"}], tags=["q"]), "bob")
    api.apply(f"{TOYS}/a", toy(parts=[{"name": "x", "count": 2}]), "bob")
    api.apply(f"{TOYS}/a", toy(), "alice")


def atomic_lists_have_one_owner(api):
    _owners(api)
    api.apply(f"{TOYS}/a", toy(notes=["x", "y"]), "alice")
    api.apply(f"{TOYS}/a", toy(notes=["x"]), "bob")
    api.apply(f"{TOYS}/a", toy(notes=["x"]), "alice")


def atomic_maps_have_one_owner(api):
    _owners(api)
    api.apply(f"{TOYS}/a", toy(place={"x": 1, "y": 2}), "alice")
    api.apply(f"{TOYS}/a", toy(place={"x": 1}), "bob")
    api.patch(f"{TOYS}/a", {"spec": {"place": {"y": 3}}}, MERGE, fieldManager="editor")
    api.apply(f"{TOYS}/a", toy(place={"x": 5}), "bob", force="true")
    api.apply(f"{TOYS}/a", toy(place={"z": 1}), "bob")
    api.apply(f"{TOYS}/a", toy(stops=[{"x": 1}, {"z": 1}]), "bob")


def atomic_elements_of_lists_have_one_owner(api):
    _owners(api)
    api.apply(f"{TOYS}/a", toy(badges=[{"name": "x", "text": "1"}, {"name": "y"}]), "alice")
    api.apply(f"{TOYS}/a", toy(badges=[{"name": "x"}]), "bob")
    api.apply(f"{TOYS}/a", toy(badges=[{"name": "x"}, {"name": "z"}]), "bob", force="true")
    api.patch(
        f"{TOYS}/a", {"spec": {"badges": [{"name": "z", "text": "2"}]}}, MERGE, fieldManager="editor"
    )
    api.apply(f"{TOYS}/a", toy(badges=[{"name": "y", "unknown": "1"}]), "alice")
    api.apply(f"{TOYS}/a", toy(), "alice")


def a_writer_takes_what_it_changes(api):
    _owners(api)
    api.apply(f"{TOYS}/a", toy(size=1, label="abc"), "alice")
    api.patch(f"{TOYS}/a", {"spec": {"size": 2}}, MERGE, fieldManager="editor")
    api.apply(f"{TOYS}/a", toy(size=1, label="abc"), "alice")
    api.apply(f"{TOYS}/a", toy(label="abc", size=2), "alice")
    api.patch(f"{TOYS}/a", [{"op": "remove", "path": "/spec/label"}], JSON_PATCH)
    api.get(f"{TOYS}/a")


def status_is_applied_by_its_own_door(api):
    _owners(api)
    api.apply(f"{TOYS}/a", toy())
    mood = toy() | {"status": {"mood": "glad"}}
    api.apply(f"{TOYS}/a/status", mood, "carol")
    api.apply(f"{TOYS}/a/status", toy() | {"status": {"mood": "sad"}}, "dave")
    api.apply(f"{TOYS}/a", mood)
    api.apply(f"{TOYS}/nobody/status", mood)


def an_apply_needs_a_manager(api):
    api.patch(f"{TOYS}/a", toy(), "application/apply-patch+yaml")
    api.patch(f"{TOYS}/a", toy(), "application/apply-patch+yaml", fieldManager="x" * 129)
    api.patch(f"{TOYS}/a", toy(), "application/apply-patch+yaml", fieldManager="tab\there")


def applies_that_cannot_be(api):
    body = toy()
    del body["kind"]
    api.apply(f"{TOYS}/a", body)
    api.apply(f"{TOYS}/a", toy() | {"kind": "Doll"})
    api.apply(f"{TOYS}/a", toy("b"))
    body = toy()
    body["metadata"]["managedFields"] = []
    api.apply(f"{TOYS}/a", body)
    api.apply(f"{TOYS}/a", toy(size=-1))
    with api.differs("Types in an apply", "status", "body"):
        api.apply(f"{TOYS}/a", toy(size="x"))


def applies_that_cannot_be_read(api):
    for body in ("", "null"):
        api.apply(f"{TOYS}/a", body)
    with api.differs("Words of parsers", "body.message"):
        for body in ("[]", "{", "a: [", "5"):
            api.apply(f"{TOYS}/a", body)


def an_apply_in_yaml(api):
    _owners(api)
    with api.differs("Forms of bodies and answers", "status", "body"):
        api.apply(
            f"{TOYS}/a",
            "apiVersion: toys.test/v1\nkind: Toy\nmetadata:\n  name: a\nspec:\n  size: 3 # three\n",
        )


def an_apply_of_unknown_fields(api):
    api.apply(f"{TOYS}/a", toy(unknown=1))
    api.apply(f"{TOYS}/b", toy("b", anything={"x": 1}))


def an_apply_with_keys_that_come_twice(api):
    api.apply(f"{TOYS}/a", toy(parts=[{"name": "a"}, {"name": "a"}]))
    api.apply(f"{TOYS}/a", toy(tags=["a", "a"]))
    api.apply(f"{TOYS}/a", toy(parts=[{"count": 1}]))


def an_apply_with_guards(api):
    made = api.apply(f"{TOYS}/a", toy())
    old = toy(size=2)
    old["metadata"]["resourceVersion"] = "1"
    api.apply(f"{TOYS}/a", old)
    old["metadata"]["resourceVersion"] = made["metadata"]["resourceVersion"]
    api.apply(f"{TOYS}/a", old)
    old["metadata"]["uid"] = "00000000-0000-4000-8000-000000000000"
    api.apply(f"{TOYS}/a", old)


def a_dry_run_of_an_apply(api):
    api.apply(f"{TOYS}/a", toy(), dryRun="All")
    api.get(f"{TOYS}/a")
    api.apply(f"{TOYS}/a", toy())
    api.apply(f"{TOYS}/a", toy(size=9), dryRun="All")
    api.get(f"{TOYS}/a")


def an_apply_of_a_config_map(api):
    _owners(api)
    api.apply(f"{CONFIGMAPS}/a", configmap(x="1", y="2"), "alice")
    api.apply(f"{CONFIGMAPS}/a", configmap(x="9"), "bob")
    api.apply(f"{CONFIGMAPS}/a", configmap(x="1"), "alice")
    api.apply(f"{CONFIGMAPS}/a", configmap(z="1"), "bob")


def an_apply_of_a_deployment(api):
    made = api.peek(
        f"{DEPLOYMENTS}/a",
        "PATCH",
        deployment(replicas=0),
        "application/apply-patch+yaml",
        fieldManager="alice",
    )
    assert made["kind"] == "Deployment", made
    api.apply(f"{DEPLOYMENTS}/a", deployment(replicas=3), "bob")
    changed = deployment(replicas=0)
    changed["spec"]["template"]["spec"]["containers"][0]["image"] = "other"
    api.apply(f"{DEPLOYMENTS}/a", changed, "bob")


def labels_and_annotations_have_owners(api):
    _owners(api)
    body = toy("a", {"x": "1"})
    body["metadata"]["annotations"] = {"p": "1"}
    body["metadata"]["finalizers"] = ["toys.test/alice"]
    api.apply(f"{TOYS}/a", body, "alice")
    other = toy("a", {"y": "1"})
    other["metadata"]["finalizers"] = ["toys.test/bob"]
    api.apply(f"{TOYS}/a", other, "bob")
    api.apply(f"{TOYS}/a", toy(), "alice")
    api.apply(f"{TOYS}/a", toy("a", {"y": "2"}), "alice")


def owners_can_be_reset(api):
    _owners(api)
    made = api.apply(f"{TOYS}/a", toy())
    made["metadata"]["managedFields"] = [{}]
    api.put(f"{TOYS}/a", made)
