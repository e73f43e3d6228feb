"""One client of one viewer: where it stands in time, and the rows that it makes.

A client is one start of an app or one tab. Its rows come in order of time; each has the next
sequence number of its stream. Heartbeats come by themselves whenever time passes.
"""

from __future__ import annotations

from collections.abc import Iterator

from qianmian.simulation.arrivals import Viewer
from qianmian.simulation.dice import Dice
from qianmian.simulation.room import Room, Row
from qianmian.simulation.truth import Truth
from qianmian.vocabulary.time import SECOND_MS

BEAT_MS = 15 * SECOND_MS
TOUCH_SHARE = 0.55  # of heartbeat intervals in which somebody touches the screen without an event

Rows = Iterator[Row]


class Person:
    """A viewer in the room, by one client.

    Attributes:
        now: how far this life has come, ms UTC.
        where: the fields that all their rows share; changes when they log in.
        is_touching: whether they touch the screen now and then.
    """

    def __init__(self, viewer: Viewer, room: Room, room_id: str, dice: Dice, truth: Truth) -> None:
        self.viewer = viewer
        self.room = room
        self.dice = dice
        self.truth = truth
        self.now = viewer.at
        self.name = viewer.id
        self.known_id = viewer.id if viewer.is_known else None
        self.room_id = room_id
        self.visits = 0
        self.page = "room"
        self.is_touching = True
        self.is_visible = True
        self.where: Row = {}
        self.stream = ""
        self._seq = 0
        self._beat = 0
        self._touched = self.now

    def open(self, *, visit: str = "", page_id: str | None = None) -> Row:
        """The client starts: a new stream, and the row of entering."""
        self.visits += 1
        self.stream = self.dice.hex64()
        self._seq = 0
        self._beat = self.now + BEAT_MS
        known = self.known_id
        who = {"anonymous_id": self.name} if known is None else {"viewer": known}
        visit = visit or f"{self.viewer.number}.{self.visits}"
        self.where = {"room": self.room_id, **who, "visit": visit, "stream": self.stream}
        if page_id is not None:
            self.where["page_id"] = page_id
        if self.viewer.skew_ms:
            self.truth.skew_ms_by_stream[self.stream] = self.viewer.skew_ms
        self.page = "room"
        self.is_touching = self.is_visible = True
        return self.act("room_entered", entry_source=self.viewer.entry_source)

    def act(self, kind: str, **fields: object) -> Row:
        """Something that the viewer does now."""
        self._touched = self.now
        self._seq = seq = self._seq + 1
        return {
            "type": kind,
            "event_time": self.now,
            **self.where,
            **fields,
            "seq": seq,
            "message_id": f"{self.stream}-{seq}",
        }

    def told_by_shop(self, kind: str, **fields: object) -> Row:
        """Something that the shop's server reports now; it has no stream."""
        number = self.truth.next_server_message()
        return {
            "type": kind,
            "event_time": self.now,
            "message_id": f"{self.room_id}-s{number}",
            **fields,
        }

    def waits(self, until: int) -> Rows:
        """Time passes; heartbeats come."""
        while self._beat < until:
            at = self._beat
            self._beat = at + BEAT_MS
            if self.is_touching and self.dice.roll() < TOUCH_SHARE:
                self._touched = max(at - int(self.dice.roll() * BEAT_MS), self._touched)
            self._seq = seq = self._seq + 1
            yield {
                "type": "heartbeat",
                "event_time": at,
                **self.where,
                "page": self.page,
                "idle_ms": at - self._touched,
                "visible": self.is_visible,
                "seq": seq,
                "message_id": f"{self.stream}-{seq}",
            }
        self.now = max(self.now, until)

    def intends(self, what: str, product: str | None = None) -> None:
        """Note what they have in mind, whether or not any message will show it."""
        self.truth.intend(self.now, what, self.name, product)
