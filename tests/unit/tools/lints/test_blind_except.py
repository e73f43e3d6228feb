import pytest

from tests.unit.tools.lints.samples import lines_found
from tools.lints.blind_except import ALLOWED, RULE


@pytest.mark.parametrize(
    "caught", ["except:", "except Exception:", "except (ValueError, BaseException) as problem:"]
)
def test_catching_everything_is_found(caught: str) -> None:
    assert lines_found(RULE, f"try:\n    pass\n{caught}\n    pass\n") == [3]


def test_suppressing_everything_is_found() -> None:
    text = "import contextlib\nwith contextlib.suppress(Exception):\n    pass\n"
    assert lines_found(RULE, text) == [2]


def test_catching_what_is_expected_passes() -> None:
    text = "from contextlib import suppress\nwith suppress(KeyError):\n    pass\n"
    assert lines_found(RULE, text) == []
    assert lines_found(RULE, "try:\n    pass\nexcept (KeyError, OSError):\n    pass\n") == []


def test_only_the_three_boundaries_may_catch_everything() -> None:
    text = "try:\n    pass\nexcept Exception:\n    pass\n"
    assert len(ALLOWED) == 3
    for path in ALLOWED:
        assert lines_found(RULE, text, path) == []
