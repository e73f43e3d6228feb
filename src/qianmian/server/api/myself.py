"""A person asks about themselves, by the token that the shop's server made for them.

The shop's server vouches for who it is: a viewer token, or an anonymous id that was issued here and
that nobody was linked to yet. Whoever holds the id of a device that belongs to a member by now may
be somebody else in the same family, so a member's data needs the member's token.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Request

from qianmian.columns.facts import Facts
from qianmian.errors import InputError
from qianmian.language.definition import Definition
from qianmian.language.snapshot import at_instant
from qianmian.language.truth import truth_of
from qianmian.runtime.evidence import Explainer
from qianmian.runtime.fact_files import read_facts
from qianmian.runtime.live import Live
from qianmian.runtime.standing import Standing
from qianmian.server.api.calling import called_on
from qianmian.server.api.me_models import (
    MeErasure,
    MeGiven,
    MeGone,
    MeModel,
    MeSaid,
    MeSegment,
    MeTag,
)
from qianmian.server.api.people import (
    Called,
    aged_profile,
    basics_of,
    definitions_by_name,
    said_of,
    tags_of,
)
from qianmian.server.api.problems import Problem
from qianmian.server.api.rooms import offset_ms_of
from qianmian.server.api.saying import Said, ids_of_person, say_of_person
from qianmian.server.api.who import Here, site_of
from qianmian.server.ingest.buckets import address_group
from qianmian.server.ingest.limits import Rate
from qianmian.server.person_files import exported_document
from qianmian.server.persons import Known, known_of
from qianmian.server.site import Site
from qianmian.server.viewers.door import Shown
from qianmian.storage.sql.audit import Actor
from qianmian.vocabulary.consent import (
    CHANNELS,
    MARKETING,
    MAX_TAG_CHARS,
    SHARE,
    Consents,
    may,
    merged,
    switch_is_on,
    tag_purpose,
    takes_away,
    withheld_tags,
)
from qianmian.vocabulary.firing import Firing
from qianmian.vocabulary.ids import is_anonymous
from qianmian.vocabulary.minors import may_profile
from qianmian.vocabulary.product import Product
from qianmian.vocabulary.time import SECOND_MS

TOKEN_HEADER: Final = "x-viewer-token"  # noqa: S105 — the name of a header
ANONYMOUS_HEADER: Final = "x-anonymous-id"
SOURCE: Final = "me"
"""What the log calls a person who says something of themselves here."""
ACTOR: Final = Actor("system", "me", "/me")
EVIDENCE: Final = "/me"

OF_VIEWER: Final = Rate(1, 60)
OF_ADDRESS: Final = Rate(1, 120)
"""What may be asked: so much at once, and then a unit a second. Addresses pay for what was not
believed; whoever is believed never waits for a neighbor."""
EXPORT_COST: Final = 20

TagKey = Annotated[str, Path(min_length=1, max_length=MAX_TAG_CHARS, pattern=r"^[a-z0-9_]+$")]

router = APIRouter(tags=["me"], prefix="/me")


class Myself:
    """The dependency of a route that a person asks about themselves: lets their token through."""

    def __init__(self, cost: int) -> None:
        self.cost = cost

    async def __call__(self, request: Request) -> str:
        """The viewer.

        Raises: Problem for who is not believed, has been erased, or asks too much.
        """
        site, headers = site_of(request), request.headers
        now, asked = site.now(), site.viewers.asked
        token, device = (headers.get(name, "") for name in (TOKEN_HEADER, ANONYMOUS_HEADER))
        caller = site.viewers.door.who(Shown(token=token, anonymous_id=device))
        reason = caller if isinstance(caller, str) else None
        if not isinstance(caller, str) and is_anonymous(caller.viewer):
            reason = "linked" if await _is_linked(site, caller.viewer) else None
        if reason is not None or isinstance(caller, str):
            host = "" if request.client is None else request.client.host
            address = f"address {address_group(host)}"
            _wait(asked.wait_ms(address, OF_ADDRESS, now), site)
            asked.take(address, OF_ADDRESS, now, 1)
            raise _refused(site, str(reason))
        viewer = f"viewer {caller.viewer}"
        _wait(asked.wait_ms(viewer, OF_VIEWER, now), site)
        asked.take(viewer, OF_VIEWER, now, self.cost)
        return caller.viewer


def _wait(wait_ms: int, site: Site) -> None:
    if wait_ms:
        site.viewers.hub.refuse("too_many_requests")
        seconds = -(-wait_ms // SECOND_MS)
        raise Problem("viewer.tries", f"again in {seconds} s", {"retry-after": str(seconds)})


def _refused(site: Site, reason: str) -> Problem:
    """Somebody is not let in; counted by the reason."""
    site.viewers.hub.refuse(reason)
    if reason in ("bad_token", "not_issued"):
        return Problem("viewer.token", f"{TOKEN_HEADER}: {reason}")
    return Problem("viewer.refused", reason)


async def _is_linked(site: Site, viewer: str) -> bool:
    """Whether an anonymous id is somebody's, as the newest message or history says."""
    owner = await site.deployment.ask(lambda live: live.consents.owner_of(viewer))
    return owner != viewer or len(await asyncio.to_thread(ids_of_person, site, viewer)) > 1


def OneSelf(cost: int = 1) -> Any:  # noqa: N802 — reads as the marker it is
    """The marker of a route's parameter: the viewer who asks about themselves."""
    return Depends(Myself(cost))


@router.get("")
async def me(viewer: Annotated[str, OneSelf()], site: Here) -> MeModel:
    """What is known of me, which tags hold of me, and what I agreed to."""
    return await _me(site, viewer)


@router.post("/consents")
async def agree(given: MeSaid, viewer: Annotated[str, OneSelf()], site: Here) -> MeModel:
    """Say yes or no, for all ids; personalized marketing without a channel is the switch."""
    proof = {"text_version": given.text_version, "evidence": EVIDENCE}
    said = Said(given.purpose, given.channel, granted=given.granted, proof=proof)
    await _say(site, viewer, said)
    return await _me(site, viewer)


@router.delete("/tags/{tag}")
async def take_away(tag: TagKey, viewer: Annotated[str, OneSelf()], site: Here) -> MeModel:
    """Take a tag away; it stays away."""
    proof = {"evidence": EVIDENCE}
    await _say(site, viewer, Said(tag_purpose(tag), granted=False, proof=proof))
    return await _me(site, viewer)


@router.put("/tags/{tag}")
async def give_back(tag: TagKey, viewer: Annotated[str, OneSelf()], site: Here) -> MeModel:
    """Let a tag that I took away hold of me again, wherever it does."""
    proof = {"evidence": EVIDENCE}
    await _say(site, viewer, Said(tag_purpose(tag), granted=True, proof=proof))
    return await _me(site, viewer)


@router.get("/export")
async def export(viewer: Annotated[str, OneSelf(EXPORT_COST)], site: Here) -> dict[str, Any]:
    """Everything that is kept about me."""
    persons = site.persons
    try:
        told = await asyncio.to_thread(
            exported_document, viewer, persons.reader, persons.refusals, site.now(), site.currency
        )
    except InputError as exc:
        raise Problem("viewer.unknown", str(exc)) from exc
    counts = {"events": len(told["events"]), "firings": len(told["firings"])}
    subject = persons.requests.subject(viewer)
    await asyncio.to_thread(site.audit.note, ACTOR, "person.exported", subject, after=counts)
    return told


@router.post("/erasure", status_code=202)
async def erase(
    given: MeGiven, viewer: Annotated[str, OneSelf(EXPORT_COST)], site: Here
) -> MeErasure:
    """Erase me everywhere; `confirm` is my id, typed. It is begun at once."""
    if given.confirm != viewer:
        raise Problem("person.confirm", "type the id exactly as it is")
    asked = await asyncio.to_thread(site.persons.requests.ask, viewer, by=ACTOR)
    return MeErasure(id=asked.id, asked_at=asked.asked_at)


async def _say(site: Site, viewer: str, said: Said) -> None:
    await say_of_person(site, viewer, said, SOURCE, ACTOR)


@dataclass(frozen=True, slots=True)
class _Now:
    """What the engine's thread says of a person, by any of their ids."""

    clock: int
    said: Consents
    held: frozenset[str]
    definitions: tuple[Definition, ...]
    products: tuple[Product, ...]
    facts: str | None


async def _me(site: Site, viewer: str) -> MeModel:
    ids = await asyncio.to_thread(ids_of_person, site, viewer)
    now = await site.deployment.ask(lambda live: _now(live, viewer, ids))
    called = await called_on(site)
    return await asyncio.to_thread(_told, site, viewer, now, called)


def _now(live: Live, viewer: str, ids: frozenset[str]) -> _Now:
    said: Consents = live.consents.of(viewer)
    for one in sorted(ids - {viewer}):
        said = merged(said, live.consents.of(one))
    held: set[str] = set()
    if live.engine is not None:
        for room in live.engine.open_rooms():
            rows = (live.engine.viewer_now(room, one) for one in ids)
            held |= {name for row in rows if row is not None for name in row.levels}
    return _Now(live.clock, said, frozenset(held), live.definitions, live.products, live.facts_hash)


def _told(site: Site, viewer: str, now: _Now, called: Called) -> MeModel:
    offset_ms = offset_ms_of(site.zone, now.clock)
    products = {one.id: one for one in now.products}
    known = known_of(site, viewer, products, offset_ms, all_rows=True)
    profile = known.profile
    is_profiled = may_profile({n: one.value for n, one in profile.basic.items()}, site.minors)
    gone = withheld_tags(now.said)
    tags: list[MeTag] = []
    segments: list[MeSegment] = []
    if is_profiled:
        named = definitions_by_name(now.definitions)
        definitions = {n: d for n, d in named.items() if d.kind == "tag"}
        held = now.held | _elsewhere(site, viewer, now, named, known, gone)
        segments = _segments(now.definitions, held, called)
        nothing = Standing(0, (), {})
        found = tags_of(definitions, set(definitions), held, nothing, profile, now.clock, called)
        tags = [
            MeTag(
                key=one.key,
                names=one.names,
                meaning=one.meaning,
                value=one.value,
                value_names=one.value_names,
            )
            for one in found
            if one.answer in ("yes", "value") and not any(takes_away(key, one.key) for key in gone)
        ]
    return MeModel(
        viewer=viewer,
        ids=sorted(known.ids),
        is_profiled=is_profiled,
        basic=basics_of(aged_profile(profile, now.clock, offset_ms)) if is_profiled else [],
        tags=tags,
        segments=segments,
        taken_away=[MeGone(key=one, names=said_of(called, "tag", one)[0]) for one in sorted(gone)],
        personalized=switch_is_on(now.said),
        channels={channel: may(now.said, MARKETING, channel) for channel in CHANNELS},
        share=may(now.said, SHARE),
    )


def _segments(
    definitions: tuple[Definition, ...], held: frozenset[str], called: Called
) -> list[MeSegment]:
    """The segments that I am in, as the shop calls them."""
    found = []
    for one in definitions:
        if one.kind == "segment" and f"segment.{one.key}" in held:
            names, meaning = said_of(called, "segment", one.key)
            found.append(MeSegment(key=one.key, names=names, meaning=meaning))
    return found


def _elsewhere(
    site: Site,
    viewer: str,
    now: _Now,
    named: dict[str, Definition],
    known: Known,
    gone: frozenset[str],
) -> frozenset[str]:
    """Tags and segments that hold of who is in no room: of traits and facts, as far as those say.

    Args:
        gone: tags that were taken away; they hold of nobody, also where a segment asks for them.
    """
    definitions = {
        name: one
        for name, one in named.items()
        if one.kind == "segment"
        or (one.kind == "tag" and not any(takes_away(key, one.key) for key in gone))
    }
    explainer = Explainer(products=now.products, lateness_ms=site.lateness_ms)
    facts = _facts(site, now.facts)
    told = [{**row, "room": None, "viewer": viewer} for row in known.rows if row.get("traits")]
    found = set()
    for name, one in definitions.items():
        place = Firing(now.clock, viewer, "", "", name, 1, None)
        applied, then = explainer.seen(place, definitions, told, facts=facts)
        if truth_of(one.expr, at_instant(applied, now.clock, then)).holds:
            found.add(name)
    return frozenset(found)


def _facts(site: Site, name: str | None) -> Facts | None:
    """The build that is in force; None when it has just been replaced."""
    try:
        return None if name is None else read_facts(site.persons.facts.folder, name)
    except InputError:
        return None
