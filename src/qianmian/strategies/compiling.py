"""From a strategy to what the engine watches: a definition of its own that fires where it decides.

Of a schedule it is the level of whom it concerns, read at its instants. Else the expression is that
of the moment, guarded by the segments and conditions, so whether everything held *then* is judged
at the instant of the firing, by the same program and in the same order for any grouping of
messages. Slots and atoms are shared with the moment itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from qianmian.engine.firings import Firings
from qianmian.errors import InputError, TypeProblem, UnknownName
from qianmian.language.ast import And, InSegment, Node
from qianmian.language.definition import SCHEDULE, STRATEGY_PREFIX, Definition
from qianmian.language.normalize import normalize
from qianmian.language.parse import parse
from qianmian.language.room_events import is_room_moment
from qianmian.language.types import check, check_definition
from qianmian.strategies.minors import minor_guards
from qianmian.strategies.strategy import Schedule, Strategy
from qianmian.strategies.templates import check_template
from qianmian.vocabulary.events import event_type
from qianmian.vocabulary.firing import Firing
from qianmian.vocabulary.minors import MinorsMode
from qianmian.vocabulary.time import MINUTE_MS

ROOM_CHANNELS: Final = frozenset({"in_room", "host", "bot"})
"""What a moment of the whole room can reach."""

TRIED: Final = "__T"
"""So ends the key of what is watched for a trial, beside the version that was in force."""


def definition_of(
    strategy: Strategy, definitions: Mapping[tuple[str, str], Definition], minors: MinorsMode
) -> Definition:
    """What fires where this strategy decides.

    Args:
        definitions: the active ones, by kind and key.
        minors: who is left out because of their age.

    Raises: UnknownName for a moment or segment that is not active; DefinitionError for conditions
        that cannot be read, or that cannot stand beside this moment; InputError for a schedule that
        is none, or concerns nobody.
    """
    if strategy.schedule is not None:
        return _scheduled(strategy, definitions, minors)
    moments = [key for kind, key in definitions if kind == "moment"]
    moment = definitions.get(("moment", strategy.moment))
    if moment is None:
        raise UnknownName.of("active moment", strategy.moment, moments)
    _check_segments(strategy, definitions)
    guards = guards_of(strategy, moment, minors)
    expr = moment.expr if not guards else normalize(And((moment.expr, *guards)))
    found = Definition(
        f"{STRATEGY_PREFIX}{strategy.key}",
        "strategy",
        expr,
        moment.again_after_ms,
        strategy.version,
    )
    check_definition(found)
    return found


def _scheduled(
    strategy: Strategy, definitions: Mapping[tuple[str, str], Definition], minors: MinorsMode
) -> Definition:
    """The level of whom a schedule concerns."""
    schedule = strategy.schedule
    if strategy.moment or schedule is None or schedule.said != 1:
        raise InputError(
            "say one thing that starts it: a moment, or a schedule with one of after_ms, every_ms,"
            " daily, before_ms",
            field="schedule",
        )
    if not strategy.whom:
        raise InputError(
            "a schedule needs a segment: nothing else says whom it concerns", field="whom"
        )
    _check_segments(strategy, definitions)
    guards = guards_of(strategy, None, minors)
    expr = guards[0] if len(guards) == 1 else normalize(And(tuple(guards)))
    key = f"{STRATEGY_PREFIX}{strategy.key}"
    found = Definition(key, SCHEDULE, expr, None, strategy.version)
    check_definition(found)
    return found


def _check_segments(strategy: Strategy, definitions: Mapping[tuple[str, str], Definition]) -> None:
    for key in strategy.whom:
        if ("segment", key) not in definitions:
            known = [key for kind, key in definitions if kind == "segment"]
            raise UnknownName.of("active segment", key, known)


def guards_of(strategy: Strategy, moment: Definition | None, minors: MinorsMode) -> list[Node]:
    """What must hold beside the moment, or of whom a schedule concerns.

    Segments, then conditions, then the rule about minors.

    Raises: DefinitionError for conditions that cannot be read.
    """
    guards: list[Node] = [InSegment(key) for key in strategy.whom]
    if strategy.conditions.strip():
        node = _conditions(strategy.conditions)
        guards += node.parts if isinstance(node, And) else (node,)
    is_of_room = moment is not None and is_room_moment(moment.expr)
    return guards if is_of_room else guards + minor_guards(minors)


def _conditions(text: str) -> Node:
    node = parse(text)
    if check(node).sort != "level":
        raise TypeProblem(
            "conditions of a strategy are states that hold when its moment fires, and this is an"
            " instant; write for example cart_added this session"
        )
    return node


def definitions_of(
    strategies: Sequence[Strategy], active: Sequence[Definition], minors: MinorsMode
) -> tuple[Definition, ...]:
    """The definitions of the strategies that run, by key.

    Raises: DefinitionError that names the strategy.
    """
    by_place = {(one.kind, one.key): one for one in active}
    running = sorted((one for one in strategies if one.is_running), key=lambda one: one.key)
    return tuple(definition_of(one, by_place, minors) for one in running)


def split(firings: Sequence[Firing]) -> tuple[Sequence[Firing], list[Firing]]:
    """What moments fired, and what the definitions of strategies did.

    Cost: an array operation per message where no strategy is active.
    """
    if not len(firings):
        return firings, []
    told = Firings.of(firings)
    is_strategy = np.array([key.startswith(STRATEGY_PREFIX) for key, _ in told.legend.moments])
    matched = is_strategy[told.columns.definition]
    if not matched.any():
        return firings, []
    return told.rows(~matched), told.rows(matched).tolist()


def strategy_of_firing(firing: Firing) -> str:
    """The key of the strategy whose definition fired."""
    return strategy_of_key(firing.moment)


def strategy_of_key(key: str) -> str:
    """The key of the strategy for which a definition with this key is watched."""
    return key.removeprefix(STRATEGY_PREFIX).removesuffix(TRIED)


def check_strategy(
    strategy: Strategy,
    active: Sequence[Definition],
    offers: Sequence[str],
    minors: MinorsMode = "off",
) -> Definition:
    """Refuse a strategy that could not run; what the engine would watch.

    Raises: InputError, DefinitionError.
    """
    found = definition_of(strategy, {(one.kind, one.key): one for one in active}, minors)
    if strategy.offer is not None and strategy.offer not in offers:
        raise UnknownName.of("offer", strategy.offer, offers)
    if strategy.control == 0 and not strategy.why_no_control.strip():
        raise InputError(
            "without a control group nobody can say whether it works; say why there is none",
            field="why_no_control",
        )
    often = None if strategy.schedule is None else strategy.schedule.every_ms
    if often is not None and often < MINUTE_MS:
        raise InputError("more often than once a minute is no schedule", field="schedule.every_ms")
    event_type(strategy.goal.event)
    if strategy.goal.within and not (strategy.schedule is None or strategy.schedule.is_of_session):
        raise InputError(
            "this schedule decides about people outside a session, so there is none that ends; say"
            " within_ms",
            field="goal.within",
        )
    is_of_room = strategy.schedule is None and is_room_moment(found.expr)
    for place, step in enumerate(strategy.steps):
        if is_of_room and step.channel not in ROOM_CHANNELS:
            raise InputError(
                f'"{strategy.moment}" is a moment of the whole room; {step.channel} reaches one'
                " person; choose the host or a message to the room",
                field=f"steps[{place}].channel",
            )
        if strategy.schedule is not None:
            _check_reach(strategy.schedule, place, step.channel)
        for name in ("title", "body"):
            check_template(getattr(step, name), step.channel, f"steps[{place}].{name}")
        _check_url(step.action_url, step.channel, f"steps[{place}].action_url")
        _check_wait(strategy, place, is_of_room=is_of_room)
    return found


def _check_reach(schedule: Schedule, place: int, channel: str) -> None:
    """Refuse a step that could reach nobody: who is not in the room sees nothing there."""
    if schedule.before_ms is not None and channel in ROOM_CHANNELS:
        raise InputError(
            f"before a session nobody is in its room, and {channel} reaches only who is; choose"
            " customer service, or a message to the person",
            field=f"steps[{place}].channel",
        )


def _check_wait(strategy: Strategy, place: int, *, is_of_room: bool) -> None:
    step = strategy.steps[place]
    if place + 1 == len(strategy.steps) and (step.wait_for or step.wait_ms is not None):
        raise InputError(
            "nothing comes after the last step, so it waits for nothing; add a step, or take the"
            " wait away",
            field=f"steps[{place}].wait_ms",
        )
    if step.wait_for and (is_of_room or event_type(step.wait_for).scope == "room"):
        raise InputError(
            f'a step waits for what its viewer does, and "{step.wait_for}" is not that here;'
            " choose an event of viewers, and a moment of one viewer",
            field=f"steps[{place}].wait_for",
        )


def _check_url(url: str, channel: str, field: str) -> None:
    is_relative = url.startswith("/") and url[1:2] != "/"
    if is_relative and channel != "in_room":
        raise InputError(
            f"{channel} is read where there is no page of the shop, so {url} leads nowhere; write"
            " the whole link with https://",
            field=field,
        )
    if url and not (is_relative or url.startswith("https://")):
        raise InputError("a link begins with https:// or with / of the same site", field=field)
