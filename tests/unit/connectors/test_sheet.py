"""Tables that people make: in whatever encoding, with whatever mistakes; nothing in them is run."""

from __future__ import annotations

import codecs
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qianmian.connectors import sheet
from qianmian.connectors.list_sheet import list_csv, read_list
from qianmian.connectors.member_sheet import read_members
from qianmian.connectors.order_sheet import read_orders
from qianmian.connectors.product_sheet import products_csv, read_products
from qianmian.connectors.sheet import Bounds, Sheet
from qianmian.errors import SheetProblem
from qianmian.locales.texts import LOCALES, document
from qianmian.vocabulary.product import Product, ProductFields
from qianmian.vocabulary.rejected import REASONS
from qianmian.vocabulary.time import DAY_MS

NOW = 1_795_000_000_000
TABLE = "商品编号,商品名称,价格,库存\np1,轻薄气垫,99.00,12\np2,口红,¥1,299.5,\n".replace(
    "¥1,299.5", '"¥1,299.5"'
)


def bad(body: str) -> list[tuple[int, str, str]]:
    _, report = read_products(body.encode(), "CNY")
    return [(one.line, one.column, one.code) for one in report.told]


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (TABLE.encode(), "utf-8"),
        (codecs.BOM_UTF8 + TABLE.encode(), "utf-8"),
        (TABLE.encode("gb18030"), "gb18030"),
        (TABLE.replace("¥", "￥").encode("gbk"), "gb18030"),
        (TABLE.encode("utf-16"), "utf-16"),
        (TABLE.replace("\n", "\r\n").encode("gb18030"), "gb18030"),
    ],
)
def test_every_encoding_of_a_spreadsheet_is_read(body: bytes, encoding: str) -> None:
    rows, report = read_products(body, "CNY")
    assert (report.encoding, report.rows, report.bad) == (encoding, 2, 0)
    assert rows == [
        ProductFields("p1", {"title": "轻薄气垫", "price_minor": 9_900, "stock": 12}),
        ProductFields("p2", {"title": "口红", "price_minor": 129_950, "stock": None}),
    ]


def test_gb18030_is_told_from_utf_8_by_the_whole_text() -> None:
    body = "id,title\n" + "".join(f"p{n},plain\n" for n in range(20_000)) + "px,气垫\n"
    rows, report = read_products(body.encode("gb18030"), "CNY")
    assert report.encoding == "gb18030"
    assert rows[-1].values["title"] == "气垫"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_columns_are_parted_by_what_makes_their_names_known(delimiter: str) -> None:
    body = delimiter.join(["Product ID", "Title", "Stock"]) + "\n" + delimiter.join("a b 3".split())
    rows, _ = read_products(body.encode(), "CNY")
    assert rows == [ProductFields("a", {"title": "b", "stock": 3})]


@pytest.mark.parametrize("kind", ["products", "members", "orders"])
def test_every_name_of_every_language_is_known_and_means_one_column(kind: str) -> None:
    found: dict[str, set[str]] = {}
    for locale in LOCALES:
        for name, written in document(locale, "sheets")["columns"][kind].items():
            for one in (name, *written.split("|")):
                found.setdefault(sheet.folded(one), set()).add(name)
    assert len(found) > 15
    assert {one: names for one, names in found.items() if len(names) > 1} == {}
    for spelling in ("商品　名称", " Product_ID (*)", "链接号："):
        assert sheet.folded(spelling) in sheet.names_of("products"), spelling


def test_bad_rows_are_told_by_line_and_column_and_the_others_go_on() -> None:
    body = (
        "编号,商品ID,名称,价格,库存,币种\n"
        "x,p1,好,1.00,1,\n"
        "x,,没有编号,1,1,\n"
        "x,p3,坏价格,便宜,1,\n"
        "x,p4,太细,1.005,1,\n"
        "x,p5,坏库存,1,1.5,\n"
        "x,p6,负,1,-1,\n"
        "x,p1,又来,1,1,\n"
        "x,p7,币种,1,1,ZZZ\n"
        "x,p8,多了,1,1,,,多\n"
        "\n"
        " , ,\n"
        f"x,p9,{'长' * 513},1,1,\n"
        "x,p10,也好,1,1,usd\n"
        "x,p11,少了\n"
    )
    rows, report = read_products(body.encode(), "CNY")
    assert [one.id for one in rows] == ["p1", "p10", "p11"]
    assert rows[1].values["currency"] == "USD"
    assert bad(body) == [
        (3, "商品ID", "id_empty"),
        (4, "价格", "wrong_type"),
        (5, "价格", "precision"),
        (6, "库存", "wrong_type"),
        (7, "库存", "negative"),
        (8, "商品ID", "duplicate"),
        (9, "价格", "unknown_currency"),
        (10, "", "columns"),
        (13, "名称", "too_long"),
    ]
    assert (report.rows, report.bad, report.ignored) == (12, 9, ("编号",))


def test_a_row_without_a_column_leaves_the_field_alone_and_an_empty_cell_empties_it() -> None:
    rows, _ = read_products(b"id,stock,brand\np1,,\n", "CNY")
    assert rows == [ProductFields("p1", {"stock": None, "brand": None})]


@pytest.mark.parametrize(
    ("body", "match"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"PK\x03\x04rest of a workbook", "workbook"),
        (b"\xd0\xcf\x11\xe0rest of an old workbook", "workbook"),
        (b"title,price\nx,1\n", "id .*SKU|no column for id"),
        ((",".join(f"c{n}" for n in range(101)) + "\n").encode(), "at most|the most is 100"),
    ],
)
def test_what_is_no_table_of_products_is_told_as_a_whole(body: bytes, match: str) -> None:
    with pytest.raises(SheetProblem, match=match):
        read_products(body, "CNY")


def test_a_table_has_bounds() -> None:
    bounds = Bounds(bytes=100, rows=3, told=2)

    def read(body: bytes) -> Sheet:
        found = Sheet(body, "products", ("id",), bounds=bounds)
        for row in found.rows():
            found.refuse(row.line, "id", "duplicate", "x")
        return found

    with pytest.raises(SheetProblem, match="more than 3 rows"):
        read(b"id\n1\n2\n3\n4\n")
    with pytest.raises(SheetProblem, match="larger than 100 bytes"):
        read(b"id\n" + b"1\n" * 50)
    report = read(b"id\n1\n2\n3\n").report
    assert (report.bad, len(report.told)) == (3, 2)


FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0", "'=1", "'", "-")


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_is_a_text_in_and_cannot_run_out(text: str) -> None:
    rows, _ = read_products(f'id,title\np1,"{text}"\n'.encode(), "CNY")
    assert rows[0].values["title"] in (text, text[1:]), "an apostrophe guards on the way in"
    out = "".join(products_csv([(Product("p1", text), "CNY")], "en-US"))
    cell = out.split(",")[11]
    assert not cell.lstrip('"').startswith(("=", "+", "-", "@", "\t", "\r")), out
    again, _ = read_products(out.encode(), "CNY")
    assert again[0].values["title"] == text


WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp")), max_size=6
)
TEXTS = st.lists(WORDS, min_size=1, max_size=3).map(" ".join).map(str.strip)
LISTS = st.lists(TEXTS.filter(bool), max_size=3).map(tuple)
PRODUCTS = st.builds(
    Product,
    id=st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Z")), min_size=1),
    title=TEXTS,
    link_number=st.none() | st.integers(0, 1 << 40),
    category=LISTS,
    brand=st.none() | TEXTS.filter(bool),
    brand_tone=st.none() | TEXTS.filter(bool),
    price_minor=st.none() | st.integers(0, 1 << 40),
    stock=st.none() | st.integers(0, 1 << 40),
    selling_points=LISTS,
    related=LISTS,
)


@given(st.lists(st.tuples(PRODUCTS, st.sampled_from(["CNY", "JPY", "KWD"])), max_size=4))
def test_what_was_written_is_read_back(given_: list[tuple[Product, str]]) -> None:
    unique = {product.id: (product, currency) for product, currency in given_}
    for locale in LOCALES:
        out = "".join(products_csv(unique.values(), locale))
        rows, report = read_products(out.encode(), "EUR")
        assert report.told == []
        found = [
            (Product(row.id, **{k: v for k, v in row.values.items() if k != "currency" and v}), row)
            for row in rows
        ]
        wanted = {one.id: (normal(one), currency) for one, currency in unique.values()}
        assert {one.id: (normal(one), row.values["currency"]) for one, row in found} == wanted


def normal(product: Product) -> tuple[object, ...]:
    """A number 0 reads back as 0; here it was dropped with what is empty, so both become None."""
    return tuple(getattr(product, name) or None for name in Product.__dataclass_fields__)


@given(st.binary(max_size=300))
def test_no_bytes_make_it_fall(body: bytes) -> None:
    for read in (
        lambda: read_products(body, "CNY"),
        lambda: read_members(body, now_ms=NOW),
        lambda: read_orders(body, currency="CNY", zone="Asia/Shanghai", now_ms=NOW),
    ):
        try:
            _, report = read()
        except SheetProblem:
            continue
        assert report.rows >= report.bad


def test_members_have_traits_and_numbers_only_where_all_are_numbers() -> None:
    body = (
        "会员编号,性别,年龄,电话,积分,备注,爱好\n"
        "m1,女,31,013800000000,7.5,12,=HYPERLINK()\n"
        "m2,,40,2,,x,\n"
    )
    rows, report = read_members(body.encode("gb18030"), now_ms=NOW)
    assert report.bad == 0
    assert [line for line, _ in rows] == [2, 3]
    assert [row["viewer"] for _, row in rows] == ["m1", "m2"]
    assert rows[0][1]["traits"] == {
        "gender": "female",
        "age": 31,
        "电话": "013800000000",
        "积分": 7.5,
        "备注": "12",
        "爱好": "=HYPERLINK()",
    }
    assert rows[1][1]["traits"] == {"age": 40, "电话": "2", "备注": "x"}
    assert all(row["type"] == "profile_updated" and row["event_time"] == NOW for _, row in rows)


def test_members_that_cannot_be_are_told() -> None:
    body = f"id,note\n?x,1\n,2\nm1,3\nm1,4\nm2,{'x' * 513}\n"
    rows, report = read_members(body.encode(), now_ms=NOW)
    assert [row["viewer"] for _, row in rows] == ["m1"]
    codes = [(one.line, one.code) for one in report.told]
    assert codes == [(2, "id_reserved"), (3, "id_empty"), (5, "duplicate"), (6, "too_long")]


ORDERS = (
    "订单号,会员编号,支付时间,商品编号,数量,单价,金额,币种\n"
    "o1,m1,2025-06-01 20:30:00,p1,2,9.90,,\n"
    "o2,m2,2025/6/1 9:05,p2,1,,5.00,USD\n"
    "o1,m1,2025-06-01 20:30:00,p3,1,1.10,,\n"
    "o3,m1,2025-06-02T00:00:00Z,p1,-1,9.90,,\n"
)


def orders(
    body: str,
) -> tuple[list[dict[str, Any]], list[tuple[int, str, str]], tuple[int, int]]:
    found, report = read_orders(body.encode(), currency="CNY", zone="Asia/Shanghai", now_ms=NOW)
    told = [(one.line, one.column, one.code) for one in report.told]
    return [row for _, row in found], sorted(told), (report.rows, report.bad)


def test_lines_of_an_order_are_one_event_with_its_own_time() -> None:
    rows, told, counts = orders(ORDERS)
    assert (told, counts) == ([], (4, 0))
    assert [(row["order_id"], row["type"], row["amount"], row["currency"]) for row in rows] == [
        ("o2", "order_paid", 500, "USD"),
        ("o1", "order_paid", 2_090, "CNY"),
        ("o3", "order_refunded", 990, "CNY"),
    ]
    assert rows[1]["verified"] == 1
    assert rows[1]["event_time"] == 1_748_781_000_000, "20:30 in Shanghai"
    assert rows[1]["items"] == [
        {"product": "p1", "quantity": 2, "amount": 1_980},
        {"product": "p3", "quantity": 1, "amount": 110},
    ]
    assert rows[2]["event_time"] == 1_748_822_400_000, "an offset that is named holds"


def test_one_bad_line_takes_its_whole_order_out_and_no_other() -> None:
    later = "2096-01-01"
    body = (
        "order id,member id,time,product id,quantity,amount,currency\n"
        "o1,m1,2025-06-01,p1,1,1.00,\n"
        "o1,m1,2025-06-01,p2,0,1.00,\n"
        "o2,m1,yesterday,p1,1,1.00,\n"
        "o3,,2025-06-01,p1,1,1.00,\n"
        "o4,m1,2025-06-01,p1,1,,\n"
        "o5,m1,2025-06-01,p1,1,1.00,CNY\n"
        "o5,m1,2025-06-01,p1,1,1.00,USD\n"
        f"o6,m1,{later},p1,1,1.00,\n"
        ",m1,2025-06-01,p1,1,1.00,\n"
        "o7,m1,2025-06-01,p1,1,1.00,\n"
    )
    rows, told, counts = orders(body)
    assert [row["order_id"] for row in rows] == ["o7"]
    assert told == [
        (3, "quantity", "out_of_range"),
        (4, "time", "time"),
        (5, "member id", "no_viewer"),
        (6, "amount", "missing_field"),
        (7, "currency", "two_currencies"),
        (9, "time", "future"),
        (10, "order id", "missing_field"),
    ]
    assert counts == (10, 9)


def test_an_order_of_more_lines_than_a_viewer_buys_is_told() -> None:
    lines = "".join(f"o1,m1,2025-06-01,p{n},1,1.00\n" for n in range(201))
    body = f"order id,member id,time,product id,quantity,amount\n{lines}"
    rows, told, counts = orders(body)
    assert (rows, told, counts) == ([], [(2, "order id", "too_many")], (201, 201))


def test_orders_without_products_have_an_amount() -> None:
    rows, _, _ = orders("order id,member id,time,amount\no1,m1,2025-06-01,3\no1,m1,2025-06-01,4\n")
    assert [(row["amount"], "items" in row) for row in rows] == [(700, False)]


def test_a_time_of_the_past_is_one_of_the_past() -> None:
    rows, told, _ = orders("order id,member id,time,amount\no1,m1,1969-01-01,3\no2,m1,2025.6.1,4\n")
    assert [row["order_id"] for row in rows] == ["o2"]
    assert told == [(2, "time", "time")]
    assert rows[0]["event_time"] % DAY_MS == 16 * 3_600_000


@pytest.mark.parametrize("locale", LOCALES)
def test_every_reason_says_what_to_do(locale: str) -> None:
    sheets, errors = document(locale, "sheets"), document(locale, "errors")
    codes = {*REASONS, *sheets["reasons"]}
    assert set(sheets["todo"]) == codes
    assert all(f"rejected.{code}" in errors or code in sheets["reasons"] for code in codes)


def test_both_languages_name_the_same_columns_and_reasons() -> None:
    zh, en = (document(locale, "sheets") for locale in LOCALES)
    for part in ("reasons", "todo"):
        assert set(zh[part]) == set(en[part])
    for kind, columns in zh["columns"].items():
        assert set(columns) == set(en["columns"][kind])


def test_a_sheet_with_two_columns_of_one_name_keeps_the_first() -> None:
    read = Sheet(b"id,title,name\n1,a,b\n", "products", ("id",))
    assert [row.cells for row in read.rows()] == [{"id": "1", "title": "a"}]
    assert read.report.ignored == ("name",)


def test_a_list_is_one_id_a_row_whatever_else_there_is() -> None:
    body = "会员编号,姓名\nm1,甲\n m2 ,乙\nm1,丙\n,丁\n?x,戊\n'=1+1,己\n".encode("gb18030")
    viewers, report = read_list(body)
    assert viewers == ["m1", "m2", "=1+1"]
    assert [(one.line, one.code) for one in report.told] == [
        (4, "duplicate"),
        (5, "id_empty"),
        (6, "id_reserved"),
    ]
    assert report.ignored == ("姓名",)
    written = "".join(list_csv(viewers, "zh-CN"))
    assert "'=1+1" in written
    assert read_list(written.encode())[0] == viewers
