"""Effects on a terminal: the verdict first, every number with its people and its interval.

Lift is always said which: absolute in the units of the outcome, relative as a share of the control.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from qianmian.cli.report.view import BAD, GOOD, QUIET, View, section, table
from qianmian.experiments.effect import Comparison, Effect
from qianmian.experiments.groups import Groups
from qianmian.experiments.interval import Interval
from qianmian.experiments.strategy_effect import StrategyEffect
from qianmian.experiments.switchback import Switchback
from qianmian.experiments.table import VariantEffect
from qianmian.simulation.outcomes import Evening
from qianmian.strategies.suggesting import Suggestion
from qianmian.vocabulary.money import MINOR_DIGITS

STYLE: Final[Mapping[str | None, str]] = {"works": GOOD, "harms": BAD}
MONEY: Final = frozenset({"net_sales", "net_after_offers"})
"""Outcomes of strategies that are in minor units."""


def strategy_page(
    view: View, title: str, found: StrategyEffect, suggestion: Suggestion | None = None
) -> RenderableType:
    """The effect of a strategy: verdict, outcomes, checks, sessions, and the naive ratio last."""
    shows = _Shows(view, MONEY)
    effect = found.effect
    within = view.length(found.window_ms) if found.window_ms else view.say("effects.session")
    head = view.say("effects.of", title=title, version=found.version)
    goal = view.say("effects.goal", goal=shows.event(found.goal), within=within)
    parts = [
        section(head),
        shows.verdict(effect) if found.slices is None else shows.slices(found.slices),
        *([] if suggestion is None else [Text(view.say(f"effects.suggested.{suggestion.why}"))]),
        Text(
            goal
            if found.slices is None
            else view.say("effects.slices.goal", goal=shows.event(found.goal)),
            style=QUIET,
        ),
        *(shows.body(effect) if found.slices is None else shows.of_slices(found.slices)),
        *_notes(view, found),
    ]
    if found.sessions is not None and len(found.sessions.found) > 1:
        parts += [Text(view.say("effects.by_session")), shows.groups(found.sessions)]
    for key, groups in found.by.items():
        parts += [Text(view.say("effects.by_level", name=key)), shows.groups(groups)]
    naive = found.naive
    if naive is not None and naive.ratio is not None:
        counts = {"treated": naive.treated, "others": naive.others}
        said = view.say("effects.naive", ratio=f"{naive.ratio:.2f}", **_commas(counts))
        parts.append(Text(said, style=QUIET))
    if found.as_of:
        at = datetime.fromtimestamp(found.as_of / 1_000, UTC).astimezone(view.zone)
        said = view.say("effects.as_of", at=f"{at:%Y-%m-%d %H:%M:%S}", zone=view.zone)
        parts.append(Text(said, style=QUIET))
    return Group(parts[0], *(Padding.indent(one, 2) for one in parts[1:]))


def world_page(view: View, truth: Evening, found: StrategyEffect) -> RenderableType:
    """What is told of an invented evening, and the truth about it."""
    points = f"{100 * truth.true_effect:+.2f}".replace("-", "−") + view.say("effects.points")
    said = view.say("effects.truth", effect=points, **_commas(truth.kinds))
    title = view.say(f"effects.world.{found.strategy}")
    return Group(strategy_page(view, title, found), Padding.indent(Text(said, style="bold"), 2))


def table_page(view: View, found: VariantEffect, control: str) -> RenderableType:
    """The effect of one variant of a table."""
    shows = _Shows(view, frozenset())
    head = view.say("effects.variant", variant=found.variant, control=control)
    parts = [section(head), shows.verdict(found.effect), *shows.body(found.effect)]
    for column, groups in found.groups.items():
        parts += [Text(view.say("effects.by", column=column)), shows.groups(groups)]
    return Group(parts[0], *(Padding.indent(one, 2) for one in parts[1:]))


def _notes(view: View, found: StrategyEffect) -> list[RenderableType]:
    """Who and what is not in the numbers."""
    counts = {
        "waiting": found.waiting,
        "in_holdout": found.in_holdout,
        "unattributable": found.unattributable,
        "other_currency": found.other_currency,
        "placeless_refunds": found.placeless_refunds,
    }
    said = [view.texts.count(f"effects.{name}", n) for name, n in counts.items() if n]
    if found.offers_minor:
        said.append(view.say("effects.offers", amount=view.money(found.offers_minor)))
    if found.effect.primary is not None:
        said.append(view.say("effects.shared"))
    return [Text("· " + one, style=QUIET) for one in said]


def _commas(counts: Mapping[str, int]) -> dict[str, str]:
    return {name: f"{n:,}" for name, n in counts.items()}


class _Shows:
    """Shows the numbers of effects in one language.

    Args:
        money: names of outcomes in minor units.
    """

    def __init__(self, view: View, money: frozenset[str]) -> None:
        self._view = view
        self._money = money

    def event(self, name: str) -> str:
        """The goal in words."""
        return self._view.texts.get(f"effects.outcome.{name}", name)

    def verdict(self, effect: Effect) -> RenderableType:
        """One of three sentences, or why there is none."""
        say, n = self._view.say, {"treated": effect.treated, "control": effect.control}
        if effect.verdict is None or effect.primary is None:
            p = "" if effect.sample_ratio_p is None else f"{effect.sample_ratio_p:.2g}"
            return Text(say(f"effects.hidden.{effect.why_hidden}", p=p, **_commas(n)), style=BAD)
        one = effect.primary
        line = Text(
            say(f"effects.verdict.{effect.verdict}"), style=f"bold {STYLE.get(effect.verdict, '')}"
        )
        line.append("  ")
        name = self.event(one.name)
        line.append(say("effects.sentence", outcome=name, lift=self.absolute(one), **_commas(n)))
        if effect.verdict == "unsure":
            line.append("  ").append(self._needed(effect.still_needed))
        return line

    def slices(self, found: Switchback) -> RenderableType:
        """The verdict about whole rooms in a sentence."""
        say = self._view.say
        line = Text(
            say(f"effects.verdict.{found.verdict}"), style=f"bold {STYLE.get(found.verdict, '')}"
        ).append("  ")
        if found.more is None:
            left = max(found.next_look - found.waiting, 0)
            return line.append(say("effects.slices.too_few", slices=found.waiting, left=left))
        counts = {"acting": f"{found.acting:.2f}", "silent": f"{found.silent:.2f}"}
        lift = _signed(found.more, 2)
        line.append(say("effects.slices.sentence", lift=lift, slices=found.slices, **counts))
        if found.verdict == "unsure" and found.still_needed is not None:
            key = "more" if found.still_needed else "none"
            line.append("  ").append(say(f"effects.slices.needed.{key}", n=found.still_needed))
        return line

    def of_slices(self, found: Switchback) -> list[RenderableType]:
        """How slices were compared, and whether they may be believed."""
        told = {"waiting": found.waiting, "next": found.next_look}
        said: list[RenderableType] = [
            Text("· " + self._view.say("effects.slices.how"), style=QUIET),
            Text("· " + self._view.say("effects.slices.next", **told), style=QUIET),
        ]
        if found.is_carried:
            said.append(Text("· " + self._view.say("effects.slices.carried"), style=BAD))
        return said

    def _needed(self, people: int | None) -> str:
        key = "unknown" if people is None else "more" if people else "none"
        return self._view.say(f"effects.needed.{key}", people=f"{people or 0:,}")

    def body(self, effect: Effect) -> list[RenderableType]:
        """Outcomes and checks."""
        say = self._view.say
        found: list[RenderableType] = []
        if effect.primary is not None:
            found.append(self.outcomes((effect.primary, *effect.secondary)))
            for one in effect.secondary:
                if one.uncut is not None:
                    uncut = say(
                        "effects.uncut",
                        outcome=self.event(one.name),
                        lift=self._value(one, one.uncut),
                    )
                    found.append(Text("· " + uncut, style=QUIET))
        if effect.sample_ratio_p is None:
            found.append(Text("· " + say("effects.ratio.unsaid"), style=QUIET))
        elif effect.verdict is not None:
            p = f"{effect.sample_ratio_p:.3f}"
            found.append(Text("· " + say("effects.ratio.fine", p=p), style=QUIET))
        if effect.crossed:
            style = BAD if effect.is_crossed else QUIET
            share = f"{effect.crossed / (effect.treated + effect.control):.2%}"
            found.append(Text("· " + say("effects.crossed", share=share), style=style))
        return found

    def outcomes(self, comparisons: tuple[Comparison, ...]) -> Table:
        """A row for each outcome; p is corrected for there being several."""
        heads = ("outcome", "treated", "control", "absolute", "relative", "incremental")
        grid = self._table(heads)
        for one in comparisons:
            digits = 0 if one.is_yes_no else 1
            more = one.incremental if not self._is_money(one) else self._major(one.incremental)
            grid.add_row(
                self.event(one.name),
                self.mean(one, one.treated.mean),
                self.mean(one, one.control.mean),
                self.absolute(one),
                "—" if one.relative is None else _percent(one.relative, 1),
                _signed(more, digits),
            )
        return grid

    def groups(self, groups: Groups) -> RenderableType:
        """A row for each group, and whether they differ."""
        say = self._view.say
        grid = self._table(("group", "treated", "control", "absolute", "shrunk"))
        for one in groups.found:
            drawn = Interval(one.shrunk, one.shrunk, one.shrunk, 1.0)
            grid.add_row(
                self._view.texts.get(f"effects.group.{one.name}", one.name),
                f"{one.own.treated.n:,}",
                f"{one.own.control.n:,}",
                self.absolute(one.own),
                self._value(one.own, drawn).split(" [")[0],
            )
        differ = say("effects.differ.yes" if groups.differ else "effects.differ.no")
        parts: list[RenderableType] = [grid, Text(differ, style=QUIET)]
        if groups.left_out:
            names = ", ".join(groups.left_out)
            parts.append(Text(say("effects.left_out", groups=names), style=QUIET))
        return Group(*parts)

    def mean(self, one: Comparison, mean: float) -> str:
        """The mean of an arm: a share of people, money, or a number."""
        if one.is_yes_no:
            return f"{mean:.2%}"
        return self._money_text(mean) if self._is_money(one) else f"{mean:,.4g}"

    def absolute(self, one: Comparison) -> str:
        """The absolute lift with its interval."""
        return self._value(one, one.absolute)

    def _value(self, one: Comparison, found: Interval) -> str:
        if one.is_yes_no:
            return _signed(found.times(100), 2) + self._view.say("effects.points")
        shown = self._major(found) if self._is_money(one) else found
        return _signed(shown, 4 if max(-shown.low, shown.high) < 1 else 2)

    def _is_money(self, one: Comparison) -> bool:
        return one.name in self._money

    def _major(self, found: Interval) -> Interval:
        return found.times(10.0 ** -MINOR_DIGITS[self._view.currency or "CNY"])

    def _money_text(self, minor: float) -> str:
        return self._view.money(round(minor))

    def _table(self, heads: tuple[str, ...]) -> Table:
        sides = ["left", *["right"] * (len(heads) - 1)]
        titles = (self._view.say(f"effects.column.{one}") for one in heads)
        return table(*zip(titles, sides, strict=True))


def _percent(found: Interval, digits: int) -> str:
    return _signed(found.times(100), digits, "%")


def _signed(found: Interval, digits: int, unit: str = "") -> str:
    """`+1.5 [−0.2, +3.1]`, with a true minus."""
    value, low, high = (f"{part:+,.{digits}f}{unit}".replace("-", "−") for part in found[:3])
    return f"{value} [{low}, {high}]"
