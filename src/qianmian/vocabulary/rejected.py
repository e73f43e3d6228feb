"""What could not be accepted, and why. Bad data is a value, never an exception."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

REASONS: Final = (
    "not_an_object",
    "missing_field",
    "unknown_type",
    "unknown_field",
    "wrong_type",
    "not_finite",
    "out_of_range",
    "negative",
    "fractional",
    "too_long",
    "too_many",
    "bad_characters",
    "id_empty",
    "id_too_long",
    "id_characters",
    "id_reserved",
    "no_viewer",
    "no_room",
    "not_allowed",
    "unknown_currency",
    "precision",
    "sensitive",
)
"""Reason codes, keys in `locales/*/errors.json`. Append only: people filter by them."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """One input that was not accepted.

    Attributes:
        reason_code: one of `REASONS`.
        detail: names the field, the value and the rule, in English, for the dead letter.
    """

    reason_code: str
    detail: str
