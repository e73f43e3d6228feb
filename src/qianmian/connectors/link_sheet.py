"""Links as a table: one row a pair of ids that are one person's, as `identity_linked` events.

The second id is another platform's, or a device's with the "?" of anonymous ids before it.
"""

from __future__ import annotations

from typing import Any, Final

from qianmian.connectors.sheet import Report, Row, Sheet
from qianmian.vocabulary.decode import canonical
from qianmian.vocabulary.ids import ANONYMOUS_PREFIX, apart, id_problem, is_anonymous
from qianmian.vocabulary.rejected import Rejected

KIND: Final = "links"

Lined = tuple[int, dict[str, Any]]
"""The line of an event, and its canonical row."""


def read_links(body: bytes, *, now_ms: int, prefix: str = "") -> tuple[list[Lined], Report]:
    """The events of the rows that can be used, and a report of the others.

    Args:
        now_ms: since when they hold, ms UTC.
        prefix: of the namespace of the second ids.

    Raises: SheetProblem when the table as a whole cannot be used.
    """
    sheet = Sheet(body, KIND, ("id", "other"))
    found: list[Lined] = []
    lines: dict[tuple[str, str], int] = {}
    owners: dict[str, str] = {}
    for row in sheet.rows():
        event = _event(sheet, row, prefix)
        if event is None:
            continue
        pair = _pair(event)
        if pair in lines:
            detail = f"the pair is in line {lines[pair]} as well"
            sheet.refuse(row.line, "other", "duplicate", detail)
            continue
        if "anonymous_id" in event and owners.setdefault(pair[0], pair[1]) != pair[1]:
            detail = f"{pair[0][:80]} is a device of {owners[pair[0]][:80]} above"
            sheet.refuse(row.line, "other", "two_owners", detail)
            continue
        read = canonical(event, arrival=now_ms)
        if isinstance(read, Rejected):
            sheet.refuse(row.line, "", read.reason_code, read.detail)
            continue
        lines[pair] = row.line
        found.append((row.line, read))
    return found, sheet.report


def _event(sheet: Sheet, row: Row, prefix: str) -> dict[str, Any] | None:
    """The event of a row; None when an id is none, and that is told."""
    viewer, other = row.cells["id"], row.cells["other"]
    is_device = is_anonymous(other)
    named = apart(other.removeprefix(ANONYMOUS_PREFIX), prefix)
    for name, value in (("id", viewer), ("other", named if other else "")):
        problem = "id_reserved" if is_anonymous(value) else id_problem(value)
        if problem is not None:
            sheet.refuse(row.line, name, problem, f"the id is {value[:80]!r}")
            return None
    if viewer == named and not is_device:
        sheet.refuse(row.line, "other", "same_id", f"both ids are {viewer[:80]!r}")
        return None
    who = {"anonymous_id": named} if is_device else {"linked_viewer": named}
    return {"type": "identity_linked", "viewer": viewer} | who


def _pair(event: dict[str, Any]) -> tuple[str, str]:
    """The two ids, whichever comes first in the row; a device is the first."""
    if "anonymous_id" in event:
        return ANONYMOUS_PREFIX + event["anonymous_id"], event["viewer"]
    ids = event["viewer"], event["linked_viewer"]
    return max(ids), min(ids)
