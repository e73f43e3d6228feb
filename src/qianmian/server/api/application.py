"""The management application: routes, problems, OpenAPI."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import FastAPI

from qianmian.runtime.board import Board
from qianmian.server.api import (
    channels,
    data,
    decisions,
    definitions,
    effects,
    follow_ups,
    home,
    imports,
    lists,
    myself,
    offer_codes,
    overlay,
    persons,
    playbooks,
    products,
    prompts,
    reviews,
    room_links,
    room_lists,
    rooms,
    segments,
    session,
    spending,
    staff,
    strategies,
    tag_health,
    trials,
    viewers,
)
from qianmian.server.api.me_origins import MeOrigins
from qianmian.server.api.problems import add_problems
from qianmian.server.api.strategy_models import with_strategies
from qianmian.server.site import Site


def management(site: Site) -> FastAPI:
    """`/api` of one server."""
    app = FastAPI(
        title="Qianmian",
        version=site.version,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    app.state.site = site
    parts = (session, rooms, viewers, data, definitions, tag_health, staff, products)
    more = (imports, lists, segments, persons, strategies, playbooks, trials, decisions, effects)
    acting = (prompts, room_lists, follow_ups, channels, myself, offer_codes, spending, home)
    linked = (room_links, overlay, reviews)
    for part in (*parts, *more, *acting, *linked):
        app.include_router(part.router, prefix="/api")
    add_problems(app)
    app.add_middleware(MeOrigins, owner=app)
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        return with_strategies(with_board(plain()))

    app.openapi = openapi  # type: ignore[method-assign]  # the way FastAPI documents
    return app


def with_board(document: dict[str, Any]) -> dict[str, Any]:
    """The document with the schema of the board, which is no Pydantic model."""
    reference = "#/components/schemas/{name}"
    (_,), parts = msgspec.json.schema_components([Board], ref_template=reference)
    document.setdefault("components", {}).setdefault("schemas", {}).update(parts)
    answer = document["paths"]["/api/rooms/{room}/board"]["get"]["responses"]["200"]
    answer["content"] = {"application/json": {"schema": {"$ref": reference.format(name="Board")}}}
    return document
