"""What the stream of a room shows, for the page that OBS lays over the picture."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter

from qianmian.server.api.models import Model
from qianmian.server.api.roles import Needs
from qianmian.server.api.who import Here, Who
from qianmian.server.delivering import IN_ROOM
from qianmian.server.overlay import overlay_of
from qianmian.vocabulary.room_message import ProductShown

router = APIRouter(tags=["room"])


class OverlayCardModel(Model):
    """A card for everybody; `valid_until` (0: no end is told) is of its offer. Instants: ms UTC."""

    id: str
    title: str
    body: str
    offer: str
    is_ad: bool
    expires_at: int
    valid_until: int


class OverlayProduct(Model):
    """A product of a list. Units: price in minor units; None: not known."""

    title: str
    link_number: int | None
    price_minor: int | None
    currency: str


class OverlayModel(Model):
    """Everything that may be shown now: cards, the newest first, and the lists of the room."""

    now: int
    cards: list[OverlayCardModel]
    hot: list[OverlayProduct]
    recommended: list[OverlayProduct]


@router.get("/rooms/{room}/overlay")
async def overlay(
    room: str, site: Here, _who: Annotated[Who, Needs("overlay.read")]
) -> OverlayModel:
    """What the stream of a room may show; nobody is named in it, and nobody counted."""
    await site.withdrawals.check(IN_ROOM, room)
    found = overlay_of(site.viewers.hub.for_everybody(room))
    return OverlayModel(
        now=site.now(),
        cards=[OverlayCardModel(**one._asdict()) for one in found.cards],
        hot=_products(found.hot),
        recommended=_products(found.recommended),
    )


def _products(shown: list[ProductShown]) -> list[OverlayProduct]:
    return [
        OverlayProduct(
            title=one.title,
            link_number=one.link_number,
            price_minor=one.price_minor,
            currency=one.currency,
        )
        for one in shown
    ]
