"""Real shops through the commands for tables; what they took is counted again by other means.

The files are made as a shop would make them: a spreadsheet with Chinese names of columns, saved as
GB18030. The counts come from the raw data by plain Python and share no code with the product.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq
import pytest

from qianmian.bootstrap.catalogs import load_tags
from qianmian.cli.main import run
from qianmian.storage.history import History
from qianmian.storage.history_reader.reader import HistoryReader
from qianmian.storage.history_schema import EVENTS
from qianmian.storage.segment_log import SegmentLog
from qianmian.storage.sql.audit import AuditTrail
from qianmian.storage.sql.database import Database
from qianmian.storage.sql.products import ProductStore
from qianmian.vocabulary.time import DAY_MS
from tests.fakes.clock import FakeClock
from tests.serving import Served, now_ms, served

SECONDS = 900
MOST_LINES = 200  # of one order; more is no viewer's purchase


def rows_of(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def spreadsheet(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    with path.open("w", encoding="gb18030", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    return path


def imported(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    code = run([*map(str, arguments), "--json"])
    told: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert code == (1 if told["bad"] else 0)
    return told


def events_of(home: Path) -> list[dict[str, Any]]:
    """What history holds."""
    return [row for table in History(home / "history").read(EVENTS) for row in table.to_pylist()]


def test_a_small_shop_is_imported_beside_a_server_and_without_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = datetime.now(ZoneInfo("Asia/Shanghai")) - timedelta(days=3)
    table = [["m1", "女", f"{new:%Y/%m/%d}"], ["", "男", ""]]
    members = spreadsheet(tmp_path / "m.csv", ["会员编号", "性别", "注册日期"], table)
    header = ["订单号", "会员编号", "支付时间", "商品编号", "金额"]
    orders = spreadsheet(
        tmp_path / "o.csv",
        header,
        [["o1", "m1", "2025-06-01 20:30:00", "p1", "9.90"], ["o2", "m2", "昨天", "p1", "1"]],
    )
    home = tmp_path / "home"
    with served(home) as server:
        beside = ["--home", home, "--url", server.url]
        told = imported(capsys, "members", "import", members, *beside, "--dry-run")
        assert (told["events"], told["bad"], told["dry_run"]) == (1, 1, True)
        told = imported(capsys, "members", "import", members, *beside)
        assert (told["events"], told["bad"]) == (1, 1)
        told = imported(capsys, "orders", "import", orders, *beside)
        assert (told["events"], told["bad"]) == (1, 1)
        assert told["problems"][0]["code"] == "time"
        assert_no_key_is_left(server)
        assert (
            run(
                [
                    "orders",
                    "import",
                    str(orders),
                    "--home",
                    str(home),
                    "--url",
                    "http://127.0.0.1:9",
                ]
            )
            == 2
        )
        assert "--url" in capsys.readouterr().err
    rows = events_of(home)
    assert sorted(row["type"] for row in rows) == ["order_paid", "profile_updated"]
    reader = HistoryReader(home / "history")
    new_ones = load_tags()["new_registrant"].definitions()[0].expr
    assert reader.viewers_of(new_ones, now_ms()) == ["m1"]
    assert reader.viewers_of(new_ones, now_ms() + 10 * DAY_MS) == []
    reader.close()
    more = spreadsheet(tmp_path / "m2.csv", ["会员编号", "性别"], [["m3", "男"]])
    told = imported(capsys, "members", "import", more, "--home", home)
    assert (told["events"], told["bad"]) == (1, 0)
    assert [row["viewer"] for row in events_of(home) if row["type"] == "profile_updated"] == [
        "m1",
        "m3",
    ]
    assert run(["audit", "verify", "--home", str(home)]) == 0
    database = Database.in_file(home / "qianmian.db")
    told_by = [one.action for one in AuditTrail(database, FakeClock()).read()]
    database.close()
    assert told_by[0] == "members.imported"
    assert "orders.imported" in told_by


def assert_no_key_is_left(server: Served) -> None:
    assert all(one.revoked_at is not None for one in server.home.api_keys.all())


def test_an_audit_that_was_changed_is_found_by_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    table = spreadsheet(tmp_path / "p.csv", ["货号", "名称"], [["p1", "=1+1"]])
    imported(capsys, "products", "import", table, "--home", home)
    assert run(["audit", "verify", "--home", str(home), "--json"]) == 0
    head = json.loads(capsys.readouterr().out)["head"]
    for locale in ("zh-CN", "en-US"):
        arguments = ["--home", str(home), "--known", head, "--locale", locale]
        assert run(["audit", "verify", *arguments]) == 0
    database = Database.in_file(home / "qianmian.db")
    with database.write() as connection:
        connection.exec_driver_sql("DROP TRIGGER audit_no_update")
        connection.exec_driver_sql("UPDATE audit SET reason = 'no' WHERE number = 1")
    database.close()
    assert run(["audit", "verify", "--home", str(home)]) == 1
    assert run(["audit", "verify", "--home", str(home), "--known", "x"]) == 2


@pytest.mark.parametrize("locale", ["zh-CN", "en-US"])
def test_the_report_is_for_people_too(
    locale: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    rows = [["p1", "气垫", "9.9", "红"], ["p2", "口红", "便宜", ""]]
    table = spreadsheet(tmp_path / "p.csv", ["货号", "名称", "价格", "颜色"], rows)
    common = ["--home", str(home), "--locale", locale]
    assert run(["products", "import", str(table), *common]) == 1
    out = capsys.readouterr().out
    assert "颜色" in out
    assert "12.50" in out, "what to do about a price that is none"
    back = tmp_path / "back.csv"
    assert run(["products", "export", str(back), *common]) == 0
    assert run(["products", "import", str(back), *common]) == 0


# -- completejourney


def journey_orders(folder: Path) -> dict[str, list[dict[str, str]]]:
    baskets: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows_of(folder / "transactions_sample.csv.gz"):
        baskets[row["basket_id"]].append(row)
    return baskets


def check_products(folder: Path, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    products = list(rows_of(folder / "products.csv.gz"))
    table = spreadsheet(
        home.parent / "products.csv",
        ["商品编号", "名称", "类目", "品牌"],
        (
            [one["product_id"], one["product_type"], one["department"], one["brand"]]
            for one in products
        ),
    )
    told = imported(capsys, "products", "import", table, "--home", home)
    assert (told["added"], told["bad"]) == (len({one["product_id"] for one in products}), 0)
    database = Database.in_file(home / "qianmian.db")
    kept = {one.product.id: one.product for one in ProductStore(database, FakeClock(), "USD").all()}
    database.close()
    assert {one["product_id"] for one in products} == set(kept)
    assert all(kept[one["product_id"]].title == one["product_type"] for one in products)


def check_members(folder: Path, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    people = list(rows_of(folder / "demographics.csv.gz"))
    names = [name for name in people[0] if name != "household_id"]

    def table(columns: list[str]) -> Path:
        return spreadsheet(
            home.parent / "members.csv",
            ["会员编号", *columns],
            ([one["household_id"], *(one[name] for name in columns)] for one in people),
        )

    told = imported(capsys, "members", "import", table(names), "--home", home)
    assert (told["events"], told["bad"]) == (0, len(people)), "incomes are of a sensitive class"
    assert {one["code"] for one in told["problems"]} == {"sensitive"}
    taken = [name for name in names if name != "income"]
    told = imported(capsys, "members", "import", table(taken), "--home", home)
    assert (told["events"], told["bad"]) == (len(people), 0)
    told_of = [row for row in events_of(home) if row["type"] == "profile_updated"]
    traits = {row["viewer"]: json.loads(row["traits"]) for row in told_of}
    assert {viewer: one["age"] for viewer, one in traits.items()} == {
        one["household_id"]: one["age"] for one in people
    }


def check_orders(folder: Path, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    baskets = journey_orders(folder)
    names = ("basket_id", "household_id", "transaction_timestamp", "product_id", "quantity")
    table = spreadsheet(
        home.parent / "orders.csv",
        ["订单号", "会员编号", "支付时间", "商品编号", "数量", "金额", "币种"],
        (
            [*(one[name] for name in names), one["sales_value"], "USD"]
            for lines in baskets.values()
            for one in lines
        ),
    )
    told = imported(capsys, "orders", "import", table, "--home", home)
    good = {
        basket: lines
        for basket, lines in baskets.items()
        if len(lines) <= MOST_LINES and all(Decimal(one["quantity"]) > 0 for one in lines)
    }
    assert told["rows"] == sum(map(len, baskets.values()))
    assert told["bad"] == told["rows"] - sum(map(len, good.values()))
    assert told["events"] == len(good) > 1_000
    paid = {row["order_id"]: row for row in events_of(home) if row["type"] == "order_paid"}
    assert set(paid) == set(good)
    for basket, lines in good.items():
        cents = sum(Decimal(one["sales_value"]) for one in lines) * 100
        assert paid[basket]["amount"] == int(cents), basket
        assert paid[basket]["viewer"] == lines[0]["household_id"]


@pytest.mark.long
@pytest.mark.parametrize("check", [check_products, check_members, check_orders])
def test_completejourney_is_imported_whole(
    real_data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    check: Callable[[Path, Path, pytest.CaptureFixture[str]], None],
) -> None:
    check(real_data / "completejourney", tmp_path / "home", capsys)


# -- online_retail


def is_whole(text: str) -> bool:
    return text.lstrip("-").isdecimal()


@pytest.mark.long
def test_online_retail_is_imported_with_its_dirt(
    real_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    raw = pq.read_table(real_data / "online_retail_to_2011-08.parquet").to_pylist()
    names = sorted(raw[0])
    by_meaning = {name.lower().replace("_", "").replace(" ", ""): name for name in names}
    invoice, code = by_meaning["invoiceno"], by_meaning["stockcode"]
    quantity, price = by_meaning["quantity"], by_meaning["unitprice"]
    when, customer = by_meaning["invoicedate"], by_meaning["customerid"]

    def cells(row: dict[str, Any]) -> list[object]:
        who = row[customer]
        return [
            row[invoice],
            "" if who is None or str(who) == "nan" else str(who).removesuffix(".0"),
            str(row[when]),
            row[code],
            row[quantity],
            f"{Decimal(str(row[price])):.3f}",
            "GBP",
        ]

    header = ["Invoice No", "Customer ID", "Invoice Date", "Stock Code", "Quantity", "Unit Price"]
    table = spreadsheet(tmp_path / "orders.csv", [*header, "Currency"], map(cells, raw))
    told = imported(capsys, "orders", "import", table, "--home", home)

    # The same by plain means: one order for an invoice, a member and a sign.
    orders: dict[tuple[str, str, bool], list[list[Any]]] = defaultdict(list)
    bad = 0
    for row in raw:
        line = cells(row)
        if not line[1]:
            bad += 1
            continue
        orders[str(line[0]), str(line[1]), int(row[quantity]) < 0].append(line)
    wanted: dict[tuple[str, str, bool], int] = {}
    for key, lines in orders.items():
        amounts = [Decimal(str(one[5])) * 100 * abs(int(one[4])) for one in lines]
        is_right = all(
            int(one[4]) != 0 and Decimal(str(one[5])) >= 0 and Decimal(str(one[5])) * 100 % 1 == 0
            for one in lines
        )
        if is_right and len(lines) <= MOST_LINES:
            wanted[key] = int(sum(amounts))
        else:
            bad += len(lines)
    assert told["rows"] == len(raw)
    assert told["bad"] == bad
    assert told["events"] == len(wanted) > 5_000
    rows = events_of(home)
    found = {
        (row["order_id"], row["viewer"], row["type"] == "order_refunded"): row["amount"]
        for row in rows
    }
    assert found == wanted
    log = SegmentLog(home / "log")
    log.close()


def test_the_commands_start_as_a_stranger_starts_them(tmp_path: Path) -> None:
    table = spreadsheet(tmp_path / "p.csv", ["货号"], [["p1"]])
    done = subprocess.run(
        [sys.executable, "-m", "qianmian.cli", "products", "import", str(table), "--home", "var"],
        cwd=tmp_path,
        env={**os.environ, "QIANMIAN_LOCALE": "zh-CN"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "新增 1" in done.stdout
