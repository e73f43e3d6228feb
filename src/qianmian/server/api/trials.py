"""Strategies tried on recorded sessions."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import Field

from qianmian.errors import NotThere
from qianmian.locales.texts import Texts
from qianmian.runtime.trial import Trial
from qianmian.server.api.definition_told import LOCALES
from qianmian.server.api.models import Model, Words
from qianmian.server.api.roles import Needs
from qianmian.server.api.who import Here, Who
from qianmian.server.trials import TrialState

MOST_SESSIONS = 100

router = APIRouter(tags=["strategies"])
Key = Annotated[str, Path(max_length=48)]
Number = Annotated[int, Path(ge=1)]


class RecordedSession(Model):
    """A session that a strategy can be tried on; instants are ms UTC."""

    room: str
    session: str
    begins: int
    ends: int


class TrialGiven(Model):
    """On which session."""

    room: str = Field(max_length=200)
    session: str = Field(max_length=200)


class StopModel(Model):
    """A reason for which nothing was done: how often, and when first (ms UTC)."""

    reason: str
    says: Words
    count: int
    first_at: int


class TrialResult(Model):
    """What a strategy would have done; cost in minor units, at most.

    `was_there`: the version decided in the session itself, and this is what it decided; else
    everything that it sends is taken to arrive. `lost_to`, `went_before`: other strategies, and
    how often.
    """

    was_there: bool
    acts: int
    viewers: int
    held_out: int
    cost_minor: int
    stops: list[StopModel]
    lost_to: dict[str, int]
    went_before: dict[str, int]


class TrialModel(Model):
    """A trial and how far it has come: messages of the log applied, of so many in all."""

    room: str
    session: str
    state: Literal["running", "done", "failed"]
    done: int
    total: int
    problem: str | None
    result: TrialResult | None


@router.get("/recorded-sessions")
async def sessions(
    site: Here, _who: Annotated[Who, Needs("strategies.read")]
) -> list[RecordedSession]:
    """The newest sessions that strategies can be tried on."""
    found = await site.trials.sessions()
    return [RecordedSession(**one._asdict()) for one in found[:MOST_SESSIONS]]


@router.post("/strategies/{key}/versions/{version}/trial", status_code=202)
async def begin_trial(
    key: Key,
    version: Number,
    given: TrialGiven,
    site: Here,
    _who: Annotated[Who, Needs("strategies.write")],
) -> TrialModel:
    """Try a version on a session that is recorded; nothing is written or sent."""
    return _told(await site.trials.begin(key, version, given.room, given.session))


@router.get("/strategies/{key}/versions/{version}/trial")
async def trial(
    key: Key, version: Number, site: Here, _who: Annotated[Who, Needs("strategies.read")]
) -> TrialModel:
    """How far the newest trial of a version has come, and what it found."""
    found = site.trials.state(key, version)
    if found is None:
        raise NotThere(f'version {version} of "{key}" has not been tried since the server started')
    return _told(found)


def _told(one: TrialState) -> TrialModel:
    return TrialModel(
        room=one.session.room,
        session=one.session.session,
        state=one.state,
        done=one.done,
        total=one.total,
        problem=None if one.problem is None else one.problem.message,
        result=None if one.trial is None else _result(one.trial),
    )


def _result(trial: Trial) -> TrialResult:
    return TrialResult(
        was_there=trial.was_there,
        acts=len(trial.acts),
        viewers=trial.viewers,
        held_out=trial.held_out,
        cost_minor=trial.cost_minor,
        stops=[
            StopModel(
                reason=reason,
                says=_says(reason, one.about),
                count=one.count,
                first_at=one.first_at,
            )
            for reason, one in trial.stops.items()
        ],
        lost_to=trial.lost_to,
        went_before=trial.went_before,
    )


def _says(reason: str, about: str) -> Words:
    found: Words = {}
    for language, locale in LOCALES.items():
        found[language] = Texts(locale, "decisions").say(reason, about=about)
    return found
