"""What a mutant of the oracle is: one wrong line, and the rule it breaks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """A rule, the oracle's file, and the edit that breaks the rule."""

    rule: str
    file: str
    old: str
    new: str
