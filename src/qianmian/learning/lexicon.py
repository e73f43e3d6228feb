"""The lexicon of text classes: a document of patterns, read once and checked at the door.

Patterns are data so that whoever reads the comments of a room can extend them without a release.
A document that passes `Lexicon.from_json` can be compiled and applied without any further error.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import msgspec

from qianmian.errors import InputError, UnknownName

CLASSES: Mapping[str, int] = MappingProxyType({"doubt": 0, "price_question": 1})
"""Class name to bit position. Logged masks outlive versions: append, never reorder or reuse."""

MAX_FRAGMENTS = 3
MAX_FRAGMENT_CHARS = 32
MAX_GAP_CHARS = 20
MAX_ENTRIES = 5_000

NUMBER = "<number>"  # a run of digits or numerals
A_NOT_A = "<a-not-a>"  # the Chinese yes/no question that repeats a word around a negation
SPECIAL = (NUMBER, A_NOT_A)

Anchor = Literal["any", "start", "end", "whole"]


class ClassNames(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A class as people read it, and the fragments that rule it out for a whole text."""

    key: str
    bit: int
    zh: str
    en: str
    unless: list[str] = []


class Reason(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why an entry means its class, as the console says it."""

    zh: str
    en: str


class Normalization(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is written differently but means the same."""

    characters: dict[str, str]
    words: dict[str, str]
    particles: str
    numerals: str
    negations: str


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One pattern: fragments in order, with "@group" standing for any fragment of a group.

    Units: `gap` counts characters between two neighbors; `why` is a key of `reasons`.
    """

    id: str
    cls: str = msgspec.field(name="class")
    find: list[str | list[str]]
    why: str
    gap: int = 0
    at: Anchor = "any"
    unless: list[str] = []


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: Literal[1]
    about: str
    classes: list[ClassNames]
    normalization: Normalization
    groups: dict[str, list[str]]
    reasons: dict[str, Reason]
    entries: list[Entry]


@dataclass(frozen=True)
class Lexicon:
    """A parsed and checked lexicon; `version` names its content."""

    version: str
    classes: tuple[ClassNames, ...]
    normalization: Normalization
    groups: Mapping[str, Sequence[str]]
    reasons: Mapping[str, Reason]
    entries: tuple[Entry, ...]

    @classmethod
    def from_json(cls, document: bytes | str) -> Lexicon:
        """Read and check a lexicon document.

        Raises:
            InputError: it is not one; the message says where, what, and what to do.
            UnknownName: a class or a group that does not exist is used.
        """
        try:
            parsed = msgspec.json.decode(document, type=_Document)
        except (msgspec.DecodeError, UnicodeError) as exc:
            raise _problem(
                "document", str(exc), "correct that place; see docs/text-classes.md"
            ) from exc
        _check_classes(parsed.classes)
        _check_normalization(parsed.normalization)
        _check_groups(parsed.groups)
        _check_entries(parsed)
        # Hash the meaning, not the bytes: reindenting the file must not look like a new version.
        canonical = msgspec.json.encode(parsed, order="deterministic")
        return cls(
            version=hashlib.sha256(canonical).hexdigest()[:12],
            classes=tuple(parsed.classes),
            normalization=parsed.normalization,
            groups=parsed.groups,
            reasons=parsed.reasons,
            entries=tuple(parsed.entries),
        )


def _problem(where: str, what: str, remedy: str) -> InputError:
    return InputError(f"lexicon, {where}: {what}; {remedy}", where=where)


def _check_classes(classes: Sequence[ClassNames]) -> None:
    for names in classes:
        if names.unless:
            _check_fragments(f"class {names.key!r}", names.unless)
    if {c.key: c.bit for c in classes} != dict(CLASSES) or len(classes) != len(CLASSES):
        raise _problem(
            "classes",
            f"keys and bits must be exactly {dict(CLASSES)}",
            "bits are stored with every comment, so add a class in lexicon.CLASSES first",
        )


def _check_normalization(table: Normalization) -> None:
    for char in table.characters:
        if len(char) != 1:
            raise _problem(
                f"normalization.characters[{char!r}]",
                "the key is not one character",
                "move it to normalization.words",
            )
    if "" in table.words:
        raise _problem("normalization.words", "an empty word", "remove it")


def _check_groups(groups: Mapping[str, Sequence[str]]) -> None:
    for name, fragments in groups.items():
        if any(f.startswith("@") for f in fragments):
            raise _problem(f"group {name!r}", "names a group", "list plain fragments")
        _check_fragments(f"group {name!r}", fragments)


def _check_entries(document: _Document) -> None:
    count = len(document.entries)
    if not 0 < count <= MAX_ENTRIES:
        raise _problem("entries", f"{count} of them", f"keep between 1 and {MAX_ENTRIES}")
    seen: set[str] = set()
    for entry in document.entries:
        where = f"entry {entry.id!r}"
        if not entry.id or entry.id in seen:
            raise _problem(where, "the id is empty or used twice", "give each entry its own id")
        seen.add(entry.id)
        if entry.cls not in CLASSES:
            raise UnknownName.of(f"class in lexicon, {where}:", entry.cls, CLASSES)
        if entry.why not in document.reasons:
            raise UnknownName.of(f"reason in lexicon, {where}:", entry.why, document.reasons)
        if not 1 <= len(entry.find) <= MAX_FRAGMENTS:
            what = f"{len(entry.find)} fragments"
            raise _problem(where, what, f"write 1 to {MAX_FRAGMENTS} of them, or two entries")
        if not 0 <= entry.gap <= MAX_GAP_CHARS:
            raise _problem(where, f"gap {entry.gap}", f"use 0 to {MAX_GAP_CHARS} characters")
        for slot in entry.find:
            _check_fragments(where, expand(where, slot, document.groups))
        if entry.unless:
            _check_fragments(where, expand(where, entry.unless, document.groups))


def expand(where: str, slot: str | Sequence[str], groups: Mapping[str, Sequence[str]]) -> list[str]:
    """All fragments that can fill `slot`, group names replaced."""
    fragments: list[str] = []
    for name in [slot] if isinstance(slot, str) else slot:
        if not name.startswith("@"):
            fragments.append(name)
        elif name[1:] in groups:
            fragments.extend(groups[name[1:]])
        else:
            raise UnknownName.of(f"group in lexicon, {where}:", name, [f"@{g}" for g in groups])
    return fragments


def _check_fragments(where: str, fragments: Sequence[str]) -> None:
    if not fragments:
        raise _problem(where, "a list without a fragment", "write one or remove the list")
    for fragment in fragments:
        if not 0 < len(fragment) <= MAX_FRAGMENT_CHARS:
            raise _problem(
                where, f"fragment {fragment!r}", f"use 1 to {MAX_FRAGMENT_CHARS} characters"
            )
        if fragment.startswith("<") and fragment not in SPECIAL:
            raise UnknownName.of(f"special fragment in lexicon, {where}:", fragment, SPECIAL)
