"""Strategies, offers, the limits of the shop and the red switch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, TypeVar

import msgspec
from fastapi import APIRouter, Path

from qianmian.errors import InputError, NotThere, QianmianError
from qianmian.language.definition import Definition
from qianmian.language.sentence import Titles
from qianmian.locales.texts import Texts
from qianmian.runtime.live import Live
from qianmian.server.api.calling import titles_on
from qianmian.server.api.definition_told import LOCALES, spoken_definition
from qianmian.server.api.models import Words
from qianmian.server.api.roles import Needs
from qianmian.server.api.schedule_told import spoken_schedule
from qianmian.server.api.strategy_models import (
    ApprovalGiven,
    GuardrailsBody,
    LimitsGiven,
    LimitsModel,
    OfferBody,
    OfferModel,
    StepGiven,
    StrategyBody,
    StrategyDetail,
    StrategyModel,
    StrategyUnderstood,
    StrategyVersionModel,
    SwitchGiven,
    SwitchModel,
    TodayModel,
)
from qianmian.server.api.who import Here, Who
from qianmian.server.site import Site
from qianmian.server.strategy_desk import StrategyEntry
from qianmian.storage.decided import Tally, Told
from qianmian.strategies.minors import without_minor_guards
from qianmian.strategies.modes import StrategyVersion, running, steps_from
from qianmian.strategies.strategy import Guardrails, Mode, Strategy
from qianmian.vocabulary.decision import ACT, HELD_OUT, SUPPRESSED
from qianmian.vocabulary.minors import MinorsMode
from qianmian.vocabulary.offer import Offer

T = TypeVar("T", bound=msgspec.Struct)
Key = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,47}$")]
Number = Annotated[int, Path(ge=1, le=1 << 31)]
Reading = Annotated[Who, Needs("strategies.read")]
Making = Annotated[Who, Needs("strategies.write")]
Approving = Annotated[Who, Needs("strategies.approve")]
Leading = Annotated[Who, Needs("limits.write")]
Stopping = Annotated[Who, Needs("strategies.stop")]

router = APIRouter(tags=["strategies"])


@router.get("/strategies")
async def strategies(site: Here, _who: Reading) -> list[StrategyModel]:
    """Every strategy, by key."""
    told = await site.decided.today()
    return [_model(one, told) for one in await site.strategies.entries()]


@router.post("/strategies/check")
async def check(given: StrategyBody, site: Here, _who: Reading) -> StrategyUnderstood:
    """What a strategy means, and whether it could run; nothing is changed."""
    try:
        strategy = _read(given, Strategy)
        found = await site.strategies.check(strategy)
    except QianmianError as problem:
        where = problem.params.get("field") or problem.params.get("path")
        return StrategyUnderstood(
            usable=False,
            problem=problem.message,
            code=problem.code,
            field=None if where is None else str(where),
        )
    return StrategyUnderstood(
        usable=True,
        sentence=_spoken(strategy, found, await titles_on(site), site.minors),
        again_after_ms=found.again_after_ms,
        deadlines_ms=[step.lasts_ms for step in strategy.steps],
        passed_over=site.strategies.in_force.passed_over(strategy),
    )


@router.get("/strategies/{key}")
async def strategy(key: Key, site: Here, _who: Reading) -> StrategyDetail:
    """One of them, with every version."""
    return await _detail(site, key)


@router.put("/strategies/{key}/draft")
async def save_draft(key: Key, given: StrategyBody, site: Here, who: Making) -> StrategyDetail:
    """Keep what somebody is writing; it need not be able to run yet."""
    strategy = _read({**given, "key": key}, Strategy)
    await site.strategies.save_draft(strategy, who.actor)
    return await _detail(site, key)


@router.delete("/strategies/{key}/draft", status_code=204)
async def drop_draft(key: Key, site: Here, who: Making) -> None:
    """Throw a draft away."""
    if not await site.strategies.drop_draft(key, who.actor):
        raise NotThere(f'the strategy "{key}" has no draft')


@router.post("/strategies/{key}/versions/{version}/step")
async def take_step(
    key: Key, version: Number, given: StepGiven, site: Here, who: Making
) -> StrategyDetail:
    """Bring a version one step further on its way."""
    await site.strategies.take(key, version, given.step, who.actor, why=given.why)
    return await _detail(site, key)


@router.post("/strategies/{key}/versions/{version}/approval")
async def approve(
    key: Key, version: Number, given: ApprovalGiven, site: Here, who: Approving
) -> StrategyDetail:
    """What only those do who approve; nobody approves what they made or asked for."""
    await site.strategies.take(key, version, given.step, who.actor, why=given.why)
    return await _detail(site, key)


@router.get("/offers")
async def offers(site: Here, _who: Reading) -> list[OfferModel]:
    """Every offer, with how many were given."""
    return await offers_now(site)


@router.put("/offers/{key}")
async def put_offer(key: Key, given: OfferBody, site: Here, who: Leading) -> list[OfferModel]:
    """Make or change an offer; what was promised stays promised."""
    await site.strategies.put_offer(_read({**given, "key": key}, Offer), who.actor)
    return await offers_now(site)


@router.delete("/offers/{key}", status_code=204)
async def drop_offer(key: Key, site: Here, who: Leading) -> None:
    """Take an offer away that no strategy names any more."""
    await site.strategies.drop_offer(key, who.actor)


@router.get("/limits")
async def limits(site: Here, _who: Reading) -> LimitsModel:
    """The limits of the shop."""
    return await _limits(site)


@router.put("/limits")
async def put_limits(given: LimitsGiven, site: Here, who: Leading) -> LimitsModel:
    """New limits; the red switch stays as it is."""
    desk = site.strategies
    if given.guardrails is not None:
        wanted: Guardrails = _read(given.guardrails, Guardrails)
        if wanted.holdout == 0 and not wanted.why_no_holdout.strip():
            raise InputError(
                "without a holdout nobody can say what all strategies bring together; say why"
                " there is none",
                field="why_no_holdout",
            )
        is_stopped = (await desk.guardrails()).is_stopped
        wanted = msgspec.structs.replace(wanted, is_stopped=is_stopped)
        await desk.put_guardrails(wanted, who.actor, why=given.why)
    if given.single_person is not None:
        await desk.set_alone(who.actor, is_alone=given.single_person, why=given.why)
    return await _limits(site)


@router.get("/switch")
async def switch(site: Here, _who: Reading) -> SwitchModel:
    """Whether all strategies are stopped."""
    return SwitchModel(is_stopped=(await site.strategies.guardrails()).is_stopped)


@router.put("/switch")
async def turn_switch(given: SwitchGiven, site: Here, who: Stopping) -> SwitchModel:
    """Stop all strategies at once, or let them go on."""
    await site.strategies.stop(who.actor, is_stopped=given.is_stopped, why=given.why)
    return SwitchModel(is_stopped=given.is_stopped)


async def _detail(site: Site, key: str) -> StrategyDetail:
    found = await site.strategies.entry(key)
    history = [_version(one) for one in found.versions]
    told = await site.decided.today()
    return StrategyDetail(**_model(found, told).model_dump(), history=history)


async def offers_now(site: Site) -> list[OfferModel]:
    """Every offer, with how many were given and are left."""
    kept = await site.strategies.kept()
    pools = kept.codes

    def read(live: Live) -> tuple[dict[str, int], dict[str, int]]:
        ledger = live.decider.ledger
        return dict(ledger.given), {key: ledger.left(key, n) for key, n in pools.items()}

    given, left = await site.deployment.ask(read)
    mine = {one.key for one in kept.offers}
    decide = running(site.strategies.base, kept.versions)
    return [
        OfferModel(
            offer=msgspec.to_builtins(one),
            given=given.get(one.key, 0),
            codes=pools.get(one.key),
            codes_left=left.get(one.key),
            of_file=one.key not in mine,
            used_by=[some.key for some in decide if some.offer == one.key],
        )
        for one in await site.strategies.offers()
    ]


async def _limits(site: Site) -> LimitsModel:
    kept = await site.strategies.kept()
    found: GuardrailsBody = msgspec.to_builtins(await site.strategies.guardrails())
    return LimitsModel(guardrails=found, single_person=kept.is_alone)


def _model(found: StrategyEntry, told: Told) -> StrategyModel:
    newest = found.versions[0].strategy if found.versions else found.of_file
    now, waiting, draft = found.in_force, found.version("approval"), found.version("draft")
    is_of_file = found.of_file is not None and now is None and not found.version("ended")
    shown = now or waiting or draft
    mode: Mode = "ended" if shown is None else shown.mode
    if is_of_file and found.of_file is not None:
        mode = found.of_file.mode
    return StrategyModel(
        key=found.key,
        names=names_of(newest, found.key),
        mode=mode,
        of_file=msgspec.to_builtins(found.of_file) if is_of_file else None,
        now=_maybe(now),
        waiting=_maybe(waiting),
        draft=_maybe(draft),
        problem=None if found.left_out is None else found.left_out.message,
        today=_today(told.get(found.key, {})),
    )


def names_of(strategy: Strategy | None, key: str) -> Words:
    """How a strategy is called, in both languages."""
    title = {} if strategy is None else strategy.title
    first = next(iter(title.values()), key)
    return {"zh": title.get("zh", first), "en": title.get("en", first)}


def _today(told: Mapping[Tally, int]) -> TodayModel:
    real = {one: n for one, n in told.items() if not one.is_rehearsal}
    reasons = Counter[str]()
    for one, n in real.items():
        if one.outcome == SUPPRESSED:
            reasons[one.reason] += n
    return TodayModel(
        acted=sum(n for one, n in real.items() if one.outcome == ACT),
        held_out=sum(n for one, n in real.items() if one.outcome == HELD_OUT),
        rehearsed=sum(n for one, n in told.items() if one.is_rehearsal and one.outcome == ACT),
        suppressed=sum(reasons.values()),
        reasons=dict(sorted(reasons.items())),
    )


def _spoken(strategy: Strategy, found: Definition, titles: Titles, minors: MinorsMode) -> Words:
    """When it decides; that it leaves out minors is said, and how that is known is not."""
    expr, is_for_adults = without_minor_guards(found.expr, minors)
    plain = replace(found, expr=expr)
    said = (
        spoken_definition(plain, titles)
        if strategy.schedule is None
        else spoken_schedule(strategy.schedule, plain, titles)
    )
    if not is_for_adults:
        return said
    who = "adults_only" if minors == "strict" else "adults"
    return {
        language: Texts(locale, "schedules").say(who, sentence=said[language])
        for language, locale in LOCALES.items()
    }


def _maybe(one: StrategyVersion | None) -> StrategyVersionModel | None:
    return None if one is None else _version(one)


def _version(one: StrategyVersion) -> StrategyVersionModel:
    names = ("made_at", "made_by", "asked_by", "approved_by", "changed_at", "changed_by", "why")
    return StrategyVersionModel(
        strategy=msgspec.to_builtins(one.strategy),
        version=one.strategy.version,
        mode=one.mode,
        steps=steps_from(one),
        **{name: getattr(one, name) for name in names},
    )


def _read(given: object, kind: type[T]) -> T:
    """What was given, as it is written in a file.

    Raises: InputError that names the field.
    """
    try:
        return msgspec.convert(given, kind)
    except msgspec.ValidationError as problem:
        what, _, where = str(problem).partition(" - at `$")
        field = where.rstrip("`").lstrip(".")
        raise InputError(f"{field}: {what}" if field else what, field=field or None) from problem
