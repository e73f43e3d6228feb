"""A shop with strategies, for tests of deciding: firings are made by hand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from qianmian.language.definition import STRATEGY_PREFIX
from qianmian.strategies.assignment import is_in_share
from qianmian.strategies.deciding import HOLDOUT_SEED, Decider
from qianmian.strategies.strategy import Guardrails, Limits, Step, Strategies, Strategy
from qianmian.vocabulary.consent import NOTHING_SAID, Consents
from qianmian.vocabulary.decision import Decision
from qianmian.vocabulary.firing import Firing
from qianmian.vocabulary.offer import Offer

NOON = 1_790_000_000_000 - 1_790_000_000_000 % 86_400_000 + 4 * 3_600_000
"""Noon in Shanghai."""
MINUTE = 60_000
SAY = Step("in_room", title="给你的券", body="{offer|优惠}")


def strategy(key: str = "coupon", **fields: Any) -> Strategy:
    """A strategy that is fully on, without a control, so that every match can act."""
    given: dict[str, Any] = {"version": 1, "moment": "hesitation", "steps": (SAY,)}
    given |= {"control": 0, "why_no_control": "a test", "mode": "full"}
    return Strategy(key=key, **(given | fields))


def offer(key: str = "ten_off", **fields: Any) -> Offer:
    return Offer(key, "立减十元", "每人一张", cost_minor=fields.pop("cost_minor", 1_000), **fields)


def firing(
    at: int, viewer: str | None = "v1", of: str = "coupon", *, room: str = "r1", **fields: Any
) -> Firing:
    session = fields.pop("session", "s1")
    key = fields.pop("key", None)
    return Firing(at, viewer, room, session, f"{STRATEGY_PREFIX}{of}", 1, key)


def decider(
    *strategies: Strategy, offers: Iterable[Offer] = (), guardrails: Guardrails | None = None
) -> Decider:
    """A decider without a global holdout and quiet hours, unless they are given."""
    shop = Guardrails(holdout=0, quiet_from=0, quiet_until=0) if guardrails is None else guardrails
    found = Decider()
    found.change(Strategies(tuple(strategies), tuple(offers), shop))
    return found


def silent(_viewer: str) -> Consents:
    return NOTHING_SAID


def decided(by: Decider, *firings: Firing, consents: Any = silent) -> list[Decision]:
    """What is decided about these, once the clock has passed them."""
    by.note(firings)
    return by.decide(max(one.at for one in firings) + 1, consents)


def outcomes(decisions: Iterable[Decision]) -> list[tuple[str, str]]:
    return [(one.outcome, one.reason) for one in decisions]


def somebody(seed: str, share: int, *, inside: bool, name: str = "n{}") -> str:
    """A viewer who falls into a share of a seed, or does not; and into no global holdout."""
    return next(
        name
        for name in map(name.format, range(10_000))
        if is_in_share(seed, name, share) is inside
        and (seed.startswith(HOLDOUT_SEED) or not is_in_share(f"{HOLDOUT_SEED}default", name, 500))
    )


ONCE = Limits(per_session=1)
OFTEN = Limits(per_session=None)
