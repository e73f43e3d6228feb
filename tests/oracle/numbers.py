"""Numbers of a room at a whole second: computed by definition, or those that the log tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.oracle.events import amount_of
from tests.oracle.rows import Row
from tests.oracle.view import RoomState

NUMBERS = ("online", "gmv", "orders_per_min")
MINUTE_MS = 60_000


def count_numbers(
    state: RoomState, rows: Sequence[Row], logged: Sequence[Mapping[str, Any]], now: int
) -> int:
    """Give a room its numbers of this second; how many are not what is computed."""
    paid = [entry for entry in state.log if entry.type == "order_paid" and not entry.is_hint]
    found = {
        "online": sum(row.present for row in rows),
        "gmv": sum(amount_of(entry.event) or 0 for entry in paid),
        "orders_per_min": sum(entry.clock > now - MINUTE_MS for entry in paid),
    }
    if now > max((one["second"] for one in logged), default=-1):
        state.facts.update(found)
    for one in logged:
        if (one["second"], one["room"]) == (now, state.name) and one["name"] in NUMBERS:
            state.facts[one["name"]] = one["value"]
    return sum(state.facts.get(name) != value for name, value in found.items())
