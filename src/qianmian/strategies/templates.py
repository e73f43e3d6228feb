"""Texts with slots: `{name|fallback}` and nothing else; escaped for where they go.

SEMANTICS, TEMPLATES: no expressions. A slot that is not known takes its fallback. What came from a
viewer or a product never reaches a card with control or bidi characters.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Mapping
from typing import Final

from qianmian.errors import InputError, UnknownName

SLOTS: Final = (
    "product",
    "price",
    "selling_point",
    "brand",
    "link_number",
    "offer",
    "offer_amount",
)
"""What a text may name: of the product that the moment is about, and of the offer."""

MOST_CHARS: Final[Mapping[str, int]] = {"in_room": 200, "host": 120, "push": 120, "sms": 70}
"""So much is shown; longer texts are cut off by the screen or the provider."""

MAX_SLOT_CHARS: Final = 80

_SLOT: Final = re.compile(r"\{([^{}|]*)(?:\|([^{}|]*))?\}")
_HTML: Final = frozenset({"email"})


def check_template(text: str, channel: str, field: str) -> None:
    """Refuse a text that could not be filled in or shown.

    Raises: InputError; UnknownName for a slot that there is not.
    """
    rest = _SLOT.sub("", text)
    if "{" in rest or "}" in rest:
        raise InputError(
            "write a slot as {name|fallback}; braces stand for nothing else", field=field
        )
    for match in _SLOT.finditer(text):
        if match[1] not in SLOTS:
            raise UnknownName.of("slot", match[1], SLOTS)
        if match[2] is None:
            raise InputError(
                f"the slot {{{match[1]}}} has no fallback; write {{{match[1]}|…}} with what is"
                " shown where it is not known",
                field=field,
            )
    most = MOST_CHARS.get(channel)
    shown = len(filled(text, {}, channel))
    if most is not None and shown > most:
        raise InputError(f"{shown} characters; at most {most} are shown on {channel}", field=field)
    if clean(rest) != rest:
        raise InputError("it holds a character that cannot be shown; remove it", field=field)


def filled(text: str, values: Mapping[str, str], channel: str) -> str:
    """The text with its slots filled in, escaped for a channel."""

    def one(match: re.Match[str]) -> str:
        value = clean(values.get(match[1], ""))[:MAX_SLOT_CHARS]
        return value or match[2] or ""

    whole = _SLOT.sub(one, text)
    return html.escape(whole) if channel in _HTML else whole


def clean(text: str) -> str:
    """The text without control, format (bidi) and surrogate characters; line breaks are spaces."""
    spaced = re.sub(r"[\r\n\t]+", " ", text)
    return "".join(char for char in spaced if unicodedata.category(char) not in ("Cc", "Cf", "Cs"))
