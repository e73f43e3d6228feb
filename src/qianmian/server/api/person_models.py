"""Requests of single persons, as OpenAPI and the console's types know them. Instants are ms UTC."""

from __future__ import annotations

from pydantic import Field

from qianmian.server.api.models import Model


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
