"""A table of links: pairs of ids, and what becomes of rows that say nothing or too much."""

from __future__ import annotations

import pytest

from qianmian.connectors.link_sheet import read_links
from qianmian.errors import SheetProblem

NOW = 1_790_000_000_000


def read(table: str, prefix: str = "") -> tuple[list[tuple[str, str]], list[tuple[int, str]]]:
    events, report = read_links(table.encode(), now_ms=NOW, prefix=prefix)
    pairs = [
        (row["viewer"], row.get("linked_viewer") or f"?{row['anonymous_id']}") for _, row in events
    ]
    return pairs, [(one.line, one.code) for one in report.told]


def test_each_row_is_a_pair_and_a_device_is_of_one_person() -> None:
    links, bad = read("member id,other id\na,b\nb,a\na,?d\nc,?d\na,?d\nc,c\n?x,a\nc,\n,c\n")
    assert links == [("a", "b"), ("a", "?d")]
    assert bad == [
        (3, "duplicate"),
        (5, "two_owners"),
        (6, "duplicate"),
        (7, "same_id"),
        (8, "id_reserved"),
        (9, "id_empty"),
        (10, "id_empty"),
    ]


def test_the_second_id_is_of_the_namespace() -> None:
    links, bad = read(f"会员编号,关联编号\na,a\na,?d\nb,{'x' * 125}\n", "@taobao/")
    assert links == [("a", "@taobao/a"), ("a", "?@taobao/d")]
    assert bad == [(4, "id_too_long")]


def test_a_table_without_the_second_column_says_how_it_is_called() -> None:
    with pytest.raises(SheetProblem, match="关联编号, other id"):
        read("会员编号\na\n")
