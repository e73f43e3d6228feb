"""Whose effect it is: equal to a slow twin on any history, and unmoved by what is none of it."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from qianmian.experiments.population import (
    CONTROL,
    HOLDOUT,
    NO_ORDER,
    OPEN,
    PAID,
    REACHED,
    REFUNDED,
    TREATED,
    Acts,
    Decided,
    Population,
    people_of,
    population_of,
)
from tests.oracle.effects import Act, Made, population

ARMS = {"control": CONTROL, "treated": TREATED, "holdout": HOLDOUT}
KINDS = {"paid": PAID, "refunded": REFUNDED, "reached": REACHED}
PERSON, INSTANT, MONEY = st.integers(0, 6), st.integers(0, 60), st.integers(0, 500)
MADE = st.lists(st.builds(Made, PERSON, INSTANT, st.sampled_from([*ARMS]), MONEY), max_size=25)
ORDER = st.none() | st.integers(0, 5)
DONE = st.lists(
    st.builds(Act, PERSON, INSTANT, st.sampled_from([*KINDS]), MONEY, ORDER), max_size=40
)


def decided(made: list[Made]) -> Decided:
    def column(values: list[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return np.array(values, np.int64)

    return Decided(
        column([one.person for one in made]),
        column([one.at for one in made]),
        column([ARMS[one.arm] for one in made]).astype(np.int8),
        column([one.cost for one in made]),
        column([one.at // 20 for one in made]),
    )


def done(acts: list[Act]) -> Acts:
    def column(values: list[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return np.array(values, np.int64)

    return Acts(
        column([one.person for one in acts]),
        column([one.at for one in acts]),
        column([KINDS[one.kind] for one in acts]).astype(np.int8),
        column([one.amount for one in acts]),
        column([NO_ORDER if one.order is None else one.order for one in acts]),
    )


def same(one: Population, other: Population) -> bool:
    return all(
        np.array_equal(getattr(one, field.name), getattr(other, field.name))
        for field in fields(Population)
    )


@given(MADE, DONE, st.integers(0, 40), st.integers(0, 100))
def test_people_and_what_became_of_them_are_those_of_the_slow_twin(
    made: list[Made], acts: list[Act], window_ms: int, as_of: int
) -> None:
    found = population_of(decided(made), done(acts), window_ms=window_ms, as_of=as_of)
    told = population(made, acts, window_ms, as_of)
    assert found.person.tolist() == sorted(told.people)
    assert (found.waiting, found.in_holdout) == (told.waiting, told.in_holdout)
    assert found.crossed == sum(one.is_crossed for one in told.people.values())
    for place, one in enumerate(told.people[person] for person in found.person.tolist()):
        assert bool(found.is_treated[place]) is (one.arm == "treated")
        names = ("at", "reached", "orders", "net", "cost", "before")
        assert [getattr(found, name)[place] for name in names] == [
            getattr(one, name) for name in names
        ]


ENDS = st.lists(st.none() | INSTANT, min_size=4, max_size=4)
IN_SESSIONS = st.lists(
    st.builds(Made, PERSON, INSTANT, st.sampled_from([*ARMS]), MONEY, st.integers(0, 3)),
    max_size=25,
    unique_by=lambda one: (one.person, one.at),
)


@given(IN_SESSIONS, DONE, ENDS, st.integers(0, 80))
def test_until_the_session_ends_is_what_the_slow_twin_counts_and_a_later_one_does_not_count(
    made: list[Made], acts: list[Act], ends: list[int | None], as_of: int
) -> None:
    places = np.array([one.place for one in made], np.int64)
    over = np.array([OPEN if one is None else one for one in ends], np.int64)
    rows = replace(decided(made), place=places)
    found = people_of(rows, done(acts), window_ms=7, ends=over).compared(as_of=as_of)
    told = population(made, acts, 7, as_of, ends)
    assert found.person.tolist() == sorted(told.people)
    assert found.waiting == told.waiting
    for place, one in enumerate(told.people[person] for person in found.person.tolist()):
        names = ("at", "reached", "orders", "net", "cost", "before")
        assert [getattr(found, name)[place] for name in names] == [
            getattr(one, name) for name in names
        ]


@given(MADE, DONE, st.randoms(use_true_random=False))
def test_the_order_in_which_things_are_told_changes_nothing(
    made: list[Made], acts: list[Act], rng: object
) -> None:
    """Within one instant, too; and somebody whom nobody decided about changes nothing, either."""
    one = population_of(decided(made), done(acts), window_ms=30, as_of=90)
    shuffled_made, shuffled = made.copy(), [*acts, Act(99, 5, "paid", 7, 1)]
    rng.shuffle(shuffled_made)  # type: ignore[attr-defined]
    rng.shuffle(shuffled)  # type: ignore[attr-defined]
    other = population_of(decided(shuffled_made), done(shuffled), window_ms=30, as_of=90)
    if len({(m.person, m.at) for m in made}) < len(made):  # which of a pair names the session
        one, other = (replace(found, place=found.at) for found in (one, other))
    assert same(one, other)


@given(MADE, DONE, MADE, DONE)
def test_what_is_new_of_some_people_takes_the_place_of_their_rows(
    made: list[Made], acts: list[Act], later: list[Made], did: list[Act]
) -> None:
    whole, all_acts = [*made, *later], [*acts, *did]
    news = {one.person for one in later} | {one.person for one in did}
    is_new = np.isin(np.arange(7), [*news])
    theirs = people_of(
        decided([one for one in whole if one.person in news]),
        done([one for one in all_acts if one.person in news]),
        window_ms=30,
    )
    found = people_of(decided(made), done(acts), window_ms=30).but(theirs, is_new)
    told = people_of(decided(whole), done(all_acts), window_ms=30)
    order = np.argsort(found.person)
    for one in fields(told):
        assert np.array_equal(getattr(found, one.name)[order], getattr(told, one.name)), one.name
