"""`in segment.vip`: another definition holds."""

from __future__ import annotations

from tests.oracle.operators.tag import holds

__all__ = ["holds"]
