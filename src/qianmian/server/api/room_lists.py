"""What the pages of a room's viewers list, and answers of the shop to what somebody asked."""

from __future__ import annotations

import asyncio
import secrets
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter
from pydantic import Field

from qianmian.errors import InputError
from qianmian.server.api.models import Model
from qianmian.server.api.problems import Problem
from qianmian.server.api.roles import Needs
from qianmian.server.api.who import Here, Who
from qianmian.server.site import Site
from qianmian.storage.sql.room_lists import ChosenLists
from qianmian.strategies.templates import clean
from qianmian.vocabulary.ids import ANONYMOUS_PREFIX, id_problem
from qianmian.vocabulary.room_message import MAX_PRODUCTS, ProductShown, RoomMessage
from qianmian.vocabulary.time import MINUTE_MS

REPLY_HOLDS_MS: Final = 2 * MINUTE_MS
MAX_REPLY_CHARS: Final = 200

router = APIRouter(tags=["room"])


class ListedProduct(Model):
    """A product as viewers see it. Units: price in minor units; None: not known."""

    id: str
    title: str
    link_number: int | None
    price_minor: int | None
    currency: str


class RoomListsModel(Model):
    """What is chosen for a room, and what viewers see of it now.

    `hot` and `listed` leave out what is out of stock or has no title.
    """

    is_hot_shown: bool
    recommended: list[str]
    hot: list[ListedProduct]
    listed: list[ListedProduct]


class RoomListsGiven(Model):
    """What is listed from now on: ids of products, the first one first."""

    is_hot_shown: bool
    recommended: Annotated[list[str], Field(max_length=MAX_PRODUCTS)]


class ReplyGiven(Model):
    """An answer of the shop to one viewer."""

    text: Annotated[str, Field(min_length=1, max_length=MAX_REPLY_CHARS)]


class ReplySent(Model):
    """How many open pages have it; with none it waits for the viewer until `expires_at`, ms UTC."""

    pages: int
    expires_at: int


@router.get("/rooms/{room}/lists")
async def lists(
    room: str, site: Here, _who: Annotated[Who, Needs("room_lists.read")]
) -> RoomListsModel:
    """What the pages of a room list."""
    return await _told(site, await asyncio.to_thread(site.room_lists.store.of, room))


@router.put("/rooms/{room}/lists")
async def put_lists(
    room: str,
    given: RoomListsGiven,
    site: Here,
    who: Annotated[Who, Needs("room_lists.write")],
) -> RoomListsModel:
    """Choose what they list; the pages have it at once."""
    chosen = ChosenLists(room, given.is_hot_shown, tuple(given.recommended))
    for product in chosen.recommended:
        if await asyncio.to_thread(site.products.get, product) is None:
            raise Problem("product.unknown", f'there is no product "{product}"')
    await asyncio.to_thread(site.room_lists.store.put, chosen, who.actor)
    await site.room_lists.follow()
    return await _told(site, chosen)


@router.post("/rooms/{room}/viewers/{viewer:path}/reply")
async def reply(
    room: str,
    viewer: str,
    given: ReplyGiven,
    site: Here,
    who: Annotated[Who, Needs("replies.write")],
) -> ReplySent:
    """Answer a viewer on their page, in the name of the shop's assistant.

    It is an answer and no marketing, so it needs no consent; what it says is kept nowhere.
    """
    problem = id_problem(viewer.removeprefix(ANONYMOUS_PREFIX))
    if site.persons.refusals.has(viewer) or problem is not None:
        raise Problem("viewer.unknown", "there is no such viewer, or the person was erased")
    text, now = clean(given.text).strip(), site.now()
    if not text:
        raise InputError("the answer has no characters that can be shown", field="text")
    message = RoomMessage(
        id=f"reply-{secrets.token_hex(8)}",
        room=room,
        viewer=viewer,
        kind="assistant",
        at=now,
        expires_at=now + REPLY_HOLDS_MS,
        title="",
        body=text,
    )
    pages = site.viewers.hub.publish(message)
    subject = site.persons.requests.subject(viewer)
    told = {"room": room, "chars": len(text)}
    await asyncio.to_thread(site.audit.note, who.actor, "reply.sent", subject, after=told)
    return ReplySent(pages=pages, expires_at=message.expires_at)


async def _told(site: Site, chosen: ChosenLists) -> RoomListsModel:
    hot, listed = await site.room_lists.shown(chosen.room)
    return RoomListsModel(
        is_hot_shown=chosen.is_hot_shown,
        recommended=list(chosen.recommended),
        hot=_models(hot),
        listed=_models(listed),
    )


def _models(products: list[ProductShown]) -> list[ListedProduct]:
    return [ListedProduct(**msgspec.structs.asdict(one)) for one in products]
