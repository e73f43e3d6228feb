from __future__ import annotations

from pathlib import Path

import pytest

from qianmian.errors import InputError
from tests.unit.connectors.reading import read

HEADER = (
    "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session\n"
)
VIEW = "2019-10-01 00:00:00 UTC,view,44600062,2103807,,shiseido,35.79,541312140,72d7\n"


def test_a_view_is_a_product_viewed(tmp_path: Path) -> None:
    rows, rejected = read(tmp_path, "rees46", HEADER + VIEW)
    assert rejected == []
    assert rows == [
        {
            "type": "product_viewed",
            "clock": 1569888000000,
            "event_time": 1569888000000,
            "message_id": "2",
            "viewer": "541312140",
            "visit": "72d7",
            "room": "shop",
            "product": "44600062",
            "category": "2103807",
            "brand": "shiseido",
            "price": 3579,
        }
    ]


def test_a_purchase_is_a_verified_order_of_one_item_numbered_by_its_line(tmp_path: Path) -> None:
    rows, _ = read(tmp_path, "rees46", HEADER + VIEW + VIEW.replace("view", "purchase"))
    order = rows[1]
    assert order["type"] == "order_paid"
    assert (order["order_id"], order["amount"], order["currency"]) == ("3", 3579, "USD")
    assert (order["product"], order["quantity"], order["verified"]) == ("44600062", 1, 1)


def test_a_negative_purchase_is_a_refund_with_a_positive_amount(tmp_path: Path) -> None:
    line = VIEW.replace("view", "purchase").replace("35.79", "-35.79")
    rows, rejected = read(tmp_path, "rees46", HEADER + line)
    assert rejected == []
    assert rows[0]["type"] == "order_refunded"
    assert (rows[0]["amount"], rows[0]["refund_id"]) == (3579, "2")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("2019-10-01 00:00:00 UTC", "2019-10-01", "bad_time"),  # no time of day
        ("2019-10-01 00:00:00 UTC", "2019-02-30 00:00:00 UTC", "bad_time"),  # no such day
        ("2019-10-01 00:00:00 UTC", "1969-12-31 23:59:59 UTC", "bad_time"),  # before the epoch
        ("view", "teleport", "unknown_type"),
        ("view", "", "unknown_type"),
        ("35.79", "abc", "wrong_type"),
        ("35.79", "NaN", "wrong_type"),
        ("35.79", "1e3", "wrong_type"),  # exponents invite guessing
        ("35.79", "35.795", "precision"),  # half a cent
        ("35.79", "-35.79", "negative"),  # a view has no refund
        ("541312140", "", "no_viewer"),
        ("44600062", "", "missing_field"),
        (",541312140", "", "columns"),
        ("shiseido", "a,b", "columns"),
        ("shiseido", '"a', "columns"),  # a broken quote swallows the rest of its own line
    ],
)
def test_a_bad_row_is_told_with_its_line_and_spoils_no_other(
    tmp_path: Path, old: str, new: str, reason: str
) -> None:
    rows, rejected = read(tmp_path, "rees46", HEADER + VIEW + VIEW.replace(old, new, 1) + VIEW)
    assert rejected == [(3, reason)]
    assert len(rows) == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [("35.79", ""), ("35.79", "35.790"), ("35.79", "0.00"), ("shiseido", '"a,b"'), ("72d7", "")],
)
def test_a_view_may_lack_or_spell_out_what_does_not_matter(
    tmp_path: Path, old: str, new: str
) -> None:
    rows, rejected = read(tmp_path, "rees46", HEADER + VIEW.replace(old, new))
    assert rejected == []
    assert len(rows) == 1


def test_an_empty_session_is_a_visit_of_its_own(tmp_path: Path) -> None:
    rows, _ = read(tmp_path, "rees46", HEADER + VIEW.replace("72d7", ""))
    assert rows[0]["visit"] == ""


def test_a_purchase_without_a_price_is_refused(tmp_path: Path) -> None:
    line = VIEW.replace("view", "purchase").replace("35.79", "")
    assert read(tmp_path, "rees46", HEADER + line)[1] == [(2, "wrong_type")]


def test_the_columns_may_stand_in_another_order(tmp_path: Path) -> None:
    header = HEADER.strip().split(",")
    cells = VIEW.strip().split(",")
    turned = ",".join(reversed(header)) + "\n" + ",".join(reversed(cells)) + "\n"
    assert read(tmp_path, "rees46", turned) == read(tmp_path, "rees46", HEADER + VIEW)


@pytest.mark.parametrize("content", ["", "a,b,c\n1,2,3\n"])
def test_a_file_without_the_columns_is_refused_by_name(tmp_path: Path, content: str) -> None:
    with pytest.raises(InputError, match="no column event_time"):
        read(tmp_path, "rees46", content)


def test_windows_line_ends_a_bom_and_blank_lines_are_no_rows(tmp_path: Path) -> None:
    content = b"\xef\xbb\xbf" + (HEADER + VIEW + "\n" + VIEW).replace("\n", "\r\n").encode()
    rows, rejected = read(tmp_path, "rees46", content)
    assert rejected == []
    assert [row["message_id"] for row in rows] == ["2", "4"]
