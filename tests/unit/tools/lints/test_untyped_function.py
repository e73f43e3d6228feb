import pytest

from tests.unit.tools.lints.samples import lines_found
from tools.lints.untyped_function import RULE


@pytest.mark.parametrize(
    "text",
    [
        "def f(x): ...",
        "def f(x) -> int: ...",
        "def f(x: int): ...",
        "def f(*rows) -> int: ...",
        "class A:\n    def f(self, x) -> int: ...",
        "@functools.cache\ndef f(x): ...",
    ],
)
def test_a_function_without_types_is_found(text: str) -> None:
    assert len(lines_found(RULE, text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "def f(x: int, *, y: int = 0) -> int: ...",
        "class A:\n    def f(self) -> int: ...",
        "@kernel\ndef f(x):\n    def g(y): ...",
        "@inline\ndef f(x): ...",
        "@routine\ndef f(x): ...",
        "@numba.njit(nogil=True)\ndef f(x): ...",
    ],
)
def test_typed_functions_and_kernels_pass(text: str) -> None:
    assert lines_found(RULE, text) == []
    assert lines_found(RULE, "def f(x): ...", "src/qianmian/language/parse.py") == []  # mypy's
