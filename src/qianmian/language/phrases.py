"""Sentences as data: a message key with arguments, rendered by `language/sentence.py`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from qianmian.language.ast import Node
from qianmian.language.values import LIVE_LIMIT_MS


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time in ms."""

    ms: int


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units."""

    minor: int


@dataclass(frozen=True, slots=True)
class Events:
    """Titles of event types, joined by "or"."""

    types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Titled:
    """The title of a name under `<family>.<name>`, or the name itself when there is none."""

    family: str
    name: str


@dataclass(frozen=True, slots=True)
class Worded:
    """The words for a value of a trait, a field or a fact, or the value itself in quotes."""

    of: str
    value: str | bool


@dataclass(frozen=True, slots=True)
class KeyWord:
    """The word for the key of the whole expression: product or category."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Several things joined by "and" or "or"; `close` joins short things (names), not clauses."""

    items: tuple[Arg, ...]
    joint: Literal["and", "or"]
    close: bool = False


@dataclass(frozen=True, slots=True)
class Denied:
    """The opposite of a node."""

    node: Node


@dataclass(frozen=True, slots=True)
class Phrase:
    """A message key with its arguments."""

    key: str
    args: tuple[tuple[str, Arg], ...] = ()


Arg = (
    str
    | int
    | float
    | Duration
    | Money
    | Events
    | Titled
    | Worded
    | KeyWord
    | Listing
    | Denied
    | Phrase
    | Node
)


def phrase(key: str, /, **args: Arg) -> Phrase:
    """A message key with its arguments by name."""
    return Phrase(key, tuple(args.items()))


_CMP_WORDS = {
    "==": "eq",
    "!=": "ne",
    ">=": "ge",
    "<=": "le",
    ">": "gt",
    "<": "lt",
    "in": "in",
    "contains": "contains",
    "starts_with": "starts_with",
    "has": "has",
}


def compared(cmp: str, value: Arg) -> Phrase:
    """A comparison with a value, e.g. "not less than 3"."""
    is_number = isinstance(value, int | float | Money | Duration)
    suffix = "_number" if is_number and cmp in ("==", "!=") else ""
    return phrase(f"cmp.{_CMP_WORDS[cmp]}{suffix}", value=value)


def literal(value: object, *, of: str = "", is_money: bool = False) -> Arg:
    """A value of an expression as an argument.

    Args:
        of: the trait, field or fact whose value it is, where its values may have words.
    """
    if isinstance(value, tuple):
        items = tuple(literal(item, of=of, is_money=is_money) for item in value)
        return items[0] if len(items) == 1 else Listing(items, "or", close=True)
    if of and isinstance(value, str | bool):
        return Worded(of, value)
    if isinstance(value, bool):
        return phrase("yes" if value else "no")
    if isinstance(value, int) and is_money:
        return Money(value)
    return value if isinstance(value, int | float) else phrase("quoted", value=str(value))


def noun(name: str, number: int) -> Phrase:
    """What is counted, in the form for that number: "1 time", "2 times"."""
    return phrase(f"noun.{name}.{'one' if number == 1 else 'many'}")


def span(within: int | str) -> Phrase:
    """A window or scope; windows beyond the live limit say that they come from whole days."""
    if isinstance(within, str):
        return phrase(f"window.{within}")
    return phrase(
        "window.days" if within > LIVE_LIMIT_MS else "window.recent", span=Duration(within)
    )
