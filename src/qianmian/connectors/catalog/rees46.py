"""REES46: the open log of a multi-category shop (CSV, one row per view, cart or purchase).

Columns: event_time, event_type, product_id, category_id, category_code, brand, price, user_id,
user_session.

* view is product_viewed, cart is cart_added, remove_from_cart is cart_removed, purchase is
  order_paid.
* price is a decimal in US dollars, read exactly as cents. A purchase is one verified order of one
  item; its order id is the number of its line. A purchase with a negative price is a refund.
* category_id is the category. user_session is the visit; an empty one is one visit too.
* The shop sends no heartbeats: nobody leaves by silence.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from qianmian.connectors.files import identity_of, read_lines
from qianmian.connectors.format import Format, FormatOptions
from qianmian.connectors.instants import parse_spaced_utc
from qianmian.connectors.table import Header, split_row
from qianmian.runtime.source import CHUNK_ROWS, Chunk, Row
from qianmian.vocabulary.money import parse_minor
from qianmian.vocabulary.rejected import Rejected

CURRENCY = "USD"
COLUMNS = (
    "event_time",
    "event_type",
    "product_id",
    "category_id",
    "category_code",
    "brand",
    "price",
    "user_id",
    "user_session",
)
TYPE_BY_WORD = {
    "view": "product_viewed",
    "cart": "cart_added",
    "remove_from_cart": "cart_removed",
    "purchase": "order_paid",
}


def read(path: Path, _options: FormatOptions) -> Iterator[Chunk]:
    """Every row of the file."""
    header: Header | None = None
    chunk = Chunk()
    for line in read_lines(path):
        if header is None:
            header = Header.of(path, line.text or "", COLUMNS)
            continue
        chunk.bytes_read = line.bytes_read
        if line.text is None:
            chunk.refuse(line.number, line.problem)
        else:
            cells = split_row(line.text)
            row = (
                translate(header.pick(cells), line.number)
                if header.fits(cells)
                else header.misfit(cells)
            )
            chunk.add(row, line.number, identity_of(line.text))
        if len(chunk) >= CHUNK_ROWS:
            yield chunk
            chunk = Chunk()
    if header is None:
        Header.of(path, "", COLUMNS)
    yield chunk


def translate(cells: list[str], line: int) -> Row | Rejected:
    """The event of one row; `cells` are in the order of `COLUMNS`."""
    time, word, product, category, _code, brand, price, user, session = cells
    event_time = parse_spaced_utc(time)
    if event_time is None:
        return Rejected("bad_time", f'event_time "{time}"')
    event_type = TYPE_BY_WORD.get(word)
    if event_type is None:
        return Rejected("unknown_type", f'event_type "{word}"')
    row: Row = {
        "type": event_type,
        "event_time": event_time,
        "message_id": str(line),
        "viewer": user,
        "visit": session,
        "product": product,
    }
    if category:
        row["category"] = category
    if brand:
        row["brand"] = brand
    if event_type == "order_paid":
        return _order(row, price, line)
    if price:
        minor = parse_minor(price, CURRENCY)
        if isinstance(minor, Rejected):
            return minor
        row["price"] = minor
    return row


def _order(row: Row, price: str, line: int) -> Row | Rejected:
    """A purchase: one paid order of one item, or a refund where the price is negative."""
    is_refund = price.startswith("-")
    minor = parse_minor(price.removeprefix("-"), CURRENCY)
    if isinstance(minor, Rejected):
        return minor
    row |= {"order_id": str(line), "amount": minor, "currency": CURRENCY}
    if not is_refund:
        return row | {"quantity": 1}
    kept = {name: value for name, value in row.items() if name not in ("category", "brand")}
    return kept | {"type": "order_refunded", "refund_id": str(line)}


DEFINITION = Format(
    name="rees46",
    read=read,
    currency=CURRENCY,
    recognizes=lambda head: head.startswith(b"event_time,event_type,product_id,category_id,"),
)
