"""A file of strategies: what is written is what decides."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from qianmian.bootstrap import active_definitions
from qianmian.runtime.strategy_file import read_strategies
from qianmian.strategies.strategy import Schedule, Strategies

FILE = """
strategies:
  - key: recall
    schedule: {{{when}}}
    whom: [dormant_users]
    mode: full
    steps:
      - {{channel: follow_up, title: 今晚开播}}
"""


@pytest.mark.parametrize(
    ("when", "schedule"),
    [
        ("after_ms: 1200000", Schedule(after_ms=1_200_000)),
        ("every_ms: 1800000", Schedule(every_ms=1_800_000)),
        ('daily: "20:00"', Schedule(daily="20:00")),
        ("before_ms: 3600000", Schedule(before_ms=3_600_000)),
    ],
)
def test_each_kind_of_schedule_is_read_and_written_back(
    tmp_path: Path, when: str, schedule: Schedule
) -> None:
    path = tmp_path / "strategies.yaml"
    path.write_text(FILE.format(when=when), encoding="utf-8")
    found = read_strategies(path, active_definitions(), "strict")
    assert found.strategies[0].schedule == schedule
    again = tmp_path / "again.json"
    again.write_bytes(msgspec.json.encode(found))
    assert read_strategies(again, active_definitions(), "strict") == found
    assert msgspec.json.decode(msgspec.json.encode(found), type=Strategies) == found
