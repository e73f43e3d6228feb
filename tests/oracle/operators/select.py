"""`(order_created or order_paid) where amount >= ¥500`: which events are meant.

Nothing happens here: a selection is read by the operator around it (`view.selects`).
"""

from __future__ import annotations

from tests.oracle.view import passes, selects

__all__ = ["passes", "selects"]
