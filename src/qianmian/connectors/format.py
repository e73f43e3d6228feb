"""What a file format is: a name, what is known about its source, and a reader.

A format is one file in `catalog/` with `DEFINITION = Format(...)`. Its mapping adds no events: one
row is one event or one rejection with a reason, and amounts are read as decimals, never as floats.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from qianmian.connectors.files import head_of, refuse_unusable, size_of
from qianmian.errors import InputError, UnknownName
from qianmian.runtime.source import Chunk

Reader = Callable[[Path, "FormatOptions"], Iterator[Chunk]]


@dataclass(frozen=True, slots=True)
class FormatOptions:
    """What the caller may say about a file beyond its format."""

    mapping: Path | None = None


@dataclass(frozen=True, slots=True)
class Format:
    """One file format.

    `currency` is the one of all amounts, or None when the rows say it. `presence` says whether
    its viewers send heartbeats. `recognizes` looks at the first bytes of the content; a format
    that nothing gives away has none and must be named.
    """

    name: str
    read: Reader
    currency: str | None = None
    presence: bool = False
    needs_mapping: bool = False
    recognizes: Callable[[bytes], bool] | None = None


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A file in a format: the `Recording` that replay reads."""

    path: Path
    format: Format
    options: FormatOptions
    size_bytes: int

    @property
    def name(self) -> str:
        """Of the format."""
        return self.format.name

    @property
    def currency(self) -> str | None:
        """Of all amounts, or None when the rows say it."""
        return self.format.currency

    @property
    def presence(self) -> bool:
        """Whether silence means that a viewer has left."""
        return self.format.presence

    def chunks(self) -> Iterator[Chunk]:
        """All rows in file order."""
        return self.format.read(self.path, self.options)


def open_file(
    path: Path, formats: Mapping[str, Format], name: str | None, options: FormatOptions
) -> OpenedFile:
    """The file in the named format, or in the one that a mapping or its first bytes give away.

    Raises: UnknownName for a format there is not; InputError when the file cannot be read, none
        or several formats recognize it, or the format needs a mapping file and there is none.
    """
    size, head = size_of(path), head_of(path)
    refuse_unusable(path, head)
    chosen = _told(path, formats, head, options) if name is None else formats.get(name)
    if chosen is None:
        raise UnknownName.of("format", str(name), formats)
    if chosen.needs_mapping and options.mapping is None:
        raise InputError(
            f"the format {chosen.name} needs a mapping file; give it with --mapping FILE"
        )
    return OpenedFile(path, chosen, options, size)


def _told(path: Path, formats: Mapping[str, Format], head: bytes, options: FormatOptions) -> Format:
    """The one format that takes the mapping or recognizes the first bytes."""
    if options.mapping is not None:
        fitting = [f for f in formats.values() if f.needs_mapping]
    else:
        fitting = [f for f in formats.values() if f.recognizes is not None and f.recognizes(head)]
    if len(fitting) == 1:
        return fitting[0]
    raise InputError(
        f"the format of {path.name} is not clear; name it with --format, one of: "
        f"{', '.join(sorted(formats))}; for any other CSV give a --mapping",
        path=str(path),
    )
