"""What another system is told of a decision: enough to give a coupon, and nothing of the person.

Of the viewer the id only; no traits, no words that they wrote.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from qianmian.errors import InputError
from qianmian.runtime.outbox import Parcel
from qianmian.server.delivering import Outgoing, values_of
from qianmian.strategies.templates import filled
from qianmian.vocabulary.time import SECOND_MS

WEBHOOK: Final = "webhook"
TYPE: Final = "intervention.decided"


def parcel_of(sent: Outgoing, currency: str) -> Parcel:
    """The message of a decision.

    Raises: InputError where it is about nobody.
    """
    decision, strategy, offer, product, code = sent
    if decision.viewer is None:
        raise InputError("a webhook is about one viewer")
    step = strategy.steps[decision.step]
    values = values_of(offer, product, currency)
    body: dict[str, Any] = {
        "id": decision.id,
        "viewer": decision.viewer,
        "room": decision.room,
        "strategy": strategy.key,
        "version": strategy.version,
        "moment": decision.moment,
        "product": None if product is None else product.id,
        "title": filled(step.title, values, WEBHOOK),
        "body": filled(step.body, values, WEBHOOK),
        "offer": None,
        "expires_at": instant(decision.deadline_at),
    }
    if offer is not None:
        body["offer"] = {
            "key": offer.key,
            "title": offer.title,
            "amount_minor": offer.amount_minor,
            "currency": currency,
            "valid_for_ms": offer.valid_for_ms,
            "code": code,
        }
    return Parcel(
        id=decision.id,
        channel=WEBHOOK,
        viewer=decision.viewer,
        strategy=strategy.key,
        version=strategy.version,
        body=document(TYPE, decision.at, body),
        deadline_at=decision.deadline_at,
        next_at=decision.not_before,
    )


def document(kind: str, at_ms: int, told: dict[str, Any]) -> str:
    """A body as Standard Webhooks recommends: type, timestamp, data."""
    return msgspec.json.encode({"type": kind, "timestamp": instant(at_ms), "data": told}).decode()


def instant(at_ms: int) -> str:
    """ISO 8601, UTC."""
    return datetime.fromtimestamp(at_ms // SECOND_MS, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
