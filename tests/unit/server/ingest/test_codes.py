"""Every code of an answer has a text in both languages and a line on both pages."""

from __future__ import annotations

import pytest

from qianmian.locales.texts import LOCALES, document
from qianmian.server.ingest.codes import EVENT_CODES, STATUS_BY_CODE
from qianmian.vocabulary.rejected import REASONS
from tools.lints.walk import ROOT

CODES = {*EVENT_CODES, *STATUS_BY_CODE}


@pytest.mark.parametrize("locale", LOCALES)
def test_every_code_has_a_text(locale: str) -> None:
    assert document(locale, "ingest").keys() == {f"code.{code}" for code in CODES}
    assert not CODES & set(REASONS), "those have theirs already"


@pytest.mark.parametrize("page", ["docs/ingest.md", "docs/zh/ingest.md"])
def test_every_code_is_on_the_page(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    assert [code for code in sorted(CODES) if f"`{code}`" not in text] == []


def test_a_status_says_whether_sending_again_helps() -> None:
    again = {code for code, status in STATUS_BY_CODE.items() if status in (408, 429, 503)}
    assert again == {"slow_body", "rate", "new_names", "overloaded", "not_durable"}
    assert all(
        400 <= status < 500 for code, status in STATUS_BY_CODE.items() if code != "not_durable"
    )
