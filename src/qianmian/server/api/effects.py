"""What strategies really changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field

from qianmian.bootstrap.measured import measured
from qianmian.experiments.harms import Harm
from qianmian.experiments.strategy_effect import StrategyEffect, strategy_document
from qianmian.experiments.told import interval_document
from qianmian.server.api.calling import teller_on
from qianmian.server.api.definition_models import NamedModel
from qianmian.server.api.models import Model, Words
from qianmian.server.api.roles import Needs
from qianmian.server.api.strategies import names_of
from qianmian.server.api.who import Here, Who
from qianmian.server.guarding import acting
from qianmian.server.site import Site
from qianmian.server.strategy_desk import StrategyEntry
from qianmian.strategies.strategy import Mode
from qianmian.strategies.suggesting import Advice, advice, suggested

router = APIRouter(tags=["strategies"])
Key = Annotated[str, Path(max_length=48)]
Level = Annotated[str, Field(max_length=64)]
"""The key of a tag or segment."""
MOST_LEVELS: Final = 5


class IntervalModel(Model):
    """A value and between what it lies, at 95 %, however often somebody looks."""

    value: float
    low: float
    high: float


class EffectArm(Model):
    """The people of one arm: how many, of how many the outcome is not 0, its sum and mean."""

    n: int
    with_outcome: int
    total: float
    mean: float


class ComparisonModel(Model):
    """One outcome of both arms.

    `absolute`: more per person, `relative`: more as a share of the control's mean, `incremental`:
    more of all the treated together; `uncut`: absolute without cutting tails. `name` is reached,
    orders, net_sales or net_after_offers; the last two are in minor units.
    """

    name: str
    treated: EffectArm
    control: EffectArm
    absolute: IntervalModel
    relative: IntervalModel | None
    uncut: IntervalModel | None
    incremental: IntervalModel
    p: float
    is_enough: bool
    is_yes_no: bool


class EffectModel(Model):
    """The verdict and what it rests on; null and empty where it is hidden.

    `why_hidden`: no_control, sample_ratio or by_slices. `still_needed`: people, where it is not
    sure.
    """

    verdict: Literal["works", "harms", "unsure"] | None
    why_hidden: str
    treated: int
    control: int
    sample_ratio_p: float | None
    crossed: int
    is_crossed: bool
    still_needed: int | None
    primary: ComparisonModel | None
    secondary: list[ComparisonModel]


class EffectGroup(ComparisonModel):
    """The effect in one group; `shrunk`: absolute, drawn towards that of all groups."""

    group: str
    shrunk: float


class EffectGroups(Model):
    """The effect by group; `differ`: whether it may be said that groups differ."""

    differ: bool
    differ_p: float
    left_out: list[str]
    groups: list[EffectGroup]


class StandingModel(Model):
    """What was known of the goal as of an instant (ms UTC), of those whose time was over then."""

    as_of: int
    treated: int
    control: int
    absolute: IntervalModel
    relative: IntervalModel | None


class NaiveModel(Model):
    """Selection, not an effect: the treated beside the others who were there."""

    treated: int
    treated_reached: int
    others: int
    others_reached: int
    ratio: float | None


class HarmModel(Model):
    """A harm that is watched: how much worse it is for the treated, as a share of people.

    `name`: missed (fewer reach the goal), left, dismissed, refunded, unsubscribed or
    complained. Where the whole interval of `more` lies above `tolerated`, it is crossed, and the
    strategy is paused; `is_near`: most of it does. Counted are people whose first decision came
    after somebody last changed how far it goes.
    """

    name: str
    treated: int
    control: int
    more: IntervalModel
    tolerated: float
    is_crossed: bool
    is_near: bool


class SlicesModel(Model):
    """The effect on whole rooms: slices of five minutes that acted, beside those that were silent.

    `slices`: compared at the last look, both arms together; `waiting`: over, and of the next look,
    which comes at `next_look`. `acting`, `silent` and `more` are in events of the goal per minute.
    `more` is null before the first look; its interval holds at every look. `is_carried`: what a
    slice did is still seen in the next one.
    """

    verdict: Literal["works", "harms", "unsure"]
    slices: int
    waiting: int
    acting: float
    silent: float
    more: IntervalModel | None
    next_look: int
    still_needed: int | None
    carried_p: float
    is_carried: bool


class SuggestionModel(Model):
    """A step that the interval suggests; who may take it takes it, nothing is done by itself."""

    step: Literal["widen", "end"]
    why: Literal["works", "harms", "not_worth_it"]


class StrategyEffectModel(Model):
    """The effect of one version of a strategy, as of a clock (ms UTC; 0: nothing yet).

    `window_ms` 0: the goal counts until the session of the decision ends.
    `by`: for each tag or segment that was asked for the groups "no" and "yes", as people were when
    the first in their session was decided about. `advice`: what to do next, first things first.
    """

    strategy: str
    version: int
    goal: str
    window_ms: int
    as_of: int
    waiting: int
    in_holdout: int
    placeless_refunds: int
    unattributable: int
    other_currency: int
    offers_minor: int
    effect: EffectModel
    sessions: EffectGroups | None
    by: dict[str, EffectGroups]
    over_time: list[StandingModel]
    slices: SlicesModel | None
    naive: NaiveModel | None
    harms: list[HarmModel]
    suggestion: SuggestionModel | None
    advice: list[Advice]


class EffectReport(Model):
    """The effect of a strategy with what it is called.

    `mode`: of the strategy now. `levels`: the tags and segments by which it is told.
    """

    key: str
    names: Words
    mode: Mode
    found: StrategyEffectModel
    levels: list[NamedModel]


@router.get("/strategies/{key}/effect")
async def effect(
    key: Key,
    site: Here,
    _who: Annotated[Who, Needs("strategies.read")],
    version: Annotated[int | None, Query(ge=1, le=1 << 31)] = None,
    by: Annotated[list[Level] | None, Query(max_length=MOST_LEVELS)] = None,
) -> StrategyEffectModel:
    """What a version changed; by default that in force, else the newest that was, or that is."""
    entry = await site.strategies.entry(key)
    strategy = measured(key, entry.versions, entry.of_file, version)
    active = await site.desk.active() if by else []
    found = await site.measurer.effect(strategy, site.currency, by or [], active)
    return await told_of(site, entry, found)


@router.get("/effects")
async def effects(site: Here, _who: Annotated[Who, Needs("strategies.read")]) -> list[EffectReport]:
    """The effect of every strategy that has decided, by key."""
    return [await report_of(site, one, found) for one, found in await effects_now(site)]


@router.get("/effects/{key}")
async def effect_report(
    key: Key,
    site: Here,
    _who: Annotated[Who, Needs("strategies.read")],
    by: Annotated[list[Level] | None, Query(max_length=MOST_LEVELS)] = None,
) -> EffectReport:
    """The effect of one strategy, by the tags and segments nearest to it, or by those named."""
    entry = await site.strategies.entry(key)
    strategy = measured(key, entry.versions, entry.of_file, None)
    active = await site.desk.active()
    if by:
        found = await site.measurer.effect(strategy, site.currency, by, active)
    else:
        found = await site.measurer.effect_near(strategy, site.currency, active)
    kinds = {one.key: one.kind for one in active if one.key in found.by}
    teller = await teller_on(site, await site.desk.entries())
    named = teller.named((kinds[one], one) for one in found.by)
    return await report_of(site, entry, found, named)


async def effects_now(site: Site) -> list[tuple[StrategyEntry, StrategyEffect]]:
    """The effect of every strategy that has decided, by key."""
    entries = await site.strategies.entries()
    wanted = [measured(one.key, one.versions, one.of_file, None) for one in entries]
    found = await site.measurer.effects(wanted, site.currency)
    return [one for one in zip(entries, found, strict=True) if one[1].has_decided]


async def report_of(
    site: Site, entry: StrategyEntry, found: StrategyEffect, levels: Iterable[NamedModel] = ()
) -> EffectReport:
    """The report of a strategy; `levels` are the tags and segments by which it is told."""
    strategy = measured(entry.key, entry.versions, entry.of_file, found.version)
    return EffectReport(
        key=entry.key,
        names=names_of(strategy, entry.key),
        mode=strategy.mode,
        found=await told_of(site, entry, found),
        levels=list(levels),
    )


async def told_of(site: Site, entry: StrategyEntry, found: StrategyEffect) -> StrategyEffectModel:
    """The effect with the harms, as those that pause it are counted."""
    strategy = measured(entry.key, entry.versions, entry.of_file, found.version)
    acts, since = acting(entry)
    mine = since if acts is not None and acts.version == strategy.version else 0
    harms = [harm_told(one) for one in await site.measurer.harms(strategy, since=mine)]
    step = suggested(strategy.mode, found)
    more = {
        "harms": harms,
        "suggestion": None if step is None else step._asdict(),
        "advice": advice(strategy.mode, found),
    }
    return StrategyEffectModel.model_validate({**strategy_document(found), **more})


def harm_told(one: Harm) -> HarmModel:
    """A harm in the words of the API."""
    return HarmModel.model_validate({**asdict(one), "more": interval_document(one.more)})
