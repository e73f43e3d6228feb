"""Codes of offers: uploaded as a table, seen again by their last characters only."""

from __future__ import annotations

import asyncio
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request

from qianmian.connectors.code_sheet import CodeSheet
from qianmian.errors import NotThere
from qianmian.runtime.issued import ISSUED
from qianmian.server.api.models import Model
from qianmian.server.api.product_models import TableReport
from qianmian.server.api.roles import Needs
from qianmian.server.api.tables import BODY, table_of, told
from qianmian.server.api.who import Here, Who
from qianmian.server.site import Site
from qianmian.storage.sql.codes import TAIL
from qianmian.vocabulary.offer import Offer

Key = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,47}$")]
MOST: Final = 50

router = APIRouter(tags=["strategies"])


class CodeModel(Model):
    """A code by its place and its last four characters; `read`: it went out to somebody."""

    place: int
    tail: str
    read: bool


class CodePage(Model):
    """The codes of an offer: how many there are, how many are left, and the last of them."""

    size: int
    left: int
    newest: list[CodeModel]


class CodeImport(TableReport):
    """What a table of codes did, or would do; `size` is how many the offer has then."""

    added: int
    size: int


@router.get("/offers/{key}/codes")
async def codes(key: Key, site: Here, _who: Annotated[Who, Needs("codes.read")]) -> CodePage:
    """The codes of an offer."""
    if (await _offer(site, key)).is_issued:
        return await _issued(site, key)
    found = await asyncio.to_thread(site.code_store.newest, key, MOST)
    size = (await site.strategies.kept()).codes.get(key, 0)
    left = await site.deployment.ask(lambda live: live.decider.ledger.left(key, size))
    newest = [CodeModel(place=one.place, tail=one.tail, read=one.is_read) for one in found]
    return CodePage(size=size, left=left, newest=newest)


@router.post("/offers/{key}/codes", openapi_extra=BODY)
async def add_codes(
    key: Key,
    request: Request,
    site: Here,
    who: Annotated[Who, Needs("codes.write")],
    *,
    dry_run: bool = False,
) -> CodeImport:
    """Add the codes of a table after those that are there; each act of a strategy takes one."""
    body = await table_of(request)
    await _offer(site, key)
    sheet = await asyncio.to_thread(CodeSheet, body)
    given, before = list(sheet.lines), (await site.strategies.kept()).codes.get(key, 0)
    if dry_run:
        known = await asyncio.to_thread(site.code_store.known, given)
    else:
        known = await site.strategies.add_codes(key, given, who.actor)
    report, added = sheet.report(known), len(given) - len(known)
    return CodeImport(**told(report), dry_run=dry_run, added=added, size=before + added)


async def _issued(site: Site, key: str) -> CodePage:
    """The codes that the coupon system made: each is somebody's."""
    found = await asyncio.to_thread(site.issued.newest, key, MOST)
    size = (await asyncio.to_thread(site.issued.counts, key)).get(ISSUED, 0)
    codes = [(size - 1 - n, one.code or "") for n, one in enumerate(found)]
    newest = [CodeModel(place=place, tail=code[-TAIL:], read=True) for place, code in codes]
    return CodePage(size=size, left=0, newest=newest)


async def _offer(site: Site, key: str) -> Offer:
    """Raises: NotThere."""
    for one in await site.strategies.offers():
        if one.key == key:
            return one
    raise NotThere(f'there is no offer "{key}"')
