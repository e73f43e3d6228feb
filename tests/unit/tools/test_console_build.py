"""What decides whether the console is built, by which Node, and what is said when it fails."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hatchling.bridge.app import Application
from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.plugin.utils import load_plugin_from_script

import hatch_build
from tools.lints.walk import ROOT


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Sources of a console, built."""
    (tmp_path / "console" / "src").mkdir(parents=True)
    (tmp_path / "console" / "src" / "main.tsx").write_text("main", encoding="utf-8")
    (tmp_path / "console" / "package-lock.json").write_text("{}", encoding="utf-8")
    texts = tmp_path / "src" / "qianmian" / "locales" / "zh-CN"
    texts.mkdir(parents=True)
    (texts / "errors.json").write_text("{}", encoding="utf-8")
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "node.txt").write_text("node-package==1.0 \\\n", encoding="utf-8")
    pages = tmp_path / hatch_build.PAGES
    pages.mkdir(parents=True)
    (pages / "index.html").write_text("page", encoding="utf-8")
    (pages / ".stamp").write_text(hatch_build.digest(tmp_path), encoding="utf-8")
    return tmp_path


def program(folder: Path, name: str, says: str, code: int = 0, does: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    script = f"#!/bin/sh\n{does}\ncat <<'END'\n{says}\nEND\nexit {code}\n"
    path.write_text(script, encoding="utf-8")
    path.chmod(0o755)
    return path


def hook(root: Path) -> hatch_build.ConsoleHook:
    parts: tuple[Any, ...] = ({}, None, None, "", "wheel", Application())
    return hatch_build.ConsoleHook(str(root), *parts)


def test_hatchling_finds_the_hook_in_its_own_way() -> None:
    path = str(ROOT / "hatch_build.py")
    found = load_plugin_from_script(path, "hatch_build.py", BuildHookInterface, "build_hook")
    assert found.PLUGIN_NAME == "custom"


@pytest.mark.parametrize(
    "changed",
    [
        "console/src/main.tsx",
        "console/package-lock.json",
        "src/qianmian/locales/zh-CN/errors.json",
        "src/qianmian/_console/.stamp",
    ],
)
def test_what_the_pages_are_built_from_makes_them_old(checkout: Path, changed: str) -> None:
    assert hatch_build.is_built(checkout)
    (checkout / changed).write_text("changed", encoding="utf-8")
    assert not hatch_build.is_built(checkout)


def test_a_renamed_or_moved_line_is_a_change(checkout: Path) -> None:
    source = checkout / "console" / "src"
    (source / "main.tsx").rename(source / "other.tsx")
    assert not hatch_build.is_built(checkout)


def test_what_is_no_source_does_not(checkout: Path) -> None:
    for folder in ("node_modules", "tests", ".build"):
        (checkout / "console" / folder).mkdir()
        (checkout / "console" / folder / "x.js").write_text("x", encoding="utf-8")
    assert hatch_build.is_built(checkout)


def test_without_sources_there_is_nothing_to_build(tmp_path: Path) -> None:
    assert hatch_build.is_built(tmp_path)


@pytest.mark.parametrize(
    ("version", "is_taken"),
    [
        ("v18.20.0", False),
        ("v20.18.9", False),
        ("v20.19.0", True),
        ("v21.7.0", False),
        ("v22.11.0", False),
        ("v22.12.0", True),
        ("v24.1.0", True),
        ("no version", False),
    ],
)
def test_only_a_node_that_can_build_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, *, is_taken: bool
) -> None:
    program(tmp_path / "bin", "node", version)
    npm = program(tmp_path / "bin", "npm", "")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.delenv("QIANMIAN_NODE", raising=False)
    monkeypatch.setattr(hatch_build, "NODE_MODULE", "no_such_module_of_node")
    node = hatch_build.find_node()
    assert (node is not None) == is_taken
    if node:
        assert node.npm == (str(npm),)


def test_the_environment_of_a_build_gets_node_only_when_it_must(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QIANMIAN_NODE", "pypi")
    monkeypatch.setattr(hatch_build, "NODE_MODULE", "no_such_module_of_node")
    monkeypatch.delenv("QIANMIAN_SKIP_CONSOLE", raising=False)
    assert hook(checkout).dependencies() == [], "built already"
    (checkout / "console" / "src" / "main.tsx").write_text("changed", encoding="utf-8")
    assert hook(checkout).dependencies() == ["node-package==1.0"]
    monkeypatch.setenv("QIANMIAN_SKIP_CONSOLE", "1")
    assert hook(checkout).dependencies() == []


def test_a_failure_is_six_lines_without_a_traceback(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout / "console" / "src" / "main.tsx").write_text("changed", encoding="utf-8")
    said = (
        "npm error code ENOTFOUND\n"
        "npm error request to the registry failed\n"
        "npm error A complete log of this run is elsewhere"
    )
    program(checkout / "bin", "node", "v24.0.0")
    program(checkout / "bin", "npm", said, code=1)
    monkeypatch.setenv("PATH", f"{checkout / 'bin'}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.delenv("QIANMIAN_NODE", raising=False)
    monkeypatch.delenv("QIANMIAN_SKIP_CONSOLE", raising=False)
    with pytest.raises(SystemExit) as stopped:
        hook(checkout).initialize("standard", {})
    assert stopped.value.code == 1
    _, *lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 6
    assert "npm ci" in lines[0]
    assert "ENOTFOUND request to the registry failed" in lines[0]
    assert lines[0].split("：")[-1] in lines[3], "the same reason in both languages"
    assert "npm_config_registry" in lines[1]
    assert "npm_config_registry" in lines[4]
    assert "QIANMIAN_SKIP_CONSOLE=1" in lines[2]
    assert "QIANMIAN_SKIP_CONSOLE=1" in lines[5]
    assert (checkout / hatch_build.PAGES / "index.html").is_file(), "the old pages stay"


def test_packages_are_installed_once_for_each_lock(checkout: Path) -> None:
    folder = checkout / "console"
    npm = program(
        checkout / "bin",
        "npm",
        "",
        does='mkdir -p node_modules && rm -f node_modules/.installed && echo "$*" >>calls',
    )
    node = hatch_build.Node(npm.parent, (str(npm),))
    for with_tests in (False, False, True, False, True):
        hatch_build.install(folder, node, with_tests=with_tests)
    (folder / "package-lock.json").write_text('{"changed": 1}', encoding="utf-8")
    hatch_build.install(folder, node, with_tests=False)
    calls = (folder / "calls").read_text(encoding="utf-8").splitlines()
    assert ["--omit=dev" in call for call in calls] == [True, False, True]


def test_without_any_node_it_says_so(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QIANMIAN_NODE", "pypi")
    monkeypatch.setattr(hatch_build, "NODE_MODULE", "no_such_module_of_node")
    with pytest.raises(hatch_build.BuildProblem) as problem:
        hatch_build.build(checkout)
    assert "Node >= 20.19" in problem.value.told("make console")


def test_the_client_is_built_beside_the_console_and_for_itself(checkout: Path) -> None:
    source = checkout / "sdk" / "js" / "src" / "index.ts"
    source.parent.mkdir(parents=True)
    source.write_text("client", encoding="utf-8")
    assert hatch_build.unbuilt(checkout) == [hatch_build.CLIENT]
    built = checkout / hatch_build.CLIENT.pages
    built.mkdir(parents=True)
    (built / "qianmian.js").write_text("client", encoding="utf-8")
    stamp = hatch_build.digest(checkout, hatch_build.CLIENT)
    (built / ".stamp").write_text(stamp, encoding="utf-8")
    assert hatch_build.unbuilt(checkout) == []
    source.write_text("changed", encoding="utf-8")
    assert hatch_build.unbuilt(checkout) == [hatch_build.CLIENT]
    (checkout / "console" / "src" / "main.tsx").write_text("changed", encoding="utf-8")
    assert hatch_build.unbuilt(checkout) == list(hatch_build.BUNDLES)


@pytest.mark.parametrize("bundle", hatch_build.BUNDLES)
def test_the_lock_names_no_registry_and_pins_by_hash(bundle: hatch_build.Bundle) -> None:
    text = (ROOT / bundle.sources / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in text
    assert "://registry" not in text
    assert text.count('"integrity": "sha512-') > 100


@pytest.mark.parametrize("bundle", hatch_build.BUNDLES)
def test_only_what_builds_is_installed_by_whoever_only_builds(bundle: hatch_build.Bundle) -> None:
    text = (ROOT / bundle.sources / "vite.config.ts").read_text(encoding="utf-8")
    assert "vitest" not in text, "vitest is for tests; `npm ci --omit=dev` leaves it out"
