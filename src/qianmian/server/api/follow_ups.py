"""Whom customer service should write to, and with what: claimed by one, ended once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from fastapi import APIRouter, Path
from msgspec import structs

from qianmian.runtime.follow_ups import MOST_HELD, FollowUp
from qianmian.server.api.models import Model, Words
from qianmian.server.api.problems import Problem
from qianmian.server.api.roles import Needs
from qianmian.server.api.who import Here, Who
from qianmian.server.follow_ups import Step
from qianmian.server.site import Site

router = APIRouter(tags=["follow-ups"])


class FollowUpModel(Model):
    """A task; `holder` is the name of who has it. Amounts are minor units, instants ms UTC.

    The code of an offer is the last line of `body`, for whoever claimed the task and nobody else.
    """

    id: str
    viewer: str
    room: str
    at: int
    deadline_at: int
    strategy: str
    names: Words
    moment: str
    product: str | None
    link_number: int | None
    title: str
    body: str
    offer: str | None
    value_minor: int
    holder: str


class FollowUpPage(Model):
    """What one person can do, the most urgent first; `waiting`: how many are open in all."""

    now: int
    most: int
    mine: list[FollowUpModel]
    open: list[FollowUpModel]
    taken: list[FollowUpModel]
    waiting: int


class FollowUpStep(Model):
    """What is done with a task."""

    step: Literal["claim", "put_back", "done", "skipped"]


@router.get("/follow-ups")
async def follow_ups(site: Here, who: Annotated[Who, Needs("follow_ups.read")]) -> FollowUpPage:
    """My tasks, the open ones, and what others have."""
    desk = await site.follow_ups.of(who.actor)
    return FollowUpPage(
        now=site.now(),
        most=MOST_HELD,
        mine=_told([await _with_code(site, one) for one in desk.mine]),
        open=_told(desk.open),
        taken=_told(desk.taken),
        waiting=desk.waiting,
    )


@router.post("/follow-ups/{task}", status_code=204)
async def step(
    task: Annotated[str, Path(max_length=64)],
    given: FollowUpStep,
    site: Here,
    who: Annotated[Who, Needs("follow_ups.answer")],
) -> None:
    """Claim a task, put it back, or say what came of it; two who claim at once: one gets it."""
    taken: Step = given.step
    found = await site.follow_ups.step(task, taken, who.actor)
    match found:
        case "taken":
            raise Problem("follow_up.taken", "somebody else has it")
        case "full":
            raise Problem("follow_up.full", f"you hold {MOST_HELD} already; end one of them first")
        case "gone":
            raise Problem("follow_up.gone", "its time ran out, or nobody may write any more")


async def _with_code(site: Site, one: FollowUp) -> FollowUp:
    """The task with its code, which counts as seen from now on."""
    code = None if one.claim is None else await site.codes.read(one.claim)
    return one if code is None else structs.replace(one, body=f"{one.body}\n{code}".lstrip())


def _told(tasks: Iterable[FollowUp]) -> list[FollowUpModel]:
    return [
        FollowUpModel(
            id=one.id,
            viewer=one.viewer,
            room=one.room,
            at=one.at,
            deadline_at=one.deadline_at,
            strategy=one.strategy,
            names=_names(one),
            moment=one.moment,
            product=one.product,
            link_number=one.link_number,
            title=one.title,
            body=one.body,
            offer=one.offer,
            value_minor=one.value_minor,
            holder=one.holder_name,
        )
        for one in tasks
    ]


def _names(one: FollowUp) -> Words:
    first = next(iter(one.names.values()), one.strategy)
    return {"zh": one.names.get("zh", first), "en": one.names.get("en", first)}
