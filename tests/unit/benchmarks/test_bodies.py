"""The comparison of bodies fails unless everybody fires the same, and names its partner."""

from __future__ import annotations

import pytest

from benchmarks import bodies
from benchmarks.definitions import mix
from benchmarks.workload import Plan, make
from qianmian.language.parse import parse_definition

EVENING = make(Plan(60, 20))


def test_every_way_fires_what_the_partner_fires() -> None:
    rows = list(bodies.read_and_run(mix(16), EVENING, 1, 150))
    assert [row.name.split(",")[1].strip() for row in rows] == [
        "Arrow stream",
        "JSON columns",
        "JSON rows",
        "Segment bodies",
    ]
    assert ["equal firings" in str(row.baseline) for row in rows] == [True, True, True, False]


def test_a_partner_that_fires_otherwise_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    definition = parse_definition("shown", 'product_viewed where category == "c1"')
    monkeypatch.setattr(bodies, "_test_of", lambda where: lambda row: False)
    with pytest.raises(AssertionError, match="firings differ"):
        list(bodies.read_and_run([definition], EVENING, 1, 500))
