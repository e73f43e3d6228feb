"""Whatever is published, the stream shows all that everybody may see, and nothing of anybody."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from qianmian.server.overlay import overlay_of
from qianmian.server.viewers.hub import KEPT, ViewersHub
from qianmian.vocabulary.room_message import KINDS, OfferShown, ProductShown, RoomMessage

NOW = 1_000
PRIVATE = "SECRET"
"""Stands in everything that nobody may read on the stream."""


@st.composite
def messages(draw: st.DrawFn, number: int) -> RoomMessage:
    """One for a viewer or for everybody, which is secret wherever the stream must not show it."""
    kind = draw(st.sampled_from(KINDS))
    viewer = draw(st.sampled_from([None, f"v{PRIVATE}"]))
    room = draw(st.sampled_from(["r1", "r2"]))
    expires_at = draw(st.integers(NOW - 1, NOW + 2))
    is_public = viewer is None and room == "r1" and expires_at > NOW
    said = f"m{number}" if is_public and kind == "notice" else PRIVATE
    listed = f"p{number}" if is_public and kind.startswith(("hot", "rec")) else PRIVATE
    code = draw(st.sampled_from([None, f"CODE-{PRIVATE}"]))
    offer = OfferShown(
        "o", said, 1, "CNY", code, f"/rules/{PRIVATE}", draw(st.sampled_from([0, 9]))
    )
    return RoomMessage(
        id=f"id{number}" if is_public else f"id{number}{PRIVATE}",
        room=room,
        viewer=viewer,
        kind=kind,
        at=0,
        expires_at=expires_at,
        title=said,
        body=said,
        offer=draw(st.sampled_from([None, offer])),
        action_label=PRIVATE,
        action_url=f"/{PRIVATE}",
        is_ad=draw(st.booleans()),
        why=f"why {PRIVATE}",
        products=(ProductShown(f"id{PRIVATE}", listed, None, 100, "CNY"),),
    )


@st.composite
def histories(draw: st.DrawFn) -> list[RoomMessage]:
    count = draw(st.integers(0, 14))
    return [draw(messages(number)) for number in range(count)]


@given(histories())
def test_everything_for_everybody_is_shown_and_nothing_else(history: list[RoomMessage]) -> None:
    clock = [NOW - 2]
    hub = ViewersHub(lambda: clock[0])
    for one in history:
        hub.publish(one)
    clock[0] = NOW
    shown = overlay_of(hub.for_everybody("r1"))
    text = msgspec.json.encode(
        [shown.cards, [(one.title, one.price_minor) for one in shown.hot + shown.recommended]]
    ).decode()
    assert PRIVATE not in text
    kept: list[RoomMessage] = []  # the hub keeps the newest of a room, and of a list one
    for one in (one for one in history if one.viewer is None and one.room == "r1"):
        is_list = one.kind in ("hot_list", "recommended")
        kept = [old for old in kept if not (is_list and old.kind == one.kind)][-(KEPT - 1) :]
        kept.append(one)
    public = [one for one in kept if one.expires_at > NOW]
    notices = [one for one in public if one.kind == "notice"]
    assert [one.title for one in shown.cards] == [one.title for one in reversed(notices)]
    for kind, products in (("hot_list", shown.hot), ("recommended", shown.recommended)):
        wanted = [list(one.products) for one in public if one.kind == kind]
        assert [products] == (wanted or [[]])
