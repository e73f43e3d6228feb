"""Texts with slots: what fills one is data, whatever somebody wrote into a product or an offer."""

from __future__ import annotations

import html
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qianmian.strategies.templates import MAX_SLOT_CHARS, SLOTS, filled

HOSTILE = (
    "{offer}",
    "{price|0}",
    "}{",
    "{product|{offer}}",
    "${7*7}",
    "{{7*7}}",
    "%(offer)s",
    r"\1\g<0>",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "\u202egnp.exe",
    "a\x00b\x1b[31m\r\nSet-Cookie: x=1",
    "\ud800",
    "{offer|" * 200,
)
texts = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=200))
HIDDEN = ("Cc", "Cf", "Cs")
CHANNELS = ("in_room", "host", "follow_up", "webhook", "email", "push")


@given(texts, texts, st.sampled_from(CHANNELS))
def test_what_fills_a_slot_is_never_read_as_a_slot(product: str, offer: str, channel: str) -> None:
    values = {"product": product, "offer": offer}
    told = filled("[{product|这款}][{offer|优惠}]", values, channel)
    plain = html.unescape(told) if channel == "email" else told

    def obvious(value: str, fallback: str) -> str:
        shown = [char for char in value if unicodedata.category(char) not in HIDDEN]
        return "".join(shown)[:MAX_SLOT_CHARS] or fallback

    if not {*product, *offer} & {"\r", "\n", "\t"}:  # these become spaces
        assert plain == f"[{obvious(product, '这款')}][{obvious(offer, '优惠')}]"
    assert all(unicodedata.category(char) not in HIDDEN for char in told)


@pytest.mark.parametrize("value", HOSTILE)
def test_a_mail_holds_no_markup_of_a_product(value: str) -> None:
    told = filled("<b>{product|这款}</b>", {"product": value}, "email")
    assert "<" not in told
    assert '"' not in told


@given(st.sampled_from(SLOTS), texts)
def test_a_slot_that_nothing_fills_takes_its_fallback_alone(slot: str, value: str) -> None:
    others = {name: value for name in SLOTS if name != slot}
    assert filled(f"{{{slot}|没有}}", others, "in_room") == "没有"
