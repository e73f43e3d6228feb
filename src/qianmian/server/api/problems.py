"""Errors as `application/problem+json` (RFC 9457), each with a stable code and what to do."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from qianmian.errors import (
    DefinitionError,
    InputError,
    NotInHistory,
    OperationalError,
    QianmianError,
    UnknownName,
)
from qianmian.language.problem_words import problem_in_words
from qianmian.server.api.models import Words

MEDIA_TYPE = "application/problem+json"
NAMED: Final = ("kind", "name", "near")
"""What a problem tells of an unknown name: what it should be, and one that is known."""
STATUS_BY_CODE: Final[Mapping[str, int]] = MappingProxyType(
    {
        "session.none": 401,
        "session.wrong": 401,
        "session.csrf": 403,
        "session.first": 403,
        "session.origin": 403,
        "session.key": 401,
        "session.role": 403,
        "session.room": 403,
        "session.link": 401,
        "account.link": 403,
        "account.unknown": 404,
        "account.last_owner": 409,
        "account.name_taken": 409,
        "api_key.unknown": 404,
        "room_link.unknown": 404,
        "product.unknown": 404,
        "product.field": 422,
        "table.large": 413,
        "channel.off": 409,
        "follow_up.taken": 409,
        "follow_up.full": 409,
        "follow_up.gone": 410,
        "room.unknown": 404,
        "viewer.unknown": 404,
        "viewer.token": 401,
        "viewer.refused": 403,
        "viewer.tries": 429,
        "letter.unknown": 404,
        "person.confirm": 422,
        "key.unknown": 404,
        "definition.none": 404,
        "input.fields": 422,
        "session.tries": 429,
    }
)
"""The problems of this interface; their texts are in `locales/*/problems.json`. Errors of the
product answer with their own codes, and those of HTTP as `http.STATUS`."""


LONE_SURROGATE: Final = "surrogates not allowed"


class Problem(HTTPException):
    """An answer that is an error; `code` is one of `STATUS_BY_CODE`."""

    def __init__(self, code: str, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(STATUS_BY_CODE[code], detail, headers)
        self.code = code


def said_of_problem(problem: DefinitionError) -> Words | None:
    """A problem of the language in words; None for one that it does not know."""
    chinese = problem_in_words(problem.message, "zh-CN")
    return None if chinese is None else {"zh": chinese, "en": problem.message}


class _Told(JSONResponse):
    """An answer that may repeat what was sent, also where that is half of a character."""

    def render(self, content: object) -> bytes:
        """As JSON."""
        told = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return told.encode(errors="replace")


def _answer(
    status: int, code: str, detail: str, headers: dict[str, str] | None = None, **more: object
) -> JSONResponse:
    body = {"status": status, "title": HTTPStatus(status).phrase, "code": code, "detail": detail}
    return _Told(body | more, status, headers, media_type=MEDIA_TYPE)


def add_problems(app: FastAPI) -> None:
    """Answer every error of this application as a problem."""

    async def http(request: Request, raised: Exception) -> JSONResponse:
        assert isinstance(raised, HTTPException)  # noqa: S101 — it was registered for this
        code = raised.code if isinstance(raised, Problem) else f"http.{raised.status_code}"
        headers = dict(raised.headers or {})
        if code.startswith("session."):
            request.app.state.site.refused[code] += 1
        return _answer(raised.status_code, code, str(raised.detail), headers)

    async def validation(_: Request, raised: Exception) -> JSONResponse:
        assert isinstance(raised, RequestValidationError)  # noqa: S101
        found = [
            {"where": ".".join(str(part) for part in one["loc"]), "what": one["msg"]}
            for one in raised.errors()
        ]
        first = found[0]
        detail = f"{first['where']}: {first['what']}"
        code = "input.fields"
        return _answer(STATUS_BY_CODE[code], code, detail, problems=found)

    async def ours(_: Request, raised: Exception) -> JSONResponse:
        assert isinstance(raised, QianmianError)  # noqa: S101
        where: dict[str, Any] = {
            name: raised.params[name] for name in ("position", "path") if name in raised.params
        }
        more = dict(where)
        status = 500
        if isinstance(raised, DefinitionError) and (said := said_of_problem(raised)):
            more["said"] = said
        if isinstance(raised, UnknownName):
            more["params"] = {name: raised.params[name] for name in NAMED if name in raised.params}
        if isinstance(raised, NotInHistory) and "parts" in raised.params:
            more["params"] = {"reason": raised.reason, "parts": raised.params["parts"]}
        if isinstance(raised, UnknownName) and not where:
            status = 404
        elif isinstance(raised, InputError | DefinitionError):
            status = 422
        elif isinstance(raised, OperationalError):
            status = 503
        return _answer(status, raised.code, str(raised), **more)

    async def unwritable(_: Request, raised: Exception) -> JSONResponse:
        """Half of a character (a lone surrogate), which JSON can say and nothing can store."""
        assert isinstance(raised, UnicodeEncodeError)  # noqa: S101
        if raised.reason != LONE_SURROGATE:
            raise raised
        detail = "a text has half of a character (a lone surrogate); send it whole"
        return _answer(STATUS_BY_CODE["input.fields"], "input.fields", detail)

    app.add_exception_handler(UnicodeEncodeError, unwritable)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, validation)
    app.add_exception_handler(QianmianError, ours)
