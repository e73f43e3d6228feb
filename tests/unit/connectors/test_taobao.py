from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tests.unit.connectors.reading import read

LINES = "1,2268318,2520377,pv,1511544070\n1,2268318,2520377,buy,1511561733\n"


def test_the_words_are_mapped_and_orders_have_no_amount(tmp_path: Path) -> None:
    content = "".join(f"7,11,12,{word},1511544070\n" for word in ("pv", "cart", "fav", "buy"))
    rows, rejected = read(tmp_path, "taobao", content)
    assert rejected == []
    assert [row["type"] for row in rows] == [
        "product_viewed",
        "cart_added",
        "product_favorited",
        "order_paid",
    ]
    assert rows[3]["order_id"] == "4"
    assert "amount" not in rows[3]
    assert rows[3]["verified"] == 1


@pytest.mark.parametrize(
    "header", ["", "user,item,cat,b,t\n", "user_id,item_id,category_id,behavior_type,timestamp\n"]
)
def test_a_header_is_no_row(tmp_path: Path, header: str) -> None:
    assert len(read(tmp_path, "taobao", header + LINES)[0]) == 2


def test_gzip_is_read_whatever_the_name(tmp_path: Path) -> None:
    packed = gzip.compress(LINES.encode())
    assert read(tmp_path, "taobao", packed) == read(tmp_path, "taobao", LINES)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("1,2,3,pv", "columns"),
        ("1,2,3,pv,-5", "bad_time"),
        ("1,2,3,pv,1.5", "bad_time"),
        ("1,2,3,pv,", "bad_time"),
        ("1,2,3,view,5", "unknown_type"),
        (",2,3,pv,5", "no_viewer"),
        ("1,,3,pv,5", "missing_field"),
        ("1,2,3,pv,١٥١", "bad_time"),  # digits of another script
    ],
)
def test_a_bad_row_is_told(tmp_path: Path, line: str, reason: str) -> None:
    rows, rejected = read(tmp_path, "taobao", LINES + line + "\n")
    assert rejected == [(3, reason)]
    assert len(rows) == 2
