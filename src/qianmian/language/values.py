"""Checks of the plain values in nodes, and their text form.

Every check names the value, the rule and the next step. Nodes may come from anywhere (text, JSON,
code), so nothing is taken for granted: a bool is no number, NaN is no number, a list is bounded.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Final

from qianmian.errors import LimitExceeded, TypeProblem
from qianmian.language.ast import COMPARISONS, SCOPES
from qianmian.language.names import MAX_NAME, NAME, RESERVED
from qianmian.vocabulary.time import DAY_MS, format_duration

MAX_INT: Final = 2**53 - 1  # exact in every JSON reader
MAX_STRING: Final = 200
MAX_LIST: Final = 200
MAX_SPAN_MS: Final = 366 * DAY_MS
LIVE_LIMIT_MS: Final = 7 * DAY_MS
"""The longest window that the engine keeps live; longer ones need facts of history."""
MAX_COUNT: Final = 10_000
MAX_DISTINCT: Final = 64

ORDERINGS: Final = (">=", "<=", ">", "<")
EQUALITIES: Final = ("==", "!=")
STRING_TESTS: Final = ("contains", "starts_with")


def check_cmp(cmp: object, allowed: Iterable[str], what: str) -> None:
    """Refuse a comparison that makes no sense here."""
    if cmp not in (choices := tuple(allowed)):
        raise TypeProblem(f"{what} cannot be compared with {cmp!s}; use {', '.join(choices)}")


def check_int(value: object, least: int, most: int, what: str) -> None:
    """Refuse anything but an int in least..most."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeProblem(f"{what} must be a whole number, not {shown(value)}")
    if not least <= value <= most:
        raise LimitExceeded(f"{what} is {shown(value)}; it must be in {least}…{most}")


def check_span(ms: object, what: str, *, least: int = 1) -> None:
    """Refuse anything but a duration up to 366 days."""
    if isinstance(ms, bool) or not isinstance(ms, int):
        raise TypeProblem(f"{what} must be a duration such as 60s, not {shown(ms)}")
    if ms < least:
        raise LimitExceeded(f"{what} must be longer than zero; write for example 60s")
    if ms > MAX_SPAN_MS:
        raise LimitExceeded(f"{what} is longer than 366 days; write 366d or less")


def check_within(within: object) -> None:
    """Refuse anything but a duration or a scope."""
    if isinstance(within, str):
        if within not in SCOPES:
            raise TypeProblem(
                f'a window is a duration, "session", "visit" or "ever", not "{within}"'
            )
        return
    check_span(within, "the window")


def check_name(name: object, what: str) -> None:
    """Refuse anything but a name of at most 64 characters."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise TypeProblem(f"{what} must be a name such as price_sensitive, not {shown(name)}")
    if len(name) > MAX_NAME:
        raise LimitExceeded(f"{what} has {len(name)} characters; at most {MAX_NAME} are allowed")


def check_string(value: str) -> None:
    """Refuse a string that is too long or cannot be shown."""
    if len(value) > MAX_STRING:
        raise LimitExceeded(
            f"a string has {len(value)} characters; at most {MAX_STRING} are allowed"
        )
    if any(ord(char) < 32 or ord(char) == 127 or 0xD800 <= ord(char) < 0xE000 for char in value):
        raise TypeProblem("a string holds a control character; remove it")


def check_scalar(value: object) -> str:
    """The type of one value: "string", "number" or "bool"; refuses everything else."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, str):
        check_string(value)
        return "string"
    if isinstance(value, int):
        check_int(value, -MAX_INT, MAX_INT, "the number")
        return "number"
    if isinstance(value, float) and math.isfinite(value):
        return "number"
    raise TypeProblem(f"{shown(value)} is no value; write a string, a finite number, true or false")


def check_comparison(what: str, cmp: object, value: object, expected: str | None = None) -> None:
    """Refuse a comparison whose sides do not fit.

    Args:
        what: the left side, for the message.
        expected: "string", "number" or "bool" when the type of the left side is known.
    """
    check_cmp(cmp, (*COMPARISONS, "in", *STRING_TESTS), what)
    if cmp == "in":
        found = _check_list(what, value)
    elif isinstance(value, tuple):
        raise TypeProblem(f"{what} {cmp} takes one value; for several write in (…)")
    else:
        found = check_scalar(value)
    if expected is not None and found != expected:
        raise TypeProblem(f"{what} is a {expected}, but {shown(value)} is a {found}")
    if cmp in ORDERINGS and found != "number":
        raise TypeProblem(f"{what} {cmp} needs a number, not {shown(value)}; use == or !=")
    if cmp in STRING_TESTS and found != "string":
        raise TypeProblem(f'{what} {cmp} needs a string, for example "cream", not {shown(value)}')


def _check_list(what: str, value: object) -> str:
    if not isinstance(value, tuple) or not value:
        raise TypeProblem(f"{what} in needs at least one value, for example in (a, b)")
    if len(value) > MAX_LIST:
        raise LimitExceeded(f"{what} in has {len(value)} values; at most {MAX_LIST} are allowed")
    found = {check_scalar(item) for item in value}
    if len(found) > 1:
        raise TypeProblem(f"{what} in mixes {' and '.join(sorted(found))} values; use one type")
    return found.pop()


def shown(value: object) -> str:
    """A short text of any value, for messages."""
    if isinstance(value, str):
        return f'"{value[:40]}…"' if len(value) > 40 else f'"{value}"'
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > MAX_INT:
        return "a number beyond 2^53"
    if isinstance(value, tuple | list):
        return "a list"
    if isinstance(value, int | float | None):
        return str(value).lower() if isinstance(value, bool) else str(value)
    return f"a {type(value).__name__}"


def quoted(value: str) -> str:
    """A string in quotes, as the parser reads it back."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def bare(value: str) -> str:
    """A string without quotes where it reads as a name, else in quotes."""
    is_name = NAME.fullmatch(value) is not None and value.lower() not in RESERVED
    return value if is_name else quoted(value)


def money(minor: int) -> str:
    """Minor units as the parser reads them back: 50000 is ¥500, 1 is ¥0.01."""
    sign, major, rest = "-" if minor < 0 else "", abs(minor) // 100, abs(minor) % 100
    return f"¥{sign}{major}" + (f".{rest:02}" if rest else "")


def scalar(value: object, string: Callable[[str], str] = quoted) -> str:
    """The text of one value that is no money."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return string(value) if isinstance(value, str) else repr(value)


def duration(ms: int) -> str:
    """The text of a duration."""
    return format_duration(ms)


def window(within: int | str) -> str:
    """The text of a window or scope, e.g. `within 60s` or `this session`."""
    if isinstance(within, int):
        return f"within {duration(within)}"
    return within if within == "ever" else f"this {within}"


def same(key: str | None) -> str:
    """The text of a correlation, with a space before it when there is one."""
    return f" on same {key}" if key else ""
