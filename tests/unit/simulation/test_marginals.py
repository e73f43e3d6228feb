from __future__ import annotations

import pytest

from qianmian.simulation.marginals import (
    DWELL_MS,
    VIEWS_PER_VISIT,
    Measured,
    at_share,
    decile_distance,
    total_variation,
    views_at,
)


def test_mixes_are_as_far_apart_as_the_mass_that_would_have_to_move() -> None:
    assert total_variation({"a": 3, "b": 1, "other": 9}, {"a": 30, "b": 10}) == 0
    assert total_variation({"a": 1}, {"a": 3, "b": 1}) == pytest.approx(0.25)
    assert total_variation({"other": 5}, {"a": 1}) == 1


def test_values_drawn_from_deciles_have_those_deciles() -> None:
    drawn = [at_share(DWELL_MS, (k + 0.5) / 1_000) for k in range(1_000)]
    assert decile_distance(drawn, DWELL_MS) < 0.002
    assert decile_distance([value * 2 for value in drawn], DWELL_MS) > 0.2
    assert decile_distance([], DWELL_MS) == 1
    assert at_share(DWELL_MS, 0.5) == pytest.approx(35_000)


def test_the_number_of_pages_has_the_published_shares() -> None:
    drawn = [views_at(k / 10_000) for k in range(10_000)]
    for views, share in enumerate(VIEWS_PER_VISIT, 1):
        assert drawn.count(views) / 10_000 == pytest.approx(share, abs=0.002)


def test_a_look_ends_with_the_next_page_or_when_the_page_is_closed() -> None:
    def row(kind: str, at: int) -> dict[str, object]:
        return {"type": kind, "event_time": at, "viewer": "v", "visit": "1", "price": 100}

    measured = Measured()
    measured.add([row("product_viewed", 0), row("product_viewed", 35_000)])
    measured.add([row("product_left", 40_000), row("product_viewed", 900_000)])
    assert measured.distances().dwell_spread == pytest.approx(0.4)  # one look, at the median
    # Two spells of looking, one with two pages and one with one.
    assert measured.distances().views_spread == pytest.approx(1 - 0.462 - 0.207, abs=0.01)
