"""Today: what needs somebody now, each a sentence with a place to go."""

from __future__ import annotations

import asyncio
from typing import Annotated, Final

from fastapi import APIRouter

from qianmian.errors import QianmianError
from qianmian.runtime.live import Live
from qianmian.server.api.effects import (
    HarmModel,
    StrategyEffectModel,
    effects_now,
    harm_told,
    told_of,
)
from qianmian.server.api.models import Model, Words
from qianmian.server.api.roles import Needs, may
from qianmian.server.api.strategies import names_of, offers_now
from qianmian.server.api.strategy_models import OfferModel
from qianmian.server.api.who import Here, Who
from qianmian.server.guarding import acting
from qianmian.server.needs import (
    Kind,
    Need,
    Stock,
    by_urgency,
    of_effects,
    of_follow_ups,
    of_harms,
    of_offers,
    of_sessions,
    of_sources,
)
from qianmian.server.site import Site
from qianmian.vocabulary.time import MINUTE_MS

router = APIRouter(tags=["home"])
FAMILIES: Final = {"offer_ends": "offer", "silent": "source", "next_session": "room"}
"""What `key` is of; else a strategy."""
LOOKED_MS: Final = 2 * MINUTE_MS
"""Harms are looked at each minute anyway (`server.guarding`)."""


class NeedModel(Model):
    """Something that needs somebody.

    `key`: the strategy, source, offer or room, and `names` what it is called; `n`: how many, `at`:
    since or until when (ms UTC), `effect`, `harm`: where that is the reason.
    """

    kind: Kind
    key: str
    names: Words | None
    n: int
    at: int | None
    effect: StrategyEffectModel | None
    harm: HarmModel | None


class HomeModel(Model):
    """What needs somebody, the most urgent first; `problem`: why nothing is known of effects."""

    as_of: int
    needs: list[NeedModel]
    problem: str | None


@router.get("/home")
async def home(site: Here, who: Annotated[Who, Needs("home.read")]) -> HomeModel:
    """What needs somebody now, of what the role may see."""
    found, problem = await _strategies(site)
    if may(who.role, "follow_ups.read"):
        found += of_follow_ups(await site.follow_ups.deadlines(), site.now())
    if may(who.role, "letters.read"):
        letters = await asyncio.to_thread(site.dead_letters.count)
        found += [Need("dead_letters", n=letters)] if letters else []
    heard, starts, is_live = await site.deployment.ask(_heard)
    if may(who.role, "data.read"):
        found += of_sources(heard, is_live=is_live, now=site.now())
    found += of_sessions(starts, site.now())
    names = await _names(site)
    return HomeModel(
        as_of=site.now(),
        needs=[await _model(site, one, names) for one in by_urgency(found)],
        problem=problem,
    )


async def _strategies(site: Site) -> tuple[list[Need], str | None]:
    """What strategies need, and why nothing can be said of their effects, if so."""
    found: list[Need] = []
    if (await site.strategies.guardrails()).is_stopped:
        found.append(Need("stopped"))
    modes = {}
    for one in await site.strategies.entries():
        if one.in_force is not None:
            modes[one.key] = one.in_force.mode
        elif one.of_file is not None:
            modes[one.key] = one.of_file.mode
        if one.left_out is not None:
            found.append(Need("cannot_run", one.key))
        if (waiting := one.version("approval")) is not None:
            found.append(Need("waiting", one.key, at=waiting.changed_at))
    stocks = [_stock(one) for one in await offers_now(site) if one.used_by]
    found += of_offers([one for one in stocks if one is not None])
    try:
        told = [(modes.get(one.key, "ended"), effect) for one, effect in await effects_now(site)]
        harms = {}
        for strategy, since in map(acting, await site.strategies.entries()):
            if strategy is not None:
                harms[strategy.key] = await site.measurer.harms(
                    strategy, since=since, within_ms=LOOKED_MS
                )
    except QianmianError as problem:  # history cannot be read: all else is still told
        return found, problem.message
    found += of_effects(told)
    harming = {one.key for one in found if one.kind == "harms"}
    return found + [one for one in of_harms(harms) if one.key not in harming], None


def _stock(one: OfferModel) -> Stock | None:
    """What ends first: its stock, or its codes; None: neither ends."""
    stock = one.offer.get("stock")
    left = [] if stock is None else [Stock(one.offer["key"], stock - one.given, stock)]
    if one.codes is not None and one.codes_left is not None:
        left.append(Stock(one.offer["key"], one.codes_left, one.codes))
    return min(left, key=lambda each: each.left, default=None)


def _heard(live: Live) -> tuple[dict[str, int], dict[str, int], bool]:
    """When each source was heard, when announced sessions start, and whether a room is live."""
    heard = {name: view.last_at for name, view in live.sources.items() if name}
    is_live = live.engine is not None and bool(live.engine.open_rooms())
    return heard, live.decider.agenda.starts, is_live


async def _names(site: Site) -> dict[str, Words]:
    """What strategies and offers are called."""
    found: dict[str, Words] = {
        f"offer.{one.key}": {"zh": one.title, "en": one.title}
        for one in await site.strategies.offers()
    }
    for one in await site.strategies.entries():
        newest = one.versions[0].strategy if one.versions else one.of_file
        found[f"strategy.{one.key}"] = names_of(newest, one.key)
    return found


async def _model(site: Site, one: Need, names: dict[str, Words]) -> NeedModel:
    family, effect = FAMILIES.get(one.kind, "strategy"), None
    if one.effect is not None:
        entry = await site.strategies.entry(one.effect.strategy)
        effect = await told_of(site, entry, one.effect)
    return NeedModel(
        kind=one.kind,
        key=one.key,
        names=names.get(f"{family}.{one.key}"),
        n=one.n,
        at=one.at,
        effect=effect,
        harm=None if one.harm is None else harm_told(one.harm),
    )
