"""Segment calls as canonical events: the table of names, and which property is which field.

One call is one event, or one rejection with a reason:

* `track` with a name of the e-commerce specification (v2) as in `TYPE_BY_NAME`, or with one of
  our own names however it is written ("Comment Sent", "comment_sent"). A name of the specification
  that says nothing about the path to an order (a search, a list, a step) has no counterpart.
* `Order Completed` is order_paid: the specification sends it when the purchase is done. Its amount
  is `total`, what the buyer paid, else `value`, else `revenue`.
* `identify` with both ids links them the first time, traits and all, and is profile_updated
  otherwise: one call is one event. `alias` links. `page` and `screen` are a heartbeat of
  somebody who has just acted. `group` has no counterpart.
* The viewer is `userId`, else `anonymousId`. Time is receivedAt - (sentAt - originalTimestamp)
  where the call has all three, clamped to receivedAt, else `timestamp`, else `receivedAt`.
* Amounts are decimals in major units of `currency` (USD where a call names none, as Segment says).

Sources: Segment Spec: E-Commerce Events v2; Segment Spec: Common Fields (timestamps).
"""

from __future__ import annotations

from collections.abc import Container
from decimal import Decimal

from qianmian.connectors.instants import parse_iso
from qianmian.runtime.source import Row
from qianmian.vocabulary.events import CODE_BY_NAME, EventField, event_type
from qianmian.vocabulary.money import parse_minor
from qianmian.vocabulary.rejected import Rejected
from qianmian.vocabulary.values import shown

Json = dict[str, object]

DEFAULT_CURRENCY = "USD"

TYPE_BY_NAME = {
    "product clicked": "product_clicked",
    "product viewed": "product_viewed",
    "product added": "cart_added",
    "product removed": "cart_removed",
    "product added to wishlist": "product_favorited",
    "wishlist product added to cart": "cart_added",
    "checkout started": "checkout_started",
    "order created": "order_created",
    "order completed": "order_paid",
    "order refunded": "order_refunded",
    "order cancelled": "order_cancelled",
    "coupon applied": "coupon_claimed",
    "product shared": "shared",
    "cart shared": "shared",
}
NO_COUNTERPART = frozenset(
    {
        "products searched",
        "product list viewed",
        "product list filtered",
        "promotion viewed",
        "promotion clicked",
        "cart viewed",
        "checkout step viewed",
        "checkout step completed",
        "payment info entered",
        "order updated",
        "coupon entered",
        "coupon denied",
        "coupon removed",
        "product removed from wishlist",
        "product reviewed",
    }
)
PROPERTIES_BY_FIELD = {
    "product": ("product_id", "sku", "product"),
    "items": ("products", "items"),
    "amount": ("total", "value", "revenue", "amount"),
    "page": ("page", "url", "path"),
    "channel": ("channel", "share_via"),
    "text": ("text", "message", "comment"),
    "visit": ("session_id", "visit"),
    "room": ("room", "room_id"),
}


class SegmentCalls:
    """Translates the calls of one source; remembers which anonymous ids it has seen linked.

    `linked` holds anonymous ids that are known to be linked beside those seen here.
    """

    def __init__(self, linked: Container[str] = frozenset()) -> None:
        self._known = linked
        self._linked: set[str] = set()

    def translate(self, call: Json, number: str, *, arrival: int | None = None) -> Row | Rejected:
        """The event of one call; `number` identifies a call without a messageId, and its orders.

        `arrival` is when it arrived by our clock, ms UTC; without it the call's own `receivedAt`
        is believed, as in a file that Segment has written.
        """
        row = self._event(call, number)
        if isinstance(row, Rejected):
            return row
        instant = event_time_of(call, arrival)
        if isinstance(instant, Rejected):
            return instant
        row["event_time"] = instant
        row["message_id"] = call.get("messageId") or number
        return row

    def _event(self, call: Json, number: str) -> Row | Rejected:
        kind = call.get("type")
        if kind == "track":
            return _track(call, number)
        if kind in ("page", "screen"):
            return _page(call)
        if kind == "identify":
            return self._identify(call)
        if kind == "alias":
            return self._link(call.get("userId"), call.get("previousId") or call.get("anonymousId"))
        if kind == "group":
            return Rejected("no_counterpart", "group")
        return Rejected("unknown_type", f"type {kind!r}")

    def _identify(self, call: Json) -> Row | Rejected:
        known, unknown = call.get("userId"), call.get("anonymousId")
        traits = call.get("traits") or {}
        if not isinstance(traits, dict):
            return Rejected("wrong_type", "traits")
        scalar = {name: scalar_of(value) for name, value in traits.items()}
        kept = {name: value for name, value in scalar.items() if value is not None}
        if known and unknown and not self._is_linked(unknown):
            link = self._link(known, unknown)
            return link if isinstance(link, Rejected) else link | {"traits": kept}
        return _who(call) | {"type": "profile_updated", "traits": kept}

    def _is_linked(self, unknown: object) -> bool:
        return isinstance(unknown, str) and (unknown in self._linked or unknown in self._known)

    def _link(self, known: object, unknown: object) -> Row | Rejected:
        if not isinstance(known, str) or not isinstance(unknown, str):
            return Rejected("no_viewer", "a link needs two ids")
        self._linked.add(unknown)
        return {"type": "identity_linked", "viewer": known, "anonymous_id": unknown}


def event_time_of(call: Json, arrival: int | None = None) -> int | Rejected:
    """When it happened; by the server's clock where the call tells how the device's is off.

    With `arrival` the instant may lie behind it: the event table clamps it, and tells.
    """
    instants: dict[str, int] = {}
    names = ("sentAt", "originalTimestamp", "timestamp")
    for name in names if arrival is not None else ("receivedAt", *names):
        text = call.get(name)
        if text is None:
            continue
        instant = parse_iso(text) if isinstance(text, str) else None
        if instant is None:
            return Rejected("bad_time", f"{name} {shown(text)}")
        instants[name] = instant
    received, sent = instants.get("receivedAt", arrival), instants.get("sentAt")
    stamp = instants.get("timestamp")
    original = instants.get("originalTimestamp", stamp)
    if received is not None and sent is not None and original is not None:
        found = received - (sent - original)
    else:
        known = [at for at in (stamp, original, received) if at is not None]
        if not known:
            return Rejected("bad_time", "no timestamp")
        found = known[0]
    return found if received is None or arrival is not None else min(found, received)


def _track(call: Json, number: str) -> Row | Rejected:
    given = call.get("event")
    if not isinstance(given, str) or not given.strip():
        return Rejected("missing_field", "event")
    canonical = type_of_track(given)
    if isinstance(canonical, Rejected):
        return canonical
    properties = call.get("properties") or {}
    if not isinstance(properties, dict):
        return Rejected("wrong_type", "properties")
    row = _who(call) | _where(call, properties) | {"type": canonical}
    currency = str(properties.get("currency") or DEFAULT_CURRENCY).upper()
    for field in event_type(canonical).fields:
        value = _property(properties, field)
        if value is None:
            continue
        read = _read(field, value, currency)
        if isinstance(read, Rejected):
            return read
        row[field.name] = read
    if "amount" in row or "price" in row or "items" in row:
        row["currency"] = currency
    if canonical == "order_refunded":
        row.setdefault("refund_id", str(call.get("messageId") or number))
    return row


def type_of_track(given: str) -> str | Rejected:
    """Our type of a tracked event by its name."""
    name = " ".join(given.replace("_", " ").split()).lower()
    own = name.replace(" ", "_")
    canonical = TYPE_BY_NAME.get(name) or (own if own in CODE_BY_NAME else None)
    if canonical is None:
        reason = "no_counterpart" if name in NO_COUNTERPART else "unknown_type"
        return Rejected(reason, f'event "{given}"')
    return canonical


def _page(call: Json) -> Row | Rejected:
    properties = call.get("properties") or {}
    if not isinstance(properties, dict):
        return Rejected("wrong_type", "properties")
    row = _who(call) | _where(call, properties)
    page = call.get("name") or properties.get("path") or properties.get("url")
    if isinstance(page, str):
        row["page"] = page
    return row | {"type": "heartbeat", "idle_ms": 0, "visible": True}


def _who(call: Json) -> Row:
    if call.get("userId") is not None:
        return {"viewer": call["userId"]}
    return {"anonymous_id": call["anonymousId"]} if call.get("anonymousId") is not None else {}


def _where(call: Json, properties: Json) -> Row:
    context = call.get("context")
    around: Json = context if isinstance(context, dict) else {}
    room = properties.get("room") or properties.get("room_id") or around.get("room")
    visit = properties.get("session_id") or around.get("sessionId") or ""
    return {"visit": str(visit)} | ({"room": str(room)} if room else {})


def _property(properties: Json, field: EventField) -> object:
    for name in PROPERTIES_BY_FIELD.get(field.name, (field.name,)):
        value = properties.get(name)
        if value is not None:
            return value
    return None


def _read(field: EventField, value: object, currency: str) -> object | Rejected:
    """A property in the type of its field."""
    if field.type == "money":
        return amount_of(value, currency)
    if field.type == "items":
        return items_of(value, currency)
    if field.type == "string":
        return str(value) if isinstance(value, str | int) else Rejected("wrong_type", field.name)
    if field.type == "int" and isinstance(value, str) and value.isdecimal() and len(value) < 16:
        return int(value)
    return value


def items_of(value: object, currency: str) -> list[Row] | Rejected:
    """The lines of an order; prices in minor units."""
    if not isinstance(value, list):
        return Rejected("wrong_type", "products")
    items: list[Row] = []
    for entry in value:
        product = (entry.get("product_id") or entry.get("sku")) if isinstance(entry, dict) else None
        if not isinstance(product, str | int):
            return Rejected("missing_field", "products.product_id")
        quantity = entry.get("quantity", 1)
        if type(quantity) is not int:
            return Rejected("wrong_type", "products.quantity")
        item: Row = {"product": str(product), "quantity": quantity}
        if isinstance(entry.get("category"), str):
            item["category"] = entry["category"]
        if entry.get("price") is not None:
            price = amount_of(entry["price"], currency)
            if isinstance(price, Rejected):
                return price
            item |= {"price": price, "amount": price * quantity}
        items.append(item)
    return items


def amount_of(value: object, currency: str) -> int | Rejected:
    """Minor units of an amount as a property has it: a decimal, whole, or as text."""
    if isinstance(value, Decimal):
        if (
            not -20 <= int(value.as_tuple().exponent) <= 15
        ):  # 1e999999999 has a very long plain form
            return Rejected("out_of_range", str(value))
        return parse_minor(format(value, "f"), currency)
    if type(value) is int or isinstance(value, str):
        return parse_minor(str(value)[:64], currency)
    return Rejected("wrong_type", f"amount {value!r}")


def scalar_of(value: object) -> object:
    """A trait value as the language knows them; None for what it does not."""
    if isinstance(value, Decimal):
        return float(value)
    return value if isinstance(value, str | int | bool) else None
