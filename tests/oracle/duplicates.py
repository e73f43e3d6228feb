"""Which events have been seen before: per viewer, by stream and number, else by message id."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.oracle.events import ORDERS, Event

MAX_STREAMS = 4
MAX_GAPS = 8
JUMP = 10_000
KEPT_MS = 3_600_000


@dataclass
class Stream:
    """The newest number of a stream and the gaps below it."""

    newest: int
    gaps: list[tuple[int, int]] = field(default_factory=list)
    given_up: list[tuple[int, int]] = field(default_factory=list)

    def accept(self, seq: int) -> str:
        """Say "new", "duplicate" or "gap_lost"."""
        if seq > self.newest:
            if seq > self.newest + 1:
                self.gaps.append((self.newest + 1, seq - 1))
            self.newest = seq
            self._keep_bound()
            return "new"
        for gap in self.gaps:
            if gap[0] <= seq <= gap[1]:
                self.gaps.remove(gap)
                pieces = [(gap[0], seq - 1), (seq + 1, gap[1])]
                self.gaps += [piece for piece in pieces if piece[0] <= piece[1]]
                self.gaps.sort()
                self._keep_bound()
                return "new"
        lost = any(low <= seq <= high for low, high in self.given_up)
        return "gap_lost" if lost else "duplicate"

    def _keep_bound(self) -> None:
        while len(self.gaps) > MAX_GAPS:
            self.given_up.append(self.gaps.pop(0))


def _opened(seq: int) -> Stream:
    """A stream whose first number to arrive is this one: what lies below may still come."""
    low = max(0, seq - JUMP)
    return Stream(seq, [(low, seq - 1)] if low < seq else [])


@dataclass
class Seen:
    """What one viewer has sent, over all rooms."""

    streams: dict[tuple[str, str], Stream] = field(default_factory=dict)
    messages: dict[tuple[str, str], int] = field(default_factory=dict)
    orders: dict[tuple[str, str, str], bool] = field(default_factory=dict)

    def judge(self, event: Event, clock: int) -> str:
        """Say "new", "duplicate" or "gap_lost", and remember the event."""
        source = str(event.get("source") or "")
        stream, seq = event.get("stream"), event.get("seq")
        verdict = "new"
        if stream is not None and seq is not None:
            verdict = self._by_number(source, str(stream), int(seq))
        elif event.get("message_id") is not None:
            name = (source, str(event["message_id"]))
            first = self.messages.get(name)
            if first is not None and clock - first <= KEPT_MS:
                verdict = "duplicate"
            else:
                self.messages[name] = clock
        return verdict if verdict != "new" else self._order(event)

    def _by_number(self, source: str, stream: str, seq: int) -> str:
        known = self.streams.get((source, stream))
        if known is not None and seq <= known.newest + JUMP:
            return known.accept(seq)
        if known is None:
            while len([name for name in self.streams if name[0] == source]) >= MAX_STREAMS:
                del self.streams[next(name for name in self.streams if name[0] == source)]
        self.streams[source, stream] = _opened(seq)
        return "new"

    def _order(self, event: Event) -> str:
        if event["type"] not in ORDERS or event.get("order_id") is None:
            return "new"
        name = (str(event["order_id"]), str(event["type"]), str(event.get("refund_id") or ""))
        verified = bool(event.get("verified", 1))
        before = self.orders.get(name)
        if before is None or (verified and not before):
            self.orders[name] = verified
            return "new"
        return "duplicate"

    def absorb(self, other: Seen) -> None:
        """A merge: the known viewer has also sent what the anonymous one sent."""
        self.streams = {**other.streams, **self.streams}
        self.messages = {**other.messages, **self.messages}
        self.orders = {**other.orders, **self.orders}
