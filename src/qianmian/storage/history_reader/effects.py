"""The effect of a strategy version, read from decisions and events of history.

Everybody stands under the person whose ids they are, as of the newest message (decision 0029), so
an order of a member counts for what was decided about their device.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from qianmian.experiments.effect import Bool, Plan
from qianmian.experiments.population import Int64, Population
from qianmian.experiments.strategy_effect import (
    Beside,
    Naive,
    StrategyEffect,
    effect_by_slices,
    strategy_effect,
)
from qianmian.experiments.switchback import Switchback
from qianmian.language.ast import Node
from qianmian.storage.history_reader.answers import NOTHING, Definitions
from qianmian.storage.history_reader.asked import Asked
from qianmian.storage.history_reader.levels import PERSON
from qianmian.storage.history_reader.measured import NEVER, PAID, Measured
from qianmian.storage.history_reader.reader import HistoryReader
from qianmian.storage.history_reader.terms import column
from qianmian.storage.slices import switchback_in_history
from qianmian.strategies.assignment import WHOLE
from qianmian.strategies.slices import is_room_wide
from qianmian.strategies.strategy import Goal, Strategy

NO_LEVELS: Final[Mapping[str, Node]] = {}


def effect_in_history(
    reader: HistoryReader,
    strategy: Strategy,
    currency: str,
    *,
    by: Mapping[str, Node] = NO_LEVELS,
    definitions: Definitions = NOTHING,
) -> StrategyEffect:
    """The effect of a version, as far as history knows it.

    Args:
        currency: of the shop; orders in others count, their amounts do not.
        by: tags and segments by key; people are asked for as they were when the first in their
            session was decided about, so that nothing the strategy did is in the answer.
        definitions: the tags and segments that these may name.

    Raises: LogProblem when a file cannot be read; HistoryTooLarge; NotInHistory for a tag or
        segment that history cannot say.
    Cost: what history has new, and a pass over the decisions of the version and over the orders;
        for each of `by` and each session a question to everybody.
    """
    measured, goal = reader.measured, strategy.goal
    if by:
        reader.bring(by.values(), definitions)
    measured.refresh(goal.event)
    version, window_ms = (strategy.key, strategy.version), goal.window_ms
    slices = _by_slices(reader, strategy)
    if slices is not None:
        told = {"window_ms": window_ms, "as_of": measured.clock}
        return effect_by_slices(version, goal.event, slices, **told)
    asked = Asked(measured, strategy, currency)
    people = asked.people().compared(as_of=measured.clock)
    share = strategy.control / WHOLE
    names, place = _in_order(measured.places, people.place)
    people = replace(people, place=place)
    return strategy_effect(
        version,
        goal.event,
        people,
        Plan(control_share=share if 0 < share < 1 else None),
        window_ms=window_ms,
        as_of=measured.clock,
        beside=_beside(asked, measured, goal, people),
        session_names=names,
        holds={key: _holds(reader, people, one, definitions) for key, one in by.items()},
        is_drawn=~np.isin(people.person, asked.assigned_before()),
    )


def _by_slices(reader: HistoryReader, strategy: Strategy) -> Switchback | None:
    """What slices say, if it reaches whole rooms; that is not asked where it decided of people."""
    is_of_people = len(reader.measured.decided((strategy.key, strategy.version))) > 0
    if is_of_people and not is_room_wide(strategy, ""):
        return None
    return switchback_in_history(reader.folder, strategy, reader.shop)


def _beside(asked: Asked, measured: Measured, goal: Goal, people: Population) -> Beside:
    """What is not in the comparison, of the time from the first of its people to the last."""
    begin = int(people.at.min(initial=measured.clock))
    until = int(people.until.max(initial=begin))
    stands, first, last = measured.persons()
    others = stands & (first <= until) & (last >= begin) & ~asked.was_treated()
    reached = np.zeros(len(stands), np.bool_)
    reached[asked.in_time(goal.event, begin, until).person] = True
    paid = asked.in_time(PAID, begin, until)
    is_ours = asked.is_ours[paid.person]
    of_treated = people.reached[people.is_treated]
    naive = Naive(
        len(of_treated), int(of_treated.sum()), int(others.sum()), int((others & reached).sum())
    )
    nobody_saw = first[paid.person] == NEVER
    unknown, foreign = int((nobody_saw & ~is_ours).sum()), int((paid.is_foreign & is_ours).sum())
    return Beside(naive, unknown, foreign)


def _in_order(places: Mapping[tuple[str, str], int], place: Int64) -> tuple[list[str], Int64]:
    """The names of the sessions that are there, by room and session, and their new numbers."""
    is_there = np.zeros(len(places), np.bool_)
    is_there[place] = True
    found = sorted(pair for pair, number in places.items() if is_there[number])
    new = np.zeros(len(places), np.int64)
    new[[places[pair] for pair in found]] = np.arange(len(found))
    return [f"{room} {session}".strip() for room, session in found], new[place]


def _holds(reader: HistoryReader, people: Population, expr: Node, definitions: Definitions) -> Bool:
    """For whom of the people a level held when their session began to decide."""
    holds = np.zeros(len(people.person), np.bool_)
    for place in np.unique(people.place).tolist():
        mine = people.place == place
        asking = reader.question(int(people.at[mine].min()), room=None, definitions=definitions)
        truth = asking.truth(expr)  # first: it says what `people` has to hold
        query = asking.people([column("name", PERSON)]).where(truth, copy=False)
        found = reader.database.table(query, asking.bound.values).column(0).to_pylist()
        holds |= mine & np.isin(people.person, reader.measured.numbers(found))
    return holds
