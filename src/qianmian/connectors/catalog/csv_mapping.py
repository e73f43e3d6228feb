"""Any table of events as CSV, with a mapping file that says what its columns mean.

What the mapping file may say is in `connectors/mapping.py` and on `docs/replay.md`. Rows without a
`message_id` column that repeat as a whole are duplicates. UTF-8 and GB18030 are told apart by the
first bytes unless the mapping names the encoding; a quoted cell may span lines.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from qianmian.connectors.files import identity_of, read_text
from qianmian.connectors.format import Format, FormatOptions
from qianmian.connectors.mapping import Mapping, read_mapping
from qianmian.connectors.table import Header
from qianmian.errors import InputError
from qianmian.runtime.source import CHUNK_ROWS, Chunk


def read(path: Path, options: FormatOptions) -> Iterator[Chunk]:
    """Every row of the file.

    Raises: InputError when the mapping cannot be used, or a column that it names is not there.
    """
    if options.mapping is None:
        raise InputError("the format csv_mapping needs a mapping file; give it with --mapping FILE")
    mapping = read_mapping(options.mapping)
    reader = csv.reader(read_text(path, mapping.encoding), delimiter=mapping.delimiter)
    first = next(reader, [])
    header = Header.of_cells(
        path, [name.strip() for name in first], tuple(mapping.columns.values())
    )
    chunk = Chunk()
    for cells, problem in _rows(reader):
        _add(chunk, cells, problem, reader.line_num, header, mapping)
        if len(chunk) >= CHUNK_ROWS:
            yield chunk
            chunk = Chunk()
    yield chunk


def _rows(reader: Iterator[list[str]]) -> Iterator[tuple[list[str], str]]:
    """Rows that are not blank; one the csv module refuses is told and does not end the file."""
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as exc:
            yield [], str(exc)
            continue
        if any(cells):
            yield cells, ""


def _add(
    chunk: Chunk, cells: list[str], problem: str, line: int, header: Header, mapping: Mapping
) -> None:
    if problem:
        chunk.refuse(line, "columns", problem)
        return
    if not header.fits(cells):
        chunk.add(header.misfit(cells), line)
        return
    text = "\x1f".join(cells)
    try:
        identity = identity_of(text)
    except UnicodeEncodeError:  # a byte that the encoding does not have
        chunk.refuse(line, "not_utf8")
        return
    row = mapping.translate(header.pick(cells), line)
    has_id = "message_id" in mapping.columns and isinstance(row, dict) and row.get("message_id")
    if isinstance(row, dict) and not has_id:
        row["message_id"] = str(line)
    chunk.add(row, line, b"" if has_id else identity)


DEFINITION = Format(name="csv_mapping", read=read, needs_mapping=True)
