"""Events as the oracle reads them: canonical dicts with a place in the log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from qianmian.vocabulary.events import EventType, event_type

Event = Mapping[str, Any]
Because = frozenset[str]

ORDERS = ("order_created", "order_paid", "order_cancelled", "order_refunded")


@dataclass(frozen=True)
class Entry:
    """An applied event.

    Attributes:
        event_time: where it belongs.
        arrival: its number in the order of application; decides between equal event times.
        clock: of its message.
        viewer: whose it was when it arrived; "" for a room event.
        rank: below 0 for what a merge brought: of equal event times it stands before the rest.
    """

    event_time: int
    arrival: int
    clock: int
    viewer: str
    event: Event
    rank: int = 0

    @property
    def order(self) -> tuple[int, int, int]:
        return (self.event_time, self.rank, self.arrival)

    @property
    def type(self) -> str:
        return str(self.event["type"])

    @property
    def is_hint(self) -> bool:
        """An order that only a browser has told: it cancels, and is nothing else."""
        return self.type in ORDERS and not self.event.get("verified", 1)

    @property
    def about(self) -> EventType:
        return event_type(self.type)


def ids(*entries: Entry) -> Because:
    """The message ids of these events, for `because`."""
    return frozenset(str(e.event["message_id"]) for e in entries if e.event.get("message_id"))


def field_values(event: Event, name: str) -> list[Any]:
    """The values of a field: of the event itself, else one per different value in its items."""
    if event.get(name) is not None:
        return [event[name]]
    if name in ("product", "category", "price", "quantity"):
        found = [item.get(name) for item in event.get("items") or ()]
        return list(dict.fromkeys(value for value in found if value is not None))
    return []


def lines(event: Event) -> list[Event]:
    """The event once per item, as if that item were its only one; other events as they are."""
    items = event.get("items") or ()
    if not items:
        return [event]
    return [{**event, "items": [item], **item, "amount": event.get("amount")} for item in items]


def key_values(event: Event, same: str | None) -> list[str | None]:
    """The correlation keys of an event; [None] when nothing is correlated, [] when it has none.

    An order with several items is one occurrence per product.
    """
    if same not in ("product", "category"):
        return [None]
    items = [item.get(same) for item in event.get("items") or ()]
    own = [event.get(same)]
    found = [value for value in (items or own) if value is not None]
    return list(dict.fromkeys(found))


def amount_of(event: Event) -> int | None:
    """The amount of an event, or of its items together."""
    if event.get("amount") is not None:
        return int(event["amount"])
    amounts = [item.get("amount") for item in event.get("items") or ()]
    return sum(amounts) if amounts and None not in amounts else None


def completed(event: Event, catalog: Mapping[str, Event], presenting: str | None) -> Event:
    """The event with what the log already knows about it.

    A comment that names no product is about the one presented; a product's category and brand come
    from the catalog where the event does not name them.
    """
    out = dict(event)
    if out["type"] == "comment_sent" and out.get("product") is None and presenting is not None:
        out["product"] = presenting
    for line in [out, *(out.get("items") or ())]:
        known = catalog.get(str(line.get("product")))
        if known is not None and line.get("category") is None and known.get("category"):
            path = known["category"]
            line["category"] = path if isinstance(path, str) else path[-1]
        if line is out and known is not None and out.get("brand") is None and known.get("brand"):
            out["brand"] = known["brand"]
    return out
