"""What a person reads about themselves, as OpenAPI knows it. Instants are ms UTC."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from qianmian.server.api.models import Model, Words
from qianmian.server.api.people_models import BasicModel


class MeTag(Model):
    """A tag that holds of me, with what it means; `value` where it is one of a few."""

    key: str
    names: Words
    meaning: Words
    value: str | None
    value_names: Words | None


class MeSegment(Model):
    """A segment that I am in, with what it means."""

    key: str
    names: Words
    meaning: Words


class MeGone(Model):
    """A tag that I took away."""

    key: str
    names: Words


class MeModel(Model):
    """What is known of me, with who told it, and what I agreed to.

    `is_profiled` is False for a minor, of whom no profile is made. `taken_away` are tags that I do
    not want. `personalized` is my switch; `channels` says over which one may write to me.
    """

    viewer: str
    ids: list[str]
    is_profiled: bool
    basic: list[BasicModel]
    tags: list[MeTag]
    segments: list[MeSegment]
    taken_away: list[MeGone]
    personalized: bool
    channels: dict[str, bool]
    share: bool


class MeSaid(Model):
    """A yes or a no: without a channel, marketing is my switch."""

    purpose: Literal["personalized_marketing", "share"]
    channel: Literal["", "in_room", "push", "sms", "wechat", "email", "phone"] = ""
    granted: bool
    text_version: str = Field(default="", max_length=128)


class MeGiven(Model):
    """My id once more, typed."""

    confirm: str = Field(min_length=1, max_length=129)


class MeErasure(Model):
    """My request to be erased; it is done without anybody of the shop."""

    id: str
    asked_at: int
