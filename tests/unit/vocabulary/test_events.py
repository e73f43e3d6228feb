"""The event table: its codes never move, and it says who may send what."""

from __future__ import annotations

import json
from importlib import resources

import pytest

from qianmian.columns.fields import NUMBER_FIELDS, STRING_FIELDS
from qianmian.errors import UnknownName
from qianmian.vocabulary.events import (
    CATALOG,
    CODE_BY_NAME,
    ENVELOPE,
    SENDERS,
    EventField,
    EventType,
    event_type,
)

# The place is the code in every log ever written: append, never insert, rename or reorder.
PINNED = """
room_entered room_left heartbeat product_viewed product_left product_clicked product_favorited
cart_added cart_removed checkout_started order_created order_paid order_cancelled order_refunded
coupon_claimed coupon_redeemed comment_sent liked shared followed gift_sent lottery_joined
voice_joined viewer_spoke message_delivered message_opened message_clicked message_dismissed
unsubscribed session_scheduled session_started session_ended product_presented product_withdrawn
promo_started promo_ended price_changed stock_changed host_spoke profile_updated identity_linked
consent_changed erased identity_unlinked complaint_made
""".split()

BY_SCOPE = {
    scope: {event.name for event in CATALOG if event.scope == scope}
    for scope in ("viewer", "room", "person")
}
RECEIPTS = {"message_delivered", "message_opened", "message_clicked", "message_dismissed"}
ORDERS = {"order_created", "order_paid", "order_cancelled", "order_refunded"}


def may_send(event: EventType, sender: str) -> bool:
    """The law of docs/semantics.md (WHO MAY SEND WHAT), written out."""
    if event.name == "erased":  # management
        return False
    if sender == "browser":
        return event.name in BY_SCOPE["viewer"] - RECEIPTS - {"coupon_redeemed", "complaint_made"}
    return True


def test_the_codes_of_event_types_never_change() -> None:
    assert [event.name for event in CATALOG] == PINNED
    assert [CODE_BY_NAME[name] for name in PINNED] == list(range(len(PINNED)))
    assert len(CATALOG) < 256, "the code is one byte"


@pytest.mark.parametrize("sender", SENDERS)
@pytest.mark.parametrize("event", CATALOG, ids=lambda event: event.name)
def test_each_class_of_key_sends_only_what_the_law_allows(event: EventType, sender: str) -> None:
    assert (sender in event.senders) == may_send(event, sender)


def test_an_act_of_the_viewer_ends_idleness_and_nothing_else_does() -> None:
    no_act = {"heartbeat", "room_left", "message_delivered", "coupon_redeemed", "complaint_made"}
    no_act |= ORDERS - {"order_created"}
    assert {event.name for event in CATALOG if event.operation} == BY_SCOPE["viewer"] - no_act


def test_what_must_not_be_lost_is_never_late() -> None:
    expected = ORDERS | RECEIPTS | BY_SCOPE["person"]
    expected |= {"coupon_redeemed", "unsubscribed", "complaint_made"}
    assert {event.name for event in CATALOG if event.never_late} == expected


def test_what_concerns_a_person_may_come_without_a_room() -> None:
    coupons = {"coupon_claimed", "coupon_redeemed"}
    expected = ORDERS | RECEIPTS | coupons | BY_SCOPE["person"]
    expected |= {"unsubscribed", "complaint_made"}
    assert {event.name for event in CATALOG if event.person_scoped} == expected


def test_room_events_leaving_and_erasure_show_nobody_present() -> None:
    absent = {event.name for event in CATALOG if not event.presence}
    assert absent == BY_SCOPE["room"] | {"room_left", "erased", "identity_unlinked"}


@pytest.mark.parametrize("event", CATALOG, ids=lambda event: event.name)
def test_every_field_has_a_column_of_its_kind(event: EventType) -> None:
    for field in (*ENVELOPE, *event.fields):
        if field.name in {"event_time", "anonymous_id"} or field.type in {"items", "traits"}:
            continue
        is_text = field.type in {"string", "text", "properties"}
        assert field.name in (STRING_FIELDS if is_text else NUMBER_FIELDS)


@pytest.mark.parametrize("event", CATALOG, ids=lambda event: event.name)
def test_no_field_stands_twice_in_an_event(event: EventType) -> None:
    names = [field.name for field in (*ENVELOPE, *event.fields)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("locale", ["zh-CN", "en-US"])
def test_every_event_and_field_has_a_meaning_in_both_languages(locale: str) -> None:
    text = resources.files("qianmian.locales").joinpath(locale, "events.json").read_text("utf-8")
    meanings = json.loads(text)
    assert list(meanings) == ["envelope", *PINNED]
    for name in meanings:
        fields = ENVELOPE if name == "envelope" else event_type(name).fields
        assert list(meanings[name]["fields"]) == [field.name for field in fields]
        assert all([meanings[name]["title"], meanings[name]["help"]])
        assert all(meanings[name]["fields"].values())


def test_numbers_say_their_unit() -> None:
    for event in CATALOG:
        for field in (*ENVELOPE, *event.fields):
            assert bool(field.unit) == (field.type in {"int", "money"} or field.name == "currency")


def test_an_unknown_event_type_is_named_with_what_was_probably_meant() -> None:
    with pytest.raises(UnknownName, match=r'unknown event "cart_add"\. Did you mean "cart_added"'):
        event_type("cart_add")


def test_a_field_is_found_in_the_type_or_in_the_envelope() -> None:
    event = event_type("heartbeat")
    assert event.field("idle_ms") == EventField("idle_ms", "int", "ms")
    assert event.field("room") in ENVELOPE
    assert event.field("amount") is None
