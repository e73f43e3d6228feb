"""A simulated broadcast, sent in real time to a server as its viewers' clients and the shop would.

* What anonymous viewers do goes with the browser key. A browser may not name a known viewer
  without a signed token, so what logged-in viewers do goes with the server key, as it does in
  shops whose app talks to their own gateway; so do orders, logins and events of the room.
* A share of the streams speaks Segment, the rest Qianmian's own format; a stream keeps to one, so
  that repetitions are known.
* A phone with a wrong clock sends posts of its own, with its clock in them.
* A server that cannot keep up, or a machine that slept, holds the broadcast back: what it missed
  happens later, instead of coming late.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from itertools import islice

from qianmian.connectors.sending.bodies import (
    NATIVE_ROUTE,
    SEGMENT_ROUTE,
    Row,
    can_be_segment,
    native_body,
    segment_body,
)
from qianmian.connectors.sending.pace import Pace
from qianmian.connectors.sending.poster import Post, Poster
from qianmian.simulation.world import Simulation

TICK_MS = 250
LONGEST_STEP_MS = 1_000  # what is caught up after a pause comes in parts
MOST_BEHIND_MS = 2_000  # within the lateness of the engine, so that nothing comes late for that
BATCH_EVENTS = 200
MOST_WAITING = 64  # posts; a server that falls behind holds the broadcast back

_Group = tuple[str, bool, int]  # write key, whether Segment, skew


class LiveSender:
    """Turns rows into posts.

    Args:
        poster: sends them.
        browser_key, server_key: write keys of these classes; they may be of one source.
        segment_share: of streams that speak Segment, 0..1.
    """

    def __init__(
        self,
        poster: Poster,
        pace: Pace,
        *,
        browser_key: str,
        server_key: str,
        segment_share: float = 0.5,
        batch_events: int = BATCH_EVENTS,
    ) -> None:
        self.poster = poster
        self._pace = pace
        self._browser_key = browser_key
        self._server_key = server_key
        self._segment_share = segment_share
        self._batch_events = batch_events
        self._held_ms = 0

    async def run(self, simulation: Simulation, from_ms: int, until_ms: int) -> None:
        """Send everything from one instant of the simulation to another, each at its instant.

        The simulation's clock is the wall clock less what the broadcast was held back: a plan that
        begins at `start_ms` is sent then.

        Raises: InputError when the server refuses a key or the address.
        """
        at = from_ms
        while at < until_ms:
            self._held_ms = max(self._held_ms, self._pace.now_ms() - at - MOST_BEHIND_MS)
            now = min(self._pace.now_ms() - self._held_ms, until_ms, at + LONGEST_STEP_MS)
            if now > at:
                rows = [row for _, row in simulation.events_between(at, now)]
                self.put(simulation, rows)
                at = now
            await self.poster.wait_for_room(MOST_WAITING)
            is_behind = at + TICK_MS <= self._pace.now_ms() - self._held_ms
            await self._pace.sleep(0 if is_behind else TICK_MS)
        await self.poster.drain()

    def put(self, simulation: Simulation, rows: Iterable[Row]) -> None:
        """Hand over some rows as few posts."""
        groups: dict[_Group, list[Row]] = {}
        for row in rows:
            group = groups.setdefault(self._group_of(simulation, row), [])
            group.append(self._held(row))
        sent_ms, due_ms = self._pace.now_ms(), self._pace.elapsed_ms()
        for (key, is_segment, skew_ms), members in groups.items():
            body = segment_body if is_segment else native_body
            route = SEGMENT_ROUTE if is_segment else NATIVE_ROUTE
            for batch in _batches(members, self._batch_events):
                content = body(batch, sent_ms, skew_ms)
                self.poster.put(Post(route, key, content, len(batch), due_ms))

    def _held(self, row: Row) -> Row:
        """The row as it happens now that the broadcast is held back."""
        if not self._held_ms:
            return row
        return {**row, "event_time": row["event_time"] + self._held_ms}

    def _group_of(self, simulation: Simulation, row: Row) -> _Group:
        stream = row.get("stream")
        is_browser = stream is not None and "anonymous_id" in row
        name = stream or row.get("viewer", "")
        is_segment = can_be_segment(row) and _share_of(name) < self._segment_share
        key = self._browser_key if is_browser else self._server_key
        return key, is_segment, simulation.skew_ms(row)


def _share_of(name: str) -> float:
    """A number from 0 to 1 that stays the same for a name."""
    return zlib.crc32(name.encode()) / (1 << 32)


def _batches(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    left = iter(rows)
    while batch := list(islice(left, size)):
        yield batch
