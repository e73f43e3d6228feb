"""What somebody says about a person's data, by customer service or by themselves, into the log."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from qianmian.columns.batch import EventBatch
from qianmian.profiles.identity import person_around
from qianmian.server.api.person_models import ConsentRow, ConsentsModel
from qianmian.server.api.problems import Problem
from qianmian.server.site import Site
from qianmian.storage.sql.audit import Actor
from qianmian.vocabulary.consent import (
    CHANNELS,
    MARKETING,
    SHARE,
    may,
    switch_is_on,
    withheld_tags,
)
from qianmian.vocabulary.firing import canonical_json
from qianmian.vocabulary.ids import ANONYMOUS_PREFIX, id_problem, is_anonymous


@dataclass(frozen=True, slots=True)
class Said:
    """A yes or a no, and what proves it."""

    purpose: str
    channel: str = ""
    granted: bool = field(kw_only=True)
    proof: Mapping[str, str] = field(default_factory=dict)


async def say(site: Site, viewer: str, said: Said, source: str, actor: Actor) -> None:
    """Write what a person says into the log and the audit.

    Args:
        source: what the log calls whoever sends it.

    Raises: Problem for who is nobody, or was erased; Overloaded, LogUnavailable.
    """
    problem = id_problem(viewer.removeprefix(ANONYMOUS_PREFIX))
    if site.persons.refusals.has(viewer) or problem is not None:
        raise Problem("viewer.unknown", "there is no such viewer, or the person was erased")
    now_ms = max(site.now(), site.log.last_clock)
    row: dict[str, Any] = {
        "type": "consent_changed",
        "clock": now_ms,
        "event_time": now_ms,
        "message": 0,
        "message_id": secrets.token_hex(8),
        "source": source,
        "presence_none": 1,
        "viewer": viewer,
        "purpose": said.purpose,
        "channel": said.channel or None,
        "granted": int(said.granted),
        "properties": canonical_json({name: one for name, one in said.proof.items() if one}),
    }
    await site.deployment.submit(EventBatch.from_rows([row]))
    told = {"purpose": said.purpose, "channel": said.channel, "granted": said.granted}
    subject = site.persons.requests.subject(viewer)
    await asyncio.to_thread(site.audit.note, actor, "consent.changed", subject, after=told)


def ids_of_person(site: Site, viewer: str) -> frozenset[str]:
    """Every id of the person that an id belongs to; reads the database."""
    return person_around(site.identities.edges_around(viewer), viewer)


async def say_of_person(site: Site, viewer: str, said: Said, source: str, actor: Actor) -> None:
    """`say`, for this id and every known one of the person: those never merge in a room."""
    ids = await asyncio.to_thread(ids_of_person, site, viewer)
    for one in sorted({viewer, *(id_ for id_ in ids if not is_anonymous(id_))}):
        if not site.persons.refusals.has(one):
            await say(site, one, said, source, actor)


async def consents_of(site: Site, viewer: str) -> ConsentsModel:
    """What an id agreed to, now and before."""
    said = await site.deployment.ask(lambda live: live.consents.of(viewer))
    changes = await asyncio.to_thread(site.persons.ledger.of, [viewer])
    return ConsentsModel(
        personalized=switch_is_on(said),
        channels={channel: may(said, MARKETING, channel) for channel in CHANNELS},
        share=may(said, SHARE),
        withheld_tags=sorted(withheld_tags(said)),
        changes=[
            ConsentRow(
                purpose=one.purpose,
                channel=one.channel,
                granted=one.granted,
                event_time=one.event_time,
                source=one.source,
                text_version=one.text_version,
                evidence=one.evidence,
            )
            for one in reversed(changes)
        ],
    )
