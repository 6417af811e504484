"""The ledger finds what is wrong: each way in which a tick may have none or two outcomes."""

from datetime import timedelta

import pytest

from ledger import Account
from schedules import text_of, time_of

BEGIN = time_of("2026-01-01T00:00:00Z")


def at(seconds):
    return BEGIN + timedelta(seconds=seconds)


def account(ran, missed=(), meanings=((0, "@every 2s"),), deleted=False, unbegun=()):
    """`ran`, `unbegun`: seconds; `missed`: (from, to, count)."""
    made = Account()
    made.created, made.deleted = BEGIN, deleted
    made.meanings = [(at(since), text) for since, text in meanings]
    made.texts = {text for _, text in meanings}
    made.children.update(at(second) for second in ran)
    made.unbegun.update(at(second) for second in unbegun)
    for first, last, count in missed:
        made.missed[text_of(at(first))] = {
            "from": text_of(at(first)),
            "to": text_of(at(last)),
            "count": count,
        }
    return made


SOUND = {
    "each ran": account([2, 4, 6]),
    "some were missed": account([2, 8], [(4, 6, 2)]),
    "a run inside of a span": account([4], [(2, 6, 2)]),
    "another meaning": account(
        [2, 4, 7, 10], [(6, 6, 1), (8, 9, 2)], [(0, "@every 2s"), (5, "@every 1s")]
    ),
    "no meaning for a while": account(
        [2, 8], meanings=[(0, "@every 2s"), (3, ""), (7, "@every 2s")]
    ),
    "nothing yet": account([]),
    "deleted before it was told": account([2, 8], deleted=True),
    "made for a schedule that is gone": account([2, 4, 4], deleted=True, unbegun=[4, 4]),
}


@pytest.mark.parametrize("name", SOUND)
def test_sound(name):
    assert SOUND[name].faults() == []


FAULTY = {
    "ran twice": (account([2, 4, 4]), "has 2 checks"),
    "without an outcome": (account([2, 6]), "has no outcome"),
    "ran and was missed": (account([2, 4, 6], [(4, 4, 1)]), "0 ticks were missed"),
    "missed twice": (account([2, 8], [(4, 6, 2), (6, 6, 1)]), "told already"),
    "too few are told": (account([2, 8], [(4, 6, 1)]), "2 ticks were missed"),
    "no tick": (account([2, 3, 4]), "is no tick"),
    "deleted, ran twice": (account([2, 2], deleted=True), "has 2 checks"),
    "made twice, one never ran": (account([2, 2], unbegun=[2]), "has 2 checks"),
}


@pytest.mark.parametrize("name", FAULTY)
def test_faulty(name):
    made, words = FAULTY[name]
    assert any(words in fault for fault in made.faults()), made.faults()


def test_run_by_hand_that_was_made_twice():
    made = account([])
    made.by_hand.update(["beat-now-1", "beat-now-1"])
    assert made.faults() == ["beat-now-1 was made 2 times"]
