"""What the management API says of definitions: moments, tags, segments. Instants are ms UTC."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from qianmian.language.numbers import Unit
from qianmian.runtime.definition_versions import MAX_MEANING, MAX_TITLE, MAX_WHY
from qianmian.server.api.models import Model, Words
from qianmian.vocabulary.values import MAX_INT

Kind = Literal["moment", "tag", "segment"]
Language = Literal["zh", "en"]
Titles = dict[Language, Annotated[str, Field(max_length=MAX_TITLE)]]
Meanings = dict[Language, Annotated[str, Field(max_length=MAX_MEANING)]]
MAX_TEXT_CHARS = 20_000


class VersionModel(Model):
    """One version; what is built in has no instants."""

    version: int
    state: Literal["draft", "active", "replaced", "retired"]
    text: str
    sentence: Words | None
    title: dict[str, str]
    meaning: dict[str, str]
    made_at: int
    made_by: str
    why: str
    active_from: int | None
    active_until: int | None
    ended_by: str | None


class NamedModel(Model):
    """A definition by kind and key, and how people call it."""

    kind: Kind
    key: str
    names: Words


class UserModel(Model):
    """What uses a definition or a list: another definition, or a strategy."""

    kind: Kind | Literal["strategy"]
    key: str
    names: Words


class HoldingModel(Model):
    """Of how many viewers it holds as of now: of those in the room, and of all live ones."""

    present: int
    live: int


class CountingModel(Model):
    """Since when it counts, if not from the start; `backfilled`: with the minutes before."""

    since: int
    backfilled: bool


class FiredModel(Model):
    """How often a moment fired in a room since the last midnight of the shop."""

    room: str
    count: int


class ParameterModel(Model):
    """A number of a built-in moment: its name in a file, as people call it, and its value."""

    key: str
    names: Words
    value: Words


class DefinitionModel(Model):
    """A definition in the list.

    `now` is what holds, `draft` what somebody writes, `names` how people call it. `holding` is of
    how many viewers in open rooms it holds now, `enough` of how many there is enough evidence to
    say so; `tier`, `freshness` and `part_of` (the tag whose value it is) are of built-in tags.
    `number` is what a tag counts whose value is a number; it holds of whoever has one.
    `used_by` are active definitions, and strategies that decide, are paused or wait for approval.
    `fired` is of moments, the busiest room first; `parameters` are the numbers of built-in ones.
    """

    kind: Kind
    key: str
    names: Words
    meaning: Words
    built_in: bool
    now: VersionModel | None
    draft: VersionModel | None
    used_by: list[UserModel]
    uses: list[NamedModel]
    counting: CountingModel | None
    holding: HoldingModel | None
    enough: HoldingModel | None
    tier: Literal["basic", "behavior", "value", "predictive"] | None
    freshness: Literal["live", "session", "daily"] | None
    part_of: str | None
    number: Unit | None
    fired: list[FiredModel]
    parameters: list[ParameterModel]


class DefinitionDetail(DefinitionModel):
    """One of them, with its JSON tree and its past."""

    tree: dict[str, Any] | None
    history: list[VersionModel]


class Writing(Model):
    """A text of the condition language, or the JSON tree of an expression."""

    kind: Kind = "segment"
    key: str = Field(default="being_written", min_length=1, max_length=64)
    text: str | None = Field(default=None, max_length=MAX_TEXT_CHARS)
    tree: dict[str, Any] | None = None


class WarningModel(Model):
    """What is allowed and hardly meant; durations in `params` are ms, money is in minor units."""

    code: str
    params: dict[str, str | int | float]
    said: Words


class Understood(Model):
    """What a text or a tree means, or what is wrong with it.

    `position` is where in the text, `path` where in the tree; `params` are of an unknown name: its
    `kind`, the `name`, and one that is `near`. `uses` are the tags and segments it
    names. `usable`: it could be active beside everything else; else `problem` says why not, and
    `said` the same in both languages, where it is a problem of the language.
    """

    usable: bool
    text: str | None = None
    tree: dict[str, Any] | None = None
    sentence: Words | None = None
    sort: Literal["level", "pulse"] | None = None
    warnings: list[WarningModel] = Field(default_factory=list)
    uses: list[NamedModel] = Field(default_factory=list)
    code: str | None = None
    problem: str | None = None
    said: Words | None = None
    position: int | None = None
    path: str | None = None
    params: dict[str, str] = Field(default_factory=dict)


class DraftModel(Model):
    """What somebody is writing; it need not be right yet."""

    text: str = Field(max_length=MAX_TEXT_CHARS)
    title: Titles = Field(default_factory=dict)
    meaning: Meanings = Field(default_factory=dict)


class Change(Model):
    """Why somebody makes it hold, or ends it."""

    why: str = Field(default="", max_length=MAX_WHY)


class RollBack(Change):
    """Back to the text of an old version."""

    version: int = Field(ge=1, le=MAX_INT)


class StepPartModel(Model):
    """A part of a condition: for how many it holds, and how many of those left before it."""

    sentence: Words
    alone: int
    left: int


class StepModel(StepPartModel):
    """One of the conditions that must all hold: for how many it does, and how many are left.

    `parts` are what it is made of, where it is more than one thing.
    """

    parts: list[StepPartModel]


class OverlapModel(NamedModel):
    """How many of another segment are in this one, too."""

    size: int
    both: int


class LeftOutModel(NamedModel):
    """Another segment of which history cannot say how many are in this one, and why not."""

    reason: Literal["visit", "state", "score", "other"]


class SampleModel(Model):
    """Somebody of it; `holds` says of each of `parts` whether it holds for them."""

    viewer: str
    last_seen: int | None
    holds: list[bool]


class ReachModel(Model):
    """How many a channel may and can reach: by their consent, and where there is an address."""

    channel: Literal["in_room", "push", "sms", "wechat", "email"]
    count: int


class ShareModel(Model):
    """Of how many a tag holds, does not hold, and of how many there is not enough evidence."""

    value: str
    names: Words
    total: int
    yes: int
    no: int
    unknown: int


class GroupingModel(Model):
    """The same for people whose value of a trait is known, by that value."""

    trait: str
    names: Words
    shares: list[ShareModel]


class DistributionModel(Model):
    """How a tag would divide everybody history knows; what arrived after `as_of` is not in it."""

    as_of: int
    took_ms: int
    everybody: ShareModel
    groupings: list[GroupingModel]


class PreviewModel(Model):
    """A segment in numbers, before it is used.

    `as_of`: what arrived later is not in them. `empty_at`: the place of the condition that leaves
    nobody. `few`: too few people to measure an effect on.
    """

    as_of: int
    took_ms: int
    total: int
    count: int
    steps: list[StepModel]
    empty_at: int | None
    few: bool
    overlaps: list[OverlapModel]
    left_out: list[LeftOutModel]
    reach: list[ReachModel]
    parts: list[Words]
    samples: list[SampleModel]
