"""The product does not lean on what exists to check it."""

from __future__ import annotations

from collections.abc import Iterator

from tools.lints.names import imported_modules, is_within
from tools.lints.rule import Rule, Source

NOT_PRODUCT = ("qianmian.testing", "tests", "tools", "benchmarks", "pytest", "hypothesis")


def _check(source: Source) -> Iterator[tuple[int, str]]:
    for line, name in imported_modules(source):
        for root in NOT_PRODUCT:
            if is_within(name, root):
                yield line, f"the product must work without {root}"


RULE = Rule(
    name="product-only",
    summary="No import of qianmian.testing, tests or tools from the product.",
    covers=lambda source: source.is_product and source.floor != "testing",
    check=_check,
)
