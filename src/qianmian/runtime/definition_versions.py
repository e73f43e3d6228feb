"""Versions of definitions: what people made of them, which one is active, and what that sums up to.

A version is a draft until it is activated; then it is active until another one replaces it or it is
retired. It never changes afterward: going back to an old one makes a new version with its text, so
that the firings of a version always mean one thing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal, Protocol

from qianmian.errors import DefinitionError, SensitiveTopic, UnknownName
from qianmian.language.ast import InSegment, Node, Tag, TagNumber, walk
from qianmian.language.definition import Definition
from qianmian.language.parse import parse_definition
from qianmian.language.settle import settled
from qianmian.language.text import show_definition
from qianmian.runtime.definitions import DefinitionFile, Written
from qianmian.vocabulary.sensitive import sensitive_class

State = Literal["draft", "active", "replaced", "retired"]
Place = tuple[str, str]
"""Kind and key: what versions are versions of."""

_TRAITS: Final = re.compile(
    r'trait\.(\w+)(?:\s*(?:==|!=|in|contains|starts_with)\s*\(?\s*"([^"]*)")?'
)
"""Traits in a text that need not be right yet, with the value beside each."""

MAX_WHY: Final = 500
MAX_TITLE: Final = 64
MAX_MEANING: Final = 500


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a definition.

    Attributes:
        title, meaning: by language ("zh", "en"), as far as somebody wrote them.
        why: what whoever made it active said.

    Units: instants in ms UTC.
    """

    kind: str
    key: str
    version: int
    text: str
    state: State = "draft"
    title: Mapping[str, str] = field(default_factory=dict)
    meaning: Mapping[str, str] = field(default_factory=dict)
    made_at: int = 0
    made_by: str = ""
    why: str = ""
    active_from: int | None = None
    active_until: int | None = None
    ended_by: str | None = None

    @property
    def place(self) -> Place:
        """Kind and key."""
        return self.kind, self.key

    def definition(self) -> Definition:
        """The checked definition.

        Raises: DefinitionError that names the key.
        """
        try:
            return parse_definition(self.key, self.text, self.kind, self.version)
        except DefinitionError as problem:
            problem.params["key"] = self.key
            raise


class DefinitionVersions(Protocol):
    """Where versions are kept."""

    def number(self) -> int:
        """Grows with each change."""

    def all(self) -> list[Version]:
        """Every version, by kind, key and version."""

    def save_draft(self, draft: Version) -> Version:
        """Make or replace the draft of a place; its number follows all others."""

    def drop_draft(self, kind: str, key: str, *, by: str) -> bool:
        """Throw the draft away; whether there was one."""

    def activate(self, kind: str, key: str, *, by: str, why: str) -> Version:
        """The draft becomes active in place of what was.

        Raises: NotThere when there is no draft.
        """

    def retire(self, version: Version, *, by: str, why: str) -> Version:
        """A place has no active version from now on.

        Args:
            version: the active one; of a built-in definition, what it is.
        """

    def take(
        self, drafts: Sequence[Version], leaving: Sequence[Version], *, by: str, why: str
    ) -> list[Version]:
        """Make these active and retire those, all or none; what came into force.

        What is the same already stays as it is.
        """


def check_topic(version: Version) -> None:
    """Refuse a definition that classes people by sensitive personal information.

    By its key, its titles and meanings, and the traits and their values that its text names.

    Raises: SensitiveTopic.
    """
    said = [version.key, *version.title.values(), *version.meaning.values()]
    said += [part for pair in _TRAITS.findall(version.text) for part in pair if part]
    for one in said:
        found = sensitive_class(one)
        if found is not None:
            raise SensitiveTopic(
                f'"{one[:80]}" is of the class {found}: sensitive personal information, by which'
                " people are not classed",
                kind=found,
            )


def active_definitions_of(
    built_in: Sequence[Definition], versions: Iterable[Version], zone: str = ""
) -> tuple[Definition, ...]:
    """What holds, settled: in the zone of the shop, where that is given.

    Raises: DefinitionError when a kept text cannot be read by this release, or compares a tag that
        has no such number.
    """
    return settled(written_definitions_of(built_in, versions), zone)


def written_definitions_of(
    built_in: Sequence[Definition], versions: Iterable[Version]
) -> tuple[Definition, ...]:
    """The built-in definitions, each as the shop changed it, then the shop's own, as written.

    A built-in definition of which an active or retired version is kept goes by that alone.

    Raises: DefinitionError when a kept text cannot be read by this release.
    """
    touched = {one.place for one in versions if one.state in ("active", "retired")}
    active = {one.place: one.definition() for one in versions if one.state == "active"}
    found: list[Definition] = []
    for one in built_in:
        place = one.kind, one.key
        if place not in touched:
            found.append(one)
        elif place in active:
            found.append(active.pop(place))
    return (*found, *(active[place] for place in sorted(active)))


def users_by_place(definitions: Iterable[Definition]) -> dict[Place, list[Place]]:
    """Which definitions name each tag and segment, for those that any names."""
    found: dict[Place, list[Place]] = {}
    for one in sorted(definitions, key=lambda one: (one.kind, one.key)):
        places = [named(part) for part in walk(one.expr)]
        for place in {told for told in places if told is not None}:
            found.setdefault(place, []).append((one.kind, one.key))
    return found


def named(part: Node) -> Place | None:
    """The tag or segment that a node names."""
    match part:
        case Tag(key) | TagNumber(key):
            return "tag", key
        case InSegment(key):
            return "segment", key
    return None


def file_of(built_in: Sequence[Definition], versions: Iterable[Version]) -> DefinitionFile:
    """What a shop made of its definitions, as a file: `drafts_of` reads the same again."""
    kept = list(versions)
    active = [one for one in kept if one.state == "active"]
    places = {one.place for one in active}
    retired = {one.place for one in kept if one.state == "retired"} - places
    return DefinitionFile(
        builtin=True,
        without=sorted(one.key for one in built_in if (one.kind, one.key) in retired),
        definitions=[
            Written(
                key=one.key,
                text=one.text,
                kind=one.kind,
                version=one.version,
                title=dict(one.title),
                meaning=dict(one.meaning),
            )
            for one in sorted(active, key=lambda one: one.place)
        ],
    )


def drafts_of(file: DefinitionFile, *, by: str) -> list[Version]:
    """The definitions of a file as drafts."""
    return [
        Version(
            one.kind,
            one.key,
            one.version,
            one.text,
            title=one.title,
            meaning=one.meaning,
            made_by=by,
        )
        for one in file.definitions
    ]


def left_out(file: DefinitionFile, built_in: Sequence[Definition]) -> list[Version]:
    """The built-in definitions that a file says do not hold.

    Raises: UnknownName for one that there is not.
    """
    known = {one.key: one for one in built_in}
    for key in file.without:
        if key not in known:
            raise UnknownName.of("built-in definition", key, known)
    return [version_of(known[key]) for key in file.without]


def with_taken(
    versions: Sequence[Version], drafts: Sequence[Version], leaving: Sequence[Version]
) -> list[Version]:
    """What would be kept if these drafts were active, and those retired."""
    changed = {one.place for one in (*drafts, *leaving)}
    return [
        *(one for one in versions if one.place not in changed or one.state != "active"),
        *(replace(one, state="active") for one in drafts),
        *(replace(one, state="retired") for one in leaving),
    ]


def version_of(definition: Definition) -> Version:
    """A built-in definition as a version."""
    text = show_definition(definition)
    return Version(definition.kind, definition.key, definition.version, text, state="active")
