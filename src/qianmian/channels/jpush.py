"""App push by JPush, with a key: a push that nobody answered is made again under the same one.

The key (`cid`) comes from JPush, is asked for before the first attempt and kept in the row; JPush
knows it for a day. The phone shows nothing after the deadline (`time_to_live`).

Sources: JPush, Push API v3 (cid, errors 1011 and 2002, X-Rate-Limit-Reset, validate).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from qianmian.channels.channel import AddressOf, Channel, Message
from qianmian.channels.egress import Answer, Egress, NotSent, Private, Unknown, check_url
from qianmian.channels.verdict import Verdict, not_sent
from qianmian.errors import InputError
from qianmian.locales.texts import Texts
from qianmian.runtime.outbox import Parcel
from qianmian.vocabulary.time import HOUR_MS, MINUTE_MS, SECOND_MS

NO_TARGET: Final = 1011
TOO_FAST: Final = 2002
PUSH: Final = "/v3/push"
CID: Final = "/v3/push/cid?count=1&type=push"
VALIDATE: Final = "/v3/push/validate"
MOST_WAIT_S: Final = 3_600
_REGISTRATION: Final = re.compile(r"[0-9A-Za-z_-]{1,64}")


class Note(msgspec.Struct, frozen=True):
    """What is kept of a push; to which phone it goes is looked up when it goes."""

    title: str
    text: str
    url: str = ""
    cid: str = ""


class JPush(Channel):
    """One app.

    Args:
        base: address of JPush, without a path.

    Raises (at making): InputError for an address, key or secret that cannot be used.
    """

    name = "push"
    is_keyed = True
    lasts_ms = 23 * HOUR_MS

    def __init__(
        self,
        base: str,
        login: tuple[str, str],
        texts: Texts,
        egress: Egress,
        address_of: AddressOf,
        *,
        allow_private: bool,
    ) -> None:
        check_url(base, allow_private=allow_private)
        if not all(_REGISTRATION.fullmatch(part) for part in login):
            raise InputError("push_key is the AppKey, and the file push_secret the Master Secret")
        self._base = base.rstrip("/")
        mark = base64.b64encode(":".join(login).encode()).decode()
        self._headers = {
            "authorization": f"Basic {mark}",
            "content-type": "application/json",
            "user-agent": "qianmian",
        }
        self._texts = texts
        self._egress = egress
        self._address_of = address_of

    @property
    def target(self) -> str:
        """The host that is called."""
        return urlsplit(self._base).netloc

    def body_of(self, message: Message) -> str:
        """The words.

        Raises: InputError where it is for nobody.
        """
        if not message.viewer:
            raise InputError("a push is for one viewer")
        note = Note(message.title, message.body_with_code or message.title, message.action_url)
        return msgspec.json.encode(note).decode()

    async def completed(self, body: str, now_ms: int) -> str | Verdict:  # noqa: ARG002
        """With a key of JPush; nothing is sent by asking for one."""
        note = _note(body)
        if note.cid:
            return body
        try:
            answer = await self._egress.call("GET", self._base + CID, self._headers)
        except Private as problem:
            return not_sent(problem)
        except (NotSent, Unknown):
            return Verdict("later", "no_cid")
        verdict = verdict_of(answer)
        found = _read(answer).get("cidlist")
        if verdict.outcome == "rejected" or verdict.after_ms is not None:
            return verdict
        if not isinstance(found, list) or not found or not isinstance(found[0], str):
            return Verdict("later", "no_cid")
        return msgspec.json.encode(msgspec.structs.replace(note, cid=found[0])).decode()

    async def send(self, load: Sequence[Parcel], now_ms: int, *, within_ms: int) -> Verdict:
        """One attempt, to the phone that the profile has now."""
        (one,) = load
        phone = await self._address_of(one.viewer)
        if phone is None:
            return Verdict("rejected", "no_address")
        if not _REGISTRATION.fullmatch(phone):
            return Verdict("rejected", "bad_address")
        note = _note(one.body)
        left_s = (one.deadline_at - now_ms) // SECOND_MS
        told = _payload(note, {"registration_id": [phone]}, left_s) | {"cid": note.cid}
        return await self._post(PUSH, told, within_ms)

    async def test(self, name: str, now_ms: int) -> Verdict:  # noqa: ARG002
        """Let JPush judge a push that it does not send."""
        note = Note(self._texts["push.test"], name)
        return await self._post(VALIDATE, _payload(note, "all", 0), None)

    async def _post(self, path: str, told: Mapping[str, Any], within_ms: int | None) -> Verdict:
        body = msgspec.json.encode(told)
        try:
            answer = await self._egress.post(
                self._base + path, self._headers, body, within_ms=within_ms
            )
        except NotSent as problem:
            return not_sent(problem)
        except Unknown:
            return Verdict("unknown", "no_answer")
        verdict = verdict_of(answer)
        if verdict.outcome == "delivered" and "msg_id" not in _read(answer):
            return Verdict("unknown", "no_msg_id")
        return verdict


def verdict_of(answer: Answer) -> Verdict:
    """What an answer means."""
    error = _read(answer).get("error")
    code = error.get("code") if isinstance(error, dict) else None
    why = f"jpush_{code}" if isinstance(code, int) else f"http_{answer.status}"
    if code == NO_TARGET:
        return Verdict("rejected", "no_target")
    if code == TOO_FAST or answer.status == 429:
        return Verdict("later", why[:64], _reset_ms(answer))
    if answer.status >= 500:
        return Verdict("unknown", why[:64])
    if 200 <= answer.status < 300 and error is None:
        return Verdict("delivered")
    return Verdict("rejected", why[:64])


def _payload(note: Note, audience: object, lasts_s: int) -> dict[str, Any]:
    extras = {"url": note.url} if note.url else {}
    return {
        "platform": "all",
        "audience": audience,
        "notification": {
            "android": {"alert": note.text, "title": note.title, "extras": extras},
            "ios": {
                "alert": {"title": note.title, "body": note.text},
                "sound": "default",
                "extras": extras,
            },
        },
        "options": {"time_to_live": lasts_s, "apns_production": True},
    }


def _note(body: str) -> Note:
    return msgspec.json.decode(body, type=Note)


def _read(answer: Answer) -> Mapping[str, Any]:
    try:
        told = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _reset_ms(answer: Answer) -> int:
    """How long JPush wants to be left alone; a minute, where it does not say."""
    told = answer.headers.get("x-rate-limit-reset", "").strip()
    if not (told.isascii() and told.isdigit()):
        return MINUTE_MS
    return min(int(told[:9]), MOST_WAIT_S) * SECOND_MS
