"""Text classes of danmaku: what the decoding step found in a comment, as bits of one number.

Append-only: the position is the bit in the `classes` column of logs.
"""

from __future__ import annotations

from typing import Final

TEXT_CLASSES: Final = ("doubt", "price_question")
