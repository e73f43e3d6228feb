"""How the shop calls its definitions and lists now, for sentences that name them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from qianmian.runtime.definition_desk import Entry
from qianmian.server.api.definition_told import Teller, called_of, titles_of
from qianmian.server.api.models import Words
from qianmian.server.site import Site


async def titles_on(site: Site) -> dict[tuple[str, str], Words]:
    """By kind and key, what each is called."""
    lists = await asyncio.to_thread(site.lists.titles)
    return titles_of(await site.desk.entries(), lists)


async def called_on(site: Site) -> dict[tuple[str, str], tuple[Words, Words]]:
    """By kind and key, what each is called and what is said of it."""
    lists = await asyncio.to_thread(site.lists.titles)
    return called_of(await site.desk.entries(), lists)


async def teller_on(site: Site, entries: Sequence[Entry]) -> Teller:
    """Says these definitions with the names of all that they name."""
    return Teller(entries, site.tags, await asyncio.to_thread(site.lists.titles))
