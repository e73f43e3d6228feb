"""The signed webhook: a coupon system or CRM of the shop is told, as Standard Webhooks says.

The headers `webhook-id`, `webhook-timestamp` and `webhook-signature` go with each attempt; the id
is that of the decision, and the same with every attempt, so a receiver that keeps ids does it once.

Sources: Standard Webhooks 1.0.0 (signature v1: HMAC-SHA256 over `id.timestamp.body`); RFC 9110,
Retry-After.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from qianmian.channels.channel import Channel, Message
from qianmian.channels.egress import Answer, Egress, NotSent, Unknown, check_url
from qianmian.channels.verdict import Verdict, not_sent
from qianmian.errors import InputError
from qianmian.runtime.outbox import Parcel
from qianmian.vocabulary.time import SECOND_MS

PREFIX: Final = "whsec_"
LEAST_BYTES: Final = 24
MOST_BYTES: Final = 64
GONE: Final = 410
"""Standard Webhooks: whoever sends should not call this address again."""
_LATER: Final = frozenset({408, 409, 425, 429})
"""Nothing was done; the same with a later attempt may be."""


def secret_of(text: str) -> bytes:
    """The key in `whsec_…`, base64 of 24 to 64 bytes.

    Raises: InputError, which does not repeat it.
    """
    try:
        key = base64.b64decode(text.strip().removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not LEAST_BYTES <= len(key) <= MOST_BYTES:
        raise InputError(
            f"a secret of a webhook is {PREFIX} and the base64 of {LEAST_BYTES} to {MOST_BYTES}"
            " random bytes; make one by: echo whsec_$(openssl rand -base64 32)"
        )
    return key


def headers_of(key: bytes, message: str, at_ms: int, body: bytes) -> dict[str, str]:
    """What proves that a body is ours, and of now."""
    stamp = str(at_ms // SECOND_MS)
    signed = hmac.new(key, f"{message}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return {
        "content-type": "application/json",
        "user-agent": "qianmian",
        "webhook-id": message,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
    }


def verdict_of(answer: Answer, now_ms: int) -> Verdict:
    """What an answer means. A 200 is no success when its body says that it failed."""
    status = answer.status
    if 200 <= status < 300:
        return Verdict("rejected", "refused_in_body") if _failed(answer.body) else _DONE
    if status in _LATER:
        return Verdict("later", f"http_{status}", _after_ms(answer, now_ms))
    if status >= 500:  # it may have been done before something else failed
        return Verdict("unknown", f"http_{status}", _after_ms(answer, now_ms))
    return Verdict("rejected", f"http_{status}", is_gone=status == GONE)


class Signed:
    """An address of the shop that is told things, each signed and under an id.

    Raises (at making): InputError for an address or secret that cannot be used.
    """

    def __init__(self, url: str, secret: str, egress: Egress, *, allow_private: bool) -> None:
        check_url(url, allow_private=allow_private)
        self._url = url
        self._key = secret_of(secret)
        self._egress = egress

    @property
    def target(self) -> str:
        """The host that is called; the rest of the address may be a secret."""
        return urlsplit(self._url).netloc

    async def post(
        self, name: str, told: str, now_ms: int, within_ms: int | None
    ) -> Answer | Verdict:
        """The answer, or what it means that there is none."""
        body = told.encode()
        headers = headers_of(self._key, name, now_ms, body)
        try:
            return await self._egress.post(self._url, headers, body, within_ms=within_ms)
        except NotSent as problem:
            return not_sent(problem)
        except Unknown:
            return Verdict("unknown", "no_answer")


class Webhook(Channel):
    """One receiver.

    Raises (at making): InputError for an address or secret that cannot be used.
    """

    name = "webhook"
    is_keyed = True

    def __init__(self, url: str, secret: str, egress: Egress, *, allow_private: bool) -> None:
        self._signed = Signed(url, secret, egress, allow_private=allow_private)

    @property
    def target(self) -> str:
        """The host that is called; the rest of the address may be a secret."""
        return self._signed.target

    def body_of(self, message: Message) -> str:
        """Enough to give a coupon; of the viewer the id only: no traits, no words of theirs.

        Raises: InputError where it is about nobody.
        """
        if not message.viewer:
            raise InputError("a webhook is about one viewer")
        offer = message.offer
        told: dict[str, Any] = {
            "id": message.id,
            "viewer": message.viewer,
            "room": message.room,
            "strategy": message.strategy,
            "version": message.version,
            "moment": message.moment,
            "product": message.product,
            "title": message.title,
            "body": message.body,
            "offer": None,
            "expires_at": instant(message.deadline_at),
        }
        if offer is not None:
            told["offer"] = {
                "key": offer.key,
                "title": offer.title,
                "amount_minor": offer.amount_minor,
                "currency": message.currency,
                "valid_for_ms": offer.valid_for_ms,
                "code": message.code,
            }
        return document("intervention.decided", message.at, told)

    async def send(self, load: Sequence[Parcel], now_ms: int, *, within_ms: int) -> Verdict:
        """One attempt; under the id of the decision, so the receiver does it once."""
        (one,) = load
        return await self._post(one.id, one.body, now_ms, within_ms)

    async def test(self, name: str, now_ms: int) -> Verdict:
        """Send a message of the type `test`."""
        return await self._post(name, document("test", now_ms, {"id": name}), now_ms, None)

    async def _post(self, name: str, told: str, now_ms: int, within_ms: int | None) -> Verdict:
        answer = await self._signed.post(name, told, now_ms, within_ms)
        return answer if isinstance(answer, Verdict) else verdict_of(answer, now_ms)


def document(kind: str, at_ms: int, told: dict[str, Any]) -> str:
    """A body as Standard Webhooks recommends: type, timestamp, data."""
    return msgspec.json.encode({"type": kind, "timestamp": instant(at_ms), "data": told}).decode()


def instant(at_ms: int) -> str:
    """ISO 8601, UTC."""
    return datetime.fromtimestamp(at_ms // SECOND_MS, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


_DONE: Final = Verdict("delivered")


def _failed(body: bytes) -> bool:
    """Whether a body says that it failed, in one of the ways that are usual."""
    try:
        told = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return False
    if not isinstance(told, dict):
        return False
    has_code = any(told.get(name) not in (None, 0, "0") for name in ("errcode", "error"))
    return has_code or any(told.get(name) is False for name in ("ok", "success"))


def _after_ms(answer: Answer, now_ms: int) -> int | None:
    """How long the receiver wants to be left alone."""
    told = answer.headers.get("retry-after", "").strip()
    if told.isascii() and told.isdigit():
        return min(int(told[:9]), 86_400) * SECOND_MS
    try:
        at = parsedate_to_datetime(told)
    except (ValueError, TypeError):
        return None
    zoned = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return max(0, int(zoned.timestamp() * SECOND_MS) - now_ms)
