"""Which steps of a strategy can go to somebody at an instant, and how long the first of them may.

Pure: a strategy, what the person said and what the shop has set up go in; places of steps come out,
or the reason why none can go.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from qianmian.strategies.consenting import may_reach
from qianmian.strategies.day import quiet_until
from qianmian.strategies.strategy import IN_SESSION, Guardrails, Step, Strategy
from qianmian.vocabulary.consent import Consents

Refusal = tuple[str, str]
"""Why nothing goes: a reason, and what it is about."""


class Way(NamedTuple):
    """The steps that can go, as fields of a decision. Units: instants in ms UTC."""

    step: int
    channels: tuple[str, ...]
    not_before: int
    deadline_at: int


def open_steps(
    strategy: Strategy,
    viewer: str | None,
    said: Consents,
    off: Collection[str],
    *,
    since: int = 0,
    is_here: bool = True,
) -> list[int] | Refusal:
    """The places of the steps that may go, or why none may.

    Args:
        viewer: None: it is for the whole room, which needs nobody's consent.
        off: channels over which the shop delivers nothing.
        since: the first place that is looked at.
        is_here: whether the room of the viewer has a session.
    """
    steps = strategy.steps
    on = [n for n in range(since, len(steps)) if steps[n].channel not in off]
    if not on and since < len(steps):
        return "channel_off", steps[since].channel
    there = on if is_here else [n for n in on if steps[n].channel not in IN_SESSION]
    if not there:
        return "session_over", ""
    allowed = [n for n in there if viewer is None or may_reach(steps[n].channel, said)]
    return allowed or ("consent", "")


def way_at(
    strategy: Strategy,
    places: Sequence[int],
    viewer: str | None,
    at: int,
    began: int,
    shop: Guardrails,
    zone: str,
) -> Way | Refusal:
    """The steps that quiet hours leave: held back no longer than their deadline.

    Args:
        places: of the steps that may go.
        began: when the first decision was made, from which the strategy's deadline counts.
    """
    steps, until = strategy.steps, None
    if shop.quiet_from != shop.quiet_until and viewer is not None:
        until = quiet_until(at, zone, shop.quiet_from, shop.quiet_until)
    ends = None if strategy.deadline_ms is None else began + strategy.deadline_ms

    def latest(place: int) -> int:
        last = at + steps[place].lasts_ms
        return last if ends is None else min(last, ends)

    left = [n for n in places if until is None or _is_awake(steps[n]) or until < latest(n)]
    if not left:
        return "quiet_hours", ""
    first = left[0]
    not_before = at if until is None or _is_awake(steps[first]) else until
    deadline_at, step = latest(first), steps[first]
    if first + 1 < len(steps) and not step.wait_for:
        deadline_at = min(deadline_at, not_before + step.waits_ms)
    return Way(first, tuple(steps[n].channel for n in left), not_before, deadline_at)


def _is_awake(step: Step) -> bool:
    """Whether quiet hours do not concern it."""
    return step.channel in IN_SESSION
