"""Signing in: a session in an HttpOnly cookie, a CSRF token for writes, a limit for guessing."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections import deque
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from qianmian.server.api.models import AccountModel, FirstAccount, SessionModel, SignIn
from qianmian.server.api.problems import Problem
from qianmian.server.asgi import same_origin
from qianmian.server.site import Account, Site

COOKIE = "qianmian_session"
CSRF_HEADER = "x-csrf-token"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
WEEK_S = 7 * 24 * 3_600
TRIES, TRIES_MS = 5, 60_000

router = APIRouter(tags=["session"])


class Limiter:
    """At most `TRIES` failed tries in `TRIES_MS` per key; bounded memory."""

    def __init__(self, keys: int = 10_000) -> None:
        self._keys = keys
        self._failed: dict[str, deque[int]] = {}

    def wait_ms(self, key: str, now_ms: int) -> int:
        """How long this key must wait; 0 when it may try."""
        failed = self._failed.get(key)
        while failed and failed[0] <= now_ms - TRIES_MS:
            failed.popleft()
        if not failed or len(failed) < TRIES:
            return 0
        return failed[0] + TRIES_MS - now_ms

    def failed(self, key: str, now_ms: int) -> None:
        """A try did not fit."""
        if len(self._failed) >= self._keys:
            self._failed.pop(next(iter(self._failed)))
        self._failed.setdefault(key, deque()).append(now_ms)


def csrf_of(token: str) -> str:
    """What a page of ours must send with a write; a foreign page cannot read it."""
    return hashlib.sha256(b"csrf:" + token.encode()).hexdigest()[:32]


def site_of(request: Request) -> Site:
    """The server that this application belongs to."""
    site = request.app.state.site
    assert isinstance(site, Site)  # noqa: S101 — bootstrap put it there
    return site


async def signed_in(request: Request) -> Account:
    """Who asks; writes must also come from our own page."""
    site, token = site_of(request), request.cookies.get(COOKIE)
    account = None if token is None else await asyncio.to_thread(site.accounts.by_session, token)
    if token is None or account is None:
        raise Problem(401, "session.none", "sign in first")
    if request.method not in SAFE:
        sent = request.headers.get(CSRF_HEADER, "")
        if not hmac.compare_digest(sent, csrf_of(token)):
            raise Problem(403, "session.csrf", f"a write needs the header {CSRF_HEADER}")
    return account


SignedIn = Annotated[Account, Depends(signed_in)]
Here = Annotated[Site, Depends(site_of)]


@router.get("/session")
async def session(request: Request, site: Here) -> SessionModel:
    """Who is signed in here."""
    token = request.cookies.get(COOKIE)
    account = None if token is None else await asyncio.to_thread(site.accounts.by_session, token)
    first_run = await asyncio.to_thread(site.accounts.is_empty)
    return _told(account, token, first_run=first_run)


@router.post("/session")
async def sign_in(given: SignIn, request: Request, response: Response, site: Here) -> SessionModel:
    """Sign in."""
    _check_origin(request)
    limiter: Limiter = request.app.state.limiter
    key = f"{given.name}@{request.client.host if request.client else ''}"
    wait_ms = limiter.wait_ms(key, site.now())
    if wait_ms > 0:
        after = {"retry-after": str(wait_ms // 1_000 + 1)}
        raise Problem(429, "session.tries", "too many tries; wait a minute", after)
    token = await asyncio.to_thread(site.accounts.sign_in, given.name, given.password)
    if token is None:
        limiter.failed(key, site.now())
        raise Problem(401, "session.wrong", "name and password do not fit")
    return await _begun(token, request, response, site)


@router.post("/first-account")
async def first_account(
    given: FirstAccount, request: Request, response: Response, site: Here
) -> SessionModel:
    """Make the first account, with the token that was printed at the first start."""
    _check_origin(request)
    token = await asyncio.to_thread(
        site.accounts.create_first, given.token, given.name, given.password
    )
    if token is None:
        raise Problem(
            403, "session.first", "this link has been used or is not of this server; start it again"
        )
    return await _begun(token, request, response, site)


@router.delete("/session", status_code=204)
async def sign_out(request: Request, response: Response, site: Here, _account: SignedIn) -> None:
    """End this session."""
    await asyncio.to_thread(site.accounts.sign_out, request.cookies[COOKIE])
    response.delete_cookie(COOKIE, path="/")


async def _begun(token: str, request: Request, response: Response, site: Site) -> SessionModel:
    response.set_cookie(
        COOKIE,
        token,
        max_age=WEEK_S,
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return _told(await asyncio.to_thread(site.accounts.by_session, token), token, first_run=False)


def _told(account: Account | None, token: str | None, *, first_run: bool) -> SessionModel:
    if account is None or token is None:
        return SessionModel(account=None, first_run=first_run, csrf=None)
    who = AccountModel(id=account.id, name=account.name, role=account.role)
    return SessionModel(account=who, first_run=False, csrf=csrf_of(token))


def _check_origin(request: Request) -> None:
    if "origin" in request.headers and not same_origin(request.scope):
        raise Problem(403, "session.origin", "this page is not of this server")
