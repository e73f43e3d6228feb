"""Members as a table: one row a person, each further column a trait, as `profile_updated` events.

Known columns get the name of the trait (`gender`, `city_tier`); others keep their own. A column
all of whose cells are plain numbers holds numbers, every other one texts, so that "007" and a
telephone number with a zero in front stay what they are. Words of a trait whose values are known
(`vocabulary.trait_words`) become these values; of others the report tells, and they stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from qianmian.connectors.sheet import Report, Row, Sheet
from qianmian.vocabulary.decode import canonical
from qianmian.vocabulary.ids import viewer_problem
from qianmian.vocabulary.rejected import Rejected
from qianmian.vocabulary.trait_words import unknown_words

KIND: Final = "members"
_PLAIN_NUMBER: Final = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d{1,6})?")

Lined = tuple[int, dict[str, Any]]
"""The line of an event, and its canonical row."""


def read_members(body: bytes, *, now_ms: int) -> tuple[list[Lined], Report]:
    """The events of the rows that can be used, and a report of the others.

    Args:
        now_ms: when they are told, ms UTC.

    Raises: SheetProblem when the table as a whole cannot be used.
    """
    sheet = Sheet(body, KIND, ("id",), others=True)
    rows = list(sheet.rows())
    numeric = {name for name in sheet.columns if name != "id" and _is_numeric(rows, name)}
    return list(_events(sheet, rows, numeric, now_ms)), sheet.report


def _events(sheet: Sheet, rows: list[Row], numeric: set[str], now_ms: int) -> Iterator[Lined]:
    lines: dict[str, int] = {}
    for row in rows:
        viewer = row.cells["id"]
        problem = viewer_problem(viewer)
        if problem is not None:
            sheet.refuse(row.line, "id", problem, f"the id is {viewer[:80]!r}")
            continue
        if viewer in lines:
            detail = f"the id {viewer[:80]} is in line {lines[viewer]} as well"
            sheet.refuse(row.line, "id", "duplicate", detail)
            continue
        traits = {
            name: _number(text) if name in numeric else text
            for name, text in row.cells.items()
            if name != "id" and text
        }
        event = {"type": "profile_updated", "viewer": viewer, "traits": traits}
        found = canonical(event, arrival=now_ms)
        if isinstance(found, Rejected):
            sheet.refuse(row.line, "", found.reason_code, found.detail)
            continue
        lines[viewer] = row.line
        for name, word in unknown_words(found["traits"]).items():
            column = sheet.columns.get(name, "")
            sheet.report.doubt(row.line, column, "unknown_word", f"{name} is {str(word)[:80]!r}")
        yield row.line, found


def _is_numeric(rows: list[Row], name: str) -> bool:
    """Whether the column has something, and nothing but plain numbers."""
    cells = [row.cells[name] for row in rows if row.cells[name]]
    return bool(cells) and all(map(_PLAIN_NUMBER.fullmatch, cells))


def _number(text: str) -> int | float:
    return float(text) if "." in text else int(text)
