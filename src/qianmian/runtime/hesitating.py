"""Who hesitates in a room now, over which product, and why: what the board's table shows.

A projection of firings and events: a moment that says how long it lingers puts the viewer on the
list, and what ends it takes them off again. It decides nothing.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from qianmian.language.ast import Viewing, Without, walk
from qianmian.language.definition import Definition
from qianmian.vocabulary.firing import Firing

Place = tuple[str, str]
"""Viewer, and the product (or category, or "") that it is about."""


@dataclass(frozen=True, slots=True)
class Lingering:
    """How long a moment describes the viewer after it fired.

    Attributes:
        until: names of event types that end it, about the same product.
        on_page: whether another product page ends it.
        at_most_ms: when it ends in any case.
        ago_ms: how long before the firing it began: the wait of an absence.
        by_product: whether firings of it are about a product.
    """

    until: frozenset[str]
    on_page: bool
    at_most_ms: int
    ago_ms: int
    by_product: bool


def lingering_of(
    definition: Definition, until: Iterable[str], *, on_page: bool, at_most_ms: int
) -> Lingering:
    """What lingers of a moment, with what its expression says of its beginning."""
    nodes = list(walk(definition.expr))
    waits = [node.within_ms for node in nodes if isinstance(node, Without)]
    waits += [node.for_ms for node in nodes if isinstance(node, Viewing)]
    sames = {getattr(node, "same", None) for node in nodes}
    return Lingering(
        until=frozenset(until),
        on_page=on_page,
        at_most_ms=at_most_ms,
        ago_ms=max(waits, default=0),
        by_product="product" in sames or any(isinstance(node, Viewing) for node in nodes),
    )


@dataclass(slots=True)
class _Row:
    """Why a viewer is on the list: when each moment fired; `since` is the earliest beginning."""

    since: int
    fired: dict[str, int] = field(default_factory=dict)


class Hesitating:
    """The list of one room.

    Cost: one look-up per firing that lingers and per event that may end something; nothing per
    event of viewers who are not on the list.
    """

    def __init__(self, lingering: Mapping[str, Lingering]) -> None:
        self._lingering = lingering
        self._rows: dict[Place, _Row] = {}
        self._about: dict[str, set[str]] = {}
        self._due: list[tuple[int, str, str, str]] = []  # a heap: when, place, moment
        self.ending = frozenset(name for one in lingering.values() for name in one.until)

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, viewer: object) -> bool:
        return viewer in self._about

    @property
    def viewers(self) -> list[str]:
        """Everybody on the list, once."""
        return list(self._about)

    def fired(self, firing: Firing) -> None:
        """A moment fired in this room."""
        lingering = self._lingering.get(firing.moment)
        if lingering is None or firing.viewer is None:
            return
        about = firing.key or ""
        since = firing.at - lingering.ago_ms
        row = self._rows.setdefault((firing.viewer, about), _Row(since))
        row.since = min(row.since, since)
        row.fired[firing.moment] = firing.at
        self._about.setdefault(firing.viewer, set()).add(about)
        self._wait_for((firing.viewer, about), row)

    def happened(self, kind: str, viewer: str, products: Sequence[str]) -> None:
        """An event of this viewer was accepted; it may end what is about its products."""
        for about in tuple(self._about.get(viewer, ())):
            row = self._rows[viewer, about]
            for moment in tuple(row.fired):
                if self._ends(self._lingering[moment], kind, about, products):
                    del row.fired[moment]
            if not row.fired:
                self._drop(viewer, about)

    def left(self, viewer: str) -> None:
        """The viewer is not in the room any more."""
        for about in self._about.pop(viewer, ()):
            del self._rows[viewer, about]

    def withdrawn(self, product: str) -> None:
        """Nobody can buy it now."""
        for viewer, about in [place for place in self._rows if place[1] == product]:
            self._drop(viewer, about)

    def linked(self, anonymous: str, known: str) -> None:
        """An anonymous viewer turned out to be a known one."""
        for about in self._about.pop(anonymous, ()):
            old = self._rows.pop((anonymous, about))
            row = self._rows.setdefault((known, about), old)
            row.since = min(row.since, old.since)
            row.fired = old.fired | row.fired
            self._about.setdefault(known, set()).add(about)
            self._wait_for((known, about), row)

    def pass_to(self, clock_ms: int) -> None:
        """Take off what has lasted long enough."""
        while self._due and self._due[0][0] < clock_ms:
            _, viewer, about, moment = heapq.heappop(self._due)
            row = self._rows.get((viewer, about))
            if row is None or moment not in row.fired:
                continue
            if row.fired[moment] + self._lingering[moment].at_most_ms < clock_ms:
                del row.fired[moment]
            if not row.fired:
                self._drop(viewer, about)

    def _wait_for(self, place: Place, row: _Row) -> None:
        """Look at it again when each of its moments has lasted long enough."""
        for moment, at in row.fired.items():
            heapq.heappush(self._due, (at + self._lingering[moment].at_most_ms, *place, moment))

    def rows(self, limit: int) -> list[dict[str, Any]]:
        """The newest entries, newest first.

        Each is {viewer, about, by_product, reason, since, at, moments}: `reason` is the moment that
        fired last, `at` when.
        """
        newest = sorted((-max(row.fired.values()), place) for place, row in self._rows.items())
        return [self._told(place) for _, place in newest[:limit]]

    def _told(self, place: Place) -> dict[str, Any]:
        row = self._rows[place]
        by_age = sorted(row.fired, key=lambda moment: (-row.fired[moment], moment))
        return {
            "viewer": place[0],
            "about": place[1] or None,
            "by_product": any(self._lingering[moment].by_product for moment in row.fired),
            "reason": by_age[0],
            "since": row.since,
            "at": row.fired[by_age[0]],
            "moments": by_age,
        }

    def _ends(self, lingering: Lingering, kind: str, about: str, products: Sequence[str]) -> bool:
        is_same = not lingering.by_product or not about or about in products
        if kind in lingering.until and (is_same or not products):
            return True
        return lingering.on_page and kind == "product_viewed" and about not in products

    def _drop(self, viewer: str, about: str) -> None:
        del self._rows[viewer, about]
        held = self._about[viewer]
        held.discard(about)
        if not held:
            del self._about[viewer]

    def anew(self) -> Hesitating:
        """The same list, without the names of those who are not on it any more."""
        fresh = Hesitating(self._lingering)
        fresh.restore(self.snapshot())
        return fresh

    def snapshot(self) -> list[list[Any]]:
        """Everything, as JSON."""
        return [
            [*place, row.since, sorted(row.fired.items())]
            for place, row in sorted(self._rows.items())
        ]

    def restore(self, stored: Iterable[Sequence[Any]]) -> None:
        """The opposite of `snapshot`; what a changed definition no longer lists is left out."""
        for viewer, about, since, fired in stored:
            known = {moment: at for moment, at in fired if moment in self._lingering}
            if known:
                row = self._rows[viewer, about] = _Row(since, known)
                self._about.setdefault(viewer, set()).add(about)
                self._wait_for((viewer, about), row)
