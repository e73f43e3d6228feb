"""The answers of the API about strategies, offers and limits.

Strategies, offers and limits themselves are written as in a file (`strategies.strategy`,
`vocabulary.offer`); `with_strategies` puts their schemas into the OpenAPI document.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from pydantic import Field, WithJsonSchema

from qianmian.server.api.models import Model, Words
from qianmian.server.whys import Verdict
from qianmian.strategies.modes import Step
from qianmian.strategies.strategy import ChannelKind, Guardrails, Mode, Strategy
from qianmian.vocabulary.offer import Offer

REFERENCE: Final = "#/components/schemas/{name}"


_AS: Final = "x-written-as"  # until `with_strategies`: Pydantic knows only its own references


def _written_as(name: str) -> WithJsonSchema:
    return WithJsonSchema({_AS: name})


StrategyBody = Annotated[dict[str, Any], _written_as("Strategy")]
OfferBody = Annotated[dict[str, Any], _written_as("Offer")]
GuardrailsBody = Annotated[dict[str, Any], _written_as("Guardrails")]


class StrategyVersionModel(Model):
    """One version, with who brought it where it is; `steps`: where it can go from there."""

    strategy: StrategyBody
    version: int
    mode: Mode
    made_at: int
    made_by: str
    asked_by: str
    approved_by: str
    changed_at: int
    changed_by: str
    why: str
    steps: list[Step]


class TodayModel(Model):
    """What a strategy decided since midnight of the shop; `reasons` counts what was suppressed."""

    acted: int
    held_out: int
    rehearsed: int
    suppressed: int
    reasons: dict[str, int]


class StrategyModel(Model):
    """A strategy in the list.

    `now` is what decides, or is paused; `waiting` for approval; `of_file`: what decides is written
    in the settings' file, and an edit takes it out of its hands. `problem`: why it cannot run.
    """

    key: str
    names: Words
    mode: Mode
    of_file: StrategyBody | None
    now: StrategyVersionModel | None
    waiting: StrategyVersionModel | None
    draft: StrategyVersionModel | None
    problem: str | None
    today: TodayModel


class StrategyDetail(StrategyModel):
    """A strategy with every version, newest first."""

    history: list[StrategyVersionModel]


class StrategyUnderstood(Model):
    """What a strategy means; `problem` and its `field` where it could not run.

    `sentence` says when it decides, as the engine understands it; `again_after_ms`: how long after
    one time it can decide for the same viewer again; `passed_over`: channels of its steps that are
    not set up, over which nothing goes.
    """

    usable: bool
    sentence: Words | None = None
    again_after_ms: int | None = None
    deadlines_ms: list[int] = Field(default_factory=list)
    passed_over: list[ChannelKind] = Field(default_factory=list)
    problem: str | None = None
    code: str | None = None
    field: str | None = None


class StepGiven(Model):
    """A step of a version that its makers take, with what they say."""

    step: Literal["rehearse", "ask", "narrow", "pause", "resume", "end"]
    why: str = Field(default="", max_length=500)


class ApprovalGiven(Model):
    """A step of a version that an approver takes: begin with a few, send back, let it reach all."""

    step: Literal["approve", "send_back", "widen"]
    why: str = Field(default="", max_length=500)


class OfferModel(Model):
    """An offer, how many were given, and the strategies that go with it.

    `codes`, `codes_left`: how many were uploaded and nobody has yet; null where it has none.
    """

    offer: OfferBody
    given: int
    codes: int | None
    codes_left: int | None
    of_file: bool
    used_by: list[str]


class LimitsModel(Model):
    """The limits of the shop, and whether one person works here, who approves what they made."""

    guardrails: GuardrailsBody
    single_person: bool


class LimitsGiven(Model):
    """New limits; what is left out stays as it is."""

    guardrails: GuardrailsBody | None = None
    single_person: bool | None = None
    why: str = Field(default="", max_length=500)


class SwitchModel(Model):
    """The red switch: whether all strategies of the shop are stopped."""

    is_stopped: bool


class SwitchGiven(SwitchModel):
    """Turn it, and say why."""

    why: str = Field(default="", max_length=500)


class DecisionModel(Model):
    """What a strategy did about a firing; `says` is the outcome with its reason, in words.

    `scheduled_at`: the instant of a schedule, of which there is no moment. `deadline_at`: until
    when what was decided could be delivered. Instants are ms UTC.
    """

    id: str
    at: int
    strategy: str
    version: int
    names: Words
    moment: str
    scheduled_at: int | None
    viewer: str | None
    room: str
    product: str | None
    outcome: Literal["act", "held_out", "suppressed"]
    reason: str
    says: Words
    channels: list[str]
    offer: str | None
    deadline_at: int
    rehearsal: bool


class GuardModel(Model):
    """Something that a strategy asks for beside its moment; `unknown`: nothing is known of it.

    `cut`: the viewer did more than is kept, so only the newest amounts count.
    """

    sentence: Words
    holds: bool
    unknown: bool
    cut: bool


class WhyModel(Model):
    """Where one strategy stands with one viewer; see `qianmian.server.whys`."""

    strategy: str
    names: Words
    mode: Mode
    moment: str
    verdict: Verdict
    fired_at: int | None
    judged_at: int
    guards: list[GuardModel]
    decision: DecisionModel | None


class WhyPage(Model):
    """Why something happened to a viewer in a room, or nothing: decisions, and each strategy."""

    as_of: int
    decisions: list[DecisionModel]
    strategies: list[WhyModel]


def with_strategies(document: dict[str, Any]) -> dict[str, Any]:
    """The document with the schemas of what is written as in a file."""
    structs = [Strategy, Offer, Guardrails]
    _, parts = msgspec.json.schema_components(structs, ref_template=REFERENCE)
    document.setdefault("components", {}).setdefault("schemas", {}).update(parts)
    waiting: list[Any] = [document]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if _AS in one:
                name = one.pop(_AS)
                one.clear()
                one["$ref"] = REFERENCE.format(name=name)
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
    return document
