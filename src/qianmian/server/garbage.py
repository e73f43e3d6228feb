"""How often the process of a server looks for garbage that counting references does not find."""

from __future__ import annotations

import gc
from typing import Final

THRESHOLDS: Final = (100_000, 50, 100)
"""Objects that outlive a look, and looks of one kind before one of the next."""


def collect_seldom() -> None:
    """Look for cycles seldom: with thousands of sockets a whole look takes half a second.

    By Python's own numbers one message to 5,000 pages makes tens of looks, and each waiting page
    waits for them: `python -m benchmarks.hub` has the figures. Almost nothing here is in a cycle,
    so little memory is kept for it.
    """
    gc.set_threshold(*THRESHOLDS)
