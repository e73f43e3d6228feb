"""Reading files of unknown origin by the line: plain or gzip, bounded, never trusted as text."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from qianmian.errors import InputError

MAX_LINE_BYTES = 4 << 20  # a Segment batch has at most 500 KB, an otto session some hundred
SNIFFED_BYTES = 1 << 16  # enough Chinese text to tell UTF-8 and GB18030 apart
_GZIP_MAGIC = b"\x1f\x8b"
_ZIP_MAGIC = b"PK\x03\x04"
_BOM = b"\xef\xbb\xbf"
_WIDE_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)  # what spreadsheets call "Unicode text"


class _Lines(Protocol):
    """What is common to a file and an unpacked one."""

    def readline(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its end; `text` is None where `problem` says why it cannot be read."""

    number: int
    text: str | None
    bytes_read: int
    problem: str = ""


def size_of(path: Path) -> int:
    """Bytes of the file as stored.

    Raises: InputError when there is no such file, or it cannot be read.
    """
    try:
        if path.is_dir():
            raise InputError(f"{path} is a folder; name one file in it")
        return path.stat().st_size
    except OSError as exc:
        raise unreadable(path, exc) from exc


def unreadable(path: Path, exc: Exception) -> InputError:
    """What to tell about a file that cannot be read."""
    if isinstance(exc, FileNotFoundError):
        return InputError(f"there is no file {path}; check the path", path=str(path))
    if isinstance(exc, PermissionError):
        return InputError(
            f"{path} may not be read by this user; check its permissions", path=str(path)
        )
    if isinstance(exc, EOFError | zlib.error | gzip.BadGzipFile):
        return InputError(
            f"{path} is damaged: its compressed content is cut off or broken; get the file again",
            path=str(path),
        )
    return InputError(f"{path} cannot be read: {exc}", path=str(path))


def refuse_unusable(path: Path, head: bytes) -> None:
    """Tell about content that no format can be, by its first bytes.

    Raises: InputError.
    """
    if not head:
        raise InputError(f"{path.name} is empty; was it written to the end?", path=str(path))
    if head.startswith(_ZIP_MAGIC):
        raise InputError(
            f"{path.name} is a zip archive or a spreadsheet; unpack it, or save the sheet as CSV",
            path=str(path),
        )


def head_of(path: Path, size: int = 4_096) -> bytes:
    """The first bytes of the content.

    Raises: InputError when the file cannot be read.
    """
    try:
        with path.open("rb") as raw:
            start = raw.read(2)
            raw.seek(0)
            if start != _GZIP_MAGIC:
                return raw.read(size)
            with gzip.GzipFile(fileobj=raw) as unpacked:
                return unpacked.read(size)
    except (OSError, EOFError, zlib.error) as exc:
        raise unreadable(path, exc) from exc


def read_lines(path: Path, *, max_bytes: int = MAX_LINE_BYTES) -> Iterator[Line]:
    """Every line that is not blank, numbered from 1 as an editor does; a longer one is a problem.

    Raises: InputError when the file cannot be read, or its compressed content is damaged.
    """
    number, length = 0, 0
    try:
        with path.open("rb") as raw:
            compressed = raw.read(2) == _GZIP_MAGIC
            raw.seek(0)
            content = gzip.GzipFile(fileobj=raw) if compressed else raw
            while data := content.readline(max_bytes + 1):
                number += 1
                length += len(data)
                done = raw.tell() if compressed else length
                if number == 1 and data.startswith(_BOM):
                    data = data[len(_BOM) :]
                if len(data) > max_bytes and not data.endswith(b"\n"):
                    length += _skip_line(content)
                    yield Line(number, None, done, "line_too_long")
                    continue
                try:
                    text = data.decode().rstrip("\r\n")
                except UnicodeDecodeError:
                    yield Line(number, None, done, "not_utf8")
                    continue
                if text and not text.isspace():
                    yield Line(number, text, done)
    except (OSError, EOFError, zlib.error) as exc:
        raise unreadable(path, exc) from exc


def read_text(path: Path, encoding: str) -> Iterator[str]:
    """Lines of text with their ends; bytes that the encoding does not have become lone surrogates.

    `encoding` "auto" means UTF-16 with its mark, UTF-8 where the first bytes are, else GB18030.
    Raises: InputError when the file cannot be read.
    """
    chosen = _sniffed(head_of(path, SNIFFED_BYTES)) if encoding == "auto" else encoding
    codec = "utf-8-sig" if chosen == "utf-8" else chosen
    try:
        with path.open("rb") as raw:
            compressed = raw.read(2) == _GZIP_MAGIC
            raw.seek(0)
            content = gzip.GzipFile(fileobj=raw) if compressed else raw
            lines = io.TextIOWrapper(content, codec, errors="surrogateescape", newline="")
            while line := lines.readline(MAX_LINE_BYTES):
                yield line
    except (OSError, EOFError, zlib.error) as exc:
        raise unreadable(path, exc) from exc


def decoded_text(data: bytes) -> tuple[str, str]:
    """The whole text of a file in memory, without its mark, and the encoding that it has.

    Bytes that the encoding does not have become lone surrogates, which no field accepts.
    """
    chosen = _sniffed(data, final=True)
    codec = "utf-8-sig" if chosen == "utf-8" else chosen
    return data.decode(codec, errors="surrogateescape"), chosen


def _sniffed(head: bytes, *, final: bool = False) -> str:
    if head.startswith(_WIDE_BOMS):
        return "utf-16"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head, final=final)
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8"


def _skip_line(content: _Lines) -> int:
    skipped = 0
    while data := content.readline(MAX_LINE_BYTES):
        skipped += len(data)
        if data.endswith(b"\n"):
            break
    return skipped


def identity_of(row: str) -> bytes:
    """16 bytes that are equal exactly when two rows are."""
    return hashlib.blake2b(row.encode(), digest_size=16).digest()
