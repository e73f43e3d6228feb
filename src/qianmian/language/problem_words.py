"""What is wrong with a definition, in the words of a language.

Whoever raises a problem says it in English, and that sentence is its own key, as with gettext:
`locales/en-US/language_problems.json` has every sentence with its places, the file of another
language the same ones in its words. A place is what stands between the fixed words around it.

Some places hold phrases of ours, which are said in the language, too; all others hold what somebody
wrote, and stay.
"""

from __future__ import annotations

from functools import cache
from string import Formatter
from typing import Final, NamedTuple

from qianmian.locales.texts import document

FILE: Final = "language_problems"
SOURCE: Final = "en-US"
LONGEST: Final = 2_000
"""Of a message in characters; longer ones quote somebody at length."""
PHRASES: Final = frozenset(
    (
        *("what", "why", "left", "key", "own", "kind", "which"),
        *("expected", "found", "sorts", "one", "other", "third"),
    )
)
"""Places that hold words of ours."""
TAILS, PARTS = "tail.", ("phrase.", "why.")


class _Form(NamedTuple):
    """A sentence: the fixed words around its places, and their names."""

    key: str
    words: tuple[str, ...]
    places: tuple[str, ...]


def problem_in_words(message: str, locale: str) -> str | None:
    """A problem that the language raised, in the words of a locale; None for one it does not know.

    Cost: a search per known sentence, linear in the message.
    """
    if locale == SOURCE:
        return message
    return _whole(message, locale) if len(message) <= LONGEST else None


def _whole(message: str, locale: str) -> str | None:
    if message.startswith("$") and ": " in message:  # a place in a JSON tree comes first
        path, _, rest = message.partition(": ")
        told = _whole(rest, locale)
        return None if told is None else f"{path}: {told}"
    return _first(message, locale, (TAILS,)) or _first(message, locale, ())


def _first(message: str, locale: str, kinds: tuple[str, ...]) -> str | None:
    """By the sentence with the most fixed words that fits; of these kinds, or of none of them."""
    for form in _forms():
        is_part = form.key.startswith((TAILS, *PARTS))
        if form.key.startswith(kinds) if kinds else not is_part:
            told = _filled(form, message, locale)
            if told is not None:
                return told
    return None


def _filled(form: _Form, message: str, locale: str) -> str | None:
    values = _values(form, message)
    if values is None:
        return None
    said: dict[str, str] = {}
    for name, value in values.items():
        if name == "said":
            told = _first(value, locale, ())
        elif name in PHRASES:
            told = _first(value, locale, PARTS) or (value if " " not in value else None)
        else:
            told = value
        if told is None:
            return None
        said[name] = told
    return str(document(locale, FILE)[form.key]).format(**said)


def _values(form: _Form, message: str) -> dict[str, str] | None:
    """What stands at the places of a sentence; None when this is another sentence."""
    if not message.startswith(form.words[0]) or not message.endswith(form.words[-1]):
        return None
    if not form.places:
        return {} if message == form.words[0] else None
    at, end = len(form.words[0]), len(message) - len(form.words[-1])
    found: dict[str, str] = {}
    for place, word in zip(form.places[:-1], form.words[1:-1], strict=True):
        until = message.find(word, at + 1, end)
        if until < 0:
            return None
        found[place] = message[at:until]
        at = until + len(word)
    found[form.places[-1]] = message[at:end]
    return found if at < end else None


@cache
def _forms() -> tuple[_Form, ...]:
    """Every sentence, those with the most fixed words first."""
    found = []
    for key, text in document(SOURCE, FILE).items():
        parts = list(Formatter().parse(str(text)))
        words, places = [""], []
        for literal, place, _, _ in parts:
            words[-1] += literal
            if place is not None:
                places.append(place)
                words.append("")
        found.append(_Form(key, tuple(words), tuple(places)))
    return tuple(sorted(found, key=lambda form: -sum(map(len, form.words))))
