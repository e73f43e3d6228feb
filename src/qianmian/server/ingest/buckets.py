"""Token buckets and counters of new names: how much a key or an address may send.

Both are bounded: of too many addresses or names the oldest are forgotten, which errs on the side
of the sender for buckets (a forgotten one is full) and of the limit for names (they count again).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from qianmian.server.ingest.limits import Rate
from qianmian.vocabulary.time import MINUTE_MS, SECOND_MS


class TokenBuckets:
    """One bucket per name. A sender may go while its bucket is not empty, and pays afterwards.

    So a batch is never too large for a bucket, and nothing is decoded for one that is empty.
    """

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._kept: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def wait_ms(self, name: str, rate: Rate, now: int) -> int:
        """How long this sender has to wait before it may send again; 0 when it may."""
        level = self._level(name, rate, now)
        return 0 if level > 0 else int(-level * SECOND_MS / rate.per_second) + 1

    def take(self, name: str, rate: Rate, now: int, cost: int) -> None:
        """Pay for what was sent; the bucket may go below zero."""
        self._kept[name] = self._level(name, rate, now) - cost, now
        self._kept.move_to_end(name)
        if len(self._kept) > self._bound:
            self._kept.popitem(last=False)

    def _level(self, name: str, rate: Rate, now: int) -> float:
        level, at = self._kept.get(name, (float(rate.burst), now))
        return min(level + max(now - at, 0) * rate.per_second / SECOND_MS, rate.burst)


@dataclass(slots=True)
class _Minute:
    number: int
    new: int


class NameCounter:
    """How many names that were not seen before each group brought in this minute.

    What was seen is kept in two generations of at most `bound` names each.
    """

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._young: set[int] = set()
        self._old: set[int] = set()
        self._minutes: OrderedDict[str, _Minute] = OrderedDict()

    def unseen(self, names: Iterable[str]) -> list[int]:
        """Marks of the names that were not seen before; see `note`."""
        marks = {hash(name) for name in names}  # of this process only: kept in no snapshot
        return [mark for mark in marks if mark not in self._young and mark not in self._old]

    def has_room(self, group: str, most: int, now: int) -> bool:
        """Whether the group may bring new names now; the last post may overshoot."""
        minute = self._minutes.get(group)
        return minute is None or minute.number != now // MINUTE_MS or minute.new < most

    def note(self, groups: Iterable[str], marks: Iterable[int], now: int) -> None:
        """These names are known now; each group has brought them."""
        added = 0
        for mark in marks:
            added += 1
            self._young.add(mark)
            if len(self._young) >= self._bound:
                self._old, self._young = self._young, set()
        for group in groups if added else ():
            minute = self._minutes.get(group)
            if minute is None or minute.number != now // MINUTE_MS:
                minute = self._minutes[group] = _Minute(now // MINUTE_MS, 0)
            minute.new += added
            self._minutes.move_to_end(group)
            if len(self._minutes) > self._bound:
                self._minutes.popitem(last=False)


def address_group(host: str) -> str:
    """The address that limits count: a whole IPv6 network of 64 bits, since one phone has it."""
    try:
        address = ip_address(host)
    except ValueError:
        return host[:64]
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(IPv6Address(int(address) >> 64 << 64))
    return str(address)
