"""`qianmian keys`: the key works, is shown once, and can be ended from another process."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qianmian.bootstrap.installation import open_sources
from qianmian.cli.main import run
from qianmian.locales.texts import LOCALES
from tests.fakes.clock import FakeClock


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("QIANMIAN_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def made(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run(["keys", "create", *arguments, "--json"]) == 0
    key = json.loads(capsys.readouterr().out)["write_key"]
    assert isinstance(key, str)
    return key


def test_a_key_is_made_listed_and_ended(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--class", "browser", "--room", "r1", "--presence")
    key = made(capsys, "site", *options, "--origin", "https://shop.example")
    other = made(capsys, "site")
    with open_sources(home, FakeClock()) as store:
        found = store.by_key(key)
        assert found is not None
        assert (found.name, found.key_class, found.default_room) == ("site", "browser", "r1")
        assert (found.presence, found.origins) == (True, ("https://shop.example",))
        assert store.by_key(other)

    assert run(["keys", "list", "--json"]) == 0
    out = capsys.readouterr().out
    assert [one["name"] for one in json.loads(out)] == ["site"]
    assert len(json.loads(out)[0]["keys"]) == 2
    assert key.split("_", 2)[2] not in out

    assert run(["keys", "revoke", key]) == 0
    assert run(["keys", "revoke", key]) == 1, "ended before"
    with open_sources(home, FakeClock()) as store:
        assert store.by_key(key) is None
        assert store.by_key(other)


@pytest.mark.parametrize("locale", LOCALES)
def test_the_list_is_for_people_too(locale: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["keys", "list", "--locale", locale]) == 0
    assert "qianmian keys create shop --class server" in capsys.readouterr().out
    key = made(capsys, "shop", "--class", "server")
    prefix = "_".join(key.split("_", 2)[:2])
    assert run(["keys", "revoke", prefix, "--locale", locale]) == 0
    assert run(["keys", "revoke", prefix, "--locale", locale]) == 1
    capsys.readouterr()
    assert run(["keys", "list", "--locale", locale]) == 0
    assert prefix in capsys.readouterr().out


def test_what_cannot_be_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["keys", "create", "site"]) == 2
    assert "--class" in capsys.readouterr().err
    assert run(["keys", "create", "Site!", "--class", "server"]) == 2
    assert "no name of a source" in capsys.readouterr().err
    made(capsys, "site", "--class", "server")
    assert run(["keys", "create", "site", "--class", "browser"]) == 2
    assert run(["keys", "revoke", "qms_nothing"]) == 2
    assert "unknown key" in capsys.readouterr().err


def test_a_mapping_is_checked_before_the_source_has_it(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made(capsys, "platform", "--class", "connector")
    file = tmp_path / "mapping.yaml"
    assert run(["keys", "map", "platform", str(file)]) == 2, "no such file"
    file.write_text("columns: {viewer: u}", encoding="utf-8")
    assert run(["keys", "map", "platform", str(file)]) == 2
    text = "columns: {viewer: u, type: t}\ntypes: {x: liked}\n"
    file.write_text(text, encoding="utf-8")
    assert run(["keys", "map", "nobody", str(file)]) == 2
    assert run(["keys", "map", "platform", str(file)]) == 0
    with open_sources(home, FakeClock()) as store:
        found = store.by_name("platform")
        assert found is not None
        assert found.mapping == text
