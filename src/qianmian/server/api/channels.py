"""The channels of a shop, and a message that tries one out."""

from __future__ import annotations

import asyncio
from typing import Annotated, Final, Literal

from fastapi import APIRouter

from qianmian.server.api.models import Model
from qianmian.server.api.problems import Problem
from qianmian.server.api.roles import Needs
from qianmian.server.api.who import Here, Who
from qianmian.server.parcels import WEBHOOK

router = APIRouter(tags=["channels"])

Name = Literal["in_room", "host", "follow_up", "webhook"]
READY: Final[tuple[Name, ...]] = ("in_room", "host", "follow_up")
"""They need nothing set."""


class ChannelModel(Model):
    """A channel; `target`: the host that is called, and never more of its address.

    `states`: how many messages are waiting, and of those that ended within a day, how they did.
    """

    channel: Name
    is_on: bool
    target: str
    states: dict[str, int]


class TestedModel(Model):
    """What came of a test; `why` is a code."""

    outcome: Literal["delivered", "rejected", "later", "unknown"]
    why: str


@router.get("/channels")
async def channels(site: Here, _who: Annotated[Who, Needs("channels.read")]) -> list[ChannelModel]:
    """Every channel over which something can be delivered."""
    found = [ChannelModel(channel=channel, is_on=True, target="", states={}) for channel in READY]
    outbox = site.outbox
    states = {} if outbox is None else await asyncio.to_thread(outbox.counts)
    target = "" if outbox is None else outbox.target
    is_on = outbox is not None
    return [*found, ChannelModel(channel="webhook", is_on=is_on, target=target, states=states)]


@router.post("/channels/webhook/test")
async def test(site: Here, who: Annotated[Who, Needs("channels.test")]) -> TestedModel:
    """Send a test message, once, and tell what came of it."""
    if site.outbox is None:
        raise Problem("channel.off", "no webhook is set: see the setting webhook_url")
    verdict = await site.outbox.test()
    told = {"outcome": verdict.outcome, "why": verdict.why}
    await asyncio.to_thread(site.audit.note, who.actor, "channel.tested", WEBHOOK, after=told)
    return TestedModel(outcome=verdict.outcome, why=verdict.why)
