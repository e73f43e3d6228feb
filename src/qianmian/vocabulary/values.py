"""Checks of single values from outside: each gives the canonical value, or why there is none.

Total: no input makes them raise. The same bounds stand in the JSON Schema
(`tools/docs_events.py`), and a test holds the two together.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Final

from qianmian.vocabulary.ids import id_problem, viewer_problem
from qianmian.vocabulary.rejected import Rejected

MAX_INT: Final = 1 << 53  # beyond it JSON numbers are not exact in every language
MAX_STRING_CHARS: Final = 512
MAX_TEXT_CHARS: Final = 2_000
MAX_TRAITS: Final = 64
MAX_NAME_CHARS: Final = 64
MAX_PROPERTIES_CHARS: Final = 4_096  # of the canonical JSON text

# Control characters and lone surrogates; free text may hold line breaks and tabs.
_BAD_IN_STRING: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_BAD_IN_TEXT: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")

Scalar = int | float | str | bool


def shown(value: object) -> str:
    """A short, safe description of any value for a message."""
    if isinstance(value, str):
        return json.dumps(value[:40]) + ("…" if len(value) > 40 else "")
    if value is None or isinstance(value, bool | float):
        return repr(value)
    if isinstance(value, int):
        return repr(value) if value.bit_length() <= 64 else f"a number of {value.bit_length()} bits"
    return f"a value of type {type(value).__name__}"


def check_int(value: object, name: str) -> int | Rejected:
    """A whole number from 0 to 2^53; 3.0 is one, 3.5 and true are not."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Rejected("wrong_type", f"{name} is {shown(value)}; it must be a whole number")
    if isinstance(value, float):
        if not math.isfinite(value):
            return Rejected("not_finite", f"{name} is {value}")
        if not value.is_integer():
            return Rejected("fractional", f"{name} is {value}; it must be a whole number")
        value = int(value)
    if value < 0:
        return Rejected("negative", f"{name} is {shown(value)}; it must not be negative")
    if value > MAX_INT:
        return Rejected("out_of_range", f"{name} is {shown(value)}; the most is 2^53")
    return value


def check_bool(value: object, name: str) -> int | Rejected:
    """1 or 0 for true or false, nothing else."""
    if not isinstance(value, bool):
        return Rejected("wrong_type", f"{name} is {shown(value)}; it must be true or false")
    return int(value)


def check_string(value: object, name: str) -> str | Rejected:
    """A string of one line, at most 512 characters."""
    return _checked_string(value, name, MAX_STRING_CHARS, _BAD_IN_STRING)


def check_text(value: object, name: str) -> str | Rejected:
    """Free text, at most 2,000 characters; line breaks are allowed."""
    return _checked_string(value, name, MAX_TEXT_CHARS, _BAD_IN_TEXT)


def check_viewer(value: object, name: str) -> str | Rejected:
    """The id of a known viewer."""
    if not isinstance(value, str):
        return Rejected("wrong_type", f"{name} is {shown(value)}; it must be a string")
    problem = viewer_problem(value)
    return Rejected(problem, f"{name} is {shown(value)}") if problem else value


def check_anonymous(value: object, name: str) -> str | Rejected:
    """The client id of an unknown viewer, without the prefix."""
    if not isinstance(value, str):
        return Rejected("wrong_type", f"{name} is {shown(value)}; it must be a string")
    problem = id_problem(value) or viewer_problem(value)
    return Rejected(problem, f"{name} is {shown(value)}") if problem else value


def check_traits(value: object, name: str) -> dict[str, Scalar] | Rejected:
    """Named scalars, at most 64; null is absent."""
    if not isinstance(value, Mapping):
        return Rejected("wrong_type", f"{name} is {shown(value)}; it must be an object")
    if len(value) > MAX_TRAITS:
        return Rejected("too_many", f"{name} has {len(value)} entries; the most is {MAX_TRAITS}")
    traits: dict[str, Scalar] = {}
    for key, item in value.items():
        if type(key) is not str or not 0 < len(key) <= MAX_NAME_CHARS or not key.isprintable():
            problem = _name_problem(key, name)
            if problem is not None:
                return problem
        if item is None:
            continue
        kind = type(item)  # first what is nearly always there, as `_check_scalar` would say
        if (
            kind is bool
            or (kind is int and -MAX_INT <= item <= MAX_INT)
            or (kind is str and len(item) <= MAX_STRING_CHARS and item.isprintable())
        ):
            traits[key] = item
            continue
        scalar = _check_scalar(item, f"{name}.{key}")
        if isinstance(scalar, Rejected):
            return scalar
        traits[key] = scalar
    return traits


def check_properties(value: object, name: str) -> str | Rejected:
    """Named scalars as canonical JSON text, at most 4,096 characters of it."""
    traits = check_traits(value, name)
    if isinstance(traits, Rejected):
        return traits
    text = json.dumps(traits, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    if len(text) > MAX_PROPERTIES_CHARS:
        return Rejected("too_long", f"{name} has {len(text)} characters as JSON text")
    return text


def _checked_string(value: object, name: str, most: int, bad: re.Pattern[str]) -> str | Rejected:
    if not isinstance(value, str):
        return Rejected("wrong_type", f"{name} is {shown(value)}; it must be a string")
    if len(value) > most:
        return Rejected("too_long", f"{name} has {len(value)} characters; the most is {most}")
    if bad.search(value):
        return Rejected("bad_characters", f"{name} has control characters or broken Unicode")
    return value


def _name_problem(key: object, name: str) -> Rejected | None:
    if not isinstance(key, str) or not key:
        return Rejected("wrong_type", f"a key of {name} is {shown(key)}; it must be a name")
    if len(key) > MAX_NAME_CHARS:
        return Rejected("too_long", f"a key of {name} has {len(key)} characters")
    if _BAD_IN_STRING.search(key):
        return Rejected("bad_characters", f"a key of {name} has control characters")
    return None


def _check_scalar(value: object, name: str) -> Scalar | Rejected:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return check_string(value, name)
    if isinstance(value, float) and not math.isfinite(value):
        return Rejected("not_finite", f"{name} is {value}")
    if isinstance(value, int | float):
        if abs(value) > MAX_INT:
            return Rejected("out_of_range", f"{name} is {shown(value)}; the most is 2^53")
        return value
    return Rejected("wrong_type", f"{name} is {shown(value)}; it must be a text, number or yes/no")
