"""One person in all rooms: who they are, under which ids they came, and what they did."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter

from qianmian.profiles.profile import Profile
from qianmian.runtime.live import Live
from qianmian.runtime.timeline import LISTED
from qianmian.server.api.people import dimensions_of, link_of
from qianmian.server.api.people_models import NewLink, PersonEvent, PersonPage
from qianmian.server.api.problems import Problem
from qianmian.server.api.roles import Needs
from qianmian.server.api.rooms import event_of, offset_ms_of, products_of
from qianmian.server.api.who import Here, Who
from qianmian.server.importing import tell_link
from qianmian.server.persons import Known, known_of
from qianmian.vocabulary.minors import may_profile

router = APIRouter(tags=["viewers"])


@router.get("/viewers/{viewer}")
async def person(viewer: str, site: Here, _who: Annotated[Who, Needs("people.read")]) -> PersonPage:
    """One person: four dimensions, linked ids, and the newest events of all rooms."""
    state = await site.deployment.ask(_state)
    products = products_of(state)
    offset_ms = offset_ms_of(site.zone, state["clock"])
    known = await asyncio.to_thread(known_of, site, viewer, products, offset_ms, all_rows=True)
    if not known.is_somebody:
        raise Problem("viewer.unknown", f'nobody called "{viewer}" is known')
    told = {name: one.value for name, one in known.profile.basic.items()}
    is_profiled = may_profile(told, site.minors)
    profile = known.profile if is_profiled else Profile(days=known.profile.days)
    titles = {name: one.title for name, one in products.items()}
    return PersonPage(
        viewer=viewer,
        ids=sorted(known.ids),
        linked=[link_of(one) for one in known.edges],
        stored_at=known.stored_at,
        timeline=_timeline(known, titles),
        since=known.since,
        whole=known.is_whole,
        **dimensions_of(profile, state["clock"], offset_ms),
    )


@router.post("/viewers/{viewer}/links", status_code=202)
async def link(
    viewer: str, given: NewLink, site: Here, who: Annotated[Who, Needs("people.import")]
) -> None:
    """Tell that two known ids are one person's: a link of the log, as by a server key."""
    await tell_link(site.deployment, site.persons.refusals, viewer, given.other, over=False)
    await asyncio.to_thread(site.audit.note, who.actor, "viewer.linked", viewer)


@router.delete("/viewers/{viewer}/links/{other}", status_code=202)
async def unlink(
    viewer: str, other: str, site: Here, who: Annotated[Who, Needs("people.import")]
) -> None:
    """Tell that a link is over; live rows that became one stay one."""
    await tell_link(site.deployment, site.persons.refusals, viewer, other, over=True)
    await asyncio.to_thread(site.audit.note, who.actor, "viewer.unlinked", viewer)


def _state(live: Live) -> dict[str, Any]:
    return {"clock": live.clock, "products": live.products}


def _timeline(known: Known, titles: dict[str, str]) -> list[PersonEvent]:
    return [
        PersonEvent(
            **event_of(row, titles).model_dump(), room=row.get("room"), viewer=str(row["viewer"])
        )
        for row in reversed(known.rows[-LISTED:])
    ]
