"""Why something happened to a viewer, or nothing: each strategy beside what the viewer did.

A decision has its reason. Where there is none, either the moment has not fired, or what the
strategy asks for beside it did not hold at that instant: a near miss, told part by part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from qianmian.columns.facts import Facts, facts_bytes
from qianmian.engine.readings import ViewerNow
from qianmian.language.ast import InSegment, Node
from qianmian.language.definition import Definition
from qianmian.language.explain import explain
from qianmian.runtime.evidence import Explainer
from qianmian.strategies.compiling import definition_of, guards_of
from qianmian.strategies.strategy import Strategy
from qianmian.vocabulary.decision import Decision
from qianmian.vocabulary.firing import Firing
from qianmian.vocabulary.minors import MinorsMode

Verdict = Literal["decided", "not_held", "not_running", "not_fired", "not_due", "no_turn"]


@dataclass(frozen=True, slots=True)
class Guard:
    """Something that a strategy asks for beside its moment; unknown: nothing is known of it.

    is_cut: only the newest amounts count, as `language.explain` says.
    """

    node: Node
    holds: bool
    is_unknown: bool
    is_cut: bool


@dataclass(frozen=True, slots=True)
class Why:
    """Where one strategy stands with one viewer.

    Attributes:
        verdict: `not_running`: everything held, and the strategy was not running then. Of a
            schedule `not_due`: its instant has not come; `no_turn`: everything held then, and the
            viewer was not where it looks, or it was not running.
        fired_at: when its moment last fired for the viewer in this session, or its instant came;
            None: it has not.
        judged_at: the instant for which the guards are told: of that firing, else now.
        decision: the newest about the viewer.
    """

    strategy: Strategy
    verdict: Verdict
    fired_at: int | None
    judged_at: int
    guards: tuple[Guard, ...]
    decision: Decision | None


@dataclass(frozen=True, slots=True)
class Asked:
    """Of whom and where, and what is known. `rows` are as for `Explainer.evidence`.

    `turns`: the newest instants of schedules, by strategy and room.
    """

    viewer: str
    room: str
    session: str
    clock: int
    now: ViewerNow | None
    fired: Sequence[Firing]
    definitions: Sequence[Definition]
    rows: Sequence[dict[str, Any]]
    minors: MinorsMode
    turns: Mapping[tuple[str, str], int] = field(default_factory=dict)


def whys_of(
    asked: Asked,
    strategies: Sequence[Strategy],
    decisions: Sequence[Decision],
    explainer: Explainer,
) -> list[Why]:
    """Where each of these strategies stands with a viewer.

    Args:
        decisions: about this viewer, newest first.
    """
    by_place = {(one.kind, one.key): one for one in asked.definitions}
    return [_why(asked, one, decisions, by_place, explainer) for one in strategies]


def _why(
    asked: Asked,
    strategy: Strategy,
    decisions: Sequence[Decision],
    by_place: Mapping[tuple[str, str], Definition],
    explainer: Explainer,
) -> Why:
    if strategy.schedule is not None:
        return _why_scheduled(asked, strategy, decisions, by_place, explainer)
    fired = next(
        (
            one
            for one in asked.fired
            if (one.moment, one.room, one.session) == (strategy.moment, asked.room, asked.session)
        ),
        None,
    )
    decision = next((one for one in decisions if one.strategy == strategy.key), None)
    judged_at = asked.clock if fired is None else fired.at
    guards = _guards(asked, strategy, by_place, explainer, judged_at, fired)
    verdict: Verdict = "not_running" if all(one.holds for one in guards) else "not_held"
    if decision is not None and (fired is None or decision.at >= fired.at):
        verdict = "decided"
    elif fired is None:
        verdict = "not_fired"
    fired_at = None if fired is None else fired.at
    return Why(strategy, verdict, fired_at, judged_at, guards, decision)


def _why_scheduled(
    asked: Asked,
    strategy: Strategy,
    decisions: Sequence[Decision],
    by_place: Mapping[tuple[str, str], Definition],
    explainer: Explainer,
) -> Why:
    came = [asked.turns.get((strategy.key, room)) for room in (asked.room, "")]
    turn = max((at for at in came if at is not None), default=None)
    decision = next((one for one in decisions if one.strategy == strategy.key), None)
    judged_at = asked.clock if turn is None else turn
    guards = _guards(asked, strategy, by_place, explainer, judged_at, None)
    verdict: Verdict = "no_turn" if all(one.holds for one in guards) else "not_held"
    if decision is not None and (turn is None or decision.scheduled_at >= turn):
        verdict = "decided"
    elif turn is None:
        verdict = "not_due"
    return Why(strategy, verdict, turn, judged_at, guards, decision)


def _guards(
    asked: Asked,
    strategy: Strategy,
    by_place: Mapping[tuple[str, str], Definition],
    explainer: Explainer,
    at: int,
    fired: Firing | None,
) -> tuple[Guard, ...]:
    moment = None if strategy.schedule is not None else by_place["moment", strategy.moment]
    watched = definition_of(strategy, by_place, asked.minors)
    names = {
        one.key if one.kind == "moment" else f"{one.kind}.{one.key}": one
        for one in asked.definitions
    }
    key = None if fired is None else fired.key
    place = Firing(at, asked.viewer, asked.room, asked.session, watched.key, 1, key)
    past = None if asked.now is None else asked.now.past
    facts = None
    if asked.now is not None and past is not None:
        told = facts_bytes(
            [past],
            boundary_ms=asked.now.past_at or 0,
            columns=past.days_by_column,
            scores=past.scores,
            segments=past.segments,
        )
        facts = Facts(told)
    applied, known = explainer.seen(place, {**names, watched.key: watched}, asked.rows, facts=facts)
    found = []
    for node in guards_of(strategy, moment, asked.minors):
        if at == asked.clock and isinstance(node, InSegment) and asked.now is not None:
            found.append(
                Guard(
                    node, f"segment.{node.key}" in asked.now.levels, is_unknown=False, is_cut=False
                )
            )
        else:
            part = explain(node, applied, at, known)
            found.append(Guard(node, part.holds, part.is_unknown, part.is_cut))
    return tuple(found)
