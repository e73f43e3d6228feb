"""Who works here, the keys of programs, and the audit of what they change."""

from __future__ import annotations

import asyncio
from typing import Annotated, cast

from fastapi import APIRouter, Query

from qianmian.server.api.problems import Problem
from qianmian.server.api.roles import Needs
from qianmian.server.api.staff_models import (
    ActorModel,
    AddedApiKey,
    ApiKeyModel,
    AuditEntry,
    AuditPage,
    AuditVerdict,
    KeyRole,
    LinkModel,
    MemberChange,
    MemberModel,
    NewApiKey,
    NewInvitation,
    Role,
)
from qianmian.server.api.who import Here, Who
from qianmian.storage.sql.api_keys import ApiKey
from qianmian.storage.sql.audit import Entry
from qianmian.storage.sql.staff import Link, Member

PAGE = 50

router = APIRouter(tags=["staff"])


@router.get("/accounts")
async def accounts(site: Here, _who: Annotated[Who, Needs("accounts.read")]) -> list[MemberModel]:
    """Every account, also those that are ended."""
    return [_member(one) for one in await asyncio.to_thread(site.staff.all)]


@router.post("/accounts/invitations", status_code=201)
async def invite(
    given: NewInvitation, site: Here, who: Annotated[Who, Needs("accounts.write")]
) -> LinkModel:
    """A one-time link for a new account of a role."""
    return _link(await asyncio.to_thread(site.staff.invite, given.role, by=who.actor))


@router.patch("/accounts/{account}")
async def change(
    account: str, given: MemberChange, site: Here, who: Annotated[Who, Needs("accounts.write")]
) -> MemberModel:
    """Give an account another role, end it, or let it in again."""
    changed = await asyncio.to_thread(
        site.staff.change,
        account,
        by=who.actor,
        role=given.role,
        disabled=given.disabled,
        reason=given.reason,
    )
    if changed == "last_owner":
        raise Problem("account.last_owner", "this is the last owner; make another one first")
    found = [one for one in await asyncio.to_thread(site.staff.all) if one.account.id == account]
    if not found:
        raise Problem("account.unknown", "there is no account of this id")
    return _member(found[0])


@router.post("/accounts/{account}/reset", status_code=201)
async def reset(
    account: str, site: Here, who: Annotated[Who, Needs("accounts.write")]
) -> LinkModel:
    """A one-time link to choose a new password with."""
    made = await asyncio.to_thread(site.staff.reset, account, by=who.actor)
    if made is None:
        raise Problem("account.unknown", "there is no account of this id, or it is ended")
    return _link(made)


@router.get("/api-keys")
async def api_keys(site: Here, _who: Annotated[Who, Needs("api_keys.read")]) -> list[ApiKeyModel]:
    """Every key, newest first."""
    return [_key(one) for one in await asyncio.to_thread(site.api_keys.all)]


@router.post("/api-keys", status_code=201)
async def add_api_key(
    given: NewApiKey, site: Here, who: Annotated[Who, Needs("api_keys.write")]
) -> AddedApiKey:
    """A new key; its secret is in this answer and nowhere else."""
    create = site.api_keys.create
    made, secret = await asyncio.to_thread(create, given.name.strip(), given.role, by=who.actor)
    return AddedApiKey(key=_key(made), secret=secret)


@router.delete("/api-keys/{key}", status_code=204)
async def revoke_api_key(
    key: str, site: Here, who: Annotated[Who, Needs("api_keys.write")]
) -> None:
    """A key is not valid any more, from the next request on."""
    if not await asyncio.to_thread(site.api_keys.revoke, key, by=who.actor):
        raise Problem("api_key.unknown", "there is no valid key of this id")


@router.get("/audit")
async def audit(
    site: Here,
    _who: Annotated[Who, Needs("audit.read")],
    before: Annotated[int | None, Query(ge=1, le=1 << 53)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = PAGE,
) -> AuditPage:
    """What was changed, newest first."""
    found = await asyncio.to_thread(site.audit.read, before=before, limit=limit)
    last = found[-1].number if len(found) == limit and found[-1].number > 1 else None
    return AuditPage(items=[_entry(one) for one in found], next=last)


@router.get("/audit/verdict")
async def verdict(site: Here, _who: Annotated[Who, Needs("audit.read")]) -> AuditVerdict:
    """Whether the chain of the audit is whole. Cost: reads every row."""
    found = await asyncio.to_thread(site.audit.verify)
    return AuditVerdict(
        rows=found.head.number,
        head=found.head.hash.hex(),
        intact=found.problem is None,
        broken_at=found.broken_at,
        problem=found.problem,
        as_of=site.now(),
    )


def _member(one: Member) -> MemberModel:
    account = one.account
    return MemberModel(
        id=account.id,
        name=account.name,
        role=cast(Role, account.role),
        created_at=one.created_at,
        seen_at=one.seen_at,
        disabled_at=one.disabled_at,
    )


def _link(made: Link) -> LinkModel:
    return LinkModel(token=made.token, role=cast(Role, made.role), expires_at=made.expires_at)


def _key(one: ApiKey) -> ApiKeyModel:
    return ApiKeyModel(
        id=one.id,
        name=one.name,
        role=cast(KeyRole, one.role),
        prefix=one.prefix,
        created_at=one.created_at,
        used_at=one.used_at,
        revoked_at=one.revoked_at,
    )


def _entry(one: Entry) -> AuditEntry:
    actor = ActorModel.model_validate(
        {"kind": one.actor.kind, "id": one.actor.id, "name": one.actor.name}
    )
    return AuditEntry(
        number=one.number,
        at=one.at,
        actor=actor,
        action=one.action,
        subject=one.subject,
        before=one.before,
        after=one.after,
        reason=one.reason,
    )
