"""Accounts, keys of programs, and the audit, as the management API tells them. Instants: ms UTC."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from qianmian.server.api.models import Model

Role = Literal["owner", "lead", "operator", "service", "host", "reader"]
KeyRole = Literal["lead", "operator", "service", "reader"]
MAX_REASON = 500


class MemberModel(Model):
    """Somebody who works here. `seen_at` is when a session of theirs was used last."""

    id: str
    name: str
    role: Role
    created_at: int
    seen_at: int | None
    disabled_at: int | None


class NewInvitation(Model):
    """The role of the account that a link makes."""

    role: Role


class LinkModel(Model):
    """A link that was made: shown once. `token` stands behind the # of `/join`."""

    token: str
    role: Role
    expires_at: int


class MemberChange(Model):
    """What to change of an account; what is absent stays."""

    role: Role | None = None
    disabled: bool | None = None
    reason: str = Field(default="", max_length=MAX_REASON)


class ApiKeyModel(Model):
    """A key of a program, without the key."""

    id: str
    name: str
    role: KeyRole
    prefix: str
    created_at: int
    used_at: int | None
    revoked_at: int | None


class NewApiKey(Model):
    """A key to make."""

    name: str = Field(min_length=1, max_length=64)
    role: KeyRole


class AddedApiKey(Model):
    """The key, and its secret: shown once."""

    key: ApiKeyModel
    secret: str


class ActorModel(Model):
    """Who did it: an account, a key, a link to a room, a command on the machine, the product."""

    kind: Literal["account", "key", "link", "command", "system"]
    id: str
    name: str


class AuditEntry(Model):
    """One change. `before` and `after` are what it was about."""

    number: int
    at: int
    actor: ActorModel
    action: str
    subject: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    reason: str


class AuditPage(Model):
    """Changes, newest first; `next` asks for older ones."""

    items: list[AuditEntry]
    next: int | None


class AuditVerdict(Model):
    """Whether every row is as it was written; `head` is worth noting elsewhere."""

    rows: int
    head: str
    intact: bool
    broken_at: int | None
    problem: str | None
    as_of: int
