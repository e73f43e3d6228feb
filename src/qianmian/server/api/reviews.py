"""One session on one time line."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Path

from qianmian.server.api.models import Model, Words
from qianmian.server.api.roles import Needs
from qianmian.server.api.strategies import names_of
from qianmian.server.api.who import Here, Who

router = APIRouter(tags=["rooms"])
Name = Annotated[str, Path(max_length=200)]


class SliceModel(Model):
    """A part of a session from `at` on (ms UTC): online at its end, null where nothing was told.

    `orders` and `gmv_minor` are those of the session until its end.
    """

    at: int
    online: int | None
    orders: int
    gmv_minor: int


class MomentsInSlice(Model):
    """How often a moment fired in a slice, by its place, and for how many viewers."""

    place: int
    moment: str
    times: int
    viewers: int


class DecidedInSlice(Model):
    """How often a strategy decided so in a slice: act, held_out or suppressed."""

    place: int
    strategy: str
    outcome: str
    times: int


class TurnModel(Model):
    """A slice of five minutes in which what a whole room hears acted, or was silent (ms UTC)."""

    strategy: str
    begins: int
    ends: int
    acts: bool


class ReviewModel(Model):
    """A session in slices of `width_ms`; `names`: of its strategies, by key. Instants in ms UTC."""

    room: str
    session: str
    begins: int
    ends: int
    width_ms: int
    slices: list[SliceModel]
    moments: list[MomentsInSlice]
    decided: list[DecidedInSlice]
    turns: list[TurnModel]
    names: dict[str, Words]


@router.get("/rooms/{room}/sessions/{session}/review")
async def review(
    room: Name, session: Name, site: Here, _who: Annotated[Who, Needs("rooms.read")]
) -> ReviewModel:
    """Who was there, what was bought, what fired and what was decided, per slice of time."""
    found = await site.trials.review(room, session)
    entries = {one.key: one for one in await site.strategies.entries()}
    names = {}
    for key in sorted({one.strategy for one in found.decided}):
        entry = entries.get(key)
        newest = None
        if entry is not None:
            newest = entry.versions[0].strategy if entry.versions else entry.of_file
        names[key] = names_of(newest, key)
    told = asdict(found)
    return ReviewModel(
        **found.session._asdict(),
        names=names,
        **{name: told[name] for name in ("width_ms", "slices", "moments", "decided", "turns")},
    )
