"""Who asks: a session in a cookie, whose writes need a CSRF token, or a key of a program.

The page of a link to one room has a cookie of its own, which holds the secret of the link; the
header says that it is meant, because the same browser may be signed in. So a revoked link is dead
at its next request.
"""

from __future__ import annotations

import asyncio
import hmac
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Request

from qianmian.server.api.problems import Problem
from qianmian.server.site import Site
from qianmian.storage.sql.accounts import SignedIn, csrf_of
from qianmian.storage.sql.audit import Actor
from qianmian.storage.sql.room_links import LINK_KINDS, RoomLink

COOKIE = "qianmian_session"
CSRF_HEADER = "x-csrf-token"
LINK_HEADER: Final = "x-qianmian-link"
LINK_COOKIES: Final[dict[str, str]] = {kind: f"qianmian_{kind}_link" for kind in LINK_KINDS}
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
BEARER = "bearer "


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody, or a program, that may do what its role may; who has a `room`, only there."""

    actor: Actor
    role: str
    room: str | None = None


def site_of(request: Request) -> Site:
    """The server that this application belongs to."""
    site = request.app.state.site
    assert isinstance(site, Site)  # noqa: S101 — bootstrap put it there
    return site


Here = Annotated[Site, Depends(site_of)]


async def session_of(request: Request, site: Site) -> SignedIn | None:
    """The session of this browser, if it is alive."""
    token = request.cookies.get(COOKIE)
    return None if token is None else await asyncio.to_thread(site.accounts.session, token)


def link_kind_of(request: Request) -> str | None:
    """The kind of link whose cookie is meant: as the header says, or the one that is there."""
    meant = request.headers.get(LINK_HEADER)
    if meant is not None:
        return meant if meant in LINK_COOKIES else None
    return next((kind for kind, name in LINK_COOKIES.items() if name in request.cookies), None)


async def link_of(request: Request, site: Site) -> tuple[RoomLink, str]:
    """The link that this browser has opened, and its secret.

    Raises: Problem where there is none, or it has ended.
    """
    kind = link_kind_of(request)
    secret = None if kind is None else request.cookies.get(LINK_COOKIES[kind])
    if secret is None:
        raise Problem("session.none", "sign in first")
    link = await asyncio.to_thread(site.room_links.by_secret, secret)
    if link is None or link.kind != kind:
        raise Problem("session.link", "this link has ended; ask for another")
    return link, secret


async def who_asks(request: Request) -> Who:
    """Who asks. A page of ours must say the CSRF token with each write; a key is sent by no page.

    Raises: Problem for nobody, and for a write of a foreign page.
    """
    site = site_of(request)
    given = request.headers.get("authorization", "")
    if given[: len(BEARER)].lower() == BEARER:
        key = await asyncio.to_thread(site.api_keys.by_key, given[len(BEARER) :].strip())
        if key is None:
            raise Problem("session.key", "there is no such key, or it is revoked")
        return Who(key.actor, key.role)
    found = None if LINK_HEADER in request.headers else await session_of(request, site)
    if found is not None:
        _check_csrf(request, found.csrf)
        return Who(found.account.actor, found.account.role)
    link, secret = await link_of(request, site)
    _check_csrf(request, csrf_of(secret))
    return Who(link.actor, f"{link.kind}_link", link.room)


def _check_csrf(request: Request, wanted: str) -> None:
    if request.method not in SAFE:
        sent = request.headers.get(CSRF_HEADER, "")
        if not hmac.compare_digest(sent.encode(), wanted.encode()):
            raise Problem("session.csrf", f"a write needs the header {CSRF_HEADER}")
