"""Which steps follow a decision, obviously: from the list of everything that was told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

RECEIPT = 2_000
IN_ROOM = ("in_room", "host")


class Told(NamedTuple):
    """`what`: delivered or released (of step `which`), event (called `which`), or over."""

    at: int
    what: str
    which: Any = None


def follow(
    steps: Sequence[Mapping[str, Any]],
    began: int,
    told: Sequence[Told],
    *,
    is_held_out: bool,
    refused: Sequence[str],
    deadline: int | None,
) -> list[tuple[int, int, str]]:
    """Instant, place and reason ("" when it goes) of the steps; the first is at `began`.

    Args:
        steps: `channel`, `lasts`, `wait`, `wait_for` of each; instants in ms.
        refused: channels for which the viewer has not agreed.
    """
    can = [n for n, one in enumerate(steps) if one["channel"] not in refused]
    if not can:
        return [(began, 0, "consent")]
    found = [(began, can[0], "")]
    while True:
        went, n, _ = found[-1]
        step = steps[n]
        if n + 1 == len(steps):
            return found
        since = [one for one in told if one.at > went]
        got = [one.at for one in since if one[1:] == ("delivered", n)]
        if step["wait_for"]:
            goes = went + step["wait"]
            if any(one.at <= goes and one[1:] == ("event", step["wait_for"]) for one in since):
                return found
        else:
            ends = [went + step["lasts"], went + step["wait"]]
            goes = min(ends if deadline is None else [*ends, began + deadline]) + RECEIPT
            for one in since:
                is_lost = one[1:] == ("released", n)
                is_over = one.what == "over" and step["channel"] in IN_ROOM
                if is_lost or is_over:
                    goes = min(goes, one.at)
            if is_held_out or any(at <= goes for at in got):
                return found
        if deadline is not None and goes >= began + deadline:
            return found
        is_over = any(one.what == "over" and began < one.at <= goes for one in told)
        there = list(range(n + 1, len(steps)))
        there = [m for m in there if not (is_over and steps[m]["channel"] in IN_ROOM)]
        able = [m for m in there if m in can]
        if not able:
            return [*found, (goes, n + 1, "consent" if there else "session_over")]
        found.append((goes, able[0], ""))
