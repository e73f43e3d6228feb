"""Strategies with a schedule: everybody's turn comes once, whatever is told when, whatever dies."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from qianmian.strategies.strategy import Guardrails, Step
from qianmian.vocabulary.decision import decision_digest, schedule_id
from qianmian.vocabulary.time import MINUTE_MS
from tests.fakes.memory_log import MemoryLog
from tests.turns import (
    ZERO,
    Row,
    S,
    Shop,
    clock_text,
    decisions_in,
    facts_of,
    fresh,
    here,
    keen,
    replayed,
    scheduled,
)

PAST = facts_of({f"n{n}": "dormant" if n % 3 else "active" for n in range(12)} | {"?x": "dormant"})
SLEEPY = [f"n{n}" for n in range(12) if n % 3]
EVENING = [
    *keen(1.2, "v1"),
    Row(1.2, "product_viewed", "v3", {"product": "p1"}),
    *keen(70.1, "v2"),
    *here(260, "v2", "v3"),
    *here(100, "v1"),  # then it is gone
]


def in_session() -> Shop:
    shop = Shop()
    shop.use(0.5, scheduled("once", after_ms=75 * S), scheduled("often", every_ms=MINUTE_MS))
    shop.pass_by([*EVENING, Row(200.5, "session_ended")], until=300)
    return shop


def test_in_a_session_those_who_are_there_and_in_the_segment_have_their_turn() -> None:
    """v1 leaves at 90 s and is gone at 125 s; the room opened in the second that began at 1 s."""
    assert in_session().turns == [
        ("often", "v1", 61),
        ("once", "v1", 76),
        ("once", "v2", 76),
        ("often", "v1", 121),
        ("often", "v2", 121),
        ("often", "v2", 181),
    ]  # and nobody at 241 s: the session is over


def test_the_id_names_viewer_version_and_instant() -> None:
    one = in_session().decisions[1]
    assert (one.strategy, one.viewer, one.scheduled_at) == ("once", "v1", ZERO + 76 * S)
    assert one.id == one.firing == schedule_id("v1", "once", 1, ZERO + 76 * S)
    assert (one.room, one.session, one.moment) == ("r1", f"r1@{ZERO + 1_200}", "")


def daily() -> Shop:
    shop = Shop(PAST)
    at_eight = scheduled("eight", "push", "sleepy", daily=clock_text(ZERO + 2 * MINUTE_MS))
    shop.use(0.5, at_eight)
    off = {"purpose": "personalized_marketing", "channel": "push", "granted": 1, "room": None}
    agree = [Row(2.5, "consent_changed", one, off) for one in SLEEPY]
    away = {"purpose": "tag:asleep", "granted": 0, "room": None}
    rows = [*here(200, "n1", "n3"), Row(3.5, "consent_changed", "n2", away)]
    shop.pass_by([*agree, *rows], until=200)
    return shop


def test_at_a_time_of_day_everybody_has_their_turn_who_is_here_before_who_is_not() -> None:
    """n3 is here and active; n2 took the tag away; nobody who is anonymous is looked for."""
    shop = daily()
    told = [(one.viewer, one.room, one.at) for one in shop.decisions]
    at = ZERO + 2 * MINUTE_MS
    absent = sorted(set(SLEEPY) - {"n1", "n2"})
    assert sorted(told) == sorted([("n1", "r1", at), *((one, "", at) for one in absent)])
    assert {one.outcome for one in shop.decisions} == {"act"}


def recall() -> Shop:
    shop = Shop(PAST)
    shop.use(0.5, scheduled("recall", "follow_up", "sleepy", before_ms=MINUTE_MS))

    def announced(second: float, starts: float) -> Row:
        told = {"starts_at": ZERO + round(starts * S), "session": "s2"}
        return Row(second, "session_scheduled", None, told)

    rows = [announced(3.5, 200), announced(20.5, 100), announced(60.5, 150), announced(61.5, 150)]
    shop.pass_by([*rows, *here(120, "n1")], until=240)
    return shop


def test_before_an_announced_start_who_is_not_in_the_room_has_a_turn() -> None:
    """Told for 140 s first; put forward to 40 s, when it came; put off to 90 s: it comes again."""
    shop = recall()
    absent = [(second, one) for second in (40, 90) for one in SLEEPY if one != "n1"]
    told = [((one.at - ZERO) // S, one.viewer) for one in shop.decisions]
    assert sorted(told) == sorted(absent)
    assert {(one.room, one.session) for one in shop.decisions} == {("r1", "s2")}


def test_a_start_that_is_told_when_its_time_has_passed_is_answered_at_once() -> None:
    shop = Shop(PAST)
    shop.use(0.5, scheduled("recall", "follow_up", "sleepy", before_ms=10 * MINUTE_MS))
    soon = {"starts_at": ZERO + 300 * S, "session": "s2"}
    past = {"starts_at": ZERO + 1 * S, "session": "s3", "room": "r2"}
    rows = [Row(5.5, "session_scheduled", None, one) for one in (soon, past)]
    shop.pass_by(rows, until=30)
    assert {(second, who) for _, who, second in shop.turns} == {(6, one) for one in SLEEPY}
    began = Row(31.5, "session_started", None, {"session": "s2"})
    shop.pass_by([began], until=60)
    assert len(shop.turns) == len(SLEEPY)


def many() -> Shop:
    """More than are taken in a second, here and not."""
    shop = Shop(facts_of({f"n{n}": "dormant" for n in range(9)}), most=3)
    at = clock_text(ZERO + MINUTE_MS)
    shop.use(0.5, scheduled("eight", "follow_up", "anybody", daily=at))
    link = Row(62.5, "identity_linked", "?q", {"linked_viewer": "v1"})
    shop.pass_by([*here(80, *(f"v{n}" for n in range(7)), "?q"), link], until=80)
    return shop


def test_so_many_are_taken_in_a_second_in_order_of_viewer() -> None:
    shop = many()
    by_second = [
        sorted(str(who) for _, who, at in shop.turns if at == second) for second in range(60, 67)
    ]
    assert by_second[:2] == [["?q", "v0", "v1"], ["v2", "v3", "v4"]]
    assert by_second[2][1:] == ["v5", "v6"]
    assert [len(one) for one in by_second] == [3, 3, 3, 3, 3, 2, 0]
    absent = [who for several in by_second[2:] for who in several if who.startswith("n")]
    assert sorted(absent) == [f"n{n}" for n in range(9)]
    assert {one.scheduled_at for one in shop.decisions} == {ZERO + MINUTE_MS}


def down(*silent: range) -> Shop:
    shop = Shop()
    shop.use(0.5, scheduled("once", after_ms=75 * S), scheduled("often", every_ms=MINUTE_MS))
    shop.pass_by([*EVENING, *here(260, "v1")], until=300, silent=silent)
    return shop


def test_a_server_that_was_down_decides_while_there_is_time_and_counts_what_came_too_late() -> None:
    up_soon = down(range(75, 100))
    assert ("once", "v1", 99) in up_soon.turns
    assert up_soon.decisions[1].scheduled_at == ZERO + 76 * S
    too_late = down(range(75, 140))  # a card in the room is worth a minute
    assert all(strategy != "once" for strategy, *_ in too_late.turns)
    assert too_late.live.decider.agenda.late == {"once": 1}
    assert ("often", "v2", 181) in too_late.turns


def test_limits_concern_turns_as_they_do_firings() -> None:
    shop = Shop()
    limits = Guardrails(holdout=0, quiet_from=0, quiet_until=0, apart_ms=90 * S, per_session=9)
    shop.use(0.5, scheduled("often", every_ms=MINUTE_MS), shop=limits)
    shop.pass_by([*keen(1.2, "v1"), *here(260, "v1")], until=250)
    told = [(one.at - ZERO) // S for one in shop.decisions if one.outcome == "act"]
    assert told == [61, 181]
    assert {one.reason for one in shop.decisions} == {"", "apart"}


def test_who_is_in_no_room_sees_nothing_there() -> None:
    shop = Shop(PAST)
    steps = (Step("in_room", title="在吗"), Step("follow_up", title="回来看看"))
    at = clock_text(ZERO + MINUTE_MS)
    shop.use(0.5, scheduled("eight", whom="sleepy", daily=at, steps=steps))
    shop.pass_by(here(70, "n1"), until=70)
    told = {one.viewer: one.channels for one in shop.decisions}
    assert told.pop("n1") == ("in_room", "follow_up")
    assert set(told.values()) == {("follow_up",)}
    bare = Shop(PAST)
    bare.use(0.5, scheduled("eight", whom="sleepy", daily=at))
    bare.pass_by(here(70, "n1"), until=70)
    assert [who for _, who, _ in bare.turns] == ["n1"]


def test_an_edit_or_a_pause_leaves_nothing_behind() -> None:
    shop = Shop(most=1)
    shop.use(0.5, scheduled("often", every_ms=MINUTE_MS))
    watched = ("v1", "v2", "v3")
    shop.pass_by([*keen(1.2, *watched), *here(260, *watched)], until=61)
    shop.use(61.5, scheduled("often", version=2, every_ms=2 * MINUTE_MS))
    shop.pass_by(here(260, *watched, since=62), until=130)
    second = [("often", "v1", 121), ("often", "v2", 122), ("often", "v3", 123)]
    assert shop.turns == [("often", "v1", 61), *second]
    assert [one.version for one in shop.decisions] == [1, 2, 2, 2]


EVENINGS = pytest.mark.parametrize("told", [in_session, daily, recall, many])


@EVENINGS
def test_a_restart_anywhere_decides_nothing_twice_and_remembers_the_same(
    told: Callable[[], Shop],
) -> None:
    shop = told()
    whole, found = replayed(shop, shop.log)
    assert found == []
    assert whole.decider.snapshot() == shop.live.decider.snapshot()
    walker = fresh(shop.facts, most=shop.most)
    walker.log = shop.log
    for message in shop.log.read(0):
        kept = walker.snapshot()
        if kept is not None and message.offset % 41 == 0:
            again, found = replayed(shop, shop.log, kept)
            assert found == [], kept.offset
            assert again.decider.snapshot() == whole.decider.snapshot(), kept.offset
        walker.apply(message)


@EVENINGS
def test_what_a_crash_kept_from_the_log_is_decided_once_more_and_the_same(
    told: Callable[[], Shop],
) -> None:
    shop = told()
    everything = {one.id: one for one in shop.decisions}
    assert len(everything) == len(shop.decisions) > 3
    for end in range(3, shop.log.next_offset + 1, 43):
        short = MemoryLog()
        for message in shop.log.read(0, until=end):
            short.append(message.clock, [message.body])
        short.commit()
        logged = decisions_in(short)
        _, found = replayed(shop, short)
        assert not {one.id for one in found} & {one.id for one in logged}
        for one in found:
            assert everything[one.id] == one, end
    assert decision_digest(shop.decisions) == decision_digest(everything.values())
