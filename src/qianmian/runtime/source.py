"""What a recorded source gives to `replay`: chunks of canonical rows, and the rows that are none.

The formats themselves are connectors; this floor only knows the shape of what they yield.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from qianmian.vocabulary.decode import canonical
from qianmian.vocabulary.rejected import Rejected

Row = dict[str, Any]

DEFAULT_ROOM = "shop"  # of files that know no rooms

CHUNK_ROWS = (
    20_000  # large enough that the cost per chunk vanishes, small enough to stay in the cache
)


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row of the file that is no event.

    `reason` is a stable code, translated in `locales`; `detail` is the value that caused it.
    """

    line: int
    reason: str
    detail: str = ""


@dataclass(slots=True)
class Chunk:
    """Some rows of a file, in its order.

    `rows[i]` came from line `lines[i]`; `identities[i]` are 16 bytes that are equal exactly when
    the whole rows are (empty where the format has message ids of its own).
    """

    rows: list[Row] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    identities: list[bytes] = field(default_factory=list)
    rejected: list[RejectedRow] = field(default_factory=list)
    bytes_read: int = 0

    def __len__(self) -> int:
        return len(self.rows) + len(self.rejected)

    def add(self, raw: Row | Rejected, line: int, identity: bytes = b"") -> None:
        """Add what a row of the file became, if the event table agrees with it."""
        row = raw if isinstance(raw, Rejected) else checked(raw)
        if isinstance(row, Rejected):
            self.refuse(line, row.reason_code, row.detail)
            return
        self.rows.append(row)
        self.lines.append(line)
        self.identities.append(identity)

    def refuse(self, line: int, reason: str, detail: object = "") -> None:
        """Add a rejection; long values are cut, a report is no second copy of the file."""
        self.rejected.append(RejectedRow(line, reason, str(detail)[:80]))


def checked(raw: Row) -> Row | Rejected:
    """The canonical row of a recorded event: it arrived when it happened, through a connector.

    Everything happens in the room of the file, orders too, unless the row names another one.
    """
    event_time = raw.get("event_time")
    if type(event_time) is not int or event_time < 0:
        return Rejected("bad_time", f"event_time {event_time!r}")
    row = canonical(raw, arrival=event_time, sender="connector", default_room=DEFAULT_ROOM)
    if isinstance(row, Rejected):
        return row
    if "order_id" in row:
        row.setdefault("room", DEFAULT_ROOM)
    if raw.get("visit") == "":  # an empty session id is one visit, different from every other
        row["visit"] = ""
    return row


class Recording(Protocol):
    """A file of events, opened in some format."""

    @property
    def name(self) -> str:
        """Of the format."""

    @property
    def currency(self) -> str | None:
        """ISO 4217 code of all amounts; None when the rows say it."""

    @property
    def presence(self) -> bool:
        """Whether a viewer that falls silent has left; false for shops without heartbeats."""

    @property
    def size_bytes(self) -> int:
        """Of the file, for the progress bar."""

    def chunks(self) -> Iterator[Chunk]:
        """All rows in file order; may be called again."""
