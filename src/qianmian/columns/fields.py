"""The names of the optional columns of an event batch, by what they hold.

Every field of the event catalogue has its column here; beside them stand the columns that decoding
computes (`linked_viewer`, `classes`, `verified`, `future`, `presence_none`) and the number of the
log message. Both tuples are append-only: snapshots and logs may name a column by its place.
"""

from __future__ import annotations

from typing import Final

STRING_FIELDS: Final = (
    "source",
    "room",
    "session",
    "viewer",
    "linked_viewer",
    "message_id",
    "stream",
    "visit",
    "page",
    "page_id",
    "product",
    "category",
    "brand",
    "entry_source",
    "text",
    "order_id",
    "refund_id",
    "currency",
    "coupon_id",
    "promo_id",
    "gift_id",
    "lottery_id",
    "delivery_id",
    "channel",
    "stage",
    "purpose",
    "properties",
)
"""Fields held as `StringColumn`. `properties` is canonical JSON text."""

NUMBER_FIELDS: Final = (
    "message",
    "seq",
    "amount",
    "price",
    "quantity",
    "idle_ms",
    "visible",
    "duration_ms",
    "stock",
    "starts_at",
    "ends_at",
    "granted",
    "classes",
    "verified",
    "presence_none",
    "future",
)
"""Fields held as int64; yes/no fields are 1/0.

`classes` is a bit mask of text classes. `verified` 0 is a hint, an order that only a browser has
told: it cancels and counts for nothing; absent is verified. `presence_none` 1: the source has no
heartbeats, so silence is not leaving. `future` 1: the sender's clock was more than 2 minutes ahead.
"""

PERSONAL_TEXT_FIELDS: Final = ("text", "properties")
"""Columns that erasure empties, beside the traits."""
