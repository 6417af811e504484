"""What a kind's schema does to objects: validation, defaults, pruning, nulls, field validation."""

from recorder import JSON_PATCH
from toys import TOYS, configmap, toy, CONFIGMAPS


def _each(api, *specs, **query):
    """Posts a toy of each spec; those that are fine get names of their own."""
    for number, spec in enumerate(specs):
        api.post(TOYS, toy(f"t{number}", **spec), **query)


def numbers_have_limits_and_no_fractions(api):
    _each(api, {"size": -1}, {"size": 1001}, {"size": 1000}, {"size": 1.5}, {"size": 2.0})


def values_are_of_their_type(api):
    _each(
        api,
        {"size": "7"},
        {"soft": "yes"},
        {"notes": "x"},
        {"notes": [1]},
        {"limits": {"a": "b"}},
        {"limits": ["a"]},
        {"weight": "heavy"},
        {"label": 5},
        {"anything": 5},
    )


def strings_have_limits_and_patterns(api):
    _each(
        api,
        {"label": "a"},
        {"label": "abcdefghi"},
        {"label": "ABC"},
        {"label": "A"},
        {"label": "abc"},
        {"label": ""},
        {"colour": "blue"},
        {"colour": ""},
    )


def what_is_required_must_be_there(api):
    body = toy()
    body["spec"] = {}
    api.post(TOYS, body)
    _each(api, {"size": None}, {"parts": [{}]}, {"parts": [{"count": 2}]})


def a_spec_that_is_no_object_or_missing(api):
    for spec in (None, "x", [], 5):
        api.post(TOYS, toy() | {"spec": spec})
    body = toy()
    del body["spec"]
    api.post(TOYS, body)


def lists_have_limits_and_keys(api):
    part = {"name": "a"}
    _each(
        api,
        {"parts": [part, part]},
        {"parts": [{"name": c} for c in "abcd"]},
        {"tags": ["a", "b", "a"]},
        {"tags": ["a", "b"]},
        {"notes": ["a", "a"]},
    )


def rules_are_asked(api):
    _each(api, {"motto": "  "}, {"motto": "x"}, {"motto": "x" * 101}, {"motto": " ", "size": -1})


def several_faults_are_told_at_once(api):
    _each(
        api,
        {"size": 5000, "label": "A", "colour": "blue", "motto": " "},
        {"notes": [1, 2], "limits": {"b": "x", "a": "y"}},
    )


def defaults_are_filled_in(api):
    _each(api, {}, {"parts": [{"name": "a"}, {"name": "b", "count": 3}]}, {"soft": True})
    api.get(f"{TOYS}/t1")


def nulls_are_pruned_or_kept(api):
    _each(
        api,
        {"wish": None},
        {"colour": None},
        {"soft": None},
        {"label": None},
        {"notes": None},
        {"notes": [None]},
        {"parts": [{"name": "a", "count": None}]},
        {"limits": {"a": None}},
        {"anything": {"a": None, "b": [None]}},
        {"motto": None},
    )


def integers_or_strings(api):
    _each(api, {"port": 80}, {"port": "http"}, {"port": 1.5}, {"port": True}, {"port": [1]})


def unknown_fields_are_pruned_and_told(api):
    _each(
        api,
        {"unknown": 1, "parts": [{"name": "a", "extra": {"x": 1}}]},
        {"limits": {"anything": 1}},
        {"anything": {"deep": {"er": [1, {"x": None}]}}},
    )
    body = toy("more")
    body["more"] = {"a": 1}
    body["metadata"]["unknown"] = 1
    api.post(TOYS, body)


def unknown_fields_can_be_refused_or_ignored(api):
    api.post(TOYS, toy("a", unknown=1, other=2), fieldValidation="Strict")
    api.post(TOYS, toy("b", unknown=1), fieldValidation="Ignore")
    api.post(TOYS, toy("c", unknown=1), fieldValidation="Warn")
    api.post(TOYS, toy("d"), fieldValidation="Strict")
    api.post(TOYS, toy("e"), fieldValidation="Loud")


def unknown_fields_of_built_in_kinds(api):
    with api.differs("Members of built-in kinds", "warnings", "body.unknown"):
        api.post(CONFIGMAPS, configmap("b", x="1") | {"unknown": 1})
    with api.differs("Members of built-in kinds", "status", "body"):
        api.post(CONFIGMAPS, configmap("a", x="1") | {"unknown": 1}, fieldValidation="Strict")


def unknown_fields_in_patches(api):
    api.post(TOYS, toy())
    api.patch(f"{TOYS}/a", {"spec": {"unknown": 1}})
    with api.differs("Strict patches", "status", "body"):
        api.patch(f"{TOYS}/a", {"spec": {"unknown": 1}}, fieldValidation="Strict")
    api.patch(f"{TOYS}/a", [{"op": "add", "path": "/spec/unknown", "value": 1}], JSON_PATCH)


def keys_that_come_twice(api):
    text = (
        '{"apiVersion":"toys.test/v1","kind":"Toy","metadata":{"name":"%s"},"spec":{"size":1,"size":2}}'
    )
    api.post(TOYS, text % "c", fieldValidation="Ignore")
    with api.differs("Keys that come twice", "warnings"):
        api.post(TOYS, text % "a")
    with api.differs("Keys that come twice", "status", "body"):
        api.post(TOYS, text % "b", fieldValidation="Strict")


def a_status_is_checked_where_it_is_written(api):
    api.post(TOYS, toy() | {"status": {"mood": 5}})
    api.post(TOYS, toy("b"))
    api.patch(f"{TOYS}/b/status", {"status": {"mood": 5}})
    api.patch(f"{TOYS}/b/status", {"status": {"since": "yesterday"}})
    api.patch(f"{TOYS}/b/status", {"status": {"since": "2026-01-01T00:00:00Z", "extra": 1}})
    api.patch(f"{TOYS}/b/status", {"status": None})


def what_was_wrong_before_may_stay(api):
    made = api.post(TOYS, toy(label="abc"))
    made["spec"]["size"] = 2
    api.put(f"{TOYS}/a", made)
    api.patch(f"{TOYS}/a", {"spec": {"label": "A", "colour": "blue"}})
    api.patch(f"{TOYS}/a", {"spec": {"motto": "\t"}})
    api.get(f"{TOYS}/a")


def numbers_keep_their_value(api):
    _each(
        api,
        {"weight": 0.1},
        {"weight": 1e3},
        {"weight": -0.0},
        {"weight": 1e300},
        {"anything": {"big": 9007199254740993, "float": 1.0, "small": 1e-9}},
    )


def texts_keep_their_characters(api):
    _each(
        api,
        {"notes": ["<&>", "\u2028", "ä\u0000b", "\U0001f600", '"\\/\b\f\n\r\t']},
        {"limits": {"": 1, "a.b/c": 2, "ü": 3}},
    )
    api.get(f"{TOYS}/t0")
