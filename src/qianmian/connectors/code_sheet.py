"""Codes of an offer as a table, one row a code. Codes are secrets: no report holds one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from qianmian.connectors.sheet import Report, Sheet
from qianmian.vocabulary.offer import CODE_FORM

KIND: Final = "codes"


class CodeSheet:
    """The codes of a table, in its order, with the line of each."""

    def __init__(self, body: bytes) -> None:
        """Raises: SheetProblem when the table as a whole cannot be used."""
        self._sheet = Sheet(body, KIND, ("code",))
        self._lines: dict[str, int] = {}
        for row in self._sheet.rows():
            code = row.cells["code"]
            if CODE_FORM.fullmatch(code) is None:
                detail = "a code has 6 to 64 letters, digits, - and _"
                self._sheet.refuse(row.line, "code", "code_form", detail)
            elif code in self._lines:
                detail = f"the code is in line {self._lines[code]} as well"
                self._sheet.refuse(row.line, "code", "duplicate", detail)
            else:
                self._lines[code] = row.line

    @property
    def lines(self) -> Mapping[str, int]:
        """The line of each code that can be used."""
        return self._lines

    def report(self, known: set[str]) -> Report:
        """What the table held; these codes the shop had already."""
        for code in sorted(known, key=self._lines.__getitem__):
            detail = "the shop has this code already"
            self._sheet.refuse(self._lines[code], "code", "code_known", detail)
        return self._sheet.report
