"""Links to one room: made for its host and its stream, opened by their pages, revoked."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import Field

from qianmian.server.api.models import Model, TokenModel
from qianmian.server.api.problems import Problem
from qianmian.server.api.roles import Needs, OpenTo
from qianmian.server.api.session import check_origin
from qianmian.server.api.who import LINK_COOKIES, Here, Who, link_of
from qianmian.storage.sql.accounts import csrf_of
from qianmian.storage.sql.room_links import LONGEST_MS, LinkKind, RoomLink
from qianmian.vocabulary.time import HOUR_MS

router = APIRouter(tags=["room"])


class RoomLinkModel(Model):
    """A link to a room, without its secret."""

    id: str
    kind: LinkKind
    created_at: int
    created_by: str
    expires_at: int
    opened_at: int | None


class NewRoomLink(Model):
    """A link to make. Units: hours until it ends."""

    kind: LinkKind
    hours: int = Field(default=24, ge=1, le=LONGEST_MS // HOUR_MS)


class AddedRoomLink(Model):
    """The link, and its secret: shown once. It stands behind the # of `/h` or `/overlay`."""

    link: RoomLinkModel
    secret: str


class OpenedLink(Model):
    """What the page of a link may do where; `csrf` goes with each of its writes."""

    kind: LinkKind
    room: str
    expires_at: int
    csrf: str


@router.get("/rooms/{room}/links")
async def links(
    room: str, site: Here, _who: Annotated[Who, Needs("room_links.read")]
) -> list[RoomLinkModel]:
    """The links of a room that hold now, newest first."""
    return [_model(one) for one in await asyncio.to_thread(site.room_links.of, room)]


@router.post("/rooms/{room}/links", status_code=201)
async def add_link(
    room: str, given: NewRoomLink, site: Here, who: Annotated[Who, Needs("room_links.write")]
) -> AddedRoomLink:
    """A new link; its secret is in this answer and nowhere else."""
    create, holds_ms = site.room_links.create, given.hours * HOUR_MS
    made, secret = await asyncio.to_thread(
        create, room, given.kind, by=who.actor, holds_ms=holds_ms
    )
    return AddedRoomLink(link=_model(made), secret=secret)


@router.delete("/rooms/{room}/links/{link}", status_code=204)
async def revoke_link(
    room: str, link: str, site: Here, who: Annotated[Who, Needs("room_links.write")]
) -> None:
    """A link is not valid any more, from the next request on."""
    if not await asyncio.to_thread(site.room_links.revoke, room, link, by=who.actor):
        raise Problem("room_link.unknown", "there is no valid link of this id in this room")


@router.post("/link", dependencies=[OpenTo("the token of the link is the right")])
async def open_link(
    given: TokenModel, request: Request, response: Response, site: Here
) -> OpenedLink:
    """Exchange the secret of a link for the cookie of its page."""
    check_origin(request)
    link = await asyncio.to_thread(site.room_links.open, given.token)
    if link is None:
        raise Problem("session.link", "this link has ended; ask for another")
    response.set_cookie(
        LINK_COOKIES[link.kind],
        given.token,
        max_age=max(1, (link.expires_at - site.now()) // 1_000),
        path="/api",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return _opened(link, given.token)


@router.get("/link", dependencies=[OpenTo("the cookie of the link is the right")])
async def opened_link(request: Request, site: Here) -> OpenedLink:
    """What this browser has opened, for a page that is loaded again."""
    return _opened(*await link_of(request, site))


def _model(one: RoomLink) -> RoomLinkModel:
    return RoomLinkModel(
        id=one.id,
        kind=one.kind,
        created_at=one.created_at,
        created_by=one.created_by,
        expires_at=one.expires_at,
        opened_at=one.opened_at,
    )


def _opened(link: RoomLink, secret: str) -> OpenedLink:
    return OpenedLink(
        kind=link.kind, room=link.room, expires_at=link.expires_at, csrf=csrf_of(secret)
    )
