"""`category == skin_care`: a predicate on one field of an event.

Nothing happens here: it is part of a selection (`view.passes`).
"""

from __future__ import annotations

from tests.oracle.view import compare, passes

__all__ = ["compare", "passes"]
