"""The reference names every operator, and its examples and sentences are true."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from qianmian.language.catalog import operators_by_name
from qianmian.language.codec import read_document
from qianmian.language.limits import check_live
from qianmian.language.parse import parse, parse_definition
from qianmian.language.sentence import sentence

DOCS = Path(__file__).parents[3] / "docs"
PAGES = (("language.md", "en-US"), ("zh/language.md", "zh-CN"))
ENTRY = re.compile(r"### `(\w+)`\n\n.+\n\n```text\n(.+)\n```\n\n> (.+)\n")


@pytest.mark.parametrize(("page", "locale"), PAGES)
def test_every_operator_has_a_true_example(page: str, locale: str) -> None:
    entries = ENTRY.findall((DOCS / page).read_text(encoding="utf-8"))
    assert sorted(name for name, _, _ in entries) == list(operators_by_name())
    for name, text, said in entries:
        kind = "tag" if name == "number" else "moment"
        node = parse_definition("example", text, kind).expr
        check_live(node)
        assert sentence(node, locale) == said, name


@pytest.mark.parametrize(("page", "locale"), PAGES)
def test_the_json_of_the_reference_can_be_read(page: str, locale: str) -> None:
    found = re.findall(r"```json\n(.+)\n```", (DOCS / page).read_text(encoding="utf-8"))
    assert [read_document(json.loads(one)) for one in found] == [
        parse("count(liked) within 1m >= 3")
    ]
