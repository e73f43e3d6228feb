"""Signing in: a session in an HttpOnly cookie, a CSRF token for writes, a limit for guessing."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Request, Response

from qianmian.server.api.models import (
    AccountModel,
    FirstAccount,
    InvitationModel,
    JoinModel,
    SessionModel,
    SignIn,
    TokenModel,
)
from qianmian.server.api.problems import Problem
from qianmian.server.api.roles import Needs, OpenTo, actions_of
from qianmian.server.api.who import COOKIE, Here, Who, session_of
from qianmian.server.asgi import same_origin
from qianmian.storage.sql.accounts import SESSION_MS, SignInRefused
from qianmian.storage.sql.accounts import SignedIn as Session

router = APIRouter(tags=["session"])


@router.get("/session", dependencies=[OpenTo("whether anybody is signed in")])
async def session(request: Request, site: Here) -> SessionModel:
    """Who is signed in here."""
    found = await session_of(request, site)
    has_accounts = found is not None or await asyncio.to_thread(site.accounts.has_accounts)
    return _told(found, first_run=not has_accounts)


@router.post("/session", dependencies=[OpenTo("who signs in is not signed in yet")])
async def sign_in(given: SignIn, request: Request, response: Response, site: Here) -> SessionModel:
    """Sign in; too many wrong tries have to wait."""
    check_origin(request)
    address = request.client.host if request.client else ""
    found = await asyncio.to_thread(site.accounts.sign_in, given.name, given.password, address)
    if isinstance(found, SignInRefused):
        if found.retry_after_ms > 0:
            after = {"retry-after": str(found.retry_after_ms // 1_000 + 1)}
            raise Problem("session.tries", "too many tries; wait some minutes", after)
        raise Problem("session.wrong", "name and password do not fit")
    return _begun(found, request, response)


@router.post("/first-account", dependencies=[OpenTo("the token of the link is the right")])
async def first_account(
    given: FirstAccount, request: Request, response: Response, site: Here
) -> SessionModel:
    """Make the first account, with the token that was printed at the first start."""
    check_origin(request)
    found = await asyncio.to_thread(
        site.accounts.create_first, given.token, given.name, given.password
    )
    if found is None:
        raise Problem(
            "session.first", "this link has been used or is not of this server; start it again"
        )
    return _begun(found, request, response)


@router.post("/invitation", dependencies=[OpenTo("the token of the link is the right")])
async def invitation(given: TokenModel, request: Request, site: Here) -> InvitationModel:
    """What a link is for; the token comes in the body, because addresses are written down."""
    check_origin(request)
    found = await asyncio.to_thread(site.staff.link_of, given.token)
    if found is None:
        raise Problem("account.link", "this link has been used, or is too old; ask for another")
    return InvitationModel(role=found[0], name=found[1])


@router.post("/join", dependencies=[OpenTo("the token of the link is the right")])
async def join(given: JoinModel, request: Request, response: Response, site: Here) -> SessionModel:
    """Make the account of a link, or choose a new password with it, and sign in."""
    check_origin(request)
    found = await asyncio.to_thread(site.staff.accept, given.token, given.name, given.password)
    if found == "name_taken":
        raise Problem("account.name_taken", "choose another name: this one is taken")
    if not isinstance(found, Session):
        raise Problem("account.link", "this link has been used, or is too old; ask for another")
    return _begun(found, request, response)


@router.delete("/session", status_code=204)
async def sign_out(
    request: Request,
    response: Response,
    site: Here,
    _who: Annotated[Who, Needs("session.end")],
) -> None:
    """End this session."""
    token = request.cookies.get(COOKIE)
    if token is not None:
        await asyncio.to_thread(site.accounts.sign_out, token)
    response.delete_cookie(COOKIE, path="/")


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
    may = actions_of(account.role)
    who = AccountModel(id=account.id, name=account.name, role=account.role, may=may)
    return SessionModel(account=who, first_run=False, csrf=found.csrf)


def check_origin(request: Request) -> None:
    """A page that is not of this server begins nothing here.

    Raises: Problem
    """
    if "origin" in request.headers and not same_origin(request.scope):
        raise Problem("session.origin", "this page is not of this server")
