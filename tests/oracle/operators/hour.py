"""`hour between 23:00 and 02:00`: a predicate on what a clock on the wall shows at an event.

Nothing happens here: it is part of a selection (`view.passes`).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.oracle.convert import Tree
from tests.oracle.events import Event

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SHOP_ZONE = "Asia/Shanghai"


def passes(where: Tree, event: Event) -> bool:
    """Whether it happened from `begin` on and before `end`, maybe of the next day."""
    instant = EPOCH + timedelta(milliseconds=int(event["applied_at"]))
    there = instant.astimezone(ZoneInfo(where["zone"] or SHOP_ZONE))
    shown = timedelta(
        hours=there.hour,
        minutes=there.minute,
        seconds=there.second,
        microseconds=there.microsecond,
    )
    begin, end = timedelta(milliseconds=where["begin"]), timedelta(milliseconds=where["end"])
    if begin < end:
        return begin <= shown < end
    return not end <= shown < begin
