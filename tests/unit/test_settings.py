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


def test_a_file_gives_settings_and_the_environment_wins(tmp_path: Path) -> None:
    file = tmp_path / "qianmian.toml"
    file.write_text('port = 9000\nzone = "Asia/Urumqi"\n', encoding="utf-8")
    settings = Settings.from_environment({"QIANMIAN_PORT": "9001"}, file)
    assert (settings.port, settings.zone) == (9_001, "Asia/Urumqi")
    assert Settings.from_environment({"QIANMIAN_SETTINGS": str(file)}).port == 9_000


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("prot = 1", 'qianmian.toml sets "prot", which there is not. Did you mean "port"?'),
        ("port = 70000", "qianmian.toml: port = 70000: Expected `int` <= 65535"),
        ('port = "x"', "port = 'x': Expected `int`"),
        ('zone = "Mars/Base"', "zone.*Mars/Base is no zone of the IANA database"),
        ('currency = "XXB"', "XXB is no known ISO 4217 code"),
        ('namespace = "A B"', "namespace = 'A B': Expected `str` matching regex"),
        ("port = ", "cannot be read"),
    ],
)
def test_a_mistake_says_where_it_stands_and_what_would_be_right(
    text: str, message: str, tmp_path: Path
) -> None:
    file = tmp_path / "qianmian.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message.replace("?", r"\?").replace('"', ".")):
        Settings.from_environment({}, file)


def test_the_log_is_kept_no_longer_than_what_people_wrote() -> None:
    with pytest.raises(InputError, match="QIANMIAN_RETENTION_DAYS=365 is more than"):
        Settings.from_environment({"QIANMIAN_RETENTION_DAYS": "365"})
    longer = {"QIANMIAN_RETENTION_DAYS": "365", "QIANMIAN_TEXT_DAYS": "365"}
    assert Settings.from_environment(longer).retention_days == 365


@pytest.mark.parametrize("name", ["history_days", "consent_days"])
def test_trade_records_and_proofs_are_kept_three_years(name: str) -> None:
    with pytest.raises(InputError, match=name):
        Settings.from_environment({f"QIANMIAN_{name.upper()}": "1000"})


@pytest.mark.parametrize(
    "address", ["http://live.shop.example", "https://live.shop.example/", "live.shop.example"]
)
def test_viewers_reach_the_server_by_https_and_without_a_path(address: str) -> None:
    with pytest.raises(InputError, match="QIANMIAN_PUBLIC_URL"):
        Settings.from_environment({"QIANMIAN_PUBLIC_URL": address})
    good = Settings.from_environment({"QIANMIAN_PUBLIC_URL": "https://live.shop.example"})
    assert good.public_url == "https://live.shop.example"
