"""An expression as a sentence for people, in zh-CN and en-US.

Operators say which message they are (`language/phrases.py`); the words are in
`locales/<locale>/language.json`, those for values of traits in `values.json`; titles of events in
`events.json`, of tags and segments in theirs. How a shop calls its own tags and segments is not
known here: whoever asks for a sentence says it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from qianmian.errors import UnknownName
from qianmian.language.ast import And, Node, Not, Or
from qianmian.language.catalog import operator_of
from qianmian.language.definition import Definition
from qianmian.language.limits import check_size
from qianmian.language.phrases import (
    Arg,
    Denied,
    Duration,
    Events,
    KeyWord,
    Listing,
    Money,
    Phrase,
    Titled,
    Worded,
    phrase,
)
from qianmian.language.types import key_of
from qianmian.language.values import money
from qianmian.locales.texts import LOCALES, document, entry
from qianmian.vocabulary.time import format_duration, parse_duration

Value = str | int | float | bool
Language = Literal["zh", "en"]
Titles = Mapping[tuple[str, str], Mapping[Language, str]]
"""How a shop calls its tags and segments: by kind and key, then by language ("zh", "en")."""
UNTITLED: Final[Titles] = MappingProxyType({})
_SPAN: Final = re.compile(r"([0-9]+(ms|[dhms]))+")
_SPAN_PART: Final = re.compile(r"([0-9]+)([a-z]+)")
LOVED: Final = "loved_"  # traits of what a viewer turns to: the values are those of the dimension
_LANGUAGES: Final[dict[str, Language]] = {"zh-CN": "zh", "en-US": "en"}
_FILE_BY_FAMILY: Final = {"tag": "tags", "segment": "segments"}


def sentence(node: Node, locale: str = "zh-CN", titles: Titles = UNTITLED) -> str:
    """The sentence of an expression.

    Args:
        titles: what the shop's own tags and segments are called; the others have titles of theirs.

    Raises: UnknownName for a locale that is not there; LimitExceeded for a tree that is too large.
    """
    check_size(node)
    return _Speaker(locale, key_of(node) or "product", titles).whole(node)


def sentence_of_definition(
    definition: Definition, locale: str = "zh-CN", titles: Titles = UNTITLED
) -> str:
    """The sentence of a definition, with when it fires again; see `sentence`."""
    check_size(definition.expr)
    speaker = _Speaker(locale, key_of(definition.expr) or "product", titles)
    if definition.again_after_ms is None:
        return speaker.whole(definition.expr)
    again = Duration(definition.again_after_ms)
    return speaker.whole(phrase("definition.again", said=definition.expr, span=again))


def counting_since(time: str, locale: str = "zh-CN", *, backfilled: bool = False) -> str:
    """Since when a definition counts that was edited, e.g. "counting since 20:14 (backfilled)".

    Args:
        time: as people of the shop read it; the caller knows the zone.
        backfilled: it also counts what the log had kept from before the edit.
    """
    key = "counting.backfilled" if backfilled else "counting.since"
    return _Speaker(locale, "product").whole(phrase(key, time=time))


def said(arg: Arg, locale: str = "zh-CN") -> str:
    """A message with its arguments, e.g. one of the warnings of `language/types.py`."""
    return _Speaker(locale, "product").whole(arg)


def in_words(value: str | int, locale: str = "zh-CN") -> str:
    """A number of a definition as people say it: `5m` is 5 minutes, `3` stays 3."""
    if isinstance(value, str) and _SPAN.fullmatch(value):
        return said(Duration(parse_duration(value)), locale)
    return str(value)


def value_in_words(of: str, value: Value, locale: str = "zh-CN") -> str:
    """What was told of a trait as people say it, e.g. `dormant` of a life stage; else as it is."""
    words = _words_of(of, value, locale)
    if words is None and isinstance(value, bool):
        return str(document(locale, "language")["yes" if value else "no"])
    return str(value) if words is None else words


def _words_of(of: str, value: Value, locale: str) -> str | None:
    told = str(value).lower() if isinstance(value, bool) else str(value)
    words = document(locale, "values").get(f"{of.removeprefix(LOVED)}.{told}")
    return None if words is None else str(words)


class _Speaker:
    """Renders arguments of messages in one locale."""

    def __init__(self, locale: str, key: str, titles: Titles = UNTITLED) -> None:
        if locale not in LOCALES:
            raise UnknownName.of("locale", locale, LOCALES)
        self._locale = locale
        self._key = key
        self._titles = titles
        self._texts = document(locale, "language")

    def whole(self, arg: Arg) -> str:
        """A whole sentence, beginning with a capital letter where the language has them."""
        said = self._say(arg)
        return said[:1].upper() + said[1:]

    def _say(self, arg: Arg) -> str:
        match arg:
            case str():
                return arg
            case int() | float():
                return repr(arg)
            case Phrase(key, args):
                return str(self._texts[key]).format(**{name: self._say(one) for name, one in args})
            case Duration(ms):
                return self._span(ms)
            case Money(minor):
                return money(minor)
            case Events(types):
                return self._joined([self._event(name) for name in types], "or", close=True)
            case Titled(family, name):
                return self._title(family, name)
            case Worded(of, value):
                return self._worded(of, value)
            case KeyWord():
                return str(self._texts[f"key.{self._key}"])
            case Listing(items, joint, close):
                return self._joined([self._grouped(item) for item in items], joint, close=close)
            case Denied(node):
                return self._denied(node)
            case Node():
                return self._say(operator_of(arg).sentence(arg))
        raise TypeError(f"{type(arg).__name__} cannot be said")  # pragma: no cover - Arg is closed

    def _grouped(self, arg: Arg) -> str:
        said = self._say(arg)
        return self._filled("group", part=said) if isinstance(arg, And | Or) else said

    def _denied(self, node: Node) -> str:
        own = operator_of(node).deny(node)
        if own is not None:
            return self._say(own)
        key = "not" if isinstance(node, And | Or | Not) else "not.one"
        return self._filled(key, part=self._say(node))

    def _filled(self, key: str, **places: str) -> str:
        return str(self._texts[key]).format(**places)

    def _joined(self, said: list[str], joint: str, *, close: bool) -> str:
        family = "close" if close else "list"
        if len(said) == 1:
            return said[0]
        between, last = self._texts[f"{family}.{joint}"], self._texts[f"{family}.{joint}.last"]
        return f"{str(between).join(said[:-1])}{last}{said[-1]}"

    def _span(self, ms: int) -> str:
        parts = _SPAN_PART.findall(format_duration(ms))
        said = [
            self._filled(f"unit.{unit}.{'one' if number == '1' else 'many'}", number=number)
            for number, unit in parts
        ]
        return str(self._texts["unit.join"]).join(said)

    def _event(self, name: str) -> str:
        title = _title_in(self._locale, "events", name)
        if title is None:
            return name
        return title[:1].lower() + title[1:]

    def _worded(self, of: str, value: Value) -> str:
        words = _words_of(of, value, self._locale)
        if words is not None:
            return words
        return self._filled("quoted", value=value_in_words(of, value, self._locale))

    def _title(self, family: str, name: str) -> str:
        own = self._titles.get((family, name), {}).get(_LANGUAGES[self._locale])
        if own:
            return own
        if family in _FILE_BY_FAMILY:
            return _title_in(self._locale, _FILE_BY_FAMILY[family], name) or name
        return str(self._texts.get(f"{family}.{name}", name))


def _title_in(locale: str, file: str, name: str) -> str | None:
    """The title of a catalog entry, if it has one."""
    title = entry(locale, file, name).get("title")
    return None if title is None else str(title)
