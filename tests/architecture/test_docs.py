"""The written pages: links lead somewhere, terms are unique, records say where they hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools.lints.walk import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
RECORDS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
GLOSSARY = ROOT / "docs" / "glossary.md"


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_relative_link_leads_to_a_file(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{name_of(page)} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_page_names_a_folder_of_some_machine(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert re.findall(r"(?<![\w.])/(?:work|root|home|tmp|opt|Users)/\w+", text) == []


@pytest.mark.parametrize("record", RECORDS, ids=name_of)
def test_a_decision_is_numbered_and_says_where_it_is_enforced(record: Path) -> None:
    text = record.read_text(encoding="utf-8")
    assert text.startswith(f"# {record.name[:4]} "), "the title begins with the number"
    assert "**Decision.**" in text
    assert "**Enforced by**" in text


def test_every_decision_has_a_number_of_its_own() -> None:
    numbers = [record.name[:4] for record in RECORDS]
    assert "0001" in numbers
    assert len(numbers) == len(set(numbers))


def glossary_rows() -> list[list[str]]:
    lines = GLOSSARY.read_text(encoding="utf-8").splitlines()
    rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("| `")]
    return [[cell.strip() for cell in row] for row in rows]


def test_every_term_has_an_identifier_a_chinese_name_and_a_meaning() -> None:
    rows = glossary_rows()
    assert len(rows) >= 50
    for row in rows:
        identifier, chinese, meaning = row[:3]
        assert re.fullmatch(r"`[a-z][a-z_]*`", identifier), row
        assert re.search(r"[\u4e00-\u9fff]", chinese), row
        assert meaning, row


def test_one_word_is_one_thing() -> None:
    identifiers = [row[0] for row in glossary_rows()]
    assert len(identifiers) == len(set(identifiers))
    chinese = [row[1] for row in glossary_rows()]
    assert len(chinese) == len(set(chinese))
    assert identifiers == sorted(identifiers)
