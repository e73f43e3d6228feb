"""The channels of a shop, and a message that tries one out."""

from __future__ import annotations

import asyncio
import secrets
from functools import partial
from typing import Annotated, Literal, get_args

from fastapi import APIRouter

from qianmian.channels.verdict import Verdict
from qianmian.errors import NotThere
from qianmian.server.api.models import Model
from qianmian.server.api.problems import Problem
from qianmian.server.api.roles import Needs
from qianmian.server.api.who import Here, Who
from qianmian.server.site import Site

router = APIRouter(tags=["channels"])

Inside = Literal["in_room", "host", "follow_up"]
"""They need nothing set."""
Outside = Literal["webhook", "email", "bot", "push"]
"""They need settings."""


class ChannelModel(Model):
    """A channel; `target`: the host that is called, and never more of its address.

    `states`: how many messages are waiting, and of those that ended within a day, how they did;
    what waits for a channel that is not on any more ends at its deadline. `shut_at`: since when
    nothing goes over it, because nobody is at its address any more, ms UTC; null: it is not shut.
    """

    channel: Inside | Outside
    is_on: bool
    target: str
    states: dict[str, int]
    shut_at: int | None = None


class TestedModel(Model):
    """What came of a test; `why` is a code."""

    outcome: Literal["delivered", "rejected", "later", "unknown"]
    why: str


class CouponSystemModel(Model):
    """The shop's coupon system; `states`: acts that ask, and how others ended."""

    is_on: bool
    target: str
    states: dict[str, int]


@router.get("/coupon-system")
async def coupon_system(
    site: Here, _who: Annotated[Who, Needs("channels.read")]
) -> CouponSystemModel:
    """Who makes the codes of offers that are issued."""
    issuer = site.issuing.issuer
    states = await asyncio.to_thread(site.issued.counts)
    target = "" if issuer is None else issuer.target
    return CouponSystemModel(is_on=issuer is not None, target=target, states=states)


@router.post("/coupon-system/test")
async def test_coupon_system(
    site: Here, who: Annotated[Who, Needs("channels.test")]
) -> TestedModel:
    """Send it a test message, which makes no coupon, and tell what came of it."""
    issuer = site.issuing.issuer
    if issuer is None:
        raise Problem("channel.off", "no coupon system is set: see docs/channels.md")
    verdict = await issuer.test(f"test-{secrets.token_hex(8)}", site.now())
    return await _tested(site, who, "coupon_system", verdict)


@router.get("/channels")
async def channels(site: Here, _who: Annotated[Who, Needs("channels.read")]) -> list[ChannelModel]:
    """Every channel over which something can be delivered."""
    inside = get_args(Inside)
    found = [ChannelModel(channel=name, is_on=True, target="", states={}) for name in inside]
    outboxes = {one.channel.name: one for one in site.outboxes}
    shut_at = await asyncio.to_thread(site.gates.shut_at)
    for name in get_args(Outside):
        one = outboxes.get(name)
        counts = partial(site.stranded.counts, name) if one is None else one.counts
        states = await asyncio.to_thread(counts)
        target = "" if one is None else one.channel.target
        model = ChannelModel(channel=name, is_on=one is not None, target=target, states=states)
        model.shut_at = shut_at.get(name)
        found.append(model)
    return found


@router.post("/channels/{channel}/test")
async def test(
    channel: Outside, site: Here, who: Annotated[Who, Needs("channels.test")]
) -> TestedModel:
    """Send a test message, once, and tell what came of it."""
    outbox = next((one for one in site.outboxes if one.channel.name == channel), None)
    if outbox is None:
        raise Problem("channel.off", f"the channel {channel} is not set: see docs/channels.md")
    return await _tested(site, who, channel, await outbox.test())


@router.post("/channels/{channel}/open", status_code=204)
async def open_again(
    channel: Outside, site: Here, who: Annotated[Who, Needs("channels.write")]
) -> None:
    """Call a channel again that was shut; what decides uses it from now on."""
    if not await site.strategies.open_channel(channel, who.actor):
        raise NotThere(f"the channel {channel} is not shut")


async def _tested(site: Site, who: Who, name: str, verdict: Verdict) -> TestedModel:
    """What came of a test, once it is in the audit."""
    told = {"outcome": verdict.outcome, "why": verdict.why}
    await asyncio.to_thread(site.audit.note, who.actor, "channel.tested", name, after=told)
    return TestedModel(outcome=verdict.outcome, why=verdict.why)
