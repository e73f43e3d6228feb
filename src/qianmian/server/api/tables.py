"""Tables that come as the body of a request: bounded while they arrive, told in one form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from fastapi import Request

from qianmian.connectors.sheet import MAX_BYTES, BadCell, Report
from qianmian.server.api.problems import Problem

BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}},
    }
}
"""For OpenAPI: the body is the file itself."""


async def table_of(request: Request) -> bytes:
    """The file in the body.

    Raises: Problem when it is too large.
    """
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BYTES:
            raise Problem("table.large", f"a table has at most {MAX_BYTES >> 20} MB")
        parts.append(part)
    return b"".join(parts)


def told(report: Report) -> dict[str, Any]:
    """The fields that every report has."""
    return {
        "encoding": report.encoding,
        "rows": report.rows,
        "bad": report.bad,
        "problems": _cells(report.told),
        "doubtful": report.doubtful,
        "doubts": _cells(report.doubts),
        "ignored": list(report.ignored),
    }


def _cells(cells: Sequence[BadCell]) -> list[dict[str, Any]]:
    return [
        {"line": one.line, "column": one.column, "code": one.code, "detail": one.detail}
        for one in sorted(cells, key=lambda one: one.line)
    ]
