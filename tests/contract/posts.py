"""What invented viewers do, as posts that can be sent again: every event has its id."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

KINDS = ("product_viewed", "product_viewed", "liked", "cart_added", "heartbeat", "order_paid")


@dataclass(frozen=True)
class Post:
    """A body, and the ids of its events."""

    body: bytes
    ids: tuple[str, ...]


def posts(seed: int, *, size: int, viewers: int = 12) -> Iterator[Post]:
    """Without an end, and the same for the same seed."""
    chance, number = Random(seed), 0
    while True:
        events = []
        for _ in range(size):
            number += 1
            events.append(_event(chance, f"{seed}-{number}", viewers))
        ids = tuple(one["message_id"] for one in events)
        yield Post(json.dumps({"events": events}).encode(), ids)


def _event(chance: Random, name: str, viewers: int) -> dict[str, Any]:
    kind = chance.choice(KINDS)
    event: dict[str, Any] = {"type": kind, "viewer": f"v{chance.randrange(viewers)}"}
    event |= {"message_id": name, "room": "r1"}
    if kind in ("product_viewed", "cart_added"):
        event["product"] = f"p{chance.randrange(3)}"
    if kind == "order_paid":
        event |= {"order_id": f"o{name}", "amount": 9_900, "currency": "CNY"}
        event["items"] = [{"product": "p1", "quantity": 1, "amount": 9_900}]
    return event
