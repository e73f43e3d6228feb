import pytest

from tests.unit.tools.lints.samples import lines_found
from tools.lints.unit_in_name import RULE


@pytest.mark.parametrize(
    "text",
    [
        "class A:\n    timeout: int = 5\n",
        "class A:\n    max_wait: float | None = None\n",
        "def f(lateness: int) -> None: ...",
        "def f(*, unit_price: int) -> None: ...",
        "def f(free_memory: int) -> None: ...",
        'X = EventField("stock", "int", required=True)',
    ],
)
def test_a_number_without_its_unit_is_found(text: str) -> None:
    assert len(lines_found(RULE, text)) == 1


def test_a_number_with_its_unit_passes() -> None:
    text = """
        class A:
            timeout_ms: int = 5
            price_minor: int
            price: Money  # its type says it
            orders_without_amount: int  # so many orders
            EVENT = EventField("stock", "int", "count")
            AMOUNT = EventField("amount", "money")

        @kernel
        def f(age: int): ...

        def g(event_time: int, clock: int, wait_s: float) -> None: ...
    """
    assert lines_found(RULE, text) == []
    assert lines_found(RULE, "def f(wait: int) -> None: ...", "tests/unit/test_x.py") == []
