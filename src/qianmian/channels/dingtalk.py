r"""A robot in a DingTalk group tells those who work here; many interventions are one card.

DingTalk has no key, so a card whose fate nobody knows is not sent again. It answers 200 to what it
refuses, and blocks a robot for ten minutes that says more than 20 things a minute: so a room has at
most one card in five seconds, and the robot at most 18 in a minute.

Sources: DingTalk, custom robots (sign: HMAC-SHA256 over `ms\nsecret`; errcode; limits).
"""

from __future__ import annotations

import base64
import hmac
import re
from collections import Counter, deque
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote_plus, urlsplit

import msgspec

from qianmian.channels.channel import Channel, Message
from qianmian.channels.egress import Answer, Egress, NotSent, Unknown, check_url
from qianmian.channels.verdict import Verdict, not_sent
from qianmian.errors import InputError
from qianmian.locales.texts import Texts
from qianmian.runtime.outbox import Parcel
from qianmian.vocabulary.time import MINUTE_MS, SECOND_MS

PREFIX: Final = "SEC"
APART_MS: Final = 5 * SECOND_MS
MOST_A_MINUTE: Final = 18
MOST_LINES: Final = 20
BLOCKED: Final = 130101
BUSY: Final = -1
BLOCK_MS: Final = 10 * MINUTE_MS
MAX_CHARS: Final = 120
_CALLS: Final = re.compile(r"[\r\n@]")
_MARKS: Final = re.compile(r"[\\`*_\[\]()#!<>~|]")


class Line(msgspec.Struct, frozen=True):
    """What is kept of an intervention: nothing of the viewer."""

    room: str
    title: str
    text: str


class DingTalk(Channel):
    """One robot.

    Args:
        url: with its token, which is a secret.
        secret: `SEC…`.

    Raises (at making): InputError for an address or secret that cannot be used; it repeats neither.
    """

    name = "bot"
    carries_codes = False  # who works here reads it

    def __init__(
        self, url: str, secret: str, texts: Texts, egress: Egress, *, allow_private: bool
    ) -> None:
        check_url(url, allow_private=allow_private)
        if "access_token=" not in url or not secret.startswith(PREFIX):
            raise InputError(
                "write the robot's address with its access_token in the first line, and its secret"
                f" {PREFIX}… in the second"
            )
        self._url = url
        self._secret = secret.encode()
        self._texts = texts
        self._egress = egress
        self._sent: deque[int] = deque(maxlen=MOST_A_MINUTE)
        self._last_by_room: dict[str, int] = {}
        self._blocked_until = 0

    @property
    def target(self) -> str:
        """The host that is called; the rest of the address is a secret."""
        return urlsplit(self._url).netloc

    def body_of(self, message: Message) -> str:
        """The words, and in which room."""
        return msgspec.json.encode(Line(message.room, message.title, message.body)).decode()

    def loads(self, due: Sequence[Parcel], now_ms: int) -> Sequence[Sequence[Parcel]]:
        """One card for each room that had none in the last five seconds, as long as any may go."""
        if now_ms < self._blocked_until:
            return ()
        rooms: dict[str, list[Parcel]] = {}
        for one in due:
            rooms.setdefault(_line(one).room, []).append(one)
        said_in_a_minute = sum(at > now_ms - MINUTE_MS for at in self._sent)
        is_old = [room for room, at in self._last_by_room.items() if at <= now_ms - APART_MS]
        for room in is_old:
            del self._last_by_room[room]
        free = [parcels for room, parcels in rooms.items() if room not in self._last_by_room]
        return free[: MOST_A_MINUTE - said_in_a_minute]

    async def send(self, load: Sequence[Parcel], now_ms: int, *, within_ms: int) -> Verdict:
        """One card for all of a load, which is of one room."""
        lines = [_line(one) for one in load]
        self._last_by_room[lines[0].room] = now_ms
        counted = Counter((one.title, one.text) for one in lines)
        head = self._texts.say("bot.title", room=_escaped(lines[0].room), count=len(lines))
        told = [f"### {head}"]
        for (title, text), times in list(counted.items())[:MOST_LINES]:
            often = f" ×{times}" if times > 1 else ""
            told.append(f"- **{_escaped(title)}**{often} {_escaped(text)}".rstrip())
        if len(counted) > MOST_LINES:
            told.append(self._texts.say("bot.more", count=len(counted) - MOST_LINES))
        return await self._say(head, "\n".join(told), now_ms, within_ms)

    async def test(self, name: str, now_ms: int) -> Verdict:
        """Say that this is a test."""
        text = self._texts["bot.test"]
        return await self._say(text, f"{text} ({name})", now_ms, None)

    async def _say(self, title: str, text: str, now_ms: int, within_ms: int | None) -> Verdict:
        self._sent.append(now_ms)
        told: dict[str, Any] = {"msgtype": "markdown", "markdown": {"title": title, "text": text}}
        headers = {"content-type": "application/json; charset=utf-8", "user-agent": "qianmian"}
        url = f"{self._url}&timestamp={now_ms}&sign={sign_of(self._secret, now_ms)}"
        try:
            answer = await self._egress.post(
                url, headers, msgspec.json.encode(told), within_ms=within_ms
            )
        except NotSent as problem:
            return not_sent(problem)
        except Unknown:
            return Verdict("unknown", "no_answer")
        verdict = verdict_of(answer)
        if verdict.after_ms is not None:
            self._blocked_until = now_ms + verdict.after_ms
        return verdict


def sign_of(secret: bytes, at_ms: int) -> str:
    """What proves that a call is ours, and of now."""
    mark = hmac.digest(secret, f"{at_ms}\n".encode() + secret, "sha256")
    return quote_plus(base64.b64encode(mark))


def verdict_of(answer: Answer) -> Verdict:
    """What an answer means; a 200 is a success only if it says so."""
    if answer.status == 429:
        return Verdict("later", "http_429", BLOCK_MS)
    if answer.status >= 500:
        return Verdict("unknown", f"http_{answer.status}")
    if answer.status != 200:
        return Verdict("rejected", f"http_{answer.status}")
    try:
        told = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, RecursionError):
        return Verdict("unknown", "no_json")
    code = told.get("errcode") if isinstance(told, dict) else None
    if isinstance(code, bool) or not isinstance(code, int):
        return Verdict("unknown", "no_errcode")
    if code == BLOCKED:
        return Verdict("later", f"errcode_{code}", BLOCK_MS)
    if code == BUSY:
        return Verdict("later", f"errcode_{code}")
    return Verdict("delivered") if code == 0 else Verdict("rejected", f"errcode_{code}"[:64])


def _line(one: Parcel) -> Line:
    return msgspec.json.decode(one.body, type=Line)


def _escaped(text: str) -> str:
    """Words on one line that are no markdown: no link, no picture, nobody called by @."""
    plain = _CALLS.sub(" ", text[:MAX_CHARS])
    return _MARKS.sub(r"\\\g<0>", plain)
