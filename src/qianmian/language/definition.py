"""A definition: a key, a kind, and an expression that says when it holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from qianmian.language.ast import Node

KINDS = ("moment", "tag", "segment")
"""What people define."""

FIRING_KINDS: Final = ("moment", "strategy")
"""Kinds that fire. What a strategy waits for is a definition, too, but nobody writes it."""

SCHEDULE: Final = "schedule"
"""The kind of a level that is read at scheduled instants: whom a strategy concerns then."""

STRATEGY_PREFIX: Final = "strategy__"
"""The key of the definition of a strategy begins so, and no other does."""


@dataclass(frozen=True, slots=True)
class Definition:
    """One named, versioned expression.

    A moment fires when `expr` becomes true, once per viewer, session and key, or again when
    `again_after_ms` have passed since its last firing. Tags and segments are levels.
    """

    key: str
    kind: str
    expr: Node
    again_after_ms: int | None = None
    version: int = 1
