"""What viewers' pages say, as events of the log: receipts, and that somebody wants no more offers.

The hub is a source of its own, `live`, of the server's class: pages cannot tell receipts by
themselves (SEMANTICS, who may send what). What waits for the log is written together; a viewer who
says no waits until it is in the log, for it must hold at the next decision.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Any, Final

from qianmian.columns.batch import EventBatch
from qianmian.errors import InputError, OperationalError
from qianmian.runtime.refusals import Refusals
from qianmian.vocabulary.consent import IN_ROOM, MARKETING
from qianmian.vocabulary.decode import canonical
from qianmian.vocabulary.ids import ANONYMOUS_PREFIX, is_anonymous
from qianmian.vocabulary.rejected import Rejected
from qianmian.vocabulary.room_message import Receipt
from qianmian.vocabulary.time import SECOND_MS

SOURCE: Final = "live"
AT_ONCE: Final = 500
MAX_WAITING: Final = 20_000  # what is more is dropped and counted: pages must not fill the memory
RETRY_MS: Final = SECOND_MS

Submit = Callable[[EventBatch], Awaitable[None]]


class ViewersDesk:
    """Writes what pages say.

    Args:
        submit: the way to the log; durable when it returns.
        now: the clock of the log, ms UTC.
        erased: of whom nothing is written any more.
        forget: told of a viewer who wants nothing personal.

    Attributes:
        dropped: receipts that were lost because the log took nothing for too long.
    """

    def __init__(
        self,
        submit: Submit,
        now: Callable[[], int],
        erased: Refusals,
        forget: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._submit = submit
        self._now = now
        self._erased = erased
        self._forget = forget
        self._waiting: asyncio.Queue[dict[str, Any]] = asyncio.Queue(MAX_WAITING)
        self._sending: asyncio.Future[None] | None = None
        self.dropped = 0

    async def note(self, receipt: Receipt) -> None:
        """Take a receipt; it is in the log soon after."""
        told = {"delivery_id": receipt.message_id, "channel": IN_ROOM}
        row = self._row(
            f"message_{receipt.state}",
            receipt.viewer,
            receipt.room,
            # Two pages of one viewer say the same of one message.
            message_id=f"{receipt.state}:{receipt.message_id}",
            at=receipt.at,
            **told,
        )
        if row is None:
            return
        try:
            self._waiting.put_nowait(row)
        except asyncio.QueueFull:
            self.dropped += 1

    async def opt_out(self, viewer: str, room: str, message_id: str) -> None:
        """A viewer wants no personal marketing, over no channel; durable when it returns.

        Raises: OperationalError when the log does not take it: the page says it again.
        """
        row = self._row(
            "consent_changed",
            viewer,
            room,
            message_id=secrets.token_hex(8),
            at=self._now(),
            purpose=MARKETING,
            granted=False,
            properties={"evidence": f"card {message_id}" if message_id else "page"},
        )
        self._forget(viewer)
        if row is not None:
            await self._submit(EventBatch.from_rows([row]))

    async def keep_writing(self) -> None:
        """Write receipts until cancelled; those that wait then are written before it ends."""
        rows: list[dict[str, Any]] = []
        try:
            while True:
                rows = [await self._waiting.get()]
                while len(rows) < AT_ONCE and not self._waiting.empty():
                    rows.append(self._waiting.get_nowait())
                await self._written(rows)
                rows = []
        finally:
            if await self._is_sent():
                rows = []
            while not self._waiting.empty():
                rows.append(self._waiting.get_nowait())
            if rows:
                await self._last(rows)

    async def _is_sent(self) -> bool:
        """Whether the log has what was on its way to it: nothing is written twice at the end."""
        if self._sending is None:
            return False
        try:
            await self._sending
        except OperationalError:
            return False
        return True

    async def _written(self, rows: list[dict[str, Any]]) -> None:
        """Wait until the log has them."""
        while True:
            self._sending = asyncio.ensure_future(self._submit(self._together(rows)))
            try:
                await asyncio.shield(self._sending)
            except OperationalError:
                await asyncio.sleep(RETRY_MS / SECOND_MS)
            else:
                return

    def _together(self, rows: list[dict[str, Any]]) -> EventBatch:
        """One message: whatever was told at different instants has come to the log by now."""
        clock = self._now()
        return EventBatch.from_rows({**row, "clock": clock} for row in rows)

    async def _last(self, rows: list[dict[str, Any]]) -> None:
        try:
            await self._submit(self._together(rows))
        except OperationalError:
            self.dropped += len(rows)

    def _row(
        self, name: str, viewer: str, room: str, *, message_id: str, at: int, **fields: Any
    ) -> dict[str, Any] | None:
        """A row of the log; None of somebody who was erased."""
        if self._erased.has(viewer):
            return None
        who = (
            {"anonymous_id": viewer.removeprefix(ANONYMOUS_PREFIX)}
            if is_anonymous(viewer)
            else {"viewer": viewer}
        )
        told = {"type": name, "room": room, "event_time": at, "message_id": message_id}
        row = canonical({**told, **who, **fields}, arrival=self._now())
        if isinstance(row, Rejected):
            raise InputError(f"{name}: {row.detail}")
        return row | {"message": 0, "source": SOURCE}
