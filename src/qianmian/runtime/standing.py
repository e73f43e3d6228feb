"""Where one viewer stands now: why tags and segments hold, visits, and what waits to fire.

Read from the rows of the log, for one viewer when somebody asks; the engine says what holds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from qianmian.language.ast import Viewing, Without, walk
from qianmian.language.definition import Definition
from qianmian.language.explain import explain
from qianmian.language.instances import Instance, absences, views
from qianmian.language.room_events import is_room_moment
from qianmian.language.rows import Known
from qianmian.language.rows import Row as Applied
from qianmian.language.snapshot import Snapshot, at_instant
from qianmian.language.truth import truth_of
from qianmian.runtime.evidence import Explainer
from qianmian.vocabulary.firing import Firing

Row = dict[str, Any]

FEW_ROWS: Final = 60
"""Up to so many rows it is also said since when a level holds; the search is quadratic."""
WAITING: Final = 20


@dataclass(frozen=True, slots=True)
class Why:
    """Why a level holds.

    Attributes:
        since: since when without interruption, ms UTC; None when it always has, or is not searched.
        because: ids of the events that make it hold, ascending; none when attributes do, or
            what happened before the rows begin.
    """

    since: int | None
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that fires unless it is cancelled. Units: due in ms UTC."""

    moment: str
    about: str | None
    due: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Attributes: visits: how many the rows show; why: by name of the level (`tag.NAME`)."""

    visits: int
    waiting: tuple[Waiting, ...]
    why: Mapping[str, Why]


def standing_of(
    explainer: Explainer,
    place: Firing,
    definitions: Mapping[str, Definition],
    held: Collection[str],
    rows: Sequence[Row],
) -> Standing:
    """Where a viewer stands.

    Args:
        place: of whom and when: viewer, room, session and instant count.
        definitions: the active ones; the names of levels are their keys, as in `held`.
        held: the levels that hold, as the engine says.
        rows: as for `Explainer.evidence`.
    """
    why = {}
    for name in sorted(set(held) & definitions.keys()):
        applied, known = explainer.seen(_named(place, name), definitions, rows)
        why[name] = _why(definitions[name], applied, known, place.at)
    moments = [
        one for one in definitions.values() if one.kind == "moment" and not is_room_moment(one.expr)
    ]
    if not moments:
        return Standing(0, (), why)
    applied, known = explainer.seen(_named(place, moments[0].key), definitions, rows)
    snapshot = at_instant(applied, place.at, known)
    waiting = {found for one in moments for found in _waiting(one, snapshot)}
    soonest = sorted(waiting, key=lambda one: (one.due, one.moment, one.about or ""))
    return Standing(len(snapshot.visits), tuple(soonest[:WAITING]), why)


def _named(place: Firing, name: str) -> Firing:
    return Firing(place.at, place.viewer, place.room, place.session, name, 1, None)


def _why(definition: Definition, applied: Sequence[Applied], known: Known, at: int) -> Why:
    since = None
    if len(applied) <= FEW_ROWS:
        since = explain(definition.expr, applied, at, known).since
    truth = truth_of(definition.expr, at_instant(applied, at, known))
    return Why(since, tuple(name for name in truth.because if name))


def _waiting(definition: Definition, snapshot: Snapshot) -> Iterator[Waiting]:
    """The instances of a moment that are armed and not cancelled."""
    for part in walk(definition.expr):
        found: list[Instance] = []
        if isinstance(part, Without):
            found = absences(part, snapshot)
        elif isinstance(part, Viewing):
            found = views(part, snapshot)
        for one in found:
            if one.turn > snapshot.now and one.has_fired:
                yield Waiting(definition.key, one.key, one.turn)
