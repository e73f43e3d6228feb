"""What a person may ask for: everything that is kept about them, and that it goes."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Path

from qianmian.errors import InputError
from qianmian.runtime.person_desk import Request
from qianmian.server.api.person_models import (
    ConsentGiven,
    ConsentsModel,
    ErasureGiven,
    ErasureModel,
    PrivacyModel,
)
from qianmian.server.api.problems import Problem
from qianmian.server.api.roles import Needs
from qianmian.server.api.saying import Said, consents_of, say
from qianmian.server.api.who import Here, Who
from qianmian.server.person_files import exported_document
from qianmian.vocabulary.consent import MAX_TAG_CHARS, tag_purpose
from qianmian.vocabulary.sensitive import classes

Id = Annotated[str, Path(min_length=1, max_length=129)]

TagKey = Annotated[str, Path(min_length=1, max_length=MAX_TAG_CHARS, pattern=r"^[a-z0-9_]+$")]

SOURCE = "console"
"""What the log calls the sender of what is noted here for somebody."""

router = APIRouter(tags=["persons"])


@router.get("/privacy")
async def privacy(site: Here, _who: Annotated[Who, Needs("privacy.read")]) -> PrivacyModel:
    """What holds for everybody, as the settings and the lists of the product say."""
    return PrivacyModel(
        minors=site.minors,
        retention=dict(site.retention),
        refused=[{"zh": one["zh-CN"], "en": one["en-US"]} for one in classes().values()],
    )


@router.get("/persons/{viewer}/export")
async def export(
    viewer: Id, site: Here, who: Annotated[Who, Needs("persons.export")]
) -> dict[str, Any]:
    """Everything that is kept about a person, in one file that people can read."""
    persons = site.persons
    try:
        told = await asyncio.to_thread(
            exported_document, viewer, persons.reader, persons.refusals, site.now(), site.currency
        )
    except InputError as exc:
        raise Problem("viewer.unknown", str(exc)) from exc
    subject = persons.requests.subject(viewer)
    counts = {"events": len(told["events"]), "firings": len(told["firings"])}
    await asyncio.to_thread(site.audit.note, who.actor, "person.exported", subject, after=counts)
    return told


@router.post("/persons/erasures", status_code=202)
async def erase(
    given: ErasureGiven, site: Here, who: Annotated[Who, Needs("persons.erase")]
) -> ErasureModel:
    """Erase a person everywhere; it is begun at once and goes on when nobody looks."""
    if given.confirm != given.viewer:
        raise Problem("person.confirm", "type the id once more, exactly as it is")
    ask = site.persons.requests.ask
    return _model(await asyncio.to_thread(ask, given.viewer, by=who.actor, reason=given.reason))


@router.get("/persons/erasures")
async def erasures(site: Here, _who: Annotated[Who, Needs("persons.read")]) -> list[ErasureModel]:
    """The requests, newest first."""
    return [_model(one) for one in await asyncio.to_thread(site.persons.requests.newest)]


@router.get("/persons/{viewer}/consents")
async def consents(
    viewer: Id, site: Here, _who: Annotated[Who, Needs("consents.read")]
) -> ConsentsModel:
    """What a person agreed to, now and before."""
    return await consents_of(site, viewer)


@router.post("/persons/{viewer}/consents")
async def put_consent(
    viewer: Id, given: ConsentGiven, site: Here, who: Annotated[Who, Needs("consents.write")]
) -> ConsentsModel:
    """Note what a person says; it holds for whatever is decided by the next message."""
    proof = {"text_version": given.text_version, "evidence": given.evidence}
    said = Said(given.purpose, given.channel, granted=given.granted, proof=proof)
    await say(site, viewer, said, SOURCE, who.actor)
    return await consents_of(site, viewer)


@router.delete("/persons/{viewer}/tags/{tag}")
async def take_tag_away(
    viewer: Id, tag: TagKey, site: Here, who: Annotated[Who, Needs("consents.write")]
) -> ConsentsModel:
    """Take a tag away that a person does not want; it stays away, also when ids are joined."""
    await say(site, viewer, Said(tag_purpose(tag), granted=False), SOURCE, who.actor)
    return await consents_of(site, viewer)


def _model(request: Request) -> ErasureModel:
    return ErasureModel(
        id=request.id,
        mark=request.mark,
        asked_at=request.asked_at,
        asked_by=request.asked_by,
        reason=request.reason,
        step=request.step,
        done_at=request.done_at,
        report=None if request.report is None else dict(request.report),
    )
