"""The viewers' side of a server, put together: `/live` and everything below it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping

from qianmian.runtime.refusals import Refusals
from qianmian.server.asgi import Receive, Scope, Send
from qianmian.server.ingest.buckets import TokenBuckets
from qianmian.server.viewer_tokens import AnonymousIds, ViewerTokens
from qianmian.server.viewers.desk import Submit, ViewersDesk
from qianmian.server.viewers.door import ViewersDoor
from qianmian.server.viewers.hub import ViewersHub
from qianmian.server.viewers.socket import LiveSocket
from qianmian.server.viewers.stream import LiveStream

SWEEP_S = 1.0
MAX_ASKING = 20_000  # whose buckets are remembered; a forgotten one is full


class Viewers:
    """Hub, door and desk of one server, as an ASGI application.

    Args:
        tokens, anonymous_ids: of the deployment.
        prefixes: what viewer ids begin with, by every namespace that is known.
        submit: the way to the log.
        now: the clock of the log, ms UTC.
        erased: who is not let in, and of whom nothing is written.
        origins: of pages that may connect, beside our own.

    Attributes:
        hub: where messages are published.
        door: who may come in.
        asked: how much viewers, and addresses that nobody believed, asked about themselves.
    """

    def __init__(
        self,
        tokens: ViewerTokens,
        anonymous_ids: AnonymousIds,
        *,
        prefixes: Callable[[], Mapping[str, str]],
        submit: Submit,
        now: Callable[[], int],
        erased: Refusals,
        origins: Collection[str] = (),
    ) -> None:
        self.hub = ViewersHub(now)
        self.desk = ViewersDesk(submit, now, erased, self.hub.forget)
        self.hub.on_receipt = self.desk.note
        self.door = ViewersDoor(tokens, anonymous_ids, prefixes, erased=erased, origins=origins)
        self.asked = TokenBuckets(MAX_ASKING)
        self._socket = LiveSocket(self.hub, self.door, self.desk, now=now)
        self._stream = LiveStream(self.hub, self.door, self.desk, now=now)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection to `/live`, or one request below it."""
        answer = self._socket if scope["type"] == "websocket" else self._stream
        await answer(scope, receive, send)

    async def keep_going(self) -> None:
        """Write receipts and sweep the hub until cancelled."""
        async with asyncio.TaskGroup() as both:
            both.create_task(self.desk.keep_writing())
            both.create_task(self._keep_sweeping())

    async def _keep_sweeping(self) -> None:
        while True:
            self.hub.sweep()
            await asyncio.sleep(SWEEP_S)
