"""Members and past orders from a table, by the same log as everything else."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request

from qianmian.server.api.product_models import EventImport
from qianmian.server.api.roles import Needs
from qianmian.server.api.tables import BODY, table_of, told
from qianmian.server.api.who import Here, Who
from qianmian.server.importing import Shop, Taken, take_links, take_members, take_orders
from qianmian.server.site import Site
from qianmian.storage.sql.audit import Actor

Namespace = Annotated[str, Query(max_length=64)]
"""Of the ids of the table; "": the deployment's own."""

router = APIRouter(tags=["imports"])


@router.post("/members/import", openapi_extra=BODY)
async def import_members(
    request: Request,
    site: Here,
    who: Annotated[Who, Needs("people.import")],
    namespace: Namespace = "",
    *,
    dry_run: bool = False,
) -> EventImport:
    """Tell what a table knows of members: one `profile_updated` a row, as of now."""
    taken = await take_members(_shop(site, namespace), await table_of(request), dry_run=dry_run)
    return await _told(site, taken, "members.imported", who.actor, dry_run=dry_run)


@router.post("/orders/import", openapi_extra=BODY)
async def import_orders(
    request: Request,
    site: Here,
    who: Annotated[Who, Needs("people.import")],
    namespace: Namespace = "",
    *,
    dry_run: bool = False,
) -> EventImport:
    """Tell past orders: one verified `order_paid` each, with its own time, and refunds."""
    taken = await take_orders(_shop(site, namespace), await table_of(request), dry_run=dry_run)
    return await _told(site, taken, "orders.imported", who.actor, dry_run=dry_run)


@router.post("/links/import", openapi_extra=BODY)
async def import_links(
    request: Request,
    site: Here,
    who: Annotated[Who, Needs("people.import")],
    namespace: Namespace = "",
    *,
    dry_run: bool = False,
) -> EventImport:
    """Tell which ids are one person's: one `identity_linked` a row; `namespace`: of the second."""
    taken = await take_links(_shop(site, namespace), await table_of(request), dry_run=dry_run)
    return await _told(site, taken, "viewer.linked", who.actor, dry_run=dry_run)


def _shop(site: Site, namespace: str) -> Shop:
    now_ms = max(site.now(), site.log.last_clock)
    prefix = site.sources.prefix_in(namespace)
    return Shop(site.deployment, site.currency, site.zone, now_ms, site.persons.refusals, prefix)


async def _told(
    site: Site, taken: Taken, action: str, actor: Actor, *, dry_run: bool
) -> EventImport:
    if not dry_run:
        await asyncio.to_thread(site.audit.note, actor, action, "", after=taken.for_audit())
    return report_of(taken, dry_run=dry_run)


def report_of(taken: Taken, *, dry_run: bool) -> EventImport:
    """What a table did, or would do."""
    return EventImport(**told(taken.report), dry_run=dry_run, events=taken.events)
