"""`qianmian bench` finds the benchmarks of its checkout, and says so when there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from qianmian.errors import InputError
from qianmian.runtime.bench import BenchOptions, BenchRow, load_suites, measure


def test_rows_come_suite_by_suite() -> None:
    def one(options: BenchOptions) -> list[BenchRow]:
        return [BenchRow("a", float(options.long), "ev/s")]

    assert [row.value for row in measure(BenchOptions(long=True), [one, one])] == [1.0, 1.0]


def test_the_checkout_has_suites() -> None:
    assert len(load_suites()) >= 5


def test_an_installed_package_says_where_the_benchmarks_are(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="make bench"):
        load_suites(tmp_path)
