"""Products: kept, found, taken over from tables, and every change told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from qianmian.errors import InputError
from qianmian.storage.sql.audit import Actor, AuditTrail
from qianmian.storage.sql.database import Database
from qianmian.storage.sql.products import ProductStore
from qianmian.vocabulary.product import Product, ProductFields
from tests.fakes.clock import FakeClock

BY = Actor("account", "a1", "老板")
CUSHION = Product(
    "p1",
    "轻薄气垫 50% off_",
    3,
    ("美妆", "底妆"),
    "花西子",
    "warm",
    9_900,
    12,
    ("不卡粉", "持妆"),
    ("p2",),
)


@pytest.fixture
def store(database: Database, clock: FakeClock) -> ProductStore:
    return ProductStore(database, clock, "CNY")


def ids(store: ProductStore, search: str = "") -> list[str]:
    return [one.product.id for one in store.page(search)[0]]


def test_a_product_is_kept_as_it_is(store: ProductStore, clock: FakeClock) -> None:
    record, is_new = store.put(CUSHION, by=BY)
    assert is_new
    assert store.get("p1") == record
    assert (record.product, record.currency, record.updated_at) == (CUSHION, "CNY", clock())
    changed = replace(CUSHION, price_minor=8_900, related=())
    _, is_new = store.put(changed, "USD", by=BY)
    assert not is_new
    found = store.get("p1")
    assert found is not None
    assert (found.product, found.currency) == (changed, "USD")
    with pytest.raises(InputError, match="ISO 4217"):
        store.put(CUSHION, "XXX", by=BY)


def test_a_deleted_product_can_be_put_back(store: ProductStore) -> None:
    store.put(CUSHION, by=BY)
    gone = store.delete("p1", by=BY)
    assert gone is not None
    assert store.get("p1") is None
    assert store.delete("p1", by=BY) is None
    store.put(gone.product, gone.currency, by=BY)
    found = store.get("p1")
    assert found is not None
    assert found.product == CUSHION


def test_those_on_the_shelf_come_first_by_their_number(store: ProductStore) -> None:
    for name, number in (("a", None), ("b", 2), ("c", 1), ("d", None), ("e", 10)):
        store.put(Product(name, link_number=number), by=BY)
    assert ids(store) == ["c", "b", "e", "a", "d"]
    found, total = store.page(offset=1, limit=2)
    assert ([one.product.id for one in found], total) == (["b", "e"], 5)


def test_a_search_finds_every_word_and_takes_no_sign_for_a_pattern(store: ProductStore) -> None:
    store.put(CUSHION, by=BY)
    store.put(Product("P-2", "Serum", brand="Estée", category=("Beauty",)), by=BY)
    for word in ("气垫", "花西子", "底妆 气垫", "P1", "50%", "off_", "轻薄 p1"):
        assert ids(store, word) == ["p1"], word
    for word in ("serum", "ESTÉE", "beauty", "p-"):
        assert ids(store, word) == ["P-2"], word
    for word in ("气垫 serum", "%a%", "5_%", "\\"):
        assert ids(store, word) == [], word
    assert ids(store, "  ") == ["p1", "P-2"]


def test_a_table_adds_changes_and_leaves_alone(store: ProductStore, clock: FakeClock) -> None:
    store.put(CUSHION, by=BY)
    before = clock()
    clock.pass_ms(5)
    rows = [
        ProductFields("p1", {"title": CUSHION.title, "stock": 12}),
        ProductFields("p2", {"title": "口红", "price_minor": 100, "currency": "USD"}),
    ]
    for dry_run in (True, False):
        done = store.merge(rows, by=BY, dry_run=dry_run)
        assert (done.added, done.changed, done.unchanged) == (1, 0, 1)
        assert ids(store) == (["p1"] if dry_run else ["p1", "p2"])
    same = store.get("p1")
    assert same is not None
    assert (same.product, same.updated_at) == (CUSHION, before), (
        "what did not change was not written"
    )
    done = store.merge([ProductFields("p1", {"stock": None, "related": None})], by=BY)
    assert (done.added, done.changed, done.unchanged) == (0, 1, 0)
    found = store.get("p1")
    assert found is not None
    assert found.product == replace(CUSHION, stock=None, related=())
    assert found.updated_at == clock()


def test_many_rows_are_taken_over_at_once(store: ProductStore) -> None:
    rows = [ProductFields(f"p{n}", {"title": f"t{n}"}) for n in range(2_500)]
    assert store.merge(rows, by=BY).added == 2_500
    changed = [ProductFields(f"p{n}", {"stock": n}) for n in range(2_500)]
    assert store.merge(changed, by=BY).changed == 2_500
    assert store.page("p2499")[1] == 1


def test_every_change_raises_the_number_that_other_processes_watch(
    store: ProductStore, database: Database, clock: FakeClock
) -> None:
    other = ProductStore(database, clock, "CNY")
    numbers = [other.number()]
    store.put(CUSHION, by=BY)
    numbers.append(other.number())
    store.merge([ProductFields("p1", {"stock": 1})], by=BY)
    numbers.append(other.number())
    store.delete("p1", by=BY)
    numbers.append(other.number())
    assert numbers == sorted(set(numbers))
    assert numbers[0] == 0
    store.merge([ProductFields("p1", {"stock": 1})], by=BY, dry_run=True)
    assert other.number() == numbers[-1]


def test_every_change_is_in_the_audit(
    store: ProductStore, database: Database, clock: FakeClock
) -> None:
    store.put(CUSHION, by=BY)
    store.put(replace(CUSHION, stock=1), by=BY, reason="盘点")
    store.merge([ProductFields("p2", {})], by=BY, told={"file": "a.csv"})
    store.delete("p2", by=BY)
    store.merge([ProductFields("p3", {})], by=BY, dry_run=True)
    rows = list(reversed(AuditTrail(database, clock).read()))
    assert [(one.action, one.subject) for one in rows] == [
        ("product.added", "p1"),
        ("product.changed", "p1"),
        ("products.imported", ""),
        ("product.deleted", "p2"),
    ]
    assert rows[1].before["stock"] == 12
    assert rows[1].after["stock"] == 1
    assert rows[1].reason == "盘点"
    assert rows[2].after == {"added": 1, "changed": 0, "unchanged": 0, "file": "a.csv"}
