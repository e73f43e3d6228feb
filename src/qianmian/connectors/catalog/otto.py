"""OTTO: sessions of a German shop (JSON lines: {"session", "events": [{"aid", "ts", "type"}]}).

* clicks is product_viewed: in this set a click opens the page of the article, and there is no other
  view of it. carts is cart_added. orders is order_paid: the set counts completed orders.
* One event of the list is one row of the file; "line 3, event 7" of a report is the row "3.7".
  Articles ordered at one instant are one order each, because the set has no order ids.
* The session number is the viewer, and all of a session is one visit.
* The set knows no amounts: GMV is 0 and the report says that it is unknown. The currency is EUR.
* There are no heartbeats: nobody leaves by silence.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from qianmian.connectors.files import identity_of, read_lines
from qianmian.connectors.format import Format, FormatOptions
from qianmian.runtime.source import CHUNK_ROWS, Chunk, Row
from qianmian.vocabulary.rejected import Rejected

CURRENCY = "EUR"
TYPE_BY_WORD = {"clicks": "product_viewed", "carts": "cart_added", "orders": "order_paid"}
MAX_EVENTS_PER_SESSION = 100_000
_MAX_TIME_MS = 10**13


class _Session(msgspec.Struct):
    """One line. Its events are checked one by one, so that a bad one spoils only itself."""

    session: int | str
    events: list[object]


_DECODER = msgspec.json.Decoder(_Session)


def read(path: Path, _options: FormatOptions) -> Iterator[Chunk]:
    """Every event of the file."""
    chunk = Chunk()
    for line in read_lines(path):
        chunk.bytes_read = line.bytes_read
        if line.text is None:
            chunk.refuse(line.number, line.problem)
            continue
        try:
            session = _DECODER.decode(line.text)
        except msgspec.MsgspecError as exc:
            chunk.refuse(line.number, "bad_json", exc)
            continue
        if len(session.events) > MAX_EVENTS_PER_SESSION:
            chunk.refuse(line.number, "too_many", f"{len(session.events)} events")
            continue
        for position, event in enumerate(session.events):
            row = translate(str(session.session), event, f"{line.number}.{position + 1}")
            chunk.add(row, line.number, identity_of(f"{session.session} {_text(event)}"))
            if len(chunk) >= CHUNK_ROWS:
                yield chunk
                chunk = Chunk(bytes_read=line.bytes_read)
    yield chunk


def translate(session: str, event: object, number: str) -> Row | Rejected:
    """The event of one entry of a session."""
    if not isinstance(event, dict):
        return Rejected("not_an_object", _text(event))
    word, article, instant = event.get("type"), event.get("aid"), event.get("ts")
    event_type = TYPE_BY_WORD.get(word) if isinstance(word, str) else None
    if event_type is None:
        return Rejected("unknown_type", f"type {_text(word)}")
    if type(instant) is not int or not 0 <= instant < _MAX_TIME_MS:
        return Rejected("bad_time", f"ts {_text(instant)}")
    if type(article) not in (int, str):
        return Rejected("wrong_type", f"aid {_text(article)}")
    row: Row = {
        "type": event_type,
        "event_time": instant,
        "message_id": number,
        "viewer": session,
        "visit": "",
        "product": str(article),
    }
    if event_type == "order_paid":
        row |= {"order_id": number, "currency": CURRENCY}
    return row


def _text(value: object) -> str:
    return msgspec.json.encode(value, order="sorted").decode(errors="replace")


DEFINITION = Format(
    name="otto",
    read=read,
    currency=CURRENCY,
    recognizes=lambda head: head.lstrip().startswith(b'{"session":') and b'"events":[' in head,
)
