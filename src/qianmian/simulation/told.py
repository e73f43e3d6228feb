"""What the messages of a log say, read by a few plain rules that share nothing with the engine.

It stands beside the truth: a viewer may have hesitated and the page been closed by a lost network.
Kinds: `looked_long` (two minutes on a page without a step towards an order), `left_in_cart` (five
minutes in the cart), `compared` (three products of one category within a minute), `joined_promo`
(an act within a minute of an offer), `bought` (paid), `came`.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from qianmian.vocabulary.time import MINUTE_MS, SECOND_MS

Row = Mapping[str, Any]

GONE_MS = 45 * SECOND_MS
LOOKED_MS = 2 * MINUTE_MS
IN_CART_MS = 5 * MINUTE_MS
COMPARED_MS = MINUTE_MS
COMPARED = 3
PROMO_MS = MINUTE_MS

_TAKEN = frozenset({"order_created", "order_paid"})
_STEPS = _TAKEN | {"checkout_started"}
_LOOKS = frozenset({"product_viewed", "product_clicked"})
_REACTIONS = frozenset({"product_clicked", "cart_added", "coupon_claimed"})


class Fact(NamedTuple):
    """Something that the messages show. `about`: the product, the category, or nothing."""

    what: str
    viewer: str
    about: str | None


class _Wait(NamedTuple):
    """Something that becomes a fact at `due` unless it is called off."""

    due: int
    what: str
    product: str
    page_id: str | None


@dataclass(slots=True)
class _Seen:
    """What is known of one person up to now."""

    last_at: int
    visit: str
    waits: list[_Wait] = field(default_factory=list)
    looks: list[tuple[int, str, str]] = field(default_factory=list)


def in_order(sent: Iterable[tuple[int, Row]], held_ms: int) -> Iterator[Row]:
    """Rows in the order in which they happened, when none was sent later than `held_ms` after.

    A repetition of a message is left out as long as both copies are held.
    """
    held: list[tuple[int, int, Row]] = []
    ids: set[str] = set()
    for number, (at, row) in enumerate(sent):
        while held and held[0][0] < at - held_ms:
            yield _released(held, ids)
        if row["message_id"] not in ids:
            ids.add(row["message_id"])
            heapq.heappush(held, (row["event_time"], number, row))
    while held:
        yield _released(held, ids)


def _released(held: list[tuple[int, int, Row]], ids: set[str]) -> Row:
    row = heapq.heappop(held)[2]
    ids.discard(row["message_id"])
    return row


def told(rows: Iterable[Row]) -> dict[Fact, int]:
    """The facts in rows that come as they happened, each with the instant at which it shows first.

    Somebody who logs in is one person under the id of the login.
    """
    reader = _Reader()
    for row in rows:
        reader.read(row)
    return reader.finished()


class _Reader:
    def __init__(self) -> None:
        self._facts: dict[Fact, int] = {}
        self._seen: dict[str, _Seen] = {}
        self._known: dict[str, str] = {}
        self._promo_at: int | None = None
        self._now = 0

    def read(self, row: Row) -> None:
        kind, at = row["type"], row["event_time"]
        self._now = at
        if kind == "identity_linked":
            self._link(row)
        elif "viewer" in row or "anonymous_id" in row:
            self._read_act(row)
        elif kind == "promo_started":
            self._promo_at = at
        elif kind in ("product_withdrawn", "session_ended"):
            for name, seen in self._seen.items():
                self._settle(name, seen, at)
                product = row.get("product")
                seen.waits = [w for w in seen.waits if product not in (None, w.product)]

    def finished(self) -> dict[Fact, int]:
        for name, seen in self._seen.items():
            self._settle(name, seen, self._now + 1)
        facts: dict[Fact, int] = {}
        for fact, at in self._facts.items():
            known = fact._replace(viewer=self._known.get(fact.viewer, fact.viewer))
            facts[known] = min(at, facts.get(known, at))
        return facts

    def _link(self, row: Row) -> None:
        """What was seen of the anonymous id is of the known one from here on."""
        anonymous, known = row["anonymous_id"], row["viewer"]
        self._known[anonymous] = known
        if anonymous in self._seen:
            self._seen[known] = self._seen.pop(anonymous)

    def _read_act(self, row: Row) -> None:
        kind, at = row["type"], row["event_time"]
        name: str = row.get("viewer") or row["anonymous_id"]
        name = self._known.get(name, name)
        seen = self._seen.get(name)
        if seen is None:
            seen = self._seen[name] = _Seen(at, row.get("visit", ""))
            self._note("came", name, None, at)
        self._settle(name, seen, at)
        visit = row.get("visit", seen.visit)
        if at > seen.last_at + GONE_MS or visit != seen.visit or kind == "room_left":
            seen.waits = []
        seen.last_at, seen.visit = at, visit
        self._call_off(seen, row)
        if kind in _LOOKS and "category" in row:
            self._look(name, seen, row)
        if kind == "product_viewed":
            self._wait_for("looked_long", LOOKED_MS, seen, row)
        elif kind == "cart_added":
            self._wait_for("left_in_cart", IN_CART_MS, seen, row)
        elif kind == "order_paid":
            self._note("bought", name, None, at)
        is_soon = self._promo_at is not None and at - self._promo_at <= PROMO_MS
        if kind in _REACTIONS and is_soon:
            self._note("joined_promo", name, None, at)

    def _settle(self, name: str, seen: _Seen, before: int) -> None:
        """What was due before an instant, and before they were gone, is a fact."""
        if not seen.waits:
            return
        before = min(before, seen.last_at + GONE_MS)
        for wait in seen.waits:
            if wait.due < before:
                self._note(wait.what, name, wait.product, wait.due)
        seen.waits = [wait for wait in seen.waits if wait.due >= before]

    def _call_off(self, seen: _Seen, row: Row) -> None:
        """Steps of the viewer that end a wait."""
        kind = row["type"]
        products = {line["product"] for line in row.get("items", ())} | {row.get("product")}
        is_left = kind == "product_left"

        def goes_on(wait: _Wait) -> bool:
            if wait.what == "left_in_cart":
                return wait.product not in products or kind not in (*_TAKEN, "cart_removed")
            if kind == "product_viewed":
                return wait.product in products or wait.page_id != row.get("page_id")
            return wait.product not in products or not (is_left or kind in _STEPS)

        seen.waits = [wait for wait in seen.waits if goes_on(wait)]

    def _wait_for(self, what: str, wait_ms: int, seen: _Seen, row: Row) -> None:
        due = row["event_time"] + wait_ms
        seen.waits.append(_Wait(due, what, row["product"], row.get("page_id")))

    def _look(self, name: str, seen: _Seen, row: Row) -> None:
        at, category = row["event_time"], row["category"]
        seen.looks = [look for look in seen.looks if look[0] > at - COMPARED_MS]
        seen.looks.append((at, category, row["product"]))
        if len({product for _, kind, product in seen.looks if kind == category}) >= COMPARED:
            self._note("compared", name, category, at)

    def _note(self, what: str, viewer: str, about: str | None, at: int) -> None:
        self._facts.setdefault(Fact(what, viewer, about), at)
