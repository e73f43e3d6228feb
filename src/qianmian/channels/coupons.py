"""The shop's own coupon system: it is asked for a code before what promises one goes out.

Asked as a webhook is told (`webhook.py`), under the id of the act: the same with each attempt and
with each step, so a system that keeps ids makes one coupon for an act, whatever is lost on the way.
Its answer is the code, and maybe until when it holds and where it is used.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

import msgspec

from qianmian.channels.egress import Egress
from qianmian.channels.verdict import Verdict
from qianmian.channels.webhook import Signed, document, instant, verdict_of
from qianmian.vocabulary.offer import CODE_FORM, Coupon, Offer
from qianmian.vocabulary.room_message import MAX_URL_CHARS, is_safe_url
from qianmian.vocabulary.time import SECOND_MS

TIMEOUT_MS: Final = 5_000
"""A card in a room lives a minute: who does not answer by then is asked again."""
NO_CODE: Final = "no_code"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """An act that needs a code.

    Attributes:
        act: id of its first decision.
        viewer: whom it is for; None: they have not agreed that data are shared.

    Units: at, deadline_at in ms UTC.
    """

    act: str
    viewer: str | None
    room: str
    at: int
    deadline_at: int
    strategy: str
    version: int
    product: str | None
    offer: Offer
    currency: str


class _Given(msgspec.Struct, frozen=True):
    """What is read of an answer; the rest of it is the system's own."""

    code: str
    valid_until: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    url: Annotated[str, msgspec.Meta(max_length=MAX_URL_CHARS)] = ""


class CouponSystem:
    """One system.

    Raises (at making): InputError for an address or secret that cannot be used.
    """

    def __init__(self, url: str, secret: str, egress: Egress, *, allow_private: bool) -> None:
        self._signed = Signed(url, secret, egress, allow_private=allow_private)

    @property
    def target(self) -> str:
        """The host that is called; the rest of the address may be a secret."""
        return self._signed.target

    async def ask(self, wanted: Wanted, now_ms: int, *, within_ms: int) -> Coupon | Verdict:
        """Ask once; over before `within_ms` are. A verdict: there is no code, and why."""
        answer = await self._signed.post(wanted.act, body_of(wanted), now_ms, within_ms)
        if isinstance(answer, Verdict):
            return answer
        verdict = verdict_of(answer, now_ms)
        return coupon_of(answer.body, now_ms) if verdict.outcome == "delivered" else verdict

    async def test(self, name: str, now_ms: int) -> Verdict:
        """Send a message of the type `test`, which makes no coupon."""
        answer = await self._signed.post(name, document("test", now_ms, {"id": name}), now_ms, None)
        return answer if isinstance(answer, Verdict) else verdict_of(answer, now_ms)


def body_of(wanted: Wanted) -> str:
    """What is asked: enough to make a coupon; of the viewer the id at most."""
    offer = wanted.offer
    told = {
        "id": wanted.act,
        "viewer": wanted.viewer,
        "room": wanted.room,
        "strategy": wanted.strategy,
        "version": wanted.version,
        "product": wanted.product,
        "offer": {
            "key": offer.key,
            "title": offer.title,
            "amount_minor": offer.amount_minor,
            "least_order_minor": offer.least_order_minor,
            "currency": wanted.currency,
            "valid_for_ms": offer.valid_for_ms,
        },
        "expires_at": instant(wanted.deadline_at),
    }
    return document("coupon.requested", wanted.at, told)


def coupon_of(body: bytes, now_ms: int) -> Coupon | Verdict:
    """What an answer that says yes gives; `no_code` where a viewer could do nothing with it."""
    try:
        given = msgspec.json.decode(body, type=_Given)
    except (msgspec.MsgspecError, RecursionError):
        return Verdict("rejected", NO_CODE)
    until = None
    if given.valid_until is not None:
        until = int(given.valid_until.timestamp()) * SECOND_MS
    is_over = until is not None and until <= now_ms
    is_link = given.url == "" or (given.url.startswith("https://") and is_safe_url(given.url))
    if CODE_FORM.fullmatch(given.code) is None or is_over or not is_link:
        return Verdict("rejected", NO_CODE)
    return Coupon(given.code, until, given.url)
