"""Tables as text: a header that must have certain columns, and rows that fit it or do not."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from qianmian.errors import InputError
from qianmian.vocabulary.rejected import Rejected

MAX_COLUMNS = 500


def split_row(text: str, delimiter: str = ",") -> list[str]:
    """The cells of one line. A broken quote spoils its own line and no other."""
    if '"' not in text:
        return text.split(delimiter, MAX_COLUMNS)
    try:
        return next(csv.reader([text], delimiter=delimiter), [])
    except csv.Error:  # a quoted cell above the limit of the csv module
        return []


@dataclass(frozen=True, slots=True)
class Header:
    """Where the wanted columns are in a row of `width` cells."""

    width: int
    places: tuple[int, ...]

    @classmethod
    def of(cls, path: Path, text: str, wanted: tuple[str, ...]) -> Header:
        """Read the first line.

        Raises: InputError naming the columns that are not there.
        """
        return cls.of_cells(path, [name.strip() for name in split_row(text)], wanted)

    @classmethod
    def of_cells(cls, path: Path, names: list[str], wanted: tuple[str, ...]) -> Header:
        """Read the cells of the first line.

        Raises: InputError naming the columns that are not there.
        """
        missing = [name for name in wanted if name not in names]
        if missing:
            raise InputError(
                f"{path.name}, line 1: no column {', '.join(missing)}; {_instead(names, wanted)}",
                path=str(path),
            )
        return cls(len(names), tuple(names.index(name) for name in wanted))

    def fits(self, cells: list[str]) -> bool:
        """Whether the row has as many cells as the header."""
        return len(cells) == self.width

    def misfit(self, cells: list[str]) -> Rejected:
        """Why a row that does not fit is no event."""
        return Rejected("columns", f"{len(cells)} instead of {self.width}")

    def pick(self, cells: list[str]) -> list[str]:
        """The wanted cells, in the order they were wanted."""
        return [cells[place] for place in self.places]


def _instead(names: list[str], wanted: tuple[str, ...]) -> str:
    """What the first line has in place of the wanted columns, and what to do about it."""
    if len(names) == 1:
        for delimiter, said in ((";", '";"'), ("\t", r'"\t"'), ("|", '"|"')):
            if set(wanted) <= {name.strip() for name in names[0].split(delimiter)}:
                return f"its columns are parted by another character: write delimiter: {said}"
    shown = ", ".join(name[:40] for name in names[:12]) + (", …" if len(names) > 12 else "")
    return f"it has {shown or 'nothing'}; is it this format, and is the first line its header?"
