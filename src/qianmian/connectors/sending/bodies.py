"""Events as the bodies of posts: Segment's batch, and Qianmian's own.

`segment_call` is the other direction of `connectors/segment_calls.py`: what it writes is read there
as the same event. A phone with a wrong clock stamps both the event and the time of sending with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from qianmian.vocabulary.money import MINOR_DIGITS

Row = Mapping[str, Any]
Call = dict[str, Any]

SEGMENT_ROUTE = "/v1/batch"
NATIVE_ROUTE = "/v1/events"

_ENVELOPE = frozenset(
    {"type", "event_time", "message_id", "stream", "seq", "viewer", "anonymous_id", "visit"}
)
_NAMES = {"product": "product_id", "items": "products", "visit": "session_id"}
_MONEY = frozenset({"price", "amount"})
_TOTALS = frozenset({"order_created", "order_paid", "order_cancelled", "order_refunded"})
_SPECIFIED = {
    "cart_added": "Product Added",
    "cart_removed": "Product Removed",
    "product_favorited": "Product Added to Wishlist",
    "order_paid": "Order Completed",
}
_ENCODER = msgspec.json.Encoder()


def can_be_segment(row: Row) -> bool:
    """Whether Segment has a call for it: events of the room have no viewer, and so none."""
    return "viewer" in row or "anonymous_id" in row


def segment_call(row: Row, skew_ms: int = 0) -> Call:
    """The call of one event.

    Args:
        row: an event with a viewer.
        skew_ms: how far the clock of the device is ahead.
    """
    call: Call = {
        "messageId": row["message_id"],
        "timestamp": _iso(row["event_time"] + skew_ms),
        "anonymousId": row.get("anonymous_id"),
        "userId": row.get("viewer"),
    }
    if row["type"] == "identity_linked":
        return call | {"type": "alias", "previousId": row["anonymous_id"], "anonymousId": None}
    return call | {"type": "track", "event": _event_name(row["type"]), "properties": _of(row)}


def segment_body(rows: Sequence[Row], sent_ms: int, skew_ms: int = 0) -> bytes:
    """The body of `POST /v1/batch`; `sent_ms` by a right clock, ms UTC."""
    calls = [segment_call(row, skew_ms) for row in rows]
    return _ENCODER.encode({"batch": calls, "sentAt": _iso(sent_ms + skew_ms)})


def native_body(rows: Sequence[Row], sent_ms: int, skew_ms: int = 0) -> bytes:
    """The body of `POST /v1/events`."""
    if skew_ms:
        rows = [{**row, "event_time": row["event_time"] + skew_ms} for row in rows]
    return _ENCODER.encode({"events": rows, "sent_at": sent_ms + skew_ms})


def _of(row: Row) -> Call:
    currency = row.get("currency", "CNY")
    properties = {
        _NAMES.get(name, name): value
        for name, value in row.items()
        if name not in _ENVELOPE and name not in _MONEY
    }
    if "visit" in row:
        properties["session_id"] = row["visit"]
    for name in _MONEY & row.keys():
        written = "total" if name == "amount" and row["type"] in _TOTALS else name
        properties[written] = _major(row[name], currency)
    if "items" in row:
        properties["products"] = [_line(line, currency) for line in row["items"]]
    return properties


def _line(line: Row, currency: str) -> Call:
    """An order line; Segment has no amount of a line: it is the price times the quantity."""
    written = {_NAMES.get(k, k): v for k, v in line.items() if k not in _MONEY}
    return written | {"price": _major(line["price"], currency)}


def _event_name(kind: str) -> str:
    return _SPECIFIED.get(kind) or kind.replace("_", " ").title()


def _major(minor: int, currency: str) -> float:
    """A decimal of at most two places, which a float of this size writes exactly."""
    return float(minor / 10 ** MINOR_DIGITS[currency])


def _iso(instant_ms: int) -> str:
    at = datetime.fromtimestamp(instant_ms / 1_000, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
