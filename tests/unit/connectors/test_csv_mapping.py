from __future__ import annotations

from pathlib import Path

import pytest

from qianmian.errors import InputError, UnknownName
from tests.unit.connectors.reading import read

MAPPING = """
columns:
  viewer: user_id
  event_time: happened
  type: action
  product: sku
  amount: paid
  visit: session
types: {view: product_viewed, buy: order_paid, note: comment_sent}
time: "%Y-%m-%d %H:%M:%S"
zone: Asia/Shanghai
currency: CNY
"""
HEADER = "user_id,happened,action,sku,paid,session,unused\n"
VIEW = "u1,2026-11-22 20:00:00,view,p1,,s1,x\n"
BUY = "u1,2026-11-22 20:01:00,buy,p1,12.50,s1,x\n"
AT_MS = 1795348800000  # 12:00 UTC


def test_columns_words_times_and_amounts_are_mapped(tmp_path: Path) -> None:
    rows, rejected = read(tmp_path, "csv_mapping", HEADER + VIEW + BUY, MAPPING)
    assert rejected == []
    assert rows[0] == {
        "type": "product_viewed",
        "clock": AT_MS,
        "event_time": AT_MS,
        "viewer": "u1",
        "product": "p1",
        "visit": "s1",
        "message_id": "2",
        "room": "shop",
    }
    order = rows[1]
    assert (order["type"], order["order_id"], order["amount"]) == ("order_paid", "3", 1250)
    assert (order["currency"], order["verified"]) == ("CNY", 1)


def test_a_negative_order_is_a_refund(tmp_path: Path) -> None:
    rows, _ = read(tmp_path, "csv_mapping", HEADER + BUY.replace("12.50", "-12.50"), MAPPING)
    assert (rows[0]["type"], rows[0]["amount"]) == ("order_refunded", 1250)


@pytest.mark.parametrize(
    ("change", "time", "cell"),
    [
        ("iso", "iso", "2026-11-22T12:00:00Z"),
        ("iso without offset is of the zone", "iso", "2026-11-22T20:00:00"),
        ("seconds", "seconds", "1795348800"),
        ("milliseconds", "milliseconds", "1795348800000"),
    ],
)
def test_times_are_read_as_the_mapping_says(
    tmp_path: Path, change: str, time: str, cell: str
) -> None:
    mapping = MAPPING.replace('"%Y-%m-%d %H:%M:%S"', time)
    content = HEADER + VIEW.replace("2026-11-22 20:00:00", cell)
    assert read(tmp_path, "csv_mapping", content, mapping)[0][0]["event_time"] == AT_MS, change


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (VIEW.replace("view", "hover"), "unknown_type"),
        (VIEW.replace("20:00:00", "25:00:00"), "bad_time"),
        (BUY.replace("12.50", "12.505"), "precision"),
        (BUY.replace("12.50", "¥12"), "wrong_type"),
        (VIEW.replace(",x", ""), "columns"),
        (VIEW.replace("u1", ""), "no_viewer"),
        (VIEW.replace("view", "note"), "missing_field"),  # a comment without a text
    ],
)
def test_a_bad_row_is_told_with_its_line(tmp_path: Path, line: str, reason: str) -> None:
    rows, rejected = read(tmp_path, "csv_mapping", HEADER + VIEW + line + BUY, MAPPING)
    assert rejected == [(3, reason)]
    assert len(rows) == 2


def test_gb18030_is_told_from_utf_8_and_a_quoted_cell_may_span_lines(tmp_path: Path) -> None:
    columns = "{viewer: 用户, event_time: 时间, type: 行为, text: 弹幕}"
    mapping = f"columns: {columns}\ntypes: {{评: comment_sent}}"
    content = '用户,时间,行为,弹幕\n甲,2026-11-22T12:00:00Z,评,"真的\n假的"\n'
    for encoding in ("utf-8", "gb18030"):
        rows, rejected = read(tmp_path, "csv_mapping", content.encode(encoding), mapping)
        assert rejected == []
        assert (rows[0]["viewer"], rows[0]["text"]) == ("甲", "真的\n假的")


def test_bytes_of_another_encoding_spoil_their_own_row(tmp_path: Path) -> None:
    content = (
        (HEADER + VIEW + BUY).encode().replace(b"u1,2026-11-22 20:01", b"\xff1,2026-11-22 20:01")
    )
    rows, rejected = read(tmp_path, "csv_mapping", content, MAPPING + "encoding: utf-8\n")
    assert (len(rows), rejected) == (1, [(3, "not_utf8")])


def test_a_constant_stands_in_for_a_column(tmp_path: Path) -> None:
    mapping = "columns: {viewer: u, event_time: t}\ntypes: {}\nconstants: {type: liked, room: main}"
    rows, _ = read(tmp_path, "csv_mapping", "u,t\na,2026-11-22T12:00:00Z\n", mapping)
    assert (rows[0]["type"], rows[0]["room"]) == ("liked", "main")


@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        (MAPPING.replace("viewer:", "vieewer:"), 'Did you mean "viewer"'),
        (MAPPING.replace("product_viewed", "product_view"), 'Did you mean "product_viewed"'),
        (MAPPING.replace("Asia/Shanghai", "Asia/Nowhere"), "no time zone"),
        (MAPPING.replace("currency: CNY", "currency: XYZ"), "XYZ"),
        (MAPPING.replace("  event_time: happened\n", ""), "event_time"),
        (MAPPING.replace("happened", "no_such_column"), "no column no_such_column"),
        (MAPPING + "surprise: 1\n", "surprise"),
        (MAPPING + "amounts: cents\n", "cents"),
        (MAPPING + "encoding: latin-1\n", "latin-1"),
        (MAPPING + 'delimiter: "ab"\n', "one character"),
        ("a: &x 1\nb: *x\n", "aliases"),
        ("[1, 2", "cannot be used"),
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused(tmp_path: Path, mapping: str, says: str) -> None:
    with pytest.raises((InputError, UnknownName), match=says):
        read(tmp_path, "csv_mapping", HEADER + VIEW, mapping)
