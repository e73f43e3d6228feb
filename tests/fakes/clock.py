"""A clock that goes when it is told to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class FakeClock:
    """Call it for the time, ms UTC; `pass_ms` moves it."""

    now: int = 1_795_000_000_000

    def __call__(self) -> int:
        return self.now

    def pass_ms(self, ms: int) -> None:
        self.now += ms
