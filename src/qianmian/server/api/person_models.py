"""Requests of single persons, as OpenAPI and the console's types know them. Instants are ms UTC."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from qianmian.server.api.models import Model, Words


class ConsentGiven(Model):
    """Something that a person says: without a channel, marketing is the person's switch."""

    purpose: Literal["personalized_marketing", "share"]
    channel: Literal["", "in_room", "push", "sms", "wechat", "email", "phone"] = ""
    granted: bool
    text_version: str = Field(default="", max_length=128)
    evidence: str = Field(default="", max_length=500)


class ConsentRow(Model):
    """A change, with what proves it."""

    purpose: str
    channel: str
    granted: bool
    event_time: int
    source: str
    text_version: str
    evidence: str


class ConsentsModel(Model):
    """What a person agreed to: by channel of marketing, for sharing, and every change.

    `personalized` is the person's switch; `channels` says over which one may write;
    `withheld_tags` are those that the person took away.
    """

    personalized: bool
    channels: dict[str, bool]
    share: bool
    withheld_tags: list[str]
    changes: list[ConsentRow]


class PrivacyModel(Model):
    """What holds for everybody: minors, days by class of data (0: for ever), classes refused."""

    minors: Literal["exclude", "strict", "off"]
    retention: dict[str, int]
    refused: list[Words]


class ErasureGiven(Model):
    """Who is to be erased. `confirm` is the id once more, typed by a person."""

    viewer: str = Field(min_length=1, max_length=128)
    confirm: str = Field(min_length=1, max_length=128)
    reason: str = Field(default="", max_length=500)


class ErasureModel(Model):
    """A request: `step` is the store that is being done, `asked` or `done`.

    `report` says by store how many places were changed. The id is told while it is not done.
    """

    id: str
    mark: str
    asked_at: int
    asked_by: str
    reason: str
    step: str
    done_at: int | None
    report: dict[str, int] | None
