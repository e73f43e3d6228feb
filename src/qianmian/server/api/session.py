"""Signing in: a session in an HttpOnly cookie, a CSRF token for writes, a limit for guessing."""

from __future__ import annotations

import asyncio
import hmac
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from qianmian.server.api.models import AccountModel, FirstAccount, SessionModel, SignIn
from qianmian.server.api.problems import Problem
from qianmian.server.asgi import same_origin
from qianmian.server.site import Site
from qianmian.storage.sql.accounts import SESSION_MS, Account, SignInRefused
from qianmian.storage.sql.accounts import SignedIn as Session

COOKIE = "qianmian_session"
CSRF_HEADER = "x-csrf-token"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

router = APIRouter(tags=["session"])


def site_of(request: Request) -> Site:
    """The server that this application belongs to."""
    site = request.app.state.site
    assert isinstance(site, Site)  # noqa: S101 — bootstrap put it there
    return site


async def signed_in(request: Request) -> Account:
    """Who asks; writes must also come from our own page."""
    found = await _session(request, site_of(request))
    if found is None:
        raise Problem("session.none", "sign in first")
    if request.method not in SAFE:
        sent = request.headers.get(CSRF_HEADER, "")
        if not hmac.compare_digest(sent.encode(), found.csrf.encode()):
            raise Problem("session.csrf", f"a write needs the header {CSRF_HEADER}")
    return found.account


SignedIn = Annotated[Account, Depends(signed_in)]
Here = Annotated[Site, Depends(site_of)]


@router.get("/session")
async def session(request: Request, site: Here) -> SessionModel:
    """Who is signed in here."""
    found = await _session(request, site)
    has_accounts = found is not None or await asyncio.to_thread(site.accounts.has_accounts)
    return _told(found, first_run=not has_accounts)


@router.post("/session")
async def sign_in(given: SignIn, request: Request, response: Response, site: Here) -> SessionModel:
    """Sign in; too many wrong tries have to wait."""
    _check_origin(request)
    address = request.client.host if request.client else ""
    found = await asyncio.to_thread(site.accounts.sign_in, given.name, given.password, address)
    if isinstance(found, SignInRefused):
        if found.retry_after_ms > 0:
            after = {"retry-after": str(found.retry_after_ms // 1_000 + 1)}
            raise Problem("session.tries", "too many tries; wait some minutes", after)
        raise Problem("session.wrong", "name and password do not fit")
    return _begun(found, request, response)


@router.post("/first-account")
async def first_account(
    given: FirstAccount, request: Request, response: Response, site: Here
) -> SessionModel:
    """Make the first account, with the token that was printed at the first start."""
    _check_origin(request)
    found = await asyncio.to_thread(
        site.accounts.create_first, given.token, given.name, given.password
    )
    if found is None:
        raise Problem(
            "session.first", "this link has been used or is not of this server; start it again"
        )
    return _begun(found, request, response)


@router.delete("/session", status_code=204)
async def sign_out(request: Request, response: Response, site: Here, _account: SignedIn) -> None:
    """End this session."""
    await asyncio.to_thread(site.accounts.sign_out, request.cookies[COOKIE])
    response.delete_cookie(COOKIE, path="/")


async def _session(request: Request, site: Site) -> Session | None:
    token = request.cookies.get(COOKIE)
    return None if token is None else await asyncio.to_thread(site.accounts.session, token)


def _begun(found: Session, request: Request, response: Response) -> SessionModel:
    response.set_cookie(
        COOKIE,
        found.token,
        max_age=SESSION_MS // 1_000,
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return _told(found, first_run=False)


def _told(found: Session | None, *, first_run: bool) -> SessionModel:
    if found is None:
        return SessionModel(account=None, first_run=first_run, csrf=None)
    account = found.account
    who = AccountModel(id=account.id, name=account.name, role=account.role)
    return SessionModel(account=who, first_run=False, csrf=found.csrf)


def _check_origin(request: Request) -> None:
    if "origin" in request.headers and not same_origin(request.scope):
        raise Problem("session.origin", "this page is not of this server")
