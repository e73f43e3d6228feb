"""Tables that people make in a spreadsheet, as CSV: found out, bounded, and reported by the cell.

* Encoding: UTF-16 by its mark, UTF-8 where the whole text is, else GB18030.
* Columns are parted by the comma, tab or semicolon that makes the most names known.
* Names are known in every language of the product, in any case, with or without spaces.
* A row that cannot be used is told by line and column; the others go on.
* A cell is data. One that begins like a formula is kept as it is; on the way out it gets an
  apostrophe, which is taken off again on the way in, so nobody's spreadsheet runs it.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from qianmian.connectors.files import decoded_text
from qianmian.errors import SheetProblem
from qianmian.locales.texts import LOCALES, document

MAX_BYTES: Final = 64 << 20
MAX_ROWS: Final = 500_000
MAX_COLUMNS: Final = 100
_DELIMITERS: Final = (",", "\t", ";")
_GUARDED: Final = ("=", "+", "-", "@", "\t", "\r", "'")
"""What a formula begins with, and the apostrophe itself, so that it can be taken off again."""

_SPREADSHEETS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_NOT_A_LETTER: Final = re.compile(r"[\s_()\-:*]+")


@dataclass(frozen=True, slots=True)
class Bounds:
    """How large a table may be, and how many bad rows are told one by one; all are counted."""

    bytes: int = MAX_BYTES
    rows: int = MAX_ROWS
    told: int = 1_000


@dataclass(frozen=True, slots=True)
class BadCell:
    """Why a row cannot be used.

    Attributes:
        line: of the file, where the row ends; the header is 1.
        column: its name in the file; "" when it is the row as a whole.
        code: a key of `locales/*/sheets.json`, or a reason of the vocabulary.
        detail: the value and the rule, in English.
    """

    line: int
    column: str
    code: str
    detail: str


@dataclass(slots=True)
class Report:
    """What a table held.

    Attributes:
        rows: with something in them, beside the header.
        bad: how many of them cannot be used.
        told: the first of the bad ones.
        doubtful: cells of rows that can be used, of which nobody knows what they mean.
        doubts: the first of these.
        ignored: names of columns that nobody knows.
    """

    encoding: str = ""
    rows: int = 0
    bad: int = 0
    told: list[BadCell] = field(default_factory=list)
    doubtful: int = 0
    doubts: list[BadCell] = field(default_factory=list)
    ignored: tuple[str, ...] = ()
    most_told: int = Bounds().told

    def refuse(self, line: int, column: str, code: str, detail: str) -> None:
        """Count a row that cannot be used, and tell it if there is room."""
        self.bad += 1
        if len(self.told) < self.most_told:
            self.told.append(BadCell(line, column, code, _shown(detail[:300])))

    def doubt(self, line: int, column: str, code: str, detail: str) -> None:
        """Count a cell that is kept without being understood, and tell it if there is room."""
        self.doubtful += 1
        if len(self.doubts) < self.most_told:
            self.doubts.append(BadCell(line, column, code, _shown(detail[:300])))


@dataclass(frozen=True, slots=True)
class Row:
    """One row. `cells` are by our names of the columns, stripped; an empty cell is ""."""

    line: int
    cells: Mapping[str, str]


class Sheet:
    """A table that was read.

    Args:
        body: the file.
        kind: which columns are known: a key of `columns` in `locales/*/sheets.json`.
        needed: columns that must be there.
        others: columns that nobody knows are kept under their own names, instead of ignored.
        bounds: of the table.

    Attributes:
        columns: our name of each known column, and its name in the file.
        report: grows while the rows are read.

    Raises: SheetProblem when the file as a whole cannot be used.
    """

    def __init__(
        self,
        body: bytes,
        kind: str,
        needed: Sequence[str],
        *,
        others: bool = False,
        bounds: Bounds = Bounds(),
    ) -> None:
        if len(body) > bounds.bytes:
            raise SheetProblem(f"the table is larger than {bounds.bytes:,} bytes; send it in parts")
        if body.startswith(_SPREADSHEETS):
            raise SheetProblem("this is a workbook or an archive; save the sheet as CSV first")
        text, encoding = decoded_text(body)
        self.report = Report(encoding, most_told=bounds.told)
        self._bounds = bounds
        self._text = text
        names = names_of(kind)
        first = text.partition("\n")[0]
        self._delimiter = max(_DELIMITERS, key=lambda one: _known(first, one, names))
        header: list[str] = next(self._reader(), [])
        if not any(header):
            raise SheetProblem("the table is empty; its first line must name the columns")
        if len(header) > MAX_COLUMNS:
            raise SheetProblem(f"the table has {len(header)} columns; the most is {MAX_COLUMNS}")
        self._width = len(header)
        self.columns: dict[str, str] = {}
        self._places: dict[str, int] = {}
        ignored = []
        for place, written in enumerate(header):
            name = names.get(folded(written)) or (written.strip() if others else "")
            if name and name not in self._places:
                self._places[name] = place
                self.columns[name] = _shown(written.strip())
            elif written.strip():
                ignored.append(_shown(written.strip()))
        self.report.ignored = tuple(ignored)
        missing = [name for name in needed if name not in self._places]
        if missing:
            said = "; ".join(f"{name} ({', '.join(spellings(kind, name))})" for name in missing)
            raise SheetProblem(f"the first line has no column for {said}", missing=missing)

    def rows(self) -> Iterator[Row]:
        """Every row with something in it; those of another width are told, not given.

        Raises: SheetProblem when there are too many.
        """
        reader = self._reader()
        next(reader, None)
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as exc:  # a cell that never ends, or is larger than any text
                self.report.rows += 1
                self.report.refuse(reader.line_num, "", "columns", str(exc))
                continue
            if not any(map(str.strip, cells)):
                continue
            self.report.rows += 1
            line = reader.line_num
            if self.report.rows > self._bounds.rows:
                most = f"{self._bounds.rows:,}"
                raise SheetProblem(f"the table has more than {most} rows; send it in parts")
            if len(cells) != self._width and any(map(str.strip, cells[self._width :])):
                detail = f"{len(cells)} cells, the header has {self._width}"
                self.report.refuse(line, "", "columns", detail)
                continue
            cells += [""] * (self._width - len(cells))
            yield Row(line, {name: _plain(cells[place]) for name, place in self._places.items()})

    def refuse(self, line: int, name: str, code: str, detail: str) -> None:
        """A row cannot be used because of this column."""
        self.report.refuse(line, self.columns.get(name, ""), code, detail)

    def _reader(self) -> Any:  # the type of csv.reader has no public name
        return csv.reader(io.StringIO(self._text, newline=""), delimiter=self._delimiter)


def _shown(text: str) -> str:
    """A text as it can be told: bytes that its encoding does not have are no characters."""
    return text.encode(errors="replace").decode()


def _known(line: str, delimiter: str, names: Mapping[str, str]) -> int:
    """How many names of the first line are known if they are parted by this character."""
    try:
        cells = next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return -1
    return sum(folded(name) in names for name in cells)


def folded(name: str) -> str:
    """A name of a column without what people write differently."""
    return _NOT_A_LETTER.sub("", unicodedata.normalize("NFKC", name)).casefold()


def names_of(kind: str) -> dict[str, str]:
    """Our name of each spelling that is known, folded."""
    found: dict[str, str] = {}
    for locale in LOCALES:
        for name, written in document(locale, "sheets")["columns"][kind].items():
            found |= {folded(one): name for one in (name, *written.split("|"))}
    return found


def spellings(kind: str, name: str) -> list[str]:
    """How a column may be called: first in each language."""
    return [document(locale, "sheets")["columns"][kind][name].split("|")[0] for locale in LOCALES]


def _plain(cell: str) -> str:
    """A cell without what surrounds it, and without the apostrophe that keeps it from running."""
    text = cell.strip()
    return text[1:] if text[:1] == "'" and text[1:].startswith(_GUARDED) else text


def safe_cell(text: str) -> str:
    """A cell that no spreadsheet runs; `Sheet` reads it back as it was."""
    return f"'{text}" if text.startswith(_GUARDED) else text


def csv_lines(header: Sequence[str], rows: Iterator[Sequence[str]]) -> Iterator[str]:
    """Lines of a CSV that a spreadsheet opens as what it is: with a mark for UTF-8."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow(header)
    for row in rows:
        writer.writerow([safe_cell(cell) for cell in row])
        if buffer.tell() > 1 << 16:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()
