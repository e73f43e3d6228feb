"""A profile survives being stored, and is never larger than it may be."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qianmian.errors import InputError
from qianmian.profiles.basic import Basic
from qianmian.profiles.preference import Preference, Weight
from qianmian.profiles.profile import BEHAVIOR, Done, Profile, profile_of
from qianmian.profiles.stage import Days, stages
from qianmian.profiles.stored import MOST_BYTES, restored, stored
from tests.property.test_profiles import START, assert_same, rows_of

DAY_MS = 86_400_000
texts = st.text(max_size=60)
profiles = st.builds(
    Profile,
    st.dictionaries(
        texts,
        st.builds(
            Basic,
            texts | st.integers(0, 2**53) | st.booleans(),
            st.sampled_from(["declared", "platform", "stated", "inferred"]),
            st.integers(0, 100),
            st.integers(0, 2**42),
        ),
        max_size=30,
    ),
    st.dictionaries(
        st.sampled_from(BEHAVIOR),
        st.builds(Done, st.integers(1, 2**31), st.integers(0, 2**42), st.integers(0, 2**53)),
    ),
    st.builds(
        Preference,
        st.dictionaries(
            st.sampled_from(["category", "brand"]),
            st.dictionaries(
                texts,
                st.builds(
                    Weight, st.integers(1, 999), st.floats(0.1, 1e6), st.just(1_790_000_000_000)
                ),
                max_size=20,
            ),
        ),
    ),
    st.builds(
        lambda days: Days(min(days, default=None), days, days),
        st.frozensets(st.integers(20_000, 20_179)),
    ),
)


@given(rows_of)
def test_what_a_viewer_did_is_found_again(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        row["clock"] = row["clock"] // 1_000 * 1_000
    profile = profile_of(rows)
    found = restored(stored(profile))
    today = START // DAY_MS + 150
    assert stages(found.days, today) == stages(profile.days, today)
    assert found.behavior == profile.behavior
    assert found.basic == profile.basic
    at = START + 150 * DAY_MS
    for name in profile.preference.weights:
        for one, other in zip(
            profile.preference.likings(name, at), found.preference.likings(name, at), strict=True
        ):
            assert one.n >= 1
            assert one.share == pytest.approx(other.share, abs=0.02)


@given(profiles)
def test_no_profile_is_larger_than_it_may_be(profile: Profile) -> None:
    data = stored(profile)
    assert len(data) <= MOST_BYTES
    found = restored(data)
    assert found.days == profile.days
    assert found.behavior.keys() == profile.behavior.keys()
    assert set(found.basic) <= set(profile.basic)
    assert_same(restored(stored(found)), found, 1_790_000_000_000)


@pytest.mark.parametrize("data", [b"", b"\x01", msgspec.msgpack.encode([9, [], [], 0, [], []])])
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(InputError):
        restored(data)
