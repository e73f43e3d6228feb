"""Catalogs of definitions: the built-in moments, tags and segments, and those that are active."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import qianmian.moments.catalog
import qianmian.segments.catalog
import qianmian.strategies.catalog
import qianmian.tags.catalog
from qianmian.errors import DefinitionError, UnknownName
from qianmian.language.definition import Definition
from qianmian.language.settle import settled
from qianmian.language.story import Numbers
from qianmian.moments.definition import Moment, check_moment
from qianmian.registry import Registry, load_catalog
from qianmian.runtime.definitions import DefinitionFile, checked_definitions
from qianmian.segments.definition import Segment, check_segment
from qianmian.strategies.playbook import Playbook
from qianmian.tags.definition import Tag, check_tag


def load_moments() -> Registry[Moment]:
    """The built-in moments, each checked at the door."""
    moments = load_catalog(qianmian.moments.catalog, Moment, noun="moment")
    for moment in moments.values():
        check_moment(moment)
    return moments


def load_tags() -> Registry[Tag]:
    """The built-in tags, each checked at the door."""
    tags = load_catalog(qianmian.tags.catalog, Tag, noun="tag")
    for tag in tags.values():
        check_tag(tag)
    return tags


def load_segments() -> Registry[Segment]:
    """The ready-made segments, each checked at the door."""
    segments = load_catalog(qianmian.segments.catalog, Segment, noun="segment")
    for segment in segments.values():
        check_segment(segment)
    return segments


def load_playbooks() -> Registry[Playbook]:
    """The built-in playbooks."""
    return load_catalog(qianmian.strategies.catalog, Playbook, noun="playbook")


def builtin_definitions(
    parameters: Mapping[str, Numbers] | None = None,
) -> dict[str, tuple[Definition, ...]]:
    """Every built-in moment, tag and segment by its key, with other numbers where given.

    A tag is several definitions: one for each value, and one for whether there is enough evidence.

    Raises: UnknownName for a key or a number there is not; DefinitionError for a number that makes
        no sense at its place.
    """
    changed = parameters or {}
    moments = load_moments()
    levels: dict[str, Tag | Segment] = {**load_tags(), **load_segments()}
    for key in changed:
        if key not in moments and key not in levels:
            raise UnknownName.of("built-in definition", key, [*moments, *levels])
    found = {key: (one.definition(changed.get(key)),) for key, one in moments.items()}
    return found | {key: one.definitions(changed.get(key)) for key, one in levels.items()}


def active_definitions(file: DefinitionFile | None = None) -> list[Definition]:
    """The built-in moments, tags and segments and those of a file, as the file says, settled.

    Raises: DefinitionError for the first one that cannot be used.
    """
    file = file or DefinitionFile()
    given, problems = checked_definitions(file.definitions)
    if problems:
        raise problems[0]
    builtin = builtin_definitions(file.parameters)
    by_place: dict[tuple[str, str], Definition] = {}
    if file.keeps_builtin:
        left_out = _left_out(file.without, builtin)
        several = [one for found in builtin.values() for one in found]
        by_place = {(one.kind, one.key): one for one in several if one.key not in left_out}
    elif file.parameters or file.without:
        raise DefinitionError(
            "parameters and without are of built-in definitions, and this file has none; add"
            " builtin: true"
        )
    held = by_place | {(one.kind, one.key): one for one in given}
    return list(settled(held.values()))


def _left_out(keys: Sequence[str], builtin: Mapping[str, tuple[Definition, ...]]) -> frozenset[str]:
    """The keys of the definitions that do not hold: whole tags, or one value of a tag.

    Raises: UnknownName for a key there is not.
    """
    own = {one.key for several in builtin.values() for one in several}
    found: set[str] = set()
    for key in keys:
        if key not in builtin and key not in own:
            raise UnknownName.of("built-in definition", key, [*builtin, *sorted(own)])
        found |= {one.key for one in builtin.get(key, ())} or {key}
    return frozenset(found)
