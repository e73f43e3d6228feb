"""What the stream of a room may show: what everybody in the room is shown anyway, and less of it.

A stream is public and is recorded by others, so nothing on it may be about anybody: no card of one
viewer, no name, no reason, no code, no count of people.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from qianmian.vocabulary.room_message import LISTS, ProductShown, RoomMessage


class OverlayCard(NamedTuple):
    """A card for everybody. Units: expires_at and valid_until (0: no end is told) in ms UTC."""

    id: str
    title: str
    body: str
    offer: str
    is_ad: bool
    expires_at: int
    valid_until: int


class Overlay(NamedTuple):
    """What is shown: cards, the newest first, and the lists of the room."""

    cards: list[OverlayCard]
    hot: list[ProductShown]
    recommended: list[ProductShown]


def overlay_of(messages: Iterable[RoomMessage]) -> Overlay:
    """What of these messages, oldest first, is shown on the stream."""
    public = [one for one in messages if one.viewer is None]
    lists = {one.kind: list(one.products) for one in public if one.kind in LISTS}
    cards = [_card(one) for one in reversed(public) if one.kind == "notice"]
    return Overlay(cards, lists.get("hot_list", []), lists.get("recommended", []))


def _card(message: RoomMessage) -> OverlayCard:
    offer = message.offer
    return OverlayCard(
        id=message.id,
        title=message.title,
        body=message.body,
        offer="" if offer is None else offer.title,
        is_ad=message.is_ad,
        expires_at=message.expires_at,
        valid_until=0 if offer is None else offer.valid_until,
    )
