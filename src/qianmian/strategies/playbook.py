"""What a playbook is: a built-in strategy that an operator copies and makes their own.

A catalog file holds `DEFINITION = Playbook(...)`: when, for whom, over which channels, how much and
how often. Its words are in `locales/<locale>/playbooks.json` under the same key: title, reason, the
texts of each step, and title and rules of its offer. Its example is its test: a story, and when it
would act.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from qianmian.errors import InputError
from qianmian.moments.definition import Example
from qianmian.strategies.strategy import (
    ChannelKind,
    Goal,
    Limits,
    Schedule,
    Step,
    Strategy,
)
from qianmian.vocabulary.money import MINOR_DIGITS
from qianmian.vocabulary.offer import Offer
from qianmian.vocabulary.time import DAY_MS, HOUR_MS, MINUTE_MS

Group = Literal["new", "active", "dormant", "high_value", "moment", "example"]
"""Whom it is for: the four groups of viewers, anybody at one moment, or one person as described."""
GROUPS: Final[tuple[Group, ...]] = (
    "new",
    "active",
    "dormant",
    "high_value",
    "moment",
    "example",
)

SOON: Final = Goal(within_ms=HOUR_MS)
TODAY: Final = Goal(within_ms=DAY_MS)
STAYS: Final = Goal(event="comment_sent", within_ms=30 * MINUTE_MS)
"""Goals that playbooks share: buys in this session, buys today, or says something."""
ONCE: Final = Limits()

Told = Mapping[str, Any]
"""The words of a playbook in one language."""


@dataclass(frozen=True, slots=True)
class OfferSketch:
    """What goes with a playbook; the shop changes the numbers before it promises anything.

    Units: amount_major and least_order_major in whole units of the shop's currency.
    """

    amount_major: int = 0
    least_order_major: int = 0
    stock: int | None = 100
    valid_for_ms: int | None = DAY_MS


@dataclass(frozen=True, slots=True)
class Wait:
    """How long a step waits, and for what the viewer does, before the next one goes.

    Units: ms after it went. `until` is an event; "": that the step has reached.
    """

    ms: int
    until: str = ""


@dataclass(frozen=True, slots=True)
class Playbook:
    """One playbook.

    Attributes are those of `Strategy`; `moment` and `whom` as the condition language names them
    (`moment.KEY`, `segment.KEY`); `channels` has one for each step, `waits` one for
    each but the last, or none. `lasts_ms`: how long each may still be delivered; None: as usual for
    its channel.
    """

    key: str
    group: Group
    moment: str
    channels: tuple[ChannelKind, ...]
    example: Example
    whom: tuple[str, ...] = ()
    conditions: str = ""
    offer: OfferSketch | None = None
    limits: Limits = ONCE
    priority: int = 50
    goal: Goal = TODAY
    schedule: Schedule | None = None
    lasts_ms: int | None = None
    waits: tuple[Wait, ...] = ()

    def strategy(self, told: Mapping[str, Told], locale: str) -> Strategy:
        """The strategy with its words in one language, a draft under the key of the playbook.

        Args:
            told: the words by locale; a title is told in every one.

        Raises: InputError when the words are not of as many steps.
        """
        words = told[locale]
        texts = list(words["steps"].values())
        if len(texts) != len(self.channels):
            raise InputError(
                f'the playbook "{self.key}" has {len(self.channels)} steps, and its words'
                f" {len(texts)}"
            )
        waits = [_said(one) for one in self.waits] or [{}] * (len(texts) - 1)
        steps = zip(self.channels, texts, (*waits, {}), strict=True)
        return Strategy(
            key=self.key,
            moment=self.moment.removeprefix("moment."),
            schedule=self.schedule,
            steps=tuple(
                Step(channel=channel, deadline_ms=self.lasts_ms, **text, **wait)
                for channel, text, wait in steps
            ),
            title={"zh": told["zh-CN"]["title"], "en": told["en-US"]["title"]},
            reason=words["reason"],
            whom=tuple(one.removeprefix("segment.") for one in self.whom),
            conditions=self.conditions,
            offer=None if self.offer is None else self.key,
            limits=self.limits,
            priority=self.priority,
            goal=self.goal,
        )

    def offered(self, told: Mapping[str, Told], locale: str, currency: str) -> Offer | None:
        """The offer that goes with it, under the key of the playbook."""
        sketch = self.offer
        if sketch is None:
            return None
        words, unit = told[locale]["offer"], 10 ** MINOR_DIGITS[currency]
        return Offer(
            key=self.key,
            title=words["title"],
            rules=words["rules"],
            amount_minor=sketch.amount_major * unit,
            least_order_minor=sketch.least_order_major * unit,
            cost_minor=sketch.amount_major * unit,
            stock=sketch.stock,
            valid_for_ms=sketch.valid_for_ms,
        )


def _said(wait: Wait) -> dict[str, Any]:
    return {"wait_ms": wait.ms, "wait_for": wait.until}
