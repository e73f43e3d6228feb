"""Every action that the audit can tell has words on the page of settings, and no other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tools.lints.walk import ROOT

FOLDERS = ("src/qianmian/storage/sql", "src/qianmian/server/api")
TELLS = {"append", "note", "_append", "_told", "_tell", "to_thread"}
ACTION = re.compile(r"[a-z_]+\.[a-z]+")


def told_in(path: Path) -> Iterator[str]:
    """Texts that look like an action, in the calls that write the audit."""
    for call in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(call, ast.Call):
            continue
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        parts = [one for part in call.args for one in ast.walk(part)] if name in TELLS else []
        texts = [one.value for one in parts if isinstance(one, ast.Constant)]
        yield from (text for text in map(str, texts) if ACTION.fullmatch(text))


def test_every_action_has_words_on_the_page() -> None:
    page = (ROOT / "console/src/features/settings/action-name.ts").read_text("utf-8")
    known = set(re.findall(r"^  '([a-z_.]+)',$", page, re.MULTILINE))
    files = [path for folder in FOLDERS for path in (ROOT / folder).glob("*.py")]
    told = {action for path in files for action in told_in(path)}
    assert len(told) > 15
    assert told == known
