"""Who watches which room, and what they are sent: one encoding per room, the same bytes to all.

Lives on the event loop. A tab that does not keep up loses nothing but time: its queue is emptied
and a whole board takes the place of what it missed.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from qianmian.runtime.board import Board, delta
from qianmian.runtime.movements import Movement

QUEUE_MESSAGES: Final = 32
KEPT_DELTAS: Final = 60
ROOM: Final = "room:"
SEGMENT: Final = "segment:"

_encode = msgspec.json.Encoder().encode


async def _no_segment(_key: str) -> bool:
    """For a hub of rooms alone."""
    return False


class Tab:
    """One console tab: what waits to be sent to it."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[bytes] = asyncio.Queue(QUEUE_MESSAGES)
        self.topics: set[str] = set()
        self.behind: set[str] = set()

    def offer(self, message: bytes) -> bool:
        """Queue a message; False when the tab does not keep up."""
        try:
            self.queue.put_nowait(message)
        except asyncio.QueueFull:
            return False
        return True

    def fall_behind(self) -> None:
        """Forget what waits: each topic begins again with a snapshot."""
        while not self.queue.empty():
            self.queue.get_nowait()
        self.behind = set(self.topics)


@dataclass(slots=True)
class _Topic:
    """One room as it was last sent."""

    seq: int = 0
    board: Board | None = None
    deltas: deque[tuple[int, bytes]] = field(default_factory=lambda: deque(maxlen=KEPT_DELTAS))
    tabs: set[Tab] = field(default_factory=set)
    snapshot: bytes | None = None


class Hub:
    """Topics of the console.

    Args:
        read: the board of a room as of now; None for a room that never spoke.
        is_segment: whether there is an active segment of this key.
        watch: told which segments somebody looks at, whenever that changes.
    """

    def __init__(
        self,
        read: Callable[[str], Awaitable[Board | None]],
        is_segment: Callable[[str], Awaitable[bool]] = _no_segment,
        watch: Callable[[frozenset[str]], None] = lambda _: None,
    ) -> None:
        self._read = read
        self._is_segment = is_segment
        self._watch_segments = watch
        self._topics: dict[str, _Topic] = {}
        self.watched: frozenset[str] = frozenset()
        self.tabs = 0

    async def subscribe(self, tab: Tab, topic: str, after: int | None) -> str | None:
        """Begin to send a topic; what is wrong with it, or None.

        With `after`, the deltas behind that seq if all of them are kept; else a snapshot.
        """
        if topic.startswith(SEGMENT):
            return await self._subscribe_segment(tab, topic)
        if not topic.startswith(ROOM):
            return f'there is no topic "{topic}"; topics are room:<id> and segment:<key>'
        known = self._topics.get(topic)
        if known is None or known.board is None:
            board = await self._read(topic.removeprefix(ROOM))
            if board is None:
                return f'nobody has been in the room "{topic.removeprefix(ROOM)}" yet'
            known = self._topics.setdefault(topic, _Topic())
            if known.board is None:
                known.board = board
        known.tabs.add(tab)
        tab.topics.add(topic)
        self._watch()
        if not self._resume(tab, known, after):
            tab.offer(self._snapshot(topic, known))
        return None

    async def _subscribe_segment(self, tab: Tab, topic: str) -> str | None:
        """From the next second on it is told whole each second: it is small."""
        key = topic.removeprefix(SEGMENT)
        if topic not in self._topics and not await self._is_segment(key):
            return f'there is no active segment "{key}"'
        known = self._topics.setdefault(topic, _Topic())
        known.tabs.add(tab)
        tab.topics.add(topic)
        if known.snapshot is not None:
            tab.offer(known.snapshot)
        self._watch()
        return None

    def publish_segment(self, movement: Movement) -> None:
        """What a second brought of a watched segment; who does not keep up misses some of it."""
        topic = SEGMENT + movement.segment
        known = self._topics.get(topic)
        if known is None or not known.tabs:
            return
        known.seq += 1
        told = {"op": "snapshot", "topic": topic, "seq": known.seq, "data": movement}
        known.snapshot = _encode(told)
        for tab in known.tabs:
            tab.offer(known.snapshot)

    def unsubscribe(self, tab: Tab, topic: str) -> None:
        """Send no more of it."""
        tab.topics.discard(topic)
        known = self._topics.get(topic)
        if known is not None:
            known.tabs.discard(tab)
            if not known.tabs and topic.startswith(SEGMENT):
                del self._topics[topic]
            elif not known.tabs:
                known.board = known.snapshot = None  # out of date from now on
                known.deltas.clear()
                known.seq += 1  # nobody who comes back has seen what is missed until then
        self._watch()

    def leave(self, tab: Tab) -> None:
        """The tab is closed."""
        for topic in tuple(tab.topics):
            self.unsubscribe(tab, topic)

    def publish(self, board: Board) -> None:
        """A new board of a watched room."""
        topic = ROOM + board.room
        known = self._topics.get(topic)
        if known is None or known.board is None:
            return
        changed = delta(known.board, board)
        if not changed:
            return
        known.seq += 1
        known.board, known.snapshot = board, None
        message = _encode({"op": "delta", "topic": topic, "seq": known.seq, "data": changed})
        known.deltas.append((known.seq, message))
        for tab in known.tabs:
            if topic in tab.behind:
                if tab.offer(self._snapshot(topic, known)):
                    tab.behind.discard(topic)
            elif not tab.offer(message):
                tab.fall_behind()

    def seq_of(self, room: str) -> int:
        """The seq of what was sent last of a room."""
        known = self._topics.get(ROOM + room)
        return 0 if known is None else known.seq

    def _resume(self, tab: Tab, known: _Topic, after: int | None) -> bool:
        if after is None or after > known.seq:
            return False
        missed = [message for seq, message in known.deltas if seq > after]
        if len(missed) != known.seq - after or len(missed) > QUEUE_MESSAGES // 2:
            return False
        return all(tab.offer(message) for message in missed)

    def _snapshot(self, topic: str, known: _Topic) -> bytes:
        """Encoded once for everybody who needs it."""
        if known.snapshot is None:
            told: dict[str, Any] = {"op": "snapshot", "topic": topic, "seq": known.seq}
            known.snapshot = _encode(told | {"data": known.board})
        return known.snapshot

    def _watch(self) -> None:
        topics = [topic for topic, known in self._topics.items() if known.tabs]
        self.watched = frozenset(one.removeprefix(ROOM) for one in topics if one.startswith(ROOM))
        segments = (one.removeprefix(SEGMENT) for one in topics if one.startswith(SEGMENT))
        self._watch_segments(frozenset(segments))
