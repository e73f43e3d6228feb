"""Money: integer minor units of a stated currency, exact on the way in and on the way out.

Decision: docs/decisions/0008-money-and-refunds.md.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Final

from qianmian.vocabulary.rejected import Rejected

MAX_AMOUNT_MINOR: Final = 1 << 53  # what JSON carries exactly in every language
DEFAULT_CURRENCY: Final = "CNY"

_CURRENCIES_BY_DIGITS: Final = {
    0: "CLP ISK JPY KRW PYG UGX VND XAF XOF XPF",
    2: (
        "AED AUD BDT BRL CAD CHF CNY COP CZK DKK EGP EUR GBP HKD HUF IDR ILS INR KES KZT LKR MMK"
        " MOP MXN MYR NGN NOK NZD PEN PHP PKR PLN QAR RON RUB SAR SEK SGD THB TRY TWD UAH USD ZAR"
    ),
    3: "BHD IQD JOD KWD OMR TND",
}
MINOR_DIGITS: Final = MappingProxyType(
    {code: digits for digits, codes in _CURRENCIES_BY_DIGITS.items() for code in codes.split()}
)
"""Digits after the point, by currency. Sources: ISO 4217:2015, list one (minor units)."""

_DECIMAL: Final = re.compile(r"(-?)(\d{1,18})(?:\.(\d{1,18}))?")
_SYMBOLS: Final = MappingProxyType(
    {
        "zh-CN": {"CNY": "¥", "USD": "US$", "EUR": "€", "GBP": "£", "HKD": "HK$", "JPY": "JP¥"},
        "en-US": {"CNY": "CN¥", "USD": "$", "EUR": "€", "GBP": "£", "HKD": "HK$", "JPY": "¥"},
    }
)


def minor_digits(currency: str) -> int | None:
    """Digits after the point of a currency; None if it is not known."""
    return MINOR_DIGITS.get(currency)


def parse_minor(text: str, currency: str) -> int | Rejected:
    """Minor units of a decimal amount such as "12.50", exactly, without any float.

    Zeros below the minor unit are accepted ("12.500" CNY), other digits there are not.

    Returns: the amount, or why not: `unknown_currency`, `wrong_type` (not a plain decimal number),
        `negative`, `precision` (a fraction of a minor unit), `out_of_range`.

    Example:
        >>> parse_minor("12.5", "CNY"), parse_minor("980", "JPY")
        (1250, 980)
    """
    digits = MINOR_DIGITS.get(currency)
    if digits is None:
        return Rejected("unknown_currency", f'"{currency[:16]}" is not a known ISO 4217 code')
    match = _DECIMAL.fullmatch(text.strip())
    if match is None or not text.isascii():
        return Rejected("wrong_type", f'"{text[:40]}" is not a decimal amount such as 12.50')
    sign, whole, fraction = match[1], match[2], match[3] or ""
    if fraction[digits:].strip("0"):
        return Rejected("precision", f"{text[:40]} {currency} has parts below the minor unit")
    minor = int(whole + fraction[:digits].ljust(digits, "0"))
    if sign and minor:
        return Rejected("negative", f"the amount {text[:40]} is negative")
    if minor > MAX_AMOUNT_MINOR:
        return Rejected("out_of_range", f"the amount {text[:40]} is above 2^53 minor units")
    return minor


def decimal_text(amount_minor: int, currency: str) -> str:
    """The plain decimal form, without grouping or symbol; `parse_minor` reads it back.

    An unknown currency is shown in minor units.

    Example:
        >>> decimal_text(1250, "CNY"), decimal_text(-5, "KWD")
        ('12.50', '-0.005')
    """
    return _decimal(amount_minor, currency, group="")


def format_money(amount_minor: int, currency: str, locale: str) -> str:
    """The amount as a person of that locale ("zh-CN", "en-US") reads it.

    Example:
        >>> format_money(123456, "CNY", "zh-CN"), format_money(-123456, "THB", "en-US")
        ('¥1,234.56', '-THB 1,234.56')
    """
    symbol = _SYMBOLS.get(locale, {}).get(currency, f"{currency} ")
    sign = "-" if amount_minor < 0 else ""
    return f"{sign}{symbol}{_decimal(abs(amount_minor), currency, group=',')}"


def _decimal(amount_minor: int, currency: str, *, group: str) -> str:
    digits = MINOR_DIGITS.get(currency, 0)
    whole, rest = divmod(abs(amount_minor), 10**digits)
    sign = "-" if amount_minor < 0 else ""
    fraction = f".{rest:0{digits}d}" if digits else ""
    return f"{sign}{whole:{group}d}{fraction}"
