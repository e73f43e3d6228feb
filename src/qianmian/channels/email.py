"""E-mail over the shop's mail server: at most once, with a way out in every letter.

SMTP has no key, so a letter whose fate nobody knows is not sent again; its Message-ID is that of
the decision all the same. What a server refuses before it has the text can be said exactly.

Sources: RFC 5321 (SMTP: 4xx not now, 5xx never); RFC 8058 (one-click unsubscription);
互联网电子邮件服务管理办法 (2006), articles 13 and 14 (a label in the subject, consent, a way out).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from email.utils import parseaddr
from html import escape
from typing import Final
from urllib.parse import unquote, urlsplit

import aiosmtplib
import msgspec

from qianmian.channels.channel import AddressOf, Channel, Message
from qianmian.channels.egress import Egress, NotSent
from qianmian.channels.unsubscribe import PATH, Unsubscribe
from qianmian.channels.verdict import Verdict, not_sent
from qianmian.errors import InputError
from qianmian.locales.texts import Texts
from qianmian.runtime.outbox import Parcel
from qianmian.vocabulary.time import MINUTE_MS, SECOND_MS

SEND_MS: Final = MINUTE_MS
"""Mail servers look at a text before they take it; and what is cut off is never sent again."""
GOODBYE_S: Final = 1.0
LOGIN_MS: Final = 10 * MINUTE_MS
"""A server that does not let us in is left alone: who knocks on is shut out for longer."""
MAX_ADDRESS_CHARS: Final = 254
RULES: Final = "/rules/"
_ADDRESS: Final = re.compile(r"[^@\s<>,;:\"()\\]+@[^@\s<>,;:\"()\\]+\.[^@\s<>,;:\"()\\]+")
_POLICY: Final = POLICY.clone(cte_type="7bit")
_WIDE: Final = _POLICY.clone(max_line_length=998)
"""A link that is folded is one that a program that shows mail may not find."""


class Server(msgspec.Struct, frozen=True):
    """A mail server.

    Attributes:
        has_tls: from the first byte; else it must offer STARTTLS, but in a private network.
        name: to sign in by; "": nobody signs in.
    """

    host: str
    port: int
    has_tls: bool
    is_private: bool
    name: str
    password: str

    def __repr__(self) -> str:
        """Without the password."""
        return f"Server({self.host}:{self.port})"


class Links(msgspec.Struct, frozen=True):
    """The links of a letter, under the public address of this server."""

    tokens: Unsubscribe
    public_url: str

    def unsubscribe(self, viewer: str) -> str:
        """Where the reader says no."""
        return f"{self.public_url}{PATH}{self.tokens.token(viewer, Email.name)}"

    def rules(self, offer: str) -> str:
        """The rules of an offer."""
        return f"{self.public_url}{RULES}{offer}"


class Letter(msgspec.Struct, frozen=True):
    """What is kept of a letter; to whom it goes is looked up when it goes."""

    subject: str
    text: str
    at: int
    action_label: str = ""
    action_url: str = ""
    rules_url: str = ""


def server_of(url: str, password: str, *, is_private: bool) -> Server:
    """The mail server of a setting.

    Raises: InputError, without the password.
    """
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = 0
    is_known = parts.scheme in ("smtps", "smtp") and parts.hostname and port != 0
    if not is_known or parts.password is not None or parts.path not in ("", "/"):
        raise InputError(
            "email_url: write smtps://name@mail.shop.example:465, or smtp://…:587 for STARTTLS;"
            " the password stands in the file of email_password"
        )
    name = unquote(parts.username or "")
    if bool(name) != bool(password):
        raise InputError("email_url: a name to sign in by, and email_password, go together")
    has_tls = parts.scheme == "smtps"
    standard = 465 if has_tls else 587
    return Server(parts.hostname or "", port or standard, has_tls, is_private, name, password)


class Email(Channel):
    """One mail server, one sender.

    Raises (at making): InputError for a sender that is none.
    """

    name = "email"
    attempt_ms = SEND_MS

    def __init__(
        self,
        server: Server,
        sender: str,
        texts: Texts,
        links: Links,
        egress: Egress,
        address_of: AddressOf,
        *,
        timeout_ms: int = SEND_MS,
    ) -> None:
        shown, address = parseaddr(sender)
        if not _is_address(address):
            raise InputError("email_from: write Sock shop <news@shop.example>")
        user, _, self._domain = address.partition("@")
        self._from = Address(shown, user, self._domain)
        self._server = server
        self._texts = texts
        self._links = links
        self._egress = egress
        self._address_of = address_of
        self._timeout_ms = timeout_ms

    @property
    def target(self) -> str:
        """The mail server."""
        return self._server.host

    def body_of(self, message: Message) -> str:
        """The words.

        Raises: InputError where it is for nobody.
        """
        if not message.viewer:
            raise InputError("a letter is for one viewer")
        letter = Letter(
            subject=self._texts.say("email.subject", title=" ".join(message.title.split())),
            text=message.body_with_code,
            at=message.at,
            action_label=message.action_label,
            action_url=message.action_url,
            rules_url="" if message.offer is None else self._links.rules(message.offer.key),
        )
        return msgspec.json.encode(letter).decode()

    async def send(self, load: Sequence[Parcel], now_ms: int, *, within_ms: int) -> Verdict:  # noqa: ARG002
        """One attempt, to the address that the profile has now."""
        (one,) = load
        address = await self._address_of(one.viewer)
        if address is None:
            return Verdict("rejected", "no_address")
        if not _is_address(address):
            return Verdict("rejected", "bad_address")
        letter = msgspec.json.decode(one.body, type=Letter)
        written = self._written(one.id, letter, address, self._links.unsubscribe(one.viewer))
        return await self._posted(written, address, within_ms)

    async def test(self, name: str, now_ms: int) -> Verdict:
        """Send a letter to the sender itself."""
        subject, text = self._texts["email.test.subject"], self._texts["email.test.text"]
        address = self._from.addr_spec
        written = self._written(name, Letter(subject, text, now_ms), address, "")
        return await self._posted(written, address, self._timeout_ms)

    def _written(self, name: str, letter: Letter, address: str, way_out: str) -> EmailMessage:
        """The letter as it goes; the same bytes each time."""
        mail = EmailMessage(policy=_POLICY)
        mail["From"] = self._from
        mail["To"] = address
        mail["Subject"] = letter.subject
        mail["Date"] = datetime.fromtimestamp(letter.at / SECOND_MS, UTC)
        mail["Message-ID"] = f"<{name}@{self._domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        lines = [letter.text]
        if letter.action_url:
            lines.append(f"{letter.action_label} {letter.action_url}".strip())
        if letter.rules_url:
            lines.append(self._texts.say("email.rules", url=letter.rules_url))
        if way_out:
            mail["List-Unsubscribe"] = f"<{way_out}>"
            mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
            lines.append(self._texts.say("email.unsubscribe", url=way_out))
        mail.set_content("\n\n".join(lines) + "\n", cte="base64")
        page = "\n".join(f"<p>{_linked(line)}</p>" for line in lines)
        mail.add_alternative(f"<!doctype html>\n{page}\n", subtype="html", cte="base64")
        mail.set_boundary(f"={name}=")
        return mail

    async def _posted(self, mail: EmailMessage, address: str, within_ms: int) -> Verdict:
        """What the server says to a letter; nothing is known once it has begun to read."""
        is_begun = is_taken = False
        limit_s = min(within_ms, self._timeout_ms) / SECOND_MS
        try:
            async with asyncio.timeout(limit_s):
                wire = await self._egress.connect(self._server.host, self._server.port)
                client = self._client(wire)
                try:
                    if (refusal := await _greeted(client)) is not None:
                        return refusal
                    await client.mail(self._from.addr_spec)
                    await client.rcpt(address)
                    is_begun = True
                    await client.data(mail.as_bytes(policy=_WIDE))
                    is_taken = True
                finally:
                    await _left(client)
                    if client.transport is None:  # else it is the transport's to close
                        wire.close()
        except NotSent as problem:
            return not_sent(problem)
        except aiosmtplib.SMTPResponseException as answer:
            is_later = 400 <= answer.code < 500
            return Verdict("later" if is_later else "rejected", f"smtp_{answer.code}")
        except (aiosmtplib.SMTPException, OSError, TimeoutError):
            if not is_taken:
                return Verdict("unknown" if is_begun else "later", "no_answer")
        return Verdict("delivered")

    def _client(self, wire: object) -> aiosmtplib.SMTP:
        server = self._server
        starts_tls = None if server.is_private else True
        return aiosmtplib.SMTP(
            hostname=server.host,  # the name that its certificate must have
            sock=wire,  # type: ignore[arg-type]  # a socket that is connected to a checked address
            use_tls=server.has_tls,
            start_tls=False if server.has_tls else starts_tls,
            username=server.name or None,
            password=server.password or None,
            local_hostname=self._domain,  # else it looks for the name of this machine, and tells it
        )


async def _greeted(client: aiosmtplib.SMTP) -> Verdict | None:
    """Connect, TLS, sign in; no letter is refused by what a server says to that."""
    try:
        await client.connect()
    except aiosmtplib.SMTPResponseException as answer:
        return Verdict("later", f"smtp_{answer.code}", LOGIN_MS)
    except (aiosmtplib.SMTPConnectError, aiosmtplib.SMTPServerDisconnected):
        return Verdict("later", "no_connection")
    except aiosmtplib.SMTPException:  # no STARTTLS, no way to sign in
        return Verdict("later", "no_login", LOGIN_MS)
    return None


async def _left(client: aiosmtplib.SMTP) -> None:
    """Say goodbye, where somebody still listens; what was said before holds without it."""
    try:
        if client.is_connected:
            await client.quit(timeout=GOODBYE_S)
    except (aiosmtplib.SMTPException, OSError):
        pass
    finally:
        client.close()


def _is_address(text: str) -> bool:
    is_short = len(text) <= MAX_ADDRESS_CHARS and text.isascii() and text.isprintable()
    return is_short and _ADDRESS.fullmatch(text) is not None


def _linked(line: str) -> str:
    """A line for a page: escaped, its address a link."""
    found = re.search(r"https?://\S+$", line)
    if found is None:
        return escape(line)
    url = escape(found[0])
    return f'{escape(line[: found.start()])}<a href="{url}">{url}</a>'
