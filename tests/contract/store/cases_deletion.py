"""Deletion: preconditions, finalizers, propagation, collections, owners, namespaces."""

from recorder import MERGE
from toys import CONFIGMAPS, TOYS, configmap, toy

NAMESPACES = "/api/v1/namespaces"


def _held(name="a", finalizer="toys.test/hold"):
    body = toy(name)
    body["metadata"]["finalizers"] = [finalizer]
    return body


GHOST = {"metadata": {"name": "ghost", "uid": "00000000-0000-4000-8000-000000000000"}}


def _wait_for_collector(api):
    """Until the garbage collector has seen all that there is: it sees what is made now after it."""
    api.peek(CONFIGMAPS, "POST", _owned(GHOST, "sentinel"))
    api.wait_gone(f"{CONFIGMAPS}/sentinel")


def _owned(owner, name, block=None):
    body = configmap(name)
    reference = {
        "apiVersion": "toys.test/v1",
        "kind": "Toy",
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
    }
    if block is not None:
        reference["blockOwnerDeletion"] = block
    body["metadata"]["ownerReferences"] = [reference]
    return body


def a_delete_answers_with_a_status(api):
    api.post(TOYS, toy())
    api.delete(f"{TOYS}/a")
    api.post(CONFIGMAPS, configmap())
    api.delete(f"{CONFIGMAPS}/a")
    api.delete(f"{CONFIGMAPS}/a")


def a_dry_run_of_a_delete(api):
    api.post(TOYS, toy())
    api.delete(f"{TOYS}/a", dryRun="All")
    api.delete(f"{TOYS}/a", {"dryRun": ["All"]})
    api.get(f"{TOYS}/a")
    api.delete(f"{TOYS}/a", {"dryRun": ["Some"]})
    api.delete(TOYS, dryRun="All")
    api.get(TOYS)


def options_come_in_the_body_or_the_query(api):
    api.post(TOYS, toy())
    api.delete(f"{TOYS}/a", {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Orphan"})
    api.wait_gone(f"{TOYS}/a")
    api.post(TOYS, toy())
    api.delete(f"{TOYS}/a", {"kind": "DeleteOptions", "apiVersion": "toys.test/v1"})
    api.get(f"{TOYS}/a")


def options_that_cannot_be_read(api):
    api.post(TOYS, toy())
    api.delete(f"{TOYS}/a", "{")
    with api.differs("Words of parsers", "body.message"):
        api.delete(f"{TOYS}/a", "[]")
        api.delete(f"{TOYS}/a", {"kind": "Toy"})
    api.delete(f"{TOYS}/a", {"propagationPolicy": "Sideways"})
    api.delete(f"{TOYS}/a", {"propagationPolicy": "Orphan", "orphanDependents": True})
    api.delete(f"{TOYS}/a", {"preconditions": "x"})
    api.delete(f"{TOYS}/a", {"gracePeriodSeconds": "x"})
    api.get(f"{TOYS}/a")


def a_grace_period_is_no_matter_here(api):
    api.post(TOYS, toy())
    api.delete(f"{TOYS}/a", {"gracePeriodSeconds": 30})
    api.get(f"{TOYS}/a")
    api.post(TOYS, toy())
    api.delete(f"{TOYS}/a", gracePeriodSeconds=0)


def preconditions_of_a_built_in_kind(api):
    made = api.post(CONFIGMAPS, configmap())
    api.delete(f"{CONFIGMAPS}/a", {"preconditions": {"uid": "00000000-0000-4000-8000-000000000000"}})
    api.delete(f"{CONFIGMAPS}/a", {"preconditions": {"resourceVersion": "1"}})
    api.delete(f"{CONFIGMAPS}/a", {"preconditions": {"uid": made["metadata"]["uid"]}})


def what_is_being_deleted_can_still_be_changed(api):
    api.post(TOYS, _held())
    api.delete(f"{TOYS}/a")
    api.patch(f"{TOYS}/a", {"spec": {"size": 5}})
    api.patch(f"{TOYS}/a/status", {"status": {"mood": "sad"}})
    api.get(f"{TOYS}/a")
    api.post(TOYS, toy())
    api.patch(f"{TOYS}/a", {"metadata": {"finalizers": []}})
    api.get(f"{TOYS}/a")


def a_deletion_cannot_be_taken_back(api):
    api.post(TOYS, _held())
    api.delete(f"{TOYS}/a")
    api.patch(f"{TOYS}/a", {"metadata": {"deletionGracePeriodSeconds": 30}})
    api.patch(f"{TOYS}/a", {"metadata": {"finalizers": None}})


def finalizers_of_a_built_in_kind(api):
    body = configmap()
    body["metadata"]["finalizers"] = ["toys.test/hold"]
    api.post(CONFIGMAPS, body)
    api.delete(f"{CONFIGMAPS}/a")
    api.delete(f"{CONFIGMAPS}/a")
    api.patch(f"{CONFIGMAPS}/a", {"metadata": {"finalizers": None}})
    api.get(f"{CONFIGMAPS}/a")


def finalizers_that_are_none(api):
    body = configmap()
    body["metadata"]["finalizers"] = ["hold"]
    api.post(CONFIGMAPS, body)
    api.post(TOYS, _held("a", "a b/c"))
    api.post(TOYS, _held("a", ""))


def one_finalizer_after_the_other(api):
    body = toy()
    body["metadata"]["finalizers"] = ["toys.test/a", "toys.test/b"]
    api.post(TOYS, body)
    api.delete(f"{TOYS}/a")
    api.patch(f"{TOYS}/a", {"metadata": {"finalizers": ["toys.test/b"]}})
    made = api.get(f"{TOYS}/a")
    del made["metadata"]["finalizers"]
    api.put(f"{TOYS}/a", made)
    api.get(f"{TOYS}/a")


def a_foreground_deletion_waits_for_dependents(api):
    owner = api.post(TOYS, toy())
    held = _owned(owner, "child", True)
    held["metadata"]["finalizers"] = ["toys.test/hold"]
    api.post(CONFIGMAPS, held)
    _wait_for_collector(api)
    api.delete(f"{TOYS}/a", propagationPolicy="Foreground")
    api.wait(
        lambda: "deletionTimestamp" in api.peek(f"{CONFIGMAPS}/child")["metadata"]
    )
    api.get(f"{TOYS}/a")
    api.peek(
        f"{CONFIGMAPS}/child", "PATCH", {"metadata": {"finalizers": None}}, MERGE
    )
    api.wait_gone(f"{TOYS}/a")
    api.get(f"{CONFIGMAPS}/child")


def a_background_deletion_takes_dependents_later(api):
    owner = api.post(TOYS, toy())
    api.post(CONFIGMAPS, _owned(owner, "child"))
    api.delete(f"{TOYS}/a", propagationPolicy="Background")
    api.get(f"{TOYS}/a")
    api.wait_gone(f"{CONFIGMAPS}/child")


def an_orphaning_deletion_leaves_dependents(api):
    owner = api.post(TOYS, toy())
    api.post(CONFIGMAPS, _owned(owner, "child"))
    _wait_for_collector(api)
    api.delete(f"{TOYS}/a", propagationPolicy="Orphan")
    api.wait_gone(f"{TOYS}/a")
    api.get(f"{CONFIGMAPS}/child")


def a_dependent_of_nobody_goes(api):
    api.post(CONFIGMAPS, _owned(GHOST, "child"))
    api.wait_gone(f"{CONFIGMAPS}/child")


def a_dependent_with_another_owner_stays(api):
    one, two = api.post(TOYS, toy("one")), api.post(TOYS, toy("two"))
    body = _owned(one, "child")
    body["metadata"]["ownerReferences"] += _owned(two, "x")["metadata"]["ownerReferences"]
    api.post(CONFIGMAPS, body)
    api.delete(f"{TOYS}/one")
    api.wait(
        lambda: len(api.peek(f"{CONFIGMAPS}/child")["metadata"]["ownerReferences"]) == 1
    )
    api.get(f"{CONFIGMAPS}/child")
    api.delete(f"{TOYS}/two")
    api.wait_gone(f"{CONFIGMAPS}/child")


def a_collection_goes_with_its_finalizers(api):
    api.post(TOYS, toy("a"))
    api.post(TOYS, _held("b"))
    api.delete(TOYS)
    api.get(f"{TOYS}/a")
    api.get(f"{TOYS}/b")
    api.delete(TOYS)
    api.patch(f"{TOYS}/b", {"metadata": {"finalizers": None}})
    api.delete(TOYS)


def a_collection_by_fields_and_with_options(api):
    for name in "abc":
        api.post(TOYS, toy(name))
    api.delete(TOYS, fieldSelector="metadata.name=b")
    api.delete(TOYS, fieldSelector="spec.size=1")
    api.delete(TOYS, labelSelector="a in")
    api.delete(TOYS, propagationPolicy="Sideways")
    api.get(TOYS)


def a_collection_of_a_built_in_kind(api):
    body = configmap()
    body["metadata"]["labels"] = {"mine": "yes"}
    api.post(CONFIGMAPS, body)
    api.delete(CONFIGMAPS, labelSelector="mine")
    api.get(f"{CONFIGMAPS}/a")


def a_namespace_ends_with_all_that_is_in_it(api):
    name = f"{api.ns}-end"
    made = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    api.post(NAMESPACES, made)
    inside = f"/apis/toys.test/v1/namespaces/{name}/toys"
    api.peek(inside, "POST", _held())
    api.delete(f"{NAMESPACES}/{name}")
    api.post(inside, toy("b"))
    api.post(f"/api/v1/namespaces/{name}/configmaps", configmap("b"))
    api.wait(lambda: "deletionTimestamp" in api.peek(f"{inside}/a")["metadata"])
    api.get(f"{inside}/a")
    api.peek(f"{inside}/a", "PATCH", {"metadata": {"finalizers": None}}, MERGE)
    api.wait_gone(f"{NAMESPACES}/{name}")
    api.get(f"{NAMESPACES}/{name}")
    api.get(inside)


def an_empty_namespace_ends(api):
    name = f"{api.ns}-end"
    made = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    api.post(NAMESPACES, made)
    api.delete(f"{NAMESPACES}/{name}", dryRun="All")
    api.delete(f"{NAMESPACES}/{name}")
    api.wait_gone(f"{NAMESPACES}/{name}")


def namespaces_that_stay(api):
    api.delete(f"{NAMESPACES}/default")
    api.delete(f"{NAMESPACES}/nobody")
    api.delete(NAMESPACES)


def a_delete_of_a_status(api):
    api.post(TOYS, toy())
    api.delete(f"{TOYS}/a/status")
    api.get(f"{TOYS}/a")
