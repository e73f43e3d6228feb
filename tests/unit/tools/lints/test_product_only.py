import pytest

from tests.unit.tools.lints.samples import lines_found
from tools.lints.product_only import RULE


@pytest.mark.parametrize(
    "text",
    [
        "import qianmian.testing",
        "from qianmian import testing",
        "from qianmian.testing.clock import SimClock",
        "from .. import testing",
        "from tests.oracle import judge",
        "import pytest",
    ],
)
def test_leaning_on_tests_is_found(text: str) -> None:
    assert lines_found(RULE, text) == [1]


def test_other_names_pass() -> None:
    assert lines_found(RULE, "import testsuite\nfrom qianmian import testing_ground\n") == []


def test_the_testing_floor_may_import_itself_and_tests_may_import_it() -> None:
    text = "from qianmian.testing.clock import SimClock"
    assert lines_found(RULE, text, "src/qianmian/testing/checks.py") == []
    assert lines_found(RULE, text, "tests/unit/engine/test_step.py") == []
