"""Lists of viewers that the shop uploads, by name: `in list.vip` in conditions."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import StreamingResponse

from qianmian.connectors.list_sheet import list_csv, read_list
from qianmian.errors import InUse
from qianmian.runtime.definition_versions import MAX_WHY
from qianmian.runtime.refusals import Refusals
from qianmian.server.api.calling import teller_on
from qianmian.server.api.definition_models import UserModel
from qianmian.server.api.models import Model
from qianmian.server.api.product_models import TableReport
from qianmian.server.api.roles import Needs
from qianmian.server.api.tables import BODY, table_of, told
from qianmian.server.api.users import strategies_using
from qianmian.server.api.who import Here, Who
from qianmian.server.site import Site
from qianmian.storage.sql.audit import Actor
from qianmian.storage.sql.lists import MAX_TITLE, ListStore, ListTaken, ListVersion

Key = Annotated[str, Path(min_length=1, max_length=64)]
Reading = Annotated[Who, Needs("definitions.read")]
Importing = Annotated[Who, Needs("people.import")]

router = APIRouter(tags=["lists"])


class ListVersionModel(Model):
    """One upload; `kept`: its members are still there. Instants are ms UTC."""

    version: int
    size: int
    made_at: int
    made_by: str
    kept: bool


class ListModel(ListVersionModel):
    """A list as it holds now, with the definitions and strategies that name it."""

    key: str
    title: str
    used_by: list[UserModel]


class ListDetail(ListModel):
    """A list with every version, newest first."""

    history: list[ListVersionModel]


class ListImport(TableReport):
    """What a table of viewers did to a list, or would do; `version` is the one that holds then."""

    version: int
    size: int
    added: int
    removed: int


@router.get("/lists")
async def lists(site: Here, _who: Reading) -> list[ListModel]:
    """Every list."""
    found = await asyncio.to_thread(site.lists.all)
    used = await _users(site, [one.key for one in found])
    return [_model(one, used[one.key]) for one in found]


@router.get("/lists/{key}")
async def one_list(key: Key, site: Here, _who: Reading) -> ListDetail:
    """One of them, with its past."""
    versions = await asyncio.to_thread(site.lists.versions, key)
    if not versions:
        await asyncio.to_thread(site.lists.members, key)  # says that there is none
    used = await _users(site, [key])
    history = [_version(one) for one in versions]
    return ListDetail(**_model(versions[0], used[key]).model_dump(), history=history)


@router.get("/lists/{key}/members.csv", response_class=StreamingResponse)
async def export(
    key: Key,
    site: Here,
    _who: Importing,
    version: Annotated[int | None, Query(ge=1, le=1 << 31)] = None,
    locale: Literal["zh-CN", "en-US"] = "zh-CN",
) -> StreamingResponse:
    """Who is on it, as a table that can be changed and imported again."""
    found = await asyncio.to_thread(site.lists.members, key, version)
    disposition = 'attachment; filename="list.csv"'
    headers = {"content-disposition": disposition, "cache-control": "no-store"}
    lines = list_csv(found, locale)
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/lists/{key}/import", openapi_extra=BODY)
async def import_list(
    key: Key,
    request: Request,
    site: Here,
    who: Importing,
    title: Annotated[str, Query(max_length=MAX_TITLE)] = "",
    why: Annotated[str, Query(max_length=MAX_WHY)] = "",
    namespace: Annotated[str, Query(max_length=64)] = "",
    *,
    dry_run: bool = False,
) -> ListImport:
    """These viewers are the list from now on, in the place of who was on it."""
    body = await table_of(request)
    done = await asyncio.to_thread(
        take_list,
        site.lists,
        key,
        body,
        who.actor,
        erased=site.persons.refusals,
        title=title,
        why=why,
        prefix=site.sources.prefix_in(namespace),
        dry_run=dry_run,
    )
    if not dry_run:
        await site.facts.follow()
    return done


@router.delete("/lists/{key}", status_code=204)
async def delete_list(key: Key, site: Here, who: Importing) -> None:
    """Take a list away; what names it must be changed first."""
    users = (await _users(site, [key]))[key]
    if users:
        said = ", ".join(f'{one.kind} "{one.key}"' for one in users)
        raise InUse(f'the list "{key}" is used by {said}; change these first')
    await asyncio.to_thread(site.lists.delete, key, by=who.actor)
    await site.facts.follow()


def take_list(
    store: ListStore,
    key: str,
    body: bytes,
    actor: Actor,
    *,
    erased: Refusals,
    title: str = "",
    why: str = "",
    prefix: str = "",
    dry_run: bool = False,
) -> ListImport:
    """Take a table over as a list, without who was erased, and tell what it did.

    Args:
        prefix: that ids get which are of another namespace.

    Raises: SheetProblem when the table as a whole cannot be used; DefinitionError for a key that
        is no name; InputError; OperationalError when the database cannot be used.
    """
    viewers, report = read_list(body, erased.has, prefix)
    about = {"bad": report.bad, "sha256": hashlib.sha256(body).hexdigest()}
    done: ListTaken = store.put(
        key, viewers, by=actor, title=title, reason=why, dry_run=dry_run, told=about
    )
    counts = {name: getattr(done, name) for name in ("version", "size", "added", "removed")}
    return ListImport(**told(report), dry_run=dry_run, **counts)


async def _users(site: Site, keys: Sequence[str]) -> Mapping[str, list[UserModel]]:
    """The active definitions and the strategies that name each of these lists."""
    entries = await site.desk.entries()
    teller = await teller_on(site, entries)
    users = await site.desk.users_of_lists()
    strategies = await strategies_using(site)
    return {
        key: [*teller.users(users.get(key, [])), *strategies.get(("list", key), [])] for key in keys
    }


def _model(one: ListVersion, used_by: list[UserModel]) -> ListModel:
    return ListModel(
        **_version(one).model_dump(), key=one.key, title=one.title or one.key, used_by=used_by
    )


def _version(one: ListVersion) -> ListVersionModel:
    return ListVersionModel(
        version=one.version,
        size=one.size,
        made_at=one.made_at,
        made_by=one.made_by,
        kept=one.is_kept,
    )
