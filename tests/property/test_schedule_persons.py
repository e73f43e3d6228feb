"""A scheduled instant is one turn for each person, under however many known ids they are known."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from qianmian.columns.facts import Facts, ViewerFacts, facts_bytes
from qianmian.strategies.strategy import ChannelKind, Step
from qianmian.vocabulary.time import DAY_MS, HOUR_MS, MINUTE_MS
from tests.turns import ZERO, Row, S, Shop, clock_text, here, replayed, scheduled

IDS = [f"n{n}" for n in range(7)]
SINCE, UNTIL = 56, 72
"""Seconds; the turns come at 60."""


def facts_of(person_of: dict[str, str]) -> Facts:
    """What history knows: who is asleep, all of them, and which ids are one person's."""
    known = [
        ViewerFacts(one, traits={"life_stage": "dormant"}, person=None if one == person else person)
        for one, person in person_of.items()
    ]
    return Facts(facts_bytes(known, boundary_ms=ZERO // DAY_MS * DAY_MS - 8 * HOUR_MS))


@st.composite
def persons(draw: st.DrawFn) -> dict[str, str]:
    """For each id the least one of its person."""
    found: dict[str, str] = {}
    for one in IDS:
        found[one] = draw(st.sampled_from([*sorted(set(found.values())), one]))
    return found


@given(persons(), st.sets(st.sampled_from(IDS)), st.integers(1, 3), st.sampled_from(IDS))
def test_each_person_has_a_turn_once_here_or_not(
    person_of: dict[str, str], there: set[str], most: int, linked: str
) -> None:
    """Somebody anonymous is here, too, who turns out to be one of them while turns are taken."""
    shop = Shop(facts_of(person_of), most=most)
    shop.use(
        SINCE - 0.5, scheduled("all", "follow_up", "anybody", daily=clock_text(ZERO + MINUTE_MS))
    )
    link = Row(60.5, "identity_linked", "?q", {"linked_viewer": linked})
    shop.pass_by([*here(UNTIL, "?q", *sorted(there), since=SINCE), link], until=UNTIL)
    who = person_of | {"?q": person_of[linked]}
    at_once = [one.viewer for one in shop.decisions if one.at == ZERO + MINUTE_MS]
    was_two = "?q" in at_once and who["?q"] in {who[str(one)] for one in at_once if one != "?q"}
    told = Counter(who[str(one.viewer)] for one in shop.decisions)
    told[who["?q"]] -= was_two  # nobody knew it when both had their turn
    assert told == dict.fromkeys(person_of.values(), 1)
    again, more = replayed(shop, shop.log)
    assert more == []
    assert again.decider.snapshot() == shop.live.decider.snapshot()


@given(persons(), st.sets(st.sampled_from(IDS)))
def test_before_a_start_nobody_is_called_who_is_there_under_another_id(
    person_of: dict[str, str], there: set[str]
) -> None:
    shop = Shop(facts_of(person_of), most=2)
    shop.use(0.5, scheduled("recall", "follow_up", "sleepy", before_ms=30 * S))
    starts = {"starts_at": ZERO + 90 * S, "session": "s2"}
    rows = [Row(3.5, "session_scheduled", None, starts), *here(UNTIL, *sorted(there))]
    shop.pass_by(rows, until=80)
    away = set(person_of.values()) - {person_of[one] for one in there}
    assert Counter(person_of[one.viewer or ""] for one in shop.decisions) == dict.fromkeys(away, 1)


def test_a_person_is_called_under_the_id_that_agreed_to_a_channel_that_is_set_up() -> None:
    """n1 agreed to push, n2 to e-mail; both are gone by then."""
    facts = facts_of({"n0": "n0", "n1": "n0", "n2": "n0", "n3": "n3"})
    agrees = {"purpose": "personalized_marketing", "granted": 1, "room": None}
    said = [
        Row(1.5, "consent_changed", who, agrees | {"channel": channel})
        for who, channel in (("n1", "push"), ("n2", "email"))
    ]
    steps = (Step("push", title="回来看看"), Step("email", title="回来看看"))
    when = clock_text(ZERO + MINUTE_MS)
    cases: list[tuple[tuple[ChannelKind, ...], str | None]] = [
        (("email",), "n1"),
        (("push",), "n2"),
        (("push", "email"), None),
    ]
    for off, acted in cases:
        shop = Shop(facts)
        one = scheduled("eight", whom="sleepy", daily=when, steps=steps)
        shop.use(0.5, one, off=off)
        shop.pass_by(said, until=UNTIL)
        expected = {} if acted is None else {acted: "act", "n3": "suppressed"}
        assert {one.viewer: one.outcome for one in shop.decisions} == expected, off
