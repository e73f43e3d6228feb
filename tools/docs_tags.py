"""The page of built-in tags and segments, from the catalogs: written by `python -m tools.docs`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from qianmian.bootstrap.catalogs import load_segments, load_tags
from qianmian.language.ast import Number
from qianmian.language.sentence import sentence
from qianmian.locales.texts import document
from qianmian.profiles.found import LOVED
from qianmian.tags.definition import Tag

PATH_BY_LOCALE = {"en-US": "docs/reference/tags.md", "zh-CN": "docs/zh/reference/tags.md"}


def pages() -> dict[str, str]:
    """The reference page in each language."""
    return {path: "\n".join(_page(locale)) for locale, path in PATH_BY_LOCALE.items()}


def _page(locale: str) -> Iterator[str]:
    say, titles = document(locale, "tags_page"), document(locale, "tags")
    yield from (f"# {say['title']}", "", say["intro"], "", f"## {say['tags']}", "")
    heads = ("key", "name", "tier", "type", "freshness", "meaning")
    yield "| " + " | ".join(say[head] for head in heads) + " |"
    yield "|" + "---|" * len(heads)
    tags = load_tags()
    for tag in tags.values():
        told = titles[tag.key]
        kinds = [say[f"{of}.{value}"] for of, value in _kinds(tag)]
        yield f"| `{tag.key}` | {told['title']} | {' | '.join(kinds)} | {told['help']} |"
    for tag in tags.values():
        yield from _section(tag.key, tag.definitions(), titles, say, locale)
        if tag.preference is not None:
            trait = f"trait.{LOVED[tag.preference]} == …"
            yield f"* {say['from_profile'].format(trait=trait)}"
        yield from _numbers(tag.parameters, say)
    yield from ("", f"## {say['segments']}")
    titles = document(locale, "segments")
    for segment in load_segments().values():
        yield from _section(segment.key, segment.definitions(), titles, say, locale)
        yield from _numbers(segment.parameters, say)


def _kinds(tag: Tag) -> tuple[tuple[str, str], ...]:
    return ("tier", tag.tier), ("type", tag.type), ("freshness", tag.freshness)


def _section(
    key: str, definitions: Any, titles: Mapping[str, Any], say: Mapping[str, Any], locale: str
) -> Iterator[str]:
    yield from ("", f"### {key}", "", f"**{titles[key]['title']}** {titles[key]['help']}", "")
    for one in definitions:
        is_number = isinstance(one.expr, Number)
        own = say["measures" if is_number else "holds"]
        title = f"{titles[one.key]['title']} (`{one.key}`)" if one.key != key else own
        yield f"* {title}: {sentence(one.expr, locale)}"


def _numbers(parameters: Mapping[str, str | int], say: Mapping[str, Any]) -> Iterator[str]:
    if parameters:
        listed = ", ".join(f"`{name}` = `{value}`" for name, value in parameters.items())
        yield f"* {say['numbers']}: {listed}"
