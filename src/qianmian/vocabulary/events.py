"""The event catalogue: one table of every event type, its fields, and who may send it.

Rules:

* `CATALOG` is append-only: the index of a type is its code in logs and snapshots.
* Meanings are not here but in `locales/*/events.json`, because people read them in two languages.
* JSON Schema and the reference pages are generated from this table (`tools/docs_events.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from qianmian.errors import UnknownName

FieldType = Literal["string", "text", "int", "bool", "money", "items", "traits", "properties"]
Scope = Literal["viewer", "room", "person"]
Sender = Literal["browser", "server", "connector"]

SENDERS: Final[tuple[Sender, ...]] = ("browser", "server", "connector")
ANYONE: Final[frozenset[Sender]] = frozenset(SENDERS)
TRUSTED: Final[frozenset[Sender]] = frozenset({"server", "connector"})
PRODUCT_ONLY: Final[frozenset[Sender]] = frozenset()  # management: written by Qianmian itself


@dataclass(frozen=True, slots=True)
class EventField:
    """One field of an event. `unit` is "" where the type says all."""

    name: str
    type: FieldType
    unit: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True)
class EventType:
    """One row of the catalogue.

    Attributes:
        name: canonical name, past tense.
        scope: whose history it belongs to; a room event goes to every shard.
        fields: beside those of `ENVELOPE`.
        senders: classes of write key that may send it; none = only the product itself.
        operation: an act of the viewer, which ends idleness.
        never_late: applied by the engine however late it arrives.
        presence: with a room, shows that the viewer is there.
        person_scoped: may come without a room.
    """

    name: str
    scope: Scope
    fields: tuple[EventField, ...]
    senders: frozenset[Sender]
    operation: bool
    never_late: bool
    presence: bool
    person_scoped: bool

    def field(self, name: str) -> EventField | None:
        """The field of that name, in its own fields or in the envelope."""
        return next((f for f in (*self.fields, *ENVELOPE) if f.name == name), None)


ENVELOPE: Final = (
    EventField("message_id", "string"),
    EventField("stream", "string"),
    EventField("seq", "int", "count"),
    EventField("event_time", "int", "ms UTC"),
    EventField("source", "string"),
    EventField("room", "string"),
    EventField("session", "string"),
    EventField("viewer", "string"),
    EventField("anonymous_id", "string"),
    EventField("visit", "string"),
    EventField("properties", "properties"),
)

_MONEY = "minor units"
_PRODUCT = EventField("product", "string")
_PRODUCT_REQUIRED = EventField("product", "string", required=True)
_CATEGORY = EventField("category", "string")
_BRAND = EventField("brand", "string")
_PRICE = EventField("price", "money", _MONEY)
_QUANTITY = EventField("quantity", "int", "count")
_AMOUNT = EventField("amount", "money", _MONEY)
_CURRENCY = EventField("currency", "string", "ISO 4217")
_ITEMS = EventField("items", "items")
_ORDER_ID = EventField("order_id", "string", required=True)
_CHANNEL = EventField("channel", "string")
_COUPON = EventField("coupon_id", "string", required=True)
_PROMO = EventField("promo_id", "string", required=True)
_TEXT = EventField("text", "text", required=True)
_DURATION = EventField("duration_ms", "int", "ms")
_PAGE = (EventField("page", "string"), EventField("page_id", "string"))
_OF_PRODUCT = (_PRODUCT_REQUIRED, _CATEGORY, _BRAND, _PRICE, _CURRENCY, *_PAGE)
_ABOUT_PRODUCT = (_PRODUCT, _CATEGORY, _BRAND)
_IN_CART = (*_OF_PRODUCT, _QUANTITY, _AMOUNT)
_ORDER = (_ORDER_ID, _ITEMS, _PRODUCT, _CATEGORY, _BRAND, _QUANTITY, _AMOUNT, _CURRENCY)
_REFUND = (
    _ORDER_ID,
    EventField("refund_id", "string", required=True),
    _ITEMS,
    _PRODUCT,
    EventField("amount", "money", _MONEY, required=True),
    _CURRENCY,
)
_LINKED_VIEWER = EventField("linked_viewer", "string")
_RECEIPT = (EventField("delivery_id", "string"), _CHANNEL, _PRODUCT)


def _viewer(
    name: str,
    *fields: EventField,
    senders: frozenset[Sender] = ANYONE,
    operation: bool = True,
    never_late: bool = False,
    person_scoped: bool = False,
) -> EventType:
    return EventType(
        name,
        "viewer",
        fields,
        senders,
        operation,
        never_late,
        presence=name != "room_left",
        person_scoped=person_scoped,
    )


def _receipt(name: str, *, operation: bool) -> EventType:
    return _viewer(
        name,
        *_RECEIPT,
        senders=TRUSTED,
        operation=operation,
        never_late=True,
        person_scoped=True,
    )


def _order(name: str, fields: tuple[EventField, ...] = _ORDER, *, operation: bool) -> EventType:
    # A browser's order is a hint: `canonical` marks it unverified.
    return _viewer(name, *fields, operation=operation, never_late=True, person_scoped=True)


def _room(name: str, *fields: EventField) -> EventType:
    return EventType(name, "room", fields, TRUSTED, False, False, False, person_scoped=False)


def _person(
    name: str, *fields: EventField, senders: frozenset[Sender] = TRUSTED, presence: bool = True
) -> EventType:
    return EventType(name, "person", fields, senders, False, True, presence, person_scoped=True)


CATALOG: Final[tuple[EventType, ...]] = (
    _viewer("room_entered", EventField("entry_source", "string"), *_PAGE),
    _viewer("room_left", *_PAGE, operation=False),
    _viewer(
        "heartbeat",
        *_PAGE,
        EventField("idle_ms", "int", "ms"),
        EventField("visible", "bool"),
        _PRODUCT,
        operation=False,
    ),
    _viewer("product_viewed", *_OF_PRODUCT),
    _viewer("product_left", *_OF_PRODUCT),
    _viewer("product_clicked", *_OF_PRODUCT),
    _viewer("product_favorited", *_OF_PRODUCT),
    _viewer("cart_added", *_IN_CART),
    _viewer("cart_removed", *_IN_CART),
    _viewer(
        "checkout_started",
        *(_ITEMS, *_ABOUT_PRODUCT, _QUANTITY, _AMOUNT, _CURRENCY, *_PAGE),
    ),
    _order("order_created", operation=True),
    _order("order_paid", operation=False),
    _order("order_cancelled", operation=False),
    _order("order_refunded", _REFUND, operation=False),
    _viewer("coupon_claimed", _COUPON, *_ABOUT_PRODUCT, _AMOUNT, _CURRENCY, person_scoped=True),
    _viewer(
        "coupon_redeemed",
        *(_COUPON, EventField("order_id", "string"), _PRODUCT, _AMOUNT, _CURRENCY),
        senders=TRUSTED,
        operation=False,
        never_late=True,
        person_scoped=True,
    ),
    _viewer("comment_sent", _TEXT, *_ABOUT_PRODUCT),
    _viewer("liked", _QUANTITY, _PRODUCT),
    _viewer("shared", _CHANNEL, _PRODUCT),
    _viewer("followed"),
    _viewer("gift_sent", EventField("gift_id", "string"), _QUANTITY, _AMOUNT, _CURRENCY),
    _viewer("lottery_joined", EventField("lottery_id", "string")),
    _viewer("voice_joined"),
    _viewer("viewer_spoke", EventField("text", "text"), _DURATION, _PRODUCT),
    _receipt("message_delivered", operation=False),
    _receipt("message_opened", operation=True),
    _receipt("message_clicked", operation=True),
    _receipt("message_dismissed", operation=True),
    _viewer("unsubscribed", _CHANNEL, never_late=True, person_scoped=True),
    _room("session_scheduled", EventField("starts_at", "int", "ms UTC", required=True)),
    _room("session_started", EventField("stage", "string")),
    _room("session_ended"),
    _room("product_presented", *(_PRODUCT_REQUIRED, _CATEGORY, _BRAND, _PRICE, _CURRENCY)),
    _room("product_withdrawn", *(_PRODUCT_REQUIRED, _CATEGORY)),
    _room(
        "promo_started",
        *(_PROMO, *_ABOUT_PRODUCT, _PRICE, _AMOUNT, _CURRENCY),
        EventField("ends_at", "int", "ms UTC"),
    ),
    _room("promo_ended", _PROMO, *_ABOUT_PRODUCT),
    _room(
        "price_changed",
        _PRODUCT_REQUIRED,
        EventField("price", "money", _MONEY, required=True),
        _CURRENCY,
    ),
    _room("stock_changed", _PRODUCT_REQUIRED, EventField("stock", "int", "count", required=True)),
    _room("host_spoke", _TEXT, _DURATION, _PRODUCT),
    _person("profile_updated", EventField("traits", "traits", required=True)),
    # The known id is `viewer`, the id that is linked to it is `anonymous_id`; or two known ids are
    # one person's: `viewer` and `linked_viewer`, from a key of the server only.
    # Traits that come with a link (Segment's identify) are the known viewer's.
    _person("identity_linked", EventField("traits", "traits"), _LINKED_VIEWER),
    _person(
        "consent_changed",
        EventField("purpose", "string", required=True),
        _CHANNEL,
        EventField("granted", "bool", required=True),
    ),
    _person("erased", senders=PRODUCT_ONLY, presence=False),
    # A link is over, with the ids of that link. Live rows that became one stay one.
    _person("identity_unlinked", _LINKED_VIEWER, presence=False),
    # Told by whoever the viewer complained to: customer service, a platform, a follow-up desk.
    _viewer(
        "complaint_made",
        *(EventField("order_id", "string"), _PRODUCT, _CHANNEL),
        senders=TRUSTED,
        operation=False,
        never_late=True,
        person_scoped=True,
    ),
)
"""Every event type; the index is its code. Append only."""

LINKING: Final = frozenset({"identity_linked", "identity_unlinked"})
"""The types that tell of two ids whether they are one person's."""

CODE_BY_NAME: Final = MappingProxyType({event.name: code for code, event in enumerate(CATALOG)})
"""Type code by canonical name."""


def event_code(name: str) -> int:
    """The code of an event type.

    Raises: UnknownName, with what was probably meant.
    """
    code = CODE_BY_NAME.get(name)
    if code is None:
        raise UnknownName.of("event", name, CODE_BY_NAME)
    return code


def event_type(name: str) -> EventType:
    """The event type of that canonical name.

    Raises: UnknownName, with what was probably meant.
    """
    return CATALOG[event_code(name)]
