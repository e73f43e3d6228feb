"""Money is exact on the way in and readable on the way out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qianmian.vocabulary.money import (
    MAX_AMOUNT_MINOR,
    MINOR_DIGITS,
    decimal_text,
    format_money,
    minor_digits,
    parse_minor,
)
from qianmian.vocabulary.rejected import Rejected


@pytest.mark.parametrize(
    ("text", "currency", "expected"),
    [
        ("12.50", "CNY", 1250),
        ("12.5", "CNY", 1250),
        ("12", "CNY", 1200),
        (" 0.29 ", "USD", 29),  # 0.29 * 100 is 28.999… as a float
        ("4.35", "USD", 435),
        ("12.500", "CNY", 1250),  # zeros below the minor unit say nothing
        ("980", "JPY", 980),
        ("980.00", "JPY", 980),
        ("1.234", "KWD", 1234),
        ("-0.00", "CNY", 0),
        ("90071992547409.92", "CNY", MAX_AMOUNT_MINOR),
    ],
)
def test_a_decimal_amount_becomes_minor_units(text: str, currency: str, expected: int) -> None:
    assert parse_minor(text, currency) == expected


@pytest.mark.parametrize(
    ("text", "currency", "reason"),
    [
        ("12.505", "CNY", "precision"),
        ("1.5", "JPY", "precision"),
        ("-1", "CNY", "negative"),
        ("90071992547409.93", "CNY", "out_of_range"),
        ("", "CNY", "wrong_type"),
        ("12.", "CNY", "wrong_type"),
        (".5", "CNY", "wrong_type"),
        ("1e3", "CNY", "wrong_type"),
        ("NaN", "CNY", "wrong_type"),
        ("1,234", "CNY", "wrong_type"),
        ("１２", "CNY", "wrong_type"),  # full-width digits
        ("1" * 5_000, "CNY", "wrong_type"),
        ("1", "XYZ", "unknown_currency"),
        ("1", "cny", "unknown_currency"),
    ],
)
def test_what_is_no_exact_amount_is_refused_with_a_reason(
    text: str, currency: str, reason: str
) -> None:
    rejected = parse_minor(text, currency)
    assert isinstance(rejected, Rejected)
    assert rejected.reason_code == reason


@given(st.integers(0, MAX_AMOUNT_MINOR), st.sampled_from(sorted(MINOR_DIGITS)))
def test_parsing_reads_back_what_was_printed(amount: int, currency: str) -> None:
    assert parse_minor(decimal_text(amount, currency), currency) == amount


@given(st.text(max_size=30), st.text(max_size=4) | st.sampled_from(["CNY", "JPY"]))
def test_parsing_is_total(text: str, currency: str) -> None:
    assert isinstance(parse_minor(text, currency), int | Rejected)


@pytest.mark.parametrize(
    ("amount", "currency", "locale", "expected"),
    [
        (123456, "CNY", "zh-CN", "¥1,234.56"),
        (123456, "CNY", "en-US", "CN¥1,234.56"),
        (5, "USD", "en-US", "$0.05"),
        (-5, "USD", "zh-CN", "-US$0.05"),
        (1234567, "JPY", "en-US", "¥1,234,567"),
        (1234, "KWD", "en-US", "KWD 1.234"),
        (7, "XYZ", "en-US", "XYZ 7"),
        (100, "CNY", "fr-FR", "CNY 1.00"),
    ],
)
def test_an_amount_reads_as_in_the_locale(
    amount: int, currency: str, locale: str, expected: str
) -> None:
    assert format_money(amount, currency, locale) == expected


def test_minor_digits_of_an_unknown_currency_are_unknown() -> None:
    assert minor_digits("CNY") == 2
    assert minor_digits("KRW") == 0
    assert minor_digits("BHD") == 3
    assert minor_digits("XYZ") is None
