"""Rooms and viewers as of now."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
from fastapi import APIRouter, Response

from qianmian.language.definition import Definition
from qianmian.language.room_events import is_room_moment
from qianmian.language.sentence import Titles
from qianmian.language.text import show
from qianmian.locales.texts import document
from qianmian.runtime.board import Board
from qianmian.runtime.evidence import Explainer
from qianmian.runtime.live import Live
from qianmian.runtime.timeline import LISTED, Timeline, timeline_of
from qianmian.server.api.calling import called_on, titles_on
from qianmian.server.api.definition_told import spoken_definition
from qianmian.server.api.models import (
    MetaModel,
    MomentModel,
    PageModel,
    RoomModel,
    TimelineEvent,
    ViewerFiring,
    Words,
)
from qianmian.server.api.people import Told, definitions_by_name, person_of, titles_in
from qianmian.server.api.people_models import ViewerModel
from qianmian.server.api.problems import Problem
from qianmian.server.api.roles import Needs
from qianmian.server.api.who import Here, Who
from qianmian.server.persons import Known, known_of
from qianmian.server.site import Site
from qianmian.vocabulary.consent import withheld_tags
from qianmian.vocabulary.events import CATALOG, event_type
from qianmian.vocabulary.firing import Firing
from qianmian.vocabulary.product import Product

HALF_HOUR_MS = 30 * 60_000
LOCALE_BY_NAME = {"zh": "zh-CN", "en": "en-US"}

router = APIRouter(tags=["rooms"])


@router.get("/meta")
async def meta(site: Here, _who: Annotated[Who, Needs("meta.read")]) -> MetaModel:
    """Version, zone, currency, and every moment in words."""
    definitions = await site.deployment.ask(lambda live: live.definitions)
    titles = await titles_on(site)
    return MetaModel(
        version=site.version,
        zone=site.zone,
        currency=site.currency,
        lateness_ms=site.lateness_ms,
        moments=[_moment(one, titles) for one in definitions if one.kind == "moment"],
        events={event.name: _titles("events", event.name, "title") for event in CATALOG},
    )


@router.get("/rooms")
async def rooms(site: Here, _who: Annotated[Who, Needs("rooms.read")]) -> list[RoomModel]:
    """Every room of which something is known, those on air first."""
    return await site.deployment.ask(_rooms)


@router.get("/rooms/{room}/board", response_class=Response, responses={200: {"model": None}})
async def board(room: str, site: Here, _who: Annotated[Who, Needs("rooms.read")]) -> Response:
    """The board of a room, and the seq of `/ws` after which it stands."""
    found = await site.deployment.ask(lambda live: live.views.board(room))
    if found is None:
        raise Problem("room.unknown", f'nobody has been in the room "{room}" yet')
    told = msgspec.to_builtins(found) | {"seq": site.hub.seq_of(room)}
    return Response(msgspec.json.encode(told), media_type="application/json")


@router.get("/rooms/{room}/viewers/{viewer}")
async def viewer(
    room: str, viewer: str, site: Here, _who: Annotated[Who, Needs("people.read")]
) -> ViewerModel:
    """One viewer: what they did in the last half hour, what fired, and because of which events."""
    state = await site.deployment.ask(lambda live: _state(live, room, viewer))
    found = await asyncio.to_thread(
        timeline_of, site.log, viewer, room, since_ms=state["clock"] - HALF_HOUR_MS
    )
    offset_ms = offset_ms_of(site.zone, state["clock"])
    known = await asyncio.to_thread(known_of, site, viewer, products_of(state), offset_ms)
    state["called"] = await called_on(site)
    told = await asyncio.to_thread(_viewer, room, viewer, state, found, known, site)
    if state["now"] is None and not told.firings and not known.is_somebody:
        raise Problem("viewer.unknown", f'nobody called "{viewer}" has been here lately')
    return told


def products_of(state: Mapping[str, Any]) -> dict[str, Product]:
    """The products that the engine knows, by id."""
    return {product.id: product for product in state["products"]}


def _rooms(live: Live) -> list[RoomModel]:
    open_rooms = set(live.engine.open_rooms()) if live.engine is not None else set()
    boards = [board for name in live.views.names if (board := live.views.board(name)) is not None]
    boards.sort(key=lambda one: (one.room not in open_rooms, one.room))
    return [_room(board, live=board.room in open_rooms) for board in boards]


def _room(board: Board, *, live: bool) -> RoomModel:
    return RoomModel(
        room=board.room,
        title=board.title,
        session=board.session,
        started_at=board.started_at,
        live=live,
        online=board.online if live else 0,
    )


def _state(live: Live, room: str, viewer: str) -> dict[str, Any]:
    """What only the engine's thread may read."""
    engine = live.engine
    return {
        "now": None if engine is None else engine.viewer_now(room, viewer),
        "fired": live.views.fired_of(viewer),
        "withheld": withheld_tags(live.consents.of(viewer)),
        "clock": live.clock,
        "session": live.views.session_of(room),
        "definitions": live.definitions,
        "products": live.products,
        "titles": {product.id: product.title for product in live.products},
    }


def _viewer(
    room: str,
    viewer: str,
    state: Mapping[str, Any],
    found: Timeline,
    known: Known,
    site: Site,
) -> ViewerModel:
    now, titles = state["now"], state["titles"]
    definitions = definitions_by_name(state["definitions"])
    explainer = Explainer(products=state["products"], lateness_ms=site.lateness_ms)
    own = [row for row in found.rows if event_type(row["type"]).scope != "room"]
    called = titles_in(state["called"])
    firings = [
        _firing(one, definitions, found.rows, explainer, called)
        for one in state["fired"]
        if one.room == room and one.moment in definitions
    ]
    page = None
    if now is not None and now.product is not None and now.product_since is not None:
        title = titles.get(now.product) or now.product
        page = PageModel(product=now.product, title=title, since=now.product_since)
    return ViewerModel(
        viewer=viewer,
        known=not viewer.startswith("?"),
        room=room,
        present=now is not None and now.present,
        entered_at=None if now is None else now.visit_start,
        last_seen=None if now is None else now.last_seen,
        page=page,
        person=person_of(
            Told(
                viewer=viewer,
                room=room,
                session=state["session"],
                clock=state["clock"],
                now=now,
                definitions=state["definitions"],
                fired=state["fired"],
                products=products_of(state),
                withheld=state["withheld"],
                called=state["called"],
            ),
            found.rows,
            known,
            explainer,
            offset_ms_of(site.zone, state["clock"]),
            site.minors,
        ),
        firings=firings,
        timeline=[event_of(row, titles) for row in reversed(own[-LISTED:])],
        since=found.since,
        whole=found.is_whole,
    )


def _firing(
    firing: Firing,
    definitions: Mapping[str, Definition],
    rows: Sequence[dict[str, Any]],
    explainer: Explainer,
    titles: Titles,
) -> ViewerFiring:
    definition = definitions[firing.moment]
    return ViewerFiring(
        id=firing.id,
        moment=firing.moment,
        at=firing.at,
        product=firing.key,
        explanation=spoken_definition(definition, titles),
        because=list(explainer.evidence(firing, definitions, rows)),
    )


def offset_ms_of(zone: str, at: int) -> int:
    """How far a zone is ahead of UTC at an instant."""
    offset = datetime.fromtimestamp(at / 1_000, ZoneInfo(zone)).utcoffset()
    return 0 if offset is None else int(offset.total_seconds()) * 1_000


def event_of(row: Mapping[str, Any], titles: Mapping[str, str]) -> TimelineEvent:
    """A row as a line of a timeline."""
    items = row.get("items") or ()
    product = row.get("product") or (items[0]["product"] if items else None)
    return TimelineEvent(
        at=row["event_time"],
        arrival=row["clock"],
        type=row["type"],
        product=product,
        title=None if product is None else titles.get(product) or product,
        text=row.get("text"),
        amount_minor=row.get("amount"),
        source=row.get("source"),
        message_id=row.get("message_id"),
    )


def _moment(definition: Definition, titles: Titles) -> MomentModel:
    from_names = _titles("moments", definition.key, "title")
    return MomentModel(
        key=definition.key,
        scope="room" if is_room_moment(definition.expr) else "viewer",
        names=from_names,
        meaning=_titles("moments", definition.key, "help"),
        sentence=spoken_definition(definition, titles),
        text=show(definition.expr),
    )


def _titles(subject: str, key: str, what: str) -> Words:
    """A text in both languages; the key itself where it has none."""
    found: Words = {}
    for name, locale in (("zh", "zh-CN"), ("en", "en-US")):
        texts = document(locale, subject).get(key)
        found[name] = texts[what] if isinstance(texts, Mapping) else key  # type: ignore[index]
    return found
