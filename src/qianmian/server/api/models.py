"""The answers of the management API, as OpenAPI and the console's types know them.

Instants are ms UTC, money is in minor units; ids are strings, because a browser's numbers end at
2^53. The board itself is `qianmian.runtime.board.Board`.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from qianmian.vocabulary.ids import DEFAULT_NAMESPACE

Words = dict[Literal["zh", "en"], str]


class Model(BaseModel):
    """Unknown fields are an error: a typo must not be ignored."""

    model_config = ConfigDict(extra="forbid")


class AccountModel(Model):
    """Who is signed in, and what they may do."""

    id: str
    name: str
    role: str
    may: list[str]


class SessionModel(Model):
    """The session of this browser; `first_run` while there is no account at all."""

    account: AccountModel | None
    first_run: bool
    csrf: str | None


class SignIn(Model):
    """Name and password."""

    name: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=256)


class FirstAccount(SignIn):
    """The first account, by the one-time token that was printed at the first start."""

    token: str = Field(min_length=1, max_length=128)
    password: str = Field(min_length=10, max_length=256)


class TokenModel(Model):
    """The token of a link."""

    token: str = Field(min_length=1, max_length=128)


class InvitationModel(Model):
    """What a link is for: a new account of a role, or a new password for the account `name`."""

    role: str
    name: str | None


class JoinModel(FirstAccount):
    """Name and password for the account of a link."""


class MomentModel(Model):
    """A moment that is active here."""

    key: str
    scope: Literal["viewer", "room"]
    names: Words
    meaning: Words
    sentence: Words
    text: str


class MetaModel(Model):
    """What the console must know of this installation."""

    version: str
    zone: str
    currency: str
    lateness_ms: int
    moments: list[MomentModel]
    events: dict[str, Words]


class RoomModel(Model):
    """A room in the list."""

    room: str
    title: str
    session: str
    started_at: int | None
    live: bool
    online: int


class PageModel(Model):
    """The product page in focus."""

    product: str
    title: str
    since: int


class ViewerFiring(Model):
    """A moment of this viewer, and the events that made it."""

    id: str
    moment: str
    at: int
    product: str | None
    explanation: Words
    because: list[str]


class TimelineEvent(Model):
    """An event of this viewer."""

    at: int
    arrival: int
    type: str
    product: str | None
    title: str | None
    text: str | None
    amount_minor: int | None
    source: str | None
    message_id: str | None


class LogModel(Model):
    """The log."""

    first_offset: int
    next_offset: int
    last_clock: int


class EngineModel(Model):
    """The engine since its start."""

    lag_ms: int
    waiting: int
    viewers: int
    accepted: int
    duplicates: int
    late: int
    refused: int
    overflow: int
    problem: str | None


class SourceHealth(Model):
    """What a source sent; delays of its newest events."""

    name: str
    key_class: str | None
    first_at: int | None
    last_at: int | None
    events: int
    duplicates: int
    late: int
    rejected: int
    rejected_by_code: dict[str, int]
    delay_p50_ms: int | None
    delay_p95_ms: int | None


class DataHealth(Model):
    """The page of data health."""

    as_of: int
    log: LogModel
    engine: EngineModel
    sources: list[SourceHealth]
    dead_letters: int


class DeadLetterModel(Model):
    """A letter, with the beginning of what is in it."""

    id: str
    at: int
    source: str
    route: str
    code: str
    detail: str
    events: int
    size: int
    preview: str


class DeadLetterPage(Model):
    """Letters, newest first; `next` asks for older ones."""

    items: list[DeadLetterModel]
    next: str | None


class RejectedModel(Model):
    """An event that was not accepted."""

    index: int
    message_id: str | None
    code: str
    detail: str


class ReplayedLetter(Model):
    """What became of a letter that was sent again."""

    accepted: int
    rejected: list[RejectedModel]


class KeyModel(Model):
    """A write key, without the key."""

    id: str
    prefix: str
    created_at: int
    revoked_at: int | None


class SourceModel(Model):
    """A source and its keys."""

    name: str
    key_class: Literal["browser", "server", "connector"]
    namespace: str
    default_room: str | None
    created_at: int
    first_event_at: int | None
    last_event_at: int | None
    keys: list[KeyModel]


class NewSource(Model):
    """A source to add; ids of another `namespace` than the shop's are people of their own."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")
    key_class: Literal["browser", "server", "connector"]
    namespace: str = Field(default=DEFAULT_NAMESPACE, pattern=r"^[a-z0-9][a-z0-9_.:-]{0,63}$")
    default_room: str | None = Field(default=None, max_length=128)
    presence: bool = False


class AddedSource(Model):
    """The source, and its write key: shown once."""

    source: SourceModel
    write_key: str


class AddedKey(Model):
    """A key: shown once."""

    key_id: str
    write_key: str
