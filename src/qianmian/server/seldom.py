"""How often the log of the process says the same: what strangers cause must not fill disks."""

from __future__ import annotations

from collections.abc import Callable

from qianmian.vocabulary.time import MINUTE_MS


class Seldom:
    """Once a minute for each kind of thing; of kinds there must be few.

    Args:
        now: ms UTC.
    """

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._said: dict[str, int] = {}

    def __call__(self, kind: str) -> bool:
        """Whether to say it now."""
        now, last = self._now(), self._said.get(kind)
        if last is not None and 0 <= now - last < MINUTE_MS:
            return False
        self._said[kind] = now
        return True
