import pytest

from tests.unit.tools.lints.samples import lines_found
from tools.lints.file_name import RULE


@pytest.mark.parametrize(
    "path",
    [
        "src/qianmian/engine/utils.py",
        "src/qianmian/common/__init__.py",
        "tests/unit/test_helpers.py",
        "tools/time_utils.py",
        "src/qianmian/runtime/manager.py",
    ],
)
def test_a_name_that_says_nothing_is_found(path: str) -> None:
    assert lines_found(RULE, "", path) == [1]


@pytest.mark.parametrize("path", ["src/qianmian/engine/timers.py", "tests/unit/test_commons.py"])
def test_a_name_that_says_something_passes(path: str) -> None:
    assert lines_found(RULE, "", path) == []
