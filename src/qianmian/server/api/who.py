"""Who asks: a session in a cookie, whose writes need a CSRF token, or a key of a program."""

from __future__ import annotations

import asyncio
import hmac
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from qianmian.server.api.problems import Problem
from qianmian.server.site import Site
from qianmian.storage.sql.accounts import SignedIn
from qianmian.storage.sql.audit import Actor

COOKIE = "qianmian_session"
CSRF_HEADER = "x-csrf-token"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
BEARER = "bearer "


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody, or a program, that may do what its role may."""

    actor: Actor
    role: str


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
    found = await session_of(request, site)
    if found is None:
        raise Problem("session.none", "sign in first")
    if request.method not in SAFE:
        sent = request.headers.get(CSRF_HEADER, "")
        if not hmac.compare_digest(sent.encode(), found.csrf.encode()):
            raise Problem("session.csrf", f"a write needs the header {CSRF_HEADER}")
    return Who(found.account.actor, found.account.role)
