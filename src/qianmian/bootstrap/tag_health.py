"""Which tags are worth keeping: what history is asked about them, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from qianmian.bootstrap.measured import levels_of
from qianmian.language.ast import Not, Number, Or, walk
from qianmian.language.ast import Tag as TagNode
from qianmian.language.definition import Definition
from qianmian.language.evidence import perhaps
from qianmian.language.settle import settled_node
from qianmian.runtime.definition_versions import named
from qianmian.storage.history_reader.answers import TagAsked
from qianmian.strategies.strategy import Strategy
from qianmian.tags.definition import Tag, enough_of
from qianmian.tags.health import TagHealth, TagStanding, health_of


def tags_asked(
    tags: Mapping[str, Tag], definitions: Sequence[Definition], zone: str
) -> dict[str, TagAsked]:
    """Every active tag that says yes or no, by key; what only says that there is evidence is none.

    Args:
        tags: the built-in ones.
    """
    enough = enough_of(tags, {one.key for one in definitions})
    evidence = {f"{key}_enough" for key, tag in tags.items() if tag.enough}
    found = {}
    for one in definitions:
        if one.kind != "tag" or one.key in evidence or isinstance(one.expr, Number):
            continue
        could = perhaps(one.expr, enough)
        if one.key in enough:
            could = Or((could, Not(TagNode(enough[one.key]))))
        nodes = (settled_node(node, zone, definitions) for node in (one.expr, could))
        found[one.key] = TagAsked(*nodes)
    return found


def strategies_with(
    strategies: Iterable[Strategy], definitions: Sequence[Definition]
) -> dict[str, list[str]]:
    """The strategies that name a tag, also through others, by tag."""
    found: dict[str, list[str]] = {}
    for one in strategies:
        for level in levels_of(one, definitions):
            if level.kind == "tag":
                found.setdefault(level.key, []).append(one.key)
    return found


def health_of_tags(
    standings: Mapping[str, TagStanding | None],
    tags: Mapping[str, Tag],
    definitions: Sequence[Definition],
    used: Iterable[str],
) -> list[TagHealth]:
    """What should become of each tag, by key.

    Args:
        used: keys of tags that strategies name.
    """
    of_tag = {key: tag for tag in tags.values() for key in tag.texts}
    parts = [(one.key, part) for one in definitions for part in walk(one.expr)]
    places = {place for key, part in parts if (place := named(part)) and place != ("tag", key)}
    users = {key for kind, key in places if kind == "tag"} | set(used)
    return [
        health_of(
            key,
            standing,
            of_tag[key].freshness if key in of_tag else None,
            is_used=key in users,
        )
        for key, standing in sorted(standings.items())
    ]
