"""Who is in which room right now, what they are sent, and what they have not had yet.

Lives on the event loop; nothing here waits. A message for a room is encoded once for everybody in
it. What has not expired is kept, bounded, for those who come back or come in: in memory only, so
after a restart whoever decided sends again what is still worth sending.

Lines are closed and messages forgotten by `sweep`, which is called once a second.
"""

from __future__ import annotations

import logging
from collections import Counter, OrderedDict, deque
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from qianmian.errors import InputError
from qianmian.server.seldom import Seldom
from qianmian.server.viewers.line import Line, Sent
from qianmian.server.viewers.reasons import LOGGED
from qianmian.vocabulary.room_message import (
    LISTS,
    STATES,
    Receipt,
    RoomMessage,
    State,
    message_problem,
)
from qianmian.vocabulary.time import MINUTE_MS

KEPT: Final = 8
ACKED_AFTER_MS: Final = 5 * MINUTE_MS  # a click on a card that ended while it was open

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class HubLimits:
    """How much the hub holds.

    Attributes:
        per_viewer: lines of one viewer, in all rooms.
        per_address: lines from one group of IP addresses; a phone network hides many behind one.
        lines: of everybody.
        kept_viewers: viewers for whom messages are kept.
        acked_viewers: whose receipts of one message are told apart.
    """

    per_viewer: int = 10
    per_address: int = 2_000
    lines: int = 20_000
    kept_viewers: int = 20_000
    acked_viewers: int = 200_000


@dataclass(frozen=True, slots=True)
class HubStatistics:
    """Counts since the start, and how much there is now.

    Attributes:
        sockets: open lines, streams included.
        viewers: with a line.
        queued: messages kept for those who come.
        sent: messages given to lines.
        dropped: messages that expired before they were sent on a line that waited.
        slow: lines that were closed because they did not keep up.
        refused: who was not let in, and receipts that were not believed, by reason.
        receipts: that were believed, by state.
    """

    sockets: int
    viewers: int
    queued: int
    sent: int
    dropped: int
    slow: int
    refused: Mapping[str, int]
    receipts: Mapping[str, int]


@dataclass(slots=True)
class _Kept:
    """A message that can still be acknowledged, and by whom it was: a bit per state."""

    message: RoomMessage
    sent: Sent
    seq: int
    acked: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Place:
    """One room, or one viewer in one room: its lines and its messages, oldest first."""

    lines: set[Line] = field(default_factory=set)
    kept: deque[_Kept] = field(default_factory=deque)


async def _nobody(_receipt: Receipt) -> None:
    """Where nobody wants to know."""


async def _as_it_is(_viewer: str, _room: str) -> None:
    """Where nothing that is kept ever has to be taken back."""


class ViewersHub:
    """Lines of viewers and messages for them.

    Args:
        now: ms UTC.
        limits: of lines and kept messages.

    Attributes:
        on_receipt: told of each state that a message reaches at a viewer's, once.
        before_join: takes back what may not be shown any more to a viewer in a room, who comes in.
        before_forget: told of a viewer who wants nothing personal, while it is known what they had.
    """

    on_receipt: Callable[[Receipt], Awaitable[None]]
    before_join: Callable[[str, str], Awaitable[None]]
    before_forget: Callable[[str], None]

    def __init__(self, now: Callable[[], int], limits: HubLimits | None = None) -> None:
        self.now = now
        self.on_receipt = _nobody
        self.before_join = _as_it_is
        self.before_forget = lambda _viewer: None
        self._limits = limits or HubLimits()
        self._rooms: dict[str, _Place] = {}
        self._viewers: OrderedDict[tuple[str, str], _Place] = OrderedDict()
        self._lines_of: Counter[str] = Counter()
        self._addresses: Counter[str] = Counter()
        self._open = 0
        self._sent = self._dropped = self._slow = self._seq = 0
        self._refused: Counter[str] = Counter()
        self._seldom = Seldom(now)
        self._receipts: Counter[str] = Counter()

    # -- whoever decided

    def publish(self, message: RoomMessage) -> int:
        """Send a message to everybody whom it is for, and keep it for those who come.

        The same id once more is sent once more: pages show it once.

        Returns: lines that were given it now; 0 for one that has expired.
        Raises: InputError for a message that no page may show.
        """
        problem = message_problem(message)
        if problem is not None:
            raise InputError(f"the message {message.id[:64]!r} cannot be shown: {problem}")
        if message.expires_at <= self.now():
            self._dropped += 1
            return 0
        place = self._place_of(message)
        told = {"type": "message", **msgspec.structs.asdict(message)}
        sent = Sent(message.id, _encode(told).decode(), message.expires_at)
        self._keep(place, message, sent)
        return self._offer(place.lines, sent)

    def withdraw(self, message_id: str, room: str, viewer: str | None = None) -> int:
        """Take a message back: who has it is told to hide it, nobody else gets it.

        Returns: lines that were told.
        """
        place = self._rooms.get(room) if viewer is None else self._viewers.get((viewer, room))
        if place is None:
            return 0
        place.kept = deque(one for one in place.kept if one.message.id != message_id)
        for line in place.lines:
            line.drop(message_id)
        text = _encode({"type": "withdrawn", "id": message_id}).decode()
        return self._offer(place.lines, Sent("", text))

    def is_acked(self, message_id: str, room: str, viewer: str | None = None) -> bool:
        """Whether a page may have said that it had a message; of what is not kept nobody knows."""
        place = self._rooms.get(room) if viewer is None else self._viewers.get((viewer, room))
        kept = () if place is None else place.kept
        found = [one for one in kept if one.message.id == message_id]
        return not found or bool(found[0].acked)

    def for_everybody(self, room: str) -> list[RoomMessage]:
        """What everybody in a room may see now, oldest first; nothing that is for one viewer."""
        place, now = self._rooms.get(room), self.now()
        kept = () if place is None else place.kept
        return [one.message for one in kept if one.sent.expires_at > now]

    def forget(self, viewer: str) -> None:
        """Drop what is kept for a viewer, as when they want nothing personal any more."""
        self.before_forget(viewer)
        for (of, _), place in self._viewers.items():
            if of == viewer:
                place.kept.clear()

    def statistics(self) -> HubStatistics:
        """How much there is, and what was refused."""
        now = self.now()
        places = (*self._rooms.values(), *self._viewers.values())
        return HubStatistics(
            sockets=self._open,
            viewers=len(self._lines_of),
            queued=sum(one.sent.expires_at > now for place in places for one in place.kept),
            sent=self._sent,
            dropped=self._dropped,
            slow=self._slow,
            refused=dict(self._refused),
            receipts=dict(self._receipts),
        )

    # -- whoever serves a line

    def why_full(self, viewer: str, address: str) -> str | None:
        """Why one more line of this viewer is too many; None when it is not."""
        if self._lines_of[viewer] >= self._limits.per_viewer:
            return "too_many_of_viewer"
        if self._addresses[address] >= self._limits.per_address:
            return "too_many_of_address"
        return "too_many" if self._open >= self._limits.lines else None

    def join(self, line: Line, welcome: str, seen: Collection[str], after: str = "") -> None:
        """A line is open: it gets its welcome, and what it has not seen.

        Args:
            seen: ids that its page has had.
            after: the last one of them, where a page knows no more; nothing before it is sent.
        """
        room = self._rooms.setdefault(line.room, _Place())
        mine = self._viewers.setdefault((line.viewer, line.room), _Place())
        room.lines.add(line)
        mine.lines.add(line)
        self._lines_of[line.viewer] += 1
        self._addresses[line.address] += 1
        self._open += 1
        line.offer(Sent("", welcome))
        now, kept = self.now(), (*room.kept, *mine.kept)
        begin = max((one.seq for one in kept if after and one.message.id == after), default=0)
        for one in kept:
            is_new = one.seq > begin and one.message.id not in seen
            if is_new and one.sent.expires_at > now:
                self._offer((line,), one.sent)

    def leave(self, line: Line) -> None:
        """A line has ended."""
        room, mine = self._rooms[line.room], self._viewers[line.viewer, line.room]
        if line not in mine.lines:
            return
        room.lines.discard(line)
        mine.lines.discard(line)
        for count, name in ((self._lines_of, line.viewer), (self._addresses, line.address)):
            count[name] -= 1
            if not count[name]:
                del count[name]
        self._open -= 1
        if not room.lines and not room.kept:
            del self._rooms[line.room]
        if not mine.lines and not mine.kept:
            del self._viewers[line.viewer, line.room]

    def refuse(self, reason: str) -> str:
        """Count somebody or something that was not let in, and log it now and then; the reason."""
        self._refused[reason] += 1
        if reason in LOGGED and self._seldom(reason):
            logging.getLogger(__name__).warning(
                "a page of a viewer was refused: %s, %d since the start; said once a minute",
                reason,
                self._refused[reason],
            )
        return reason

    def expired(self) -> None:
        """A message waited on a line until it was worth nothing."""
        self._dropped += 1

    async def acknowledge(self, viewer: str, room: str, message_id: str, state: State) -> bool:
        """A page says what became of a message; False when it never had it, or too many did.

        Each state counts once for a viewer, however many of their pages say it. Of a list nobody
        wants to know: it goes to everybody again and again, and is nobody's intervention.
        """
        kept = self._kept_of(viewer, room, message_id)
        if kept is None:
            self.refuse("unknown_message")
            return False
        if kept.message.kind in LISTS:
            return True
        bit = 1 << STATES.index(state)
        before = kept.acked.get(viewer, 0)
        if before & bit:
            return True
        if not before and len(kept.acked) >= self._limits.acked_viewers:
            self.refuse("too_many_receipts")  # anonymous ids cost nothing; memory does
            return False
        kept.acked[viewer] = before | bit
        self._receipts[state] += 1
        await self.on_receipt(Receipt(message_id, viewer, room, state, self.now()))
        return True

    def sweep(self) -> None:
        """Close what has ended and forget what nobody can need any more; once a second."""
        now = self.now()
        for room in self._rooms.values():
            for line in room.lines:
                if line.expires_at is not None and line.expires_at <= now:
                    line.close("expired")
        for name, place in list(self._rooms.items()):
            _forget(place, now)
            if not place.lines and not place.kept:
                del self._rooms[name]
        for key, place in list(self._viewers.items()):
            _forget(place, now)
            if not place.lines and not place.kept:
                del self._viewers[key]

    # -- parts

    def _place_of(self, message: RoomMessage) -> _Place:
        if message.viewer is None:
            return self._rooms.setdefault(message.room, _Place())
        key = (message.viewer, message.room)
        place = self._viewers.setdefault(key, _Place())
        self._viewers.move_to_end(key)
        if len(self._viewers) > self._limits.kept_viewers:
            self._forget_oldest()
        return place

    def _forget_oldest(self) -> None:
        """Of those who are not here, whoever was sent something longest ago."""
        gone = next((key for key, place in self._viewers.items() if not place.lines), None)
        if gone is not None:
            del self._viewers[gone]

    def _keep(self, place: _Place, message: RoomMessage, sent: Sent) -> None:
        def is_replaced(old: RoomMessage) -> bool:
            is_older_list = message.kind in LISTS and old.kind == message.kind
            return old.id == message.id or is_older_list

        acked = next((one.acked for one in place.kept if one.message.id == message.id), {})
        staying = [one for one in place.kept if not is_replaced(one.message)]
        self._seq += 1
        kept = _Kept(message, sent, self._seq, acked)
        place.kept = deque([*staying[-(KEPT - 1) :], kept])

    def _offer(self, lines: Iterable[Line], sent: Sent) -> int:
        given = 0
        for line in lines:
            if line.offer(sent):
                given += 1
            elif line.closed_by is None:
                self._slow += 1
                line.abort("slow")
        self._sent += given
        return given

    def _kept_of(self, viewer: str, room: str, message_id: str) -> _Kept | None:
        for place in (self._viewers.get((viewer, room)), self._rooms.get(room)):
            for one in () if place is None else place.kept:
                if one.message.id == message_id:
                    return one
        return None


def _forget(place: _Place, now: int) -> None:
    if any(one.sent.expires_at + ACKED_AFTER_MS <= now for one in place.kept):
        living = (one for one in place.kept if one.sent.expires_at + ACKED_AFTER_MS > now)
        place.kept = deque(living)
