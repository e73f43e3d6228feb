"""Who enters and leaves a segment, for whoever asks again and again instead of listening."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from qianmian.runtime.movements import PEOPLE
from qianmian.server.api.models import Model
from qianmian.server.api.problems import Problem
from qianmian.server.api.roles import Needs
from qianmian.server.api.who import Here, Who

router = APIRouter(tags=["segments"])


class MovedModel(Model):
    """Somebody who entered or left; `at` is a whole second, ms UTC."""

    at: int
    viewer: str
    room: str
    entered: bool


class SecondModel(Model):
    """How many entered and left in one second."""

    at: int
    entered: int
    left: int


class MovementModel(Model):
    """A segment at an instant: `live` viewers hold it, `present` of them are in a room.

    `since`: from when on it has been followed without a break; null: from the next second on.
    `seconds` are those of the last minute in which somebody moved; `people` moved last.
    """

    segment: str
    at: int
    since: int | None
    live: int
    present: int
    seconds: list[SecondModel]
    people: list[MovedModel]


@router.get("/segments/{key}/moves")
async def moves(
    key: Annotated[str, Path(min_length=1, max_length=64)],
    site: Here,
    _who: Annotated[Who, Needs("people.read")],
    limit: Annotated[int, Query(ge=0, le=PEOPLE)] = PEOPLE,
) -> MovementModel:
    """Who entered and left last; a segment that somebody asks about is followed for a minute."""
    wanted = ("segment", key)
    active = await site.deployment.ask(lambda live: live.definitions)
    if not any((one.kind, one.key) == wanted for one in active):
        raise Problem("definition.none", f'there is no active segment "{key}"')
    now = max(site.now(), site.log.last_clock)
    found = site.movements.peek(key, now)
    if found is None:
        return MovementModel(
            segment=key, at=now, since=None, live=0, present=0, seconds=[], people=[]
        )
    return MovementModel(
        segment=key,
        at=found.at,
        since=found.since,
        live=found.live,
        present=found.present,
        seconds=[
            SecondModel(at=one.at, entered=one.entered, left=one.left) for one in found.seconds
        ],
        people=[
            MovedModel(at=one.at, viewer=one.viewer, room=one.room, entered=one.entered)
            for one in found.people[:limit]
        ],
    )
