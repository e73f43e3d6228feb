"""Where data comes from and how it does: sources, keys, health, dead letters."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from qianmian.runtime.dead_letters import DeadLetter
from qianmian.runtime.live import Live
from qianmian.runtime.source_view import SourceView
from qianmian.runtime.sources import Source
from qianmian.server.api.models import (
    AddedKey,
    AddedSource,
    DataHealth,
    DeadLetterModel,
    DeadLetterPage,
    EngineModel,
    KeyModel,
    LogModel,
    NewSource,
    RejectedModel,
    ReplayedLetter,
    SourceHealth,
    SourceModel,
)
from qianmian.server.api.problems import Problem
from qianmian.server.api.roles import Needs
from qianmian.server.api.who import Here, Who
from qianmian.server.ingest.statistics import SourceStatistics
from qianmian.storage.sql.sources import SourceRecord
from qianmian.vocabulary.values import MAX_INT

PREVIEW_CHARS = 400
PAGE = 50
LetterId = Annotated[int, Field(ge=0, le=MAX_INT)]

router = APIRouter(tags=["data"])


@router.get("/health/data")
async def health(site: Here, _who: Annotated[Who, Needs("data.read")]) -> DataHealth:
    """Log, engine and every source as of now."""
    views = await site.deployment.ask(lambda live: dict(live.sources.items()))
    engine = await site.deployment.ask(_counts)
    engine.lag_ms = site.deployment.lag_ms
    engine.waiting = site.deployment.engine.waiting_rows
    problem = (
        site.deployment.problem
        or site.deployment.concern
        or next((one.problem for one in site.followers if one.problem is not None), None)
    )
    engine.problem = None if problem is None else str(problem)
    known = {one.source.name: one for one in await asyncio.to_thread(site.sources.all)}
    posts = {one.name: one for one in site.ingest.statistics()}
    names = sorted({*views, *known, *posts})
    return DataHealth(
        as_of=site.now(),
        log=LogModel(
            first_offset=site.log.first_offset,
            next_offset=site.log.next_offset,
            last_clock=site.log.last_clock,
        ),
        engine=engine,
        sources=[
            _source_health(name, views.get(name), known.get(name), posts.get(name))
            for name in names
        ],
        dead_letters=await asyncio.to_thread(site.dead_letters.count),
    )


@router.get("/dead-letters")
async def dead_letters(
    site: Here,
    _who: Annotated[Who, Needs("letters.read")],
    before: LetterId | None = None,
    limit: int = PAGE,
) -> DeadLetterPage:
    """What was refused, newest first."""
    limit = max(1, min(limit, 200))
    found = await asyncio.to_thread(site.dead_letters.newest, before=before, limit=limit)
    last = str(found[-1].id) if len(found) == limit else None
    return DeadLetterPage(items=[_letter(one) for one in found], next=last)


@router.post("/dead-letters/{letter_id}/replay")
async def replay(
    letter_id: LetterId, site: Here, who: Annotated[Who, Needs("letters.write")]
) -> ReplayedLetter:
    """Send a letter again, through the same decoder."""
    result = await site.ingest.replay(letter_id)
    if result is None:
        raise Problem("letter.unknown", f"there is no letter {letter_id}; it may be too old")
    accepted, rejected = result
    told = {"accepted": accepted, "rejected": len(rejected)}
    await asyncio.to_thread(
        site.audit.note, who.actor, "letter.replayed", str(letter_id), after=told
    )
    return ReplayedLetter(
        accepted=accepted,
        rejected=[
            RejectedModel(
                index=one.index, message_id=one.message_id, code=one.code, detail=one.detail
            )
            for one in rejected
        ],
    )


@router.delete("/dead-letters/{letter_id}", status_code=204)
async def drop(
    letter_id: LetterId, site: Here, who: Annotated[Who, Needs("letters.write")]
) -> None:
    """Throw a letter away."""
    if not await asyncio.to_thread(site.dead_letters.remove, letter_id):
        raise Problem("letter.unknown", f"there is no letter {letter_id}; it may be too old")
    await asyncio.to_thread(site.audit.note, who.actor, "letter.dropped", str(letter_id))


@router.get("/sources")
async def sources(site: Here, _who: Annotated[Who, Needs("sources.read")]) -> list[SourceModel]:
    """Every source with its keys, and when it was heard."""
    views = await site.deployment.ask(lambda live: dict(live.sources.items()))
    found = await asyncio.to_thread(site.sources.all)
    return [_source(one, views.get(one.source.name)) for one in found]


@router.post("/sources", status_code=201)
async def add_source(
    given: NewSource, site: Here, who: Annotated[Who, Needs("sources.write")]
) -> AddedSource:
    """A new source; its key is in this answer and nowhere else."""
    wanted = Source(
        given.name,
        given.key_class,
        given.namespace,
        default_room=given.default_room,
        presence=given.presence,
    )
    added, key = await asyncio.to_thread(site.sources.create, wanted, by=who.actor)
    return AddedSource(source=_source(added, None), write_key=key)


@router.post("/sources/{name}/keys", status_code=201)
async def add_key(name: str, site: Here, who: Annotated[Who, Needs("sources.write")]) -> AddedKey:
    """One more key; it is in this answer and nowhere else."""
    key_id, key = await asyncio.to_thread(site.sources.add_key, name, by=who.actor)
    return AddedKey(key_id=key_id, write_key=key)


@router.delete("/sources/{name}/keys/{key_id}", status_code=204)
async def revoke(
    name: str, key_id: str, site: Here, who: Annotated[Who, Needs("sources.write")]
) -> None:
    """A key is not valid any more, from the next request on."""
    if not await asyncio.to_thread(site.sources.revoke, name, key_id, by=who.actor):
        raise Problem("key.unknown", f'the source "{name}" has no valid key {key_id}')


def _counts(live: Live) -> EngineModel:
    counts = None if live.engine is None else live.engine.statistics()
    return EngineModel(
        lag_ms=0,
        waiting=0,
        viewers=0 if counts is None else counts.rows,
        accepted=0 if counts is None else counts.accepted,
        duplicates=0 if counts is None else counts.duplicates,
        late=0 if counts is None else counts.late,
        refused=0 if counts is None else counts.refused,
        overflow=0 if counts is None else counts.overflow,
        problem=None,
    )


def _source_health(
    name: str,
    view: SourceView | None,
    record: SourceRecord | None,
    posts: SourceStatistics | None,
) -> SourceHealth:
    refused: Counter[str] = Counter()
    if posts is not None:
        refused.update(posts.rejected_by_code)
        refused.update(posts.refused_by_code)
    return SourceHealth(
        name=name,
        key_class=None if record is None else record.source.key_class,
        first_at=None if view is None else view.first_at,
        last_at=None if view is None else view.last_at,
        events=0 if view is None else view.events,
        duplicates=0 if view is None else view.duplicates,
        late=0 if view is None else view.late,
        rejected=sum(refused.values()),
        rejected_by_code=dict(sorted(refused.items())),
        delay_p50_ms=None if view is None else view.delay_ms(0.5),
        delay_p95_ms=None if view is None else view.delay_ms(0.95),
    )


def _letter(letter: DeadLetter) -> DeadLetterModel:
    return DeadLetterModel(
        id=str(letter.id),
        at=letter.at,
        source=letter.source,
        route=letter.route,
        code=letter.code,
        detail=letter.detail,
        events=letter.events,
        size=len(letter.body),
        preview=letter.body[: PREVIEW_CHARS * 4].decode("utf-8", "replace")[:PREVIEW_CHARS],
    )


def _source(record: SourceRecord, view: SourceView | None) -> SourceModel:
    return SourceModel(
        name=record.source.name,
        key_class=record.source.key_class,
        namespace=record.source.namespace,
        default_room=record.source.default_room,
        created_at=record.created_at,
        first_event_at=None if view is None else view.first_at,
        last_event_at=None if view is None else view.last_at,
        keys=[
            KeyModel(
                id=key.id,
                prefix=key.prefix,
                created_at=key.created_at,
                revoked_at=key.revoked_at,
            )
            for key in record.keys
        ],
    )
