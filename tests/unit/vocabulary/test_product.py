"""Products and the catalog of a shop."""

from __future__ import annotations

from typing import Any

import pytest

from qianmian.errors import InputError
from qianmian.vocabulary.product import MAX_LIST, Product, ProductCatalog, product_of
from qianmian.vocabulary.rejected import Rejected

SERUM = Product("serum", category=("beauty", "skin_care"), related=("cream", "gone", "mask"))
CREAM = Product("cream", category=("beauty", "skin_care"), stock=0)
TONER = Product("toner", category=("skin_care",))
MASK = Product("mask", category=("beauty", "masks"))
MYSTERY = Product("mystery")
CATALOG = ProductCatalog([SERUM, CREAM, TONER, MASK, MYSTERY])


def test_the_category_of_a_product_is_its_narrowest() -> None:
    assert CATALOG.category_of("serum") == "skin_care"
    assert CATALOG.category_of("mystery") is None
    assert CATALOG.category_of("nothing") is None


def test_similar_products_are_the_related_ones_then_the_category() -> None:
    assert CATALOG.similar("serum") == ("cream", "mask", "toner")
    assert CATALOG.similar("serum", limit=1) == ("cream",)
    assert CATALOG.similar("mystery") == ()
    assert CATALOG.similar("nothing") == ()


def test_stock_is_only_missing_when_it_is_known_to_be() -> None:
    assert SERUM.in_stock
    assert not CREAM.in_stock


def test_a_catalog_is_replaced_and_never_changed() -> None:
    renewed = CATALOG.with_products([Product("cream", stock=3), Product("new")])
    assert CATALOG["cream"].stock == 0
    assert renewed["cream"].stock == 3
    assert list(renewed) == ["serum", "cream", "toner", "mask", "mystery", "new"]
    assert len(renewed) == 6


def test_two_products_of_one_id_are_refused() -> None:
    with pytest.raises(InputError, match='two products have the id "serum"'):
        ProductCatalog([SERUM, SERUM])


def test_a_product_is_read_by_the_names_of_its_fields() -> None:
    raw = {
        "id": "p",
        "title": "Serum",
        "link_number": 3,
        "category": ["beauty", "skin_care"],
        "brand": "",
        "brand_tone": "warm",
        "price_minor": 9900,
        "stock": 5.0,
        "selling_points": ["mild"],
        "related": None,
    }
    assert product_of(raw) == Product(
        "p",
        "Serum",
        3,
        ("beauty", "skin_care"),
        None,
        "warm",
        9900,
        5,
        ("mild",),
    )
    assert product_of({"id": "p", "category": "c"}) == Product("p", category=("c",))


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (["id"], "not_an_object"),
        ({"title": "x"}, "missing_field"),
        ({"id": "p", "price": 1}, "unknown_field"),
        ({"id": 7}, "wrong_type"),
        ({"id": "p", "stock": -1}, "negative"),
        ({"id": "p", "price_minor": 9.9}, "fractional"),
        ({"id": "p", "related": 7}, "wrong_type"),
        ({"id": "p", "related": [7]}, "wrong_type"),
        ({"id": "p", "selling_points": ["x"] * (MAX_LIST + 1)}, "too_many"),
        ({"id": "p\n"}, "bad_characters"),
    ],
)
def test_a_bad_product_is_refused_with_a_reason(raw: Any, reason: str) -> None:
    rejected = product_of(raw)
    assert isinstance(rejected, Rejected)
    assert rejected.reason_code == reason
