"""Taobao user behavior (CSV, with or without header): user, item, category, behavior, seconds.

* pv is product_viewed, cart is cart_added, fav is product_favorited, buy is order_paid.
* The file knows no amounts: orders have none, so GMV is 0 and the report says that it is unknown.
  Orders are verified; the order id is the number of its line. The currency is CNY.
* There are no sessions of the app: all events of a user are one visit.
* There are no heartbeats: nobody leaves by silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from qianmian.connectors.files import identity_of, read_lines
from qianmian.connectors.format import Format, FormatOptions
from qianmian.connectors.instants import parse_digits
from qianmian.connectors.table import split_row
from qianmian.runtime.source import CHUNK_ROWS, Chunk, Row
from qianmian.vocabulary.rejected import Rejected
from qianmian.vocabulary.time import SECOND_MS

CURRENCY = "CNY"
WIDTH = 5
HEADERS = ("user,item,cat,b,t", "user_id,item_id,category_id,behavior_type,timestamp")
TYPE_BY_WORD = {
    "pv": "product_viewed",
    "cart": "cart_added",
    "fav": "product_favorited",
    "buy": "order_paid",
}
_FIRST_ROW = re.compile(rb"(\xef\xbb\xbf)?\d+,\d+,\d+,(pv|cart|fav|buy),\d+\r?\n")


def read(path: Path, _options: FormatOptions) -> Iterator[Chunk]:
    """Every row of the file."""
    chunk = Chunk()
    for line in read_lines(path):
        chunk.bytes_read = line.bytes_read
        if line.text is None:
            chunk.refuse(line.number, line.problem)
        elif line.number > 1 or line.text.lower() not in HEADERS:
            chunk.add(
                translate(split_row(line.text), line.number), line.number, identity_of(line.text)
            )
        if len(chunk) >= CHUNK_ROWS:
            yield chunk
            chunk = Chunk()
    yield chunk


def translate(cells: list[str], line: int) -> Row | Rejected:
    """The event of one row."""
    if len(cells) != WIDTH:
        return Rejected("columns", f"{len(cells)} instead of {WIDTH}")
    user, item, category, word, seconds = cells
    instant = parse_digits(seconds)
    if instant is None:
        return Rejected("bad_time", f'timestamp "{seconds}"')
    event_type = TYPE_BY_WORD.get(word)
    if event_type is None:
        return Rejected("unknown_type", f'behavior "{word}"')
    row: Row = {
        "type": event_type,
        "event_time": instant * SECOND_MS,
        "message_id": str(line),
        "viewer": user,
        "visit": "",
        "product": item,
        "category": category,
    }
    if event_type == "order_paid":
        row |= {"order_id": str(line), "currency": CURRENCY}
    return row


DEFINITION = Format(
    name="taobao",
    read=read,
    currency=CURRENCY,
    recognizes=lambda head: (
        _FIRST_ROW.match(head) is not None
        or head.decode(errors="replace").lower().startswith(HEADERS)
    ),
)
