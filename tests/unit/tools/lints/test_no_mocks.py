import pytest

from tests.unit.tools.lints.samples import lines_found
from tools.lints.no_mocks import RULE

HERE = "tests/unit/engine/test_step.py"


@pytest.mark.parametrize(
    "text",
    [
        "from unittest import mock",
        "from unittest.mock import patch",
        "import pytest_mock",
        "import time; time.sleep(1)",
        "from time import sleep; sleep(0.1)",
        "import asyncio; asyncio.sleep(1)",
        'monkeypatch.setattr("qianmian.runtime.bench.measure", None)',
        'from qianmian.runtime import doctor; monkeypatch.setattr(doctor, "X", 1)',
        'from qianmian.settings import Settings; monkeypatch.delattr(Settings, "home")',
    ],
)
def test_every_mock_patch_of_our_code_or_sleep_is_found(text: str) -> None:
    assert lines_found(RULE, text, HERE) == [1]


def test_what_is_not_ours_may_be_patched() -> None:
    text = """
        import os
        import time
        monkeypatch.setattr(os, "access", None)
        monkeypatch.setenv("QIANMIAN_HOME", "x")
        monkeypatch.syspath_prepend("x")
        started = time.monotonic()
    """
    assert lines_found(RULE, text, HERE) == []


def test_a_server_may_be_mocked_but_not_waited_for() -> None:
    there = "tests/unit/server/test_app.py"
    assert lines_found(RULE, "from unittest import mock", there) == []
    assert lines_found(RULE, "import time; time.sleep(1)", there) == [1]
