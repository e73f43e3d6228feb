"""The newest firings as columns: what a list of objects would say."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

import hypothesis.strategies as st
from hypothesis import given

from qianmian.engine.firings import Firings
from qianmian.runtime.recent_firings import RecentFirings
from qianmian.vocabulary.firing import Firing

ONE = st.builds(
    Firing,
    at=st.integers(0, 20),
    viewer=st.sampled_from(["a", "b", "名", None]),
    room=st.sampled_from(["r1", "r2"]),
    session=st.sampled_from(["s1", "s2"]),
    moment=st.sampled_from(["m1", "m2"]),
    version=st.integers(1, 2),
    key=st.sampled_from([None, "p1", "p2"]),
)
TOLD = st.lists(st.lists(ONE, max_size=6), max_size=6)


@given(TOLD, st.integers(1, 12))
def test_the_newest_are_kept_in_order(told: list[list[Firing]], most: int) -> None:
    recent, plain = RecentFirings(most), deque[Firing](maxlen=most)
    for firings in told:
        recent.add(Firings.of(firings))
        plain.extend(firings)
    assert recent.tolist() == [*plain]
    assert len(recent) == len(plain)
    for viewer in ("a", "b", "nobody"):
        assert recent.of_viewer(viewer) == [one for one in reversed(plain) if one.viewer == viewer]
    again = RecentFirings(most)
    again.restore(recent.tolist())
    assert again.tolist() == recent.tolist()


@given(TOLD, st.integers(1, 4))
def test_of_each_room_the_newest_are_taken_however_they_were_told(
    told: list[list[Firing]], most: int
) -> None:
    def newest(parts: list[list[Firing]]) -> dict[str, list[tuple[int, str]]]:
        recent = RecentFirings(1_000)
        for firings in parts:
            recent.add(Firings.of(firings))
        found = recent.take_newest(most)
        assert not len(recent)
        return {
            room: sorted(((one.at, one.id) for one in mine), reverse=True)[:most]
            for room, mine in found.items()
        }

    every = [one for firings in told for one in firings]
    assert newest(told) == newest([every])
    for room, mine in newest(told).items():
        plain = sorted(((one.at, one.id) for one in every if one.room == room), reverse=True)
        assert mine == plain[:most]


@given(TOLD, st.booleans())
def test_a_viewer_is_called_otherwise_and_then_forgotten(
    told: list[list[Firing]], looks: bool
) -> None:
    recent = RecentFirings(100)
    for firings in told:
        recent.add(Firings.of(firings))
    if looks:
        recent.tolist()  # objects that are made already
    every = [one for firings in told for one in firings]
    recent.rename({"a": "erased-1"})
    named = [replace(one, viewer="erased-1") if one.viewer == "a" else one for one in every]
    assert recent.tolist() == named
    recent.forget({"erased-1", "nobody"})
    assert recent.tolist() == [one for one in every if one.viewer != "a"]
    assert len(recent) == len(recent.tolist())
