"""Channels that are not set up: a strategy goes as if it had never had their steps."""

from __future__ import annotations

from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from qianmian.strategies.strategy import ChannelKind, Guardrails, Step
from qianmian.strategies.ways import Way, open_steps, way_at
from qianmian.vocabulary.consent import MARKETING, SHARE, Consent, Consents
from tests.strategy_shop import strategy

AT = 1_790_000_000_000
NIGHT = Guardrails(quiet_from=0, quiet_until=24 * 60 - 1)
KINDS: tuple[ChannelKind, ...] = get_args(ChannelKind)
channels = st.lists(st.sampled_from(KINDS), min_size=1, max_size=5)
off = st.sets(st.sampled_from(KINDS))


THINGS = [(SHARE, ""), *((MARKETING, kind) for kind in ("", "in_room", "push", "email", "sms"))]
consents: st.SearchStrategy[Consents] = st.dictionaries(
    st.sampled_from(THINGS), st.builds(Consent, st.just(AT), st.just(AT), st.booleans())
)


@given(channels, off, consents, st.booleans(), st.sampled_from([NIGHT, Guardrails()]))
def test_what_is_off_is_passed_over_and_nothing_else_changes(
    kinds: list[ChannelKind],
    off: set[ChannelKind],
    said: Consents,
    is_here: bool,
    shop: Guardrails,
) -> None:
    def went(kinds: list[ChannelKind], off: set[ChannelKind]) -> tuple[object, ...]:
        one = strategy("help", steps=tuple(Step(kind, title=f"{kind}.") for kind in kinds))
        places = open_steps(one, "v", said, off, is_here=is_here)
        if isinstance(places, tuple):
            return places
        way = way_at(one, places, "v", AT, AT, shop, "Asia/Shanghai")
        return (way.channels, way.not_before) if isinstance(way, Way) else way

    left = [kind for kind in kinds if kind not in off]
    told = went(kinds, off)
    assert told == (went(left, set()) if left else ("channel_off", kinds[0]))
