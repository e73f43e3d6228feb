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
from ssl import SSLContext
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
        ciphers: over which each letter came; None: anybody could read it.
        logins: how often somebody told a password.
    """

    script: list[str] = field(default_factory=list)
    letters: list[tuple[str, EmailMessage]] = field(default_factory=list)
    tries: Counter[str] = field(default_factory=Counter)
    ciphers: list[Any] = field(default_factory=list)
    logins: int = 0
    hung: asyncio.Event = field(default_factory=asyncio.Event)
    never: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0
    password: str = PASSWORD
    scheme: str = "smtp"
    is_private: bool = True

    @property
    def reached(self) -> Counter[str]:
        """How often each name was written to."""
        found = (re.search(r"for ([a-h])\.", str(mail["Subject"])) for _, mail in self.letters)
        return Counter(one[1] for one in found if one)

    def channel(self, timeout_ms: int) -> Channel:
        """Ours, over it."""

        async def address(viewer: str) -> str:
            return f"{viewer}@reader.example"

        url = f"{self.scheme}://shop@127.0.0.1:{self.port}"
        server = server_of(url, self.password, is_private=self.is_private)
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
        self.ciphers.append(server.transport.get_extra_info("cipher"))
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
async def playing(
    acts: Iterable[str], *, first: SSLContext | None = None, later: SSLContext | None = None
) -> AsyncIterator[MailServer]:
    """A mail server that plays a script of acts.

    Args:
        first: TLS from the first byte.
        later: it offers STARTTLS, and hears nobody without.
    """
    found = MailServer(list(acts), scheme="smtp" if first is None else "smtps")
    lines: list[Line] = []

    def let_in(_server: Any, _session: Any, _envelope: Any, _how: str, login: Any) -> AuthResult:
        found.logins += 1
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
                    tls_context=later,
                    require_starttls=later is not None,
                )
            )
            return lines[-1]

    server = await asyncio.get_running_loop().create_server(connected, "127.0.0.1", 0, ssl=first)
    found.port = server.sockets[0].getsockname()[1]
    try:
        yield found
    finally:
        found.never.set()
        server.close()
        for line in lines:
            if line.transport is not None:
                line.transport.close()
