from __future__ import annotations

from pathlib import Path

import pytest

from qianmian.errors import InputError
from qianmian.settings import Settings


@pytest.mark.parametrize(
    ("environment", "locale"),
    [
        ({}, "en-US"),
        ({"LANG": "zh_CN.UTF-8"}, "zh-CN"),
        ({"LANG": "de_DE.UTF-8"}, "en-US"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en-US"),  # LC_ALL rules them all
        ({"LANG": "C", "LC_MESSAGES": "zh_TW"}, "zh-CN"),
        ({"LANG": "zh_CN.UTF-8", "QIANMIAN_LOCALE": "en-US"}, "en-US"),
    ],
)
def test_the_language_is_the_one_named_or_that_of_the_system(
    environment: dict[str, str], locale: str
) -> None:
    assert Settings.from_environment(environment).locale == locale


def test_a_language_there_is_not_is_told() -> None:
    with pytest.raises(InputError, match="QIANMIAN_LOCALE=fr is not one of zh-CN, en-US"):
        Settings.from_environment({"QIANMIAN_LOCALE": "fr"})


def test_the_home_can_be_named() -> None:
    assert Settings.from_environment({}).home == Path("var")
    assert Settings.from_environment({"QIANMIAN_HOME": "x"}).home == Path("x")
