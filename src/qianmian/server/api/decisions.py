"""What strategies decided, and why something happened to a viewer, or nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Path, Query

from qianmian.language.sentence import Titles
from qianmian.locales.texts import Texts
from qianmian.runtime.evidence import Explainer
from qianmian.runtime.live import Live
from qianmian.runtime.timeline import timeline_of
from qianmian.server.api.calling import titles_on
from qianmian.server.api.definition_told import LOCALES, spoken
from qianmian.server.api.models import Words
from qianmian.server.api.roles import Needs
from qianmian.server.api.strategies import names_of
from qianmian.server.api.strategy_models import DecisionModel, GuardModel, WhyModel, WhyPage
from qianmian.server.api.who import Here, Who
from qianmian.server.site import Site
from qianmian.server.whys import Asked, Why, whys_of
from qianmian.strategies.strategy import Strategy
from qianmian.vocabulary.decision import ACT, HELD_OUT, Decision
from qianmian.vocabulary.time import HOUR_MS

router = APIRouter(tags=["strategies"])

Reading = Annotated[Who, Needs("strategies.read")]
Most = Annotated[int, Query(ge=1, le=500)]
SPEAKS: Final = "service"


@router.get("/strategies/{key}/decisions")
async def of_strategy(
    key: Annotated[str, Path(max_length=64)], site: Here, who: Reading, limit: Most = 100
) -> list[DecisionModel]:
    """The newest decisions of a strategy within two days, newest first; some seconds old."""
    return await _told(site, _for(who, await site.decided.newest(strategy=key, most=limit)))


@router.get("/rooms/{room}/decisions")
async def of_room(room: str, site: Here, who: Reading, limit: Most = 100) -> list[DecisionModel]:
    """The newest decisions in a room, of every strategy: the strategy log of the board."""
    return await _told(site, _for(who, await site.decided.newest(room=room, most=limit)))


@router.get("/rooms/{room}/viewers/{viewer}/decisions")
async def of_viewer(
    room: str,
    viewer: str,
    site: Here,
    who: Annotated[Who, Needs("people.read")],
    limit: Most = 50,
) -> WhyPage:
    """Why something happened to a viewer, or nothing: decisions, and where each strategy stands."""
    state = await site.deployment.ask(lambda live: _state(live, room, viewer))
    decisions = await site.decided.newest(viewers=[viewer], most=limit)
    whys = await asyncio.to_thread(_whys, site, room, viewer, state, decisions)
    told = await _told(site, _for(who, decisions))
    by_id = {one.id: one for one in told}
    titles = await titles_on(site)
    return WhyPage(
        as_of=state["clock"],
        decisions=told,
        strategies=[
            _why(one, None if one.decision is None else by_id[one.decision.id], titles)
            for one in whys
            if one.decision is None or one.decision.id in by_id
        ],
    )


def _for(who: Who, decisions: list[Decision]) -> list[Decision]:
    """Without those held out for whoever speaks to viewers: who knows them, changes them."""
    if who.role != SPEAKS:
        return decisions
    return [one for one in decisions if one.outcome != HELD_OUT]


def _state(live: Live, room: str, viewer: str) -> dict[str, Any]:
    """What only the engine's thread may read."""
    engine = live.engine
    return {
        "now": None if engine is None else engine.viewer_now(room, viewer),
        "fired": live.views.fired_of(viewer),
        "clock": live.clock,
        "session": live.views.session_of(room),
        "definitions": live.definitions,
        "products": live.products,
        "strategies": live.decider.rules.strategies,
        "turns": dict(live.decider.agenda.last),
    }


def _whys(
    site: Site, room: str, viewer: str, state: Mapping[str, Any], decisions: list[Decision]
) -> list[Why]:
    since = state["clock"] - HOUR_MS // 2
    rows = timeline_of(site.log, viewer, room, since_ms=since).rows
    asked = Asked(
        viewer=viewer,
        room=room,
        session=state["session"],
        clock=state["clock"],
        now=state["now"],
        fired=state["fired"],
        definitions=state["definitions"],
        rows=rows,
        minors=site.minors,
        turns=state["turns"],
    )
    explainer = Explainer(products=state["products"], lateness_ms=site.lateness_ms)
    return whys_of(asked, state["strategies"], decisions, explainer)


async def _told(site: Site, decisions: list[Decision]) -> list[DecisionModel]:
    newest = {
        one.key: one.versions[0].strategy if one.versions else one.of_file
        for one in await site.strategies.entries()
    }
    called: dict[str, Words] = {
        one.key: {"zh": one.title, "en": one.title} for one in await site.strategies.offers()
    }
    offers = called.copy()
    called |= {key: names_of(one, key) for key, one in newest.items()}
    ends = await site.issuing.ends(decisions)
    return [
        _decision(one, newest.get(one.strategy), called)
        if one.id not in ends
        else _unissued(one, newest.get(one.strategy), ends[one.id], offers)
        for one in decisions
    ]


def _unissued(
    one: Decision, strategy: Strategy | None, end: str, offers: Mapping[str, Words]
) -> DecisionModel:
    """One that acts, and has no code to go out with."""
    shown = msgspec.structs.replace(one, reason=end, about=one.offer or "")
    return _decision(shown, strategy, offers)


def _why(why: Why, decision: DecisionModel | None, titles: Titles) -> WhyModel:
    return WhyModel(
        strategy=why.strategy.key,
        names=names_of(why.strategy, why.strategy.key),
        mode=why.strategy.mode,
        moment=why.strategy.moment,
        verdict=why.verdict,
        fired_at=why.fired_at,
        judged_at=why.judged_at,
        guards=[
            GuardModel(
                sentence=spoken(one.node, titles),
                holds=one.holds,
                unknown=one.is_unknown,
                cut=one.is_cut,
            )
            for one in why.guards
        ],
        decision=decision,
    )


def _decision(
    one: Decision, strategy: Strategy | None, called: Mapping[str, Words]
) -> DecisionModel:
    return DecisionModel(
        id=one.id,
        at=one.at,
        strategy=one.strategy,
        version=one.version,
        names=names_of(strategy, one.strategy),
        moment=one.moment,
        scheduled_at=one.scheduled_at or None,
        viewer=one.viewer,
        room=one.room,
        product=one.key,
        outcome=one.outcome,
        reason=one.reason,
        says=_says(one, called.get(one.about, {})),
        channels=list(one.channels),
        offer=one.offer,
        deadline_at=one.deadline_at,
        rehearsal=one.is_rehearsal,
    )


def _says(one: Decision, about: Words) -> Words:
    """The outcome in words; a reason of another version is told by its code.

    Args:
        about: how what the reason is about is called, by language.
    """
    key = one.reason
    if one.outcome == ACT and not key:
        key = "rehearsed" if one.is_rehearsal else "act"
    found: Words = {}
    for language, locale in LOCALES.items():
        texts = Texts(locale, "decisions")
        found[language] = (
            texts.say(key, about=about.get(language, one.about)) if key in texts else key
        )
    return found
