"""A list of viewers as a table: one row a person, of which only the id is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from qianmian.connectors.sheet import Report, Sheet, csv_lines, spellings
from qianmian.locales.texts import LOCALES
from qianmian.vocabulary.ids import apart, viewer_problem

KIND: Final = "lists"


def read_list(
    body: bytes, is_erased: Callable[[str], bool] = lambda _: False, prefix: str = ""
) -> tuple[list[str], Report]:
    """Who is on the list, in the order of the file, and a report of the rows that cannot be used.

    Args:
        is_erased: of whom nothing is taken in again.
        prefix: that ids get which are of another namespace.

    Raises: SheetProblem when the table as a whole cannot be used.
    """
    sheet = Sheet(body, KIND, ("id",))
    lines: dict[str, int] = {}
    for row in sheet.rows():
        viewer = apart(row.cells["id"], prefix) if row.cells["id"] else ""
        problem = viewer_problem(viewer)
        if problem is not None:
            sheet.refuse(row.line, "id", problem, f"the id is {viewer[:80]!r}")
        elif is_erased(viewer):
            sheet.refuse(row.line, "id", "erased", "this person was erased")
        elif viewer in lines:
            detail = f"the id {viewer[:80]} is in line {lines[viewer]} as well"
            sheet.refuse(row.line, "id", "duplicate", detail)
        else:
            lines[viewer] = row.line
    return list(lines), sheet.report


def list_csv(viewers: Iterable[str], locale: str) -> Iterator[str]:
    """A list as a table that `read_list` reads again, in the names of a locale."""
    header = [spellings(KIND, "id")[LOCALES.index(locale)]]
    yield from csv_lines(header, ([viewer] for viewer in viewers))
