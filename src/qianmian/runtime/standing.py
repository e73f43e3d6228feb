"""Where one viewer stands now: why tags and segments hold, visits, and what waits to fire.

Read from the rows of the log, for one viewer when somebody asks; the engine says what holds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from qianmian.columns.facts import ViewerFacts
from qianmian.language.ast import Number, Viewing, Without, walk
from qianmian.language.definition import Definition
from qianmian.language.explain import explain
from qianmian.language.fact_columns import needs_of
from qianmian.language.instances import Instance, absences, views
from qianmian.language.measuring import number_now
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
    """Where a viewer stands.

    Attributes:
        visits: how many the rows show.
        why: by name of the level (`tag.NAME`).
        numbers: the values of tags that have a number, by name; amounts in minor units.
    """

    visits: int
    waiting: tuple[Waiting, ...]
    why: Mapping[str, Why]
    numbers: Mapping[str, int | float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OwnPast:
    """What a build of facts says of one viewer; as `Past` for whoever explains.

    `columns`: those of which the engine holds something, so the build carries them.
    """

    boundary_ms: int
    viewer: ViewerFacts | None
    columns: tuple[str, ...]

    def of(self, _: str) -> ViewerFacts | None:
        """Of the one viewer."""
        return self.viewer


def standing_of(
    explainer: Explainer,
    place: Firing,
    definitions: Mapping[str, Definition],
    held: Collection[str],
    rows: Sequence[Row],
    *,
    past: ViewerFacts | None = None,
    past_at: int | None = None,
) -> Standing:
    """Where a viewer stands.

    Args:
        place: of whom and when: viewer, room, session and instant count.
        definitions: the active ones; the names of levels are their keys, as in `held`.
        held: the levels that hold, as the engine says.
        rows: as for `Explainer.evidence`; numbers count each of them.
        past: what the facts say of the viewer, at the boundary `past_at`; None without facts.
    """
    why: dict[str, Why] = {}
    numbers: dict[str, int | float] = {}
    names = sorted(set(held) & definitions.keys())
    columns = tuple(one.name for one in needs_of(definitions[n].expr for n in names).columns)
    facts = None if past_at is None else OwnPast(past_at, past, columns)
    for name in names:
        applied, known = explainer.seen(_named(place, name), definitions, rows, facts=facts)
        why[name] = _why(definitions[name], applied, known, place.at)
        expr = definitions[name].expr
        if isinstance(expr, Number):
            number = number_now(expr, at_instant(applied, place.at, known))
            numbers |= {} if number is None else {name: number}
    moments = [
        one for one in definitions.values() if one.kind == "moment" and not is_room_moment(one.expr)
    ]
    if not moments:
        return Standing(0, (), why, numbers)
    applied, known = explainer.seen(_named(place, moments[0].key), definitions, rows)
    snapshot = at_instant(applied, place.at, known)
    waiting = {found for one in moments for found in _waiting(one, snapshot)}
    soonest = sorted(waiting, key=lambda one: (one.due, one.moment, one.about or ""))
    return Standing(len(snapshot.visits), tuple(soonest[:WAITING]), why, numbers)


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
