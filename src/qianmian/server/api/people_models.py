"""Who a viewer is, as OpenAPI and the console's types know it: four dimensions, tags, segments.

Instants are ms UTC, money is in minor units, shares are 0..1. What is not known is left out or
None, never filled in.
"""

from __future__ import annotations

from typing import Literal

from qianmian.server.api.models import Model, PageModel, TimelineEvent, ViewerFiring, Words


class PersonEvent(TimelineEvent):
    """An event, and where."""

    room: str | None
    viewer: str


class BasicModel(Model):
    """A basic value; `value_names` is how people say it. Confidence in percent."""

    name: str
    names: Words
    value: str | int | float | bool
    value_names: Words
    origin: Literal["declared", "platform", "stated", "inferred"]
    confidence: int
    at: int


class DoneModel(Model):
    """How often something was done, and when last."""

    type: str
    n: int
    last: int
    amount_minor: int


class LikingModel(Model):
    """A value of a dimension, and its share."""

    value: str
    names: Words
    share: float
    n: int


class PreferenceModel(Model):
    """A dimension of preference. `preferred` only with enough acts and half of the weight."""

    dimension: Literal["category", "price_band", "brand", "brand_tone"]
    acts: int
    enough: bool
    preferred: str | None
    likings: list[LikingModel]


class StageModel(Model):
    """A life stage, and when it began."""

    stage: Literal["new", "active", "churn_risk", "dormant", "returned"]
    since: int


Said = Literal["yes", "no", "unknown", "value"]


class TagModel(Model):
    """A tag: `yes`, `no`, `unknown` (insufficient evidence), or `value` with which one.

    Of a tag whose value is a number that is how much now, as a text without a sign; amounts of
    money in minor units.
    """

    key: str
    names: Words
    meaning: Words
    tier: Literal["basic", "behavior", "value", "predictive"] | None
    answer: Said
    value: str | None
    value_names: Words | None
    sentence: Words | None
    since: int | None
    because: list[str]


class SegmentModel(Model):
    """A segment that the viewer belongs to now."""

    key: str
    names: Words
    meaning: Words
    sentence: Words
    since: int | None
    because: list[str]


class WaitingModel(Model):
    """A moment that fires then unless it is cancelled."""

    moment: str
    about: str | None
    title: str | None
    due: int


class LinkedId(Model):
    """An id that is another's: `device` of an anonymous one. It holds while `until` is None."""

    id: str
    of: str
    kind: Literal["device", "platform"]
    since: int
    until: int | None
    source: str


class PersonModel(Model):
    """Four dimensions of a viewer, of everything up to `stored_at` and since.

    `since` says how far back they rest on what was read, where that is not everything.
    `is_profiled` is False for a minor, or in strict mode for whom nobody knows: then there is none.
    """

    is_profiled: bool

    basic: list[BasicModel]
    behavior: list[DoneModel]
    preference: list[PreferenceModel]
    stages: list[StageModel]
    tags: list[TagModel]
    segments: list[SegmentModel]
    visits: int
    waiting: list[WaitingModel]
    first_seen: int | None
    linked: list[LinkedId]
    stored_at: int | None
    since: int | None


class PersonPage(Model):
    """A person in all rooms; `timeline` is the newest first, back to `since`."""

    viewer: str
    ids: list[str]
    basic: list[BasicModel]
    behavior: list[DoneModel]
    preference: list[PreferenceModel]
    stages: list[StageModel]
    linked: list[LinkedId]
    stored_at: int | None
    timeline: list[PersonEvent]
    since: int
    whole: bool


class NewLink(Model):
    """Another id of the same person."""

    other: str


class ViewerModel(Model):
    """A viewer in a room. `since` is how far back the timeline reaches."""

    viewer: str
    known: bool
    room: str
    present: bool
    entered_at: int | None
    last_seen: int | None
    page: PageModel | None
    person: PersonModel
    firings: list[ViewerFiring]
    timeline: list[TimelineEvent]
    since: int
    whole: bool
