"""A mail server that takes letters, and every way in which it can go wrong: the real aiosmtpd."""

from __future__ import annotations

import asyncio
import re
import warnings
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult

from qianmian.channels.channel import Channel
from qianmian.channels.egress import Egress
from qianmian.channels.email import Email, Links, server_of
from qianmian.channels.unsubscribe import Unsubscribe
from qianmian.locales.texts import Texts

PASSWORD = "correct-horse-battery"
UNSUBSCRIBE = Unsubscribe(bytes(range(32)), "default")
SENDER = "羊毛袜店 <news@shop.example>"
ANSWERS = {
    "does": "250 taken",
    "later": "451 not now",
    "refuses": "554 no advertisements here",
    "refuses_reader": "550 nobody of that name",
    "busy_reader": "452 too many letters",
}


@dataclass
class MailServer:
    """Plays a script, one act for each letter; after its end it takes all.

    Attributes:
        letters: those that it took, by address.
        greylisted: acts for what is asked before a letter is read.
    """

    script: list[str] = field(default_factory=list)
    letters: list[tuple[str, EmailMessage]] = field(default_factory=list)
    tries: Counter[str] = field(default_factory=Counter)
    hung: asyncio.Event = field(default_factory=asyncio.Event)
    never: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0
    password: str = PASSWORD

    @property
    def reached(self) -> Counter[str]:
        """How often each name was written to."""
        found = (re.search(r"for ([a-h])\.", str(mail["Subject"])) for _, mail in self.letters)
        return Counter(one[1] for one in found if one)

    def channel(self, timeout_ms: int) -> Channel:
        """Ours, over it."""

        async def address(viewer: str) -> str:
            return f"{viewer}@reader.example"

        server = server_of(f"smtp://shop@127.0.0.1:{self.port}", self.password, is_private=True)
        links = Links(UNSUBSCRIBE, "https://live.shop.example")
        return Email(
            server,
            SENDER,
            Texts("zh-CN", "channels"),
            links,
            Egress(allow_private=True),
            address,
            timeout_ms=timeout_ms,
        )

    async def handle_RCPT(  # noqa: N802 — named by aiosmtpd
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        """Whom a letter is for."""
        if self.script and self.script[0].endswith("_reader"):
            return ANSWERS[self.script.pop(0)]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """A letter."""
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        name = re.search(r"for ([a-h])\.", str(mail["Subject"]))
        self.tries[name[1] if name else "test"] += 1
        act = self.script.pop(0) if self.script else "does"
        if act in ("does", "hangs", "cuts"):
            self.letters.append((envelope.rcpt_tos[0], mail))
        if act == "hangs":
            self.hung.set()
            await self.never.wait()
        if act == "cuts":
            server.transport.abort()
        return ANSWERS.get(act, "250 nobody hears this")


class Line(SMTP):
    """A connection that is closed when the other side closes it."""

    def eof_received(self) -> bool:
        super().eof_received()
        return False


@asynccontextmanager
async def playing(acts: Iterable[str]) -> AsyncIterator[MailServer]:
    """A mail server that plays a script of acts."""
    found = MailServer(list(acts))
    lines: list[Line] = []

    def let_in(_server: Any, _session: Any, _envelope: Any, _how: str, login: Any) -> AuthResult:
        return AuthResult(success=login.password == PASSWORD.encode(), handled=False)

    def connected() -> SMTP:
        with warnings.catch_warnings():  # of a password without TLS: it is our own machine
            warnings.simplefilter("ignore", UserWarning)
            lines.append(
                Line(
                    found,
                    loop=asyncio.get_running_loop(),
                    auth_required=True,
                    auth_require_tls=False,
                    authenticator=let_in,
                )
            )
            return lines[-1]

    server = await asyncio.get_running_loop().create_server(connected, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    try:
        yield found
    finally:
        found.never.set()
        server.close()
        for line in lines:
            if line.transport is not None:
                line.transport.close()
