"""Watches: what there is, what changes, selectors, versions, forms, ends."""

from recorder import METADATA, TABLE
from toys import ALL_TOYS, CONFIGMAPS, TOYS, configmap, toy


def _make(api, name="a", labels=None, **spec):
    return api.peek(TOYS, "POST", toy(name, labels, **spec))["metadata"]["resourceVersion"]


def _change(api, name, patch):
    return api.peek(f"{TOYS}/{name}", "PATCH", patch, "application/merge-patch+json")


def _drop(api, name):
    return api.peek(f"{TOYS}/{name}", "DELETE")


def a_watch_begins_with_what_there_is(api):
    _make(api, "a")
    _make(api, "b")
    api.watch(TOYS, until=2)


def a_watch_of_nothing_waits(api):
    api.watch(TOYS, until=0, then_silent=0.3)


def a_watch_shows_changes(api):
    version = _make(api)

    def during():
        _change(api, "a", {"spec": {"size": 2}})
        _change(api, "a", {"metadata": {"labels": {"x": "y"}}})
        _make(api, "b")
        _drop(api, "a")

    api.watch(TOYS, during, until=4, resourceVersion=version)


def a_watch_shows_what_was_missed(api):
    version = _make(api)
    _change(api, "a", {"spec": {"size": 2}})
    _drop(api, "a")
    _make(api, "a")
    api.watch(TOYS, until=3, resourceVersion=version)


def a_write_that_changes_nothing_is_no_event(api):
    version = _make(api)

    def during():
        _change(api, "a", {"spec": {"size": 1}})
        _change(api, "a", {"spec": {"size": 2}})

    api.watch(TOYS, during, until=1, resourceVersion=version)


def a_watch_from_version_zero(api):
    version = _make(api)
    api.wait(lambda: api.peek(TOYS, resourceVersion=version).get("items"))
    api.watch(TOYS, until=1, resourceVersion=0)


def a_watch_of_one_name(api):
    _make(api, "a")
    version = _make(api, "b")

    def during():
        _change(api, "a", {"spec": {"size": 2}})
        _change(api, "b", {"spec": {"size": 3}})
        _drop(api, "b")

    api.watch(TOYS, during, until=2, resourceVersion=version, fieldSelector="metadata.name=b")


def one_object_is_not_watched_by_its_path(api):
    _make(api, "a")
    api.get(f"{TOYS}/a", watch="true")


def labels_move_objects_in_and_out(api):
    version = _make(api, "a", {"kind": "soft"})

    def during():
        _change(api, "a", {"metadata": {"labels": {"kind": "hard"}}})
        _change(api, "a", {"spec": {"size": 5}})
        _change(api, "a", {"metadata": {"labels": {"kind": "soft"}}})
        _drop(api, "a")

    api.watch(TOYS, during, until=3, resourceVersion=version, labelSelector="kind=soft")


def fields_move_objects_in_and_out(api):
    version = _make(api, "a")

    def during():
        _change(api, "a", {"spec": {"colour": "green"}})
        _change(api, "a", {"spec": {"colour": "red"}})

    api.watch(TOYS, during, until=2, resourceVersion=version, fieldSelector="spec.colour=green")


def initial_events_are_selected_too(api):
    _make(api, "a", {"kind": "soft"})
    _make(api, "b", {"kind": "hard"})
    api.watch(TOYS, until=1, then_silent=0.4, labelSelector="kind=soft")


def finalizers_show_in_watches(api):
    body = toy("a")
    body["metadata"]["finalizers"] = ["toys.test/hold"]
    version = api.peek(TOYS, "POST", body)["metadata"]["resourceVersion"]

    def during():
        _drop(api, "a")
        _change(api, "a", {"metadata": {"finalizers": None}})

    api.watch(TOYS, during, until=2, resourceVersion=version)


def a_status_change_shows_in_watches(api):
    version = _make(api)

    def during():
        api.peek(
            f"{TOYS}/a/status", "PATCH", {"status": {"mood": "glad"}}, "application/merge-patch+json"
        )

    api.watch(TOYS, during, until=1, resourceVersion=version)


def initial_events_end_with_a_bookmark(api):
    _make(api, "a")
    options = {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}
    api.watch(TOYS, until=2, allowWatchBookmarks="true", **options)
    api.watch(TOYS, until=1, then_silent=0.4, **options)
    api.watch(TOYS, until=2, allowWatchBookmarks="true", resourceVersion=0, **options)


def initial_events_can_be_left_out(api):
    _make(api, "a")
    api.watch(
        TOYS,
        lambda: _make(api, "b"),
        until=1,
        sendInitialEvents="false",
        resourceVersionMatch="NotOlderThan",
        allowWatchBookmarks="true",
    )


def options_of_initial_events_that_do_not_fit(api):
    api.watch(TOYS, sendInitialEvents="true")
    api.watch(TOYS, sendInitialEvents="true", resourceVersionMatch="Exact", resourceVersion=5)
    api.watch(TOYS, resourceVersionMatch="NotOlderThan", resourceVersion=5)
    api.watch(TOYS, resourceVersionMatch="NotOlderThan")


def a_watch_ends_with_its_time(api):
    _make(api, "a")
    api.watch(TOYS, until=5, timeoutSeconds=1)


def versions_that_a_watch_cannot_read(api):
    for version in ("x", "-1", "1.5"):
        api.watch(TOYS, resourceVersion=version)
    api.watch(TOYS, timeoutSeconds="x")


def selectors_that_a_watch_cannot_read(api):
    api.watch(TOYS, labelSelector="a in")
    api.watch(TOYS, fieldSelector="spec.size=1")


def a_watch_as_a_table(api):
    _make(api, "a")
    with api.differs(
        "Descriptions of columns", "events.0.object.columnDefinitions.0.description"
    ):
        api.watch(TOYS, lambda: _change(api, "a", {"spec": {"size": 9}}), until=2, accept=TABLE)


def a_watch_as_a_table_with_objects(api):
    _make(api, "a")
    with api.differs(
        "Descriptions of columns", "events.0.object.columnDefinitions.0.description"
    ):
        api.watch(TOYS, until=1, accept=TABLE, includeObject="Object")
        api.watch(TOYS, until=1, accept=TABLE, includeObject="None")


def a_watch_of_metadata_only(api):
    _make(api, "a")
    api.watch(TOYS, lambda: _drop(api, "a"), until=2, accept=METADATA)


def a_watch_of_all_namespaces(api):
    version = _make(api, "a", {"run": api.ns})
    api.watch(ALL_TOYS, until=1, labelSelector=f"run={api.ns}")
    api.watch(
        ALL_TOYS,
        lambda: _drop(api, "a"),
        until=1,
        labelSelector=f"run={api.ns}",
        resourceVersion=version,
    )


def a_watch_of_a_built_in_kind(api):
    body = configmap("a", x="1")
    body["metadata"]["labels"] = {"mine": "yes"}
    version = api.peek(CONFIGMAPS, "POST", body)["metadata"]["resourceVersion"]
    api.watch(CONFIGMAPS, until=1, labelSelector="mine")

    def during():
        api.peek(f"{CONFIGMAPS}/a", "PATCH", {"data": {"x": "2"}}, "application/merge-patch+json")
        api.peek(f"{CONFIGMAPS}/a", "DELETE")

    api.watch(CONFIGMAPS, during, until=2, labelSelector="mine", resourceVersion=version)


def a_watch_by_the_old_path(api):
    _make(api, "a")
    with api.differs("Paths of watches", "status", "events"):
        api.watch("/apis/toys.test/v1/watch/namespaces/{ns}/toys", until=1)


def words_for_watching(api):
    api.get(TOYS, watch="false")
    api.get(TOYS, watch="0")
    api.get(TOYS, watch="maybe", timeoutSeconds=1)


def a_watch_with_a_limit(api):
    _make(api, "a")
    _make(api, "b")
    api.watch(TOYS, until=2, limit=1)
