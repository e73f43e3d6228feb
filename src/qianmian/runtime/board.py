"""The board of a room as everybody sees it, and what changed between two of them.

One message holds the numbers, the table and the charts of one instant, so that a card and the table
beside it can never disagree. Deltas are for `/ws`; `applied` is the law they keep:
applied(before, delta(before, after)) = after.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

HESITATING_LIMIT: Final = 5_000
FIRINGS_LIMIT: Final = 50
TREND_STEP_MS: Final = 5_000
TREND_POINTS: Final = 360  # half an hour


class Stage(msgspec.Struct, frozen=True):
    """One stage of the funnel: how many distinct viewers of the session reached it."""

    stage: str
    viewers: int


class TrendPoint(msgspec.Struct, frozen=True):
    """The room at one instant. Units: at in ms UTC; money of the minute before, minor units."""

    at: int
    online: int
    gmv_minor_per_min: int
    orders_per_min: int


class Presented(msgspec.Struct, frozen=True, rename={"start": "from", "end": "to"}):
    """When a product was being presented; `end` is None while it is."""

    product: str
    title: str
    start: int
    end: int | None


class Presenting(msgspec.Struct, frozen=True):
    """What the host is presenting."""

    product: str
    title: str
    link_number: int | None


class HesitatingRow(msgspec.Struct, frozen=True):
    """One viewer who hesitates.

    `product` is None where the reason is about no single product; `category` then says about which
    kind, where it is known. Units: since and at in ms UTC.
    """

    viewer: str
    product: str | None
    category: str | None
    title: str | None
    reason: str
    since: int
    at: int
    moments: tuple[str, ...]

    @property
    def place(self) -> tuple[str, str]:
        """What identifies it on the list."""
        return self.viewer, self.product or self.category or ""


class Hesitating(msgspec.Struct, frozen=True):
    """Everybody who hesitates: how many, and the newest of them."""

    count: int
    rows: tuple[HesitatingRow, ...]


class Comment(msgspec.Struct, frozen=True):
    """A danmaku."""

    text: str
    at: int


class Doubts(msgspec.Struct, frozen=True):
    """Doubts about one product in the last five minutes."""

    product: str | None
    title: str | None
    viewers: int
    latest: tuple[Comment, ...]
    rising: bool


class Hot(msgspec.Struct, frozen=True):
    """A product that many look at, click, cart or buy."""

    product: str
    title: str
    points: int


class Fired(msgspec.Struct, frozen=True):
    """A firing, for the list of what happened last; `about` is its product or category."""

    at: int
    moment: str
    viewer: str | None
    about: str | None
    id: str


class Board(msgspec.Struct, frozen=True):
    """A room at an instant.

    Units: instants in ms UTC; money in minor units of `currency`; conversion_bp in basis points
    (buyers of those who entered), None where nobody is known to have entered; gpm_minor is GMV per
    thousand who entered. `lag_ms` is how far the engine was behind the wall clock when it was sent.
    """

    room: str
    title: str
    session: str
    started_at: int | None
    as_of: int
    online: int
    online_peak: int
    entered: int
    gmv_minor: int
    refunds_minor: int
    currency: str
    orders: int
    orders_per_min: int
    conversion_bp: int | None
    gpm_minor: int | None
    stage: str | None
    presenting: Presenting | None
    funnel: tuple[Stage, ...]
    trend: tuple[TrendPoint, ...]
    presented: tuple[Presented, ...]
    hesitating: Hesitating
    doubts: tuple[Doubts, ...]
    hot: tuple[Hot, ...]
    firings_by_moment: dict[str, int]
    firings: tuple[Fired, ...]
    lag_ms: int = 0


_LISTS: Final = frozenset({"trend", "hesitating", "firings"})
"""Fields of which a delta tells what changed; every other field is told whole."""

Delta = dict[str, Any]


def delta(before: Board, after: Board) -> Delta:
    """What changed: an object with the changed fields, and the additions to lists.

    `trend_add` are new points at the end; `firings_add` goes to the front and takes the place of
    those with the same ids; `hesitating` is {count, put, drop}: rows to put (by viewer and product)
    and places to drop. What is too old to be shown falls off by the limits of this module.
    """
    changed: Delta = {
        name: getattr(after, name)
        for name in Board.__struct_fields__
        if name not in _LISTS and getattr(before, name) != getattr(after, name)
    }
    last = before.trend[-1].at if before.trend else -1
    points = [point for point in after.trend if point.at > last]
    if points:
        changed["trend_add"] = points
    known = {fired.id for fired in before.firings}
    fresh = [place for place, fired in enumerate(after.firings) if fired.id not in known]
    if fresh:
        changed["firings_add"] = after.firings[: fresh[-1] + 1]
    moved = _moved(before.hesitating, after.hesitating)
    if moved:
        changed["hesitating"] = moved
    return changed


def _moved(before: Hesitating, after: Hesitating) -> Delta | None:
    old = {row.place: row for row in before.rows}
    new = {row.place: row for row in after.rows}
    put = [row for place, row in new.items() if old.get(place) != row]
    drop = [list(place) for place in old if place not in new]
    if not put and not drop and before.count == after.count:
        return None
    return {"count": after.count, "put": put, "drop": drop}


def applied(before: Board, changed: Delta) -> Board:
    """The board after a delta: what a client does, written down once more."""
    fields = {name: getattr(before, name) for name in Board.__struct_fields__}
    fields |= {name: value for name, value in changed.items() if name in fields}
    points = (*before.trend, *changed.get("trend_add", ()))
    fields["trend"] = points[-TREND_POINTS:]
    added = changed.get("firings_add", ())
    ids = {fired.id for fired in added}
    kept = (fired for fired in before.firings if fired.id not in ids)
    fields["firings"] = (*added, *kept)[:FIRINGS_LIMIT]
    moved = changed.get("hesitating")
    fields["hesitating"] = before.hesitating if moved is None else _rows_after(before, moved)
    return Board(**fields)


def _rows_after(before: Board, moved: Delta) -> Hesitating:
    rows = {row.place: row for row in before.hesitating.rows}
    for place in moved["drop"]:
        rows.pop(tuple(place), None)
    rows |= {row.place: row for row in moved["put"]}
    newest = sorted(rows.values(), key=lambda row: (-row.at, row.place))
    return Hesitating(moved["count"], tuple(newest))
