"""A decision as a message for a channel to the outside, and as a row of its outbox."""

from __future__ import annotations

from typing import Final

from qianmian.channels.channel import Channel, Message
from qianmian.runtime.outbox import Parcel
from qianmian.server.delivering import Outgoing, link_of, values_of
from qianmian.strategies.templates import filled

PLAIN: Final = ""
"""Escaped for nothing: whoever builds a page or a letter of it escapes it there."""


def message_of(sent: Outgoing, currency: str) -> Message:
    """What a decision says."""
    decision, strategy, offer, product, coupon = sent
    step = strategy.steps[decision.step]
    values = values_of(offer, product, currency)
    return Message(
        id=decision.id,
        viewer=decision.viewer or "",
        room=decision.room,
        at=decision.at,
        deadline_at=decision.deadline_at,
        strategy=strategy.key,
        version=strategy.version,
        names=strategy.title,
        moment=decision.moment,
        product=None if product is None else product.id,
        product_title=None if product is None else product.title,
        title=filled(step.title, values, PLAIN),
        body=filled(step.body, values, PLAIN),
        action_label=step.action_label,
        action_url=link_of(step, coupon),
        offer=offer,
        code=None if coupon is None else coupon.code,
        currency=currency,
    )


def parcel_of(sent: Outgoing, channel: Channel, currency: str) -> Parcel:
    """The row of a decision.

    Raises: InputError for what the channel cannot send.
    """
    message, not_before = message_of(sent, currency), sent.decision.not_before
    first = max(message.at, not_before)
    return Parcel(
        id=message.id,
        channel=channel.name,
        viewer=message.viewer,
        strategy=message.strategy,
        version=message.version,
        body=channel.body_of(message),
        deadline_at=min(message.deadline_at, first + channel.lasts_ms),
        next_at=not_before,
    )
