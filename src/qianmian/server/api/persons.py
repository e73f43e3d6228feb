"""What a person may ask for: everything that is kept about them, and that it goes."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Path

from qianmian.errors import InputError
from qianmian.runtime.person_desk import Request
from qianmian.server.api.person_models import ErasureGiven, ErasureModel
from qianmian.server.api.problems import Problem
from qianmian.server.api.roles import Needs
from qianmian.server.api.who import Here, Who
from qianmian.server.person_files import exported_document

Id = Annotated[str, Path(min_length=1, max_length=129)]

router = APIRouter(tags=["persons"])


@router.get("/persons/{viewer}/export")
async def export(
    viewer: Id, site: Here, who: Annotated[Who, Needs("persons.export")]
) -> dict[str, Any]:
    """Everything that is kept about a person, in one file that people can read."""
    persons = site.persons
    try:
        told = await asyncio.to_thread(
            exported_document, viewer, persons.reader, persons.refusals, site.now()
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
