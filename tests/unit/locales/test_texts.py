from __future__ import annotations

import ast
import re

import pytest

from qianmian.locales.texts import LOCALES, Texts, document, locale_of
from qianmian.server.issuing import ISSUING, NOT_ISSUED, UNANSWERED
from qianmian.strategies.slices import SLICE
from tools.lints.walk import ROOT

OF_A_CODE = {ISSUING, NOT_ISSUED, UNANSWERED}  # what became of an act, not why there was none


def test_places_are_filled_in() -> None:
    assert Texts("en-US", "cli").say("quality.line", line=5) == "line 5"
    assert set(Texts("zh-CN", "cli")) == set(document("zh-CN", "cli"))
    assert len(Texts("zh-CN", "cli")) > 100


def test_one_thing_is_not_several() -> None:
    texts = Texts("en-US", "cli")
    assert texts.count("vectors.failed", 1) == "1 vector differs"
    assert texts.count("vectors.failed", 1_002) == "1,002 vectors differ"
    assert [texts.count("unit.day", days) for days in (1, 2)] == ["1 day", "2 days"]
    assert texts.count("unit.hour", 1) == "1 h", "an abbreviation has one form"


def test_every_text_about_several_things_has_a_form_for_one() -> None:
    texts = document("en-US", "cli")
    about_several = {key for key, text in texts.items() if re.match(r"\{count\} \w+s\b", text)}
    assert about_several
    assert {f"{key}.one" for key in about_several} <= set(texts)


@pytest.mark.parametrize("locale", LOCALES)
def test_a_text_there_is_not_is_our_bug(locale: str) -> None:
    with pytest.raises(KeyError):
        Texts(locale, "cli").say("no.such.text")


def test_names_of_systems_are_understood() -> None:
    assert [locale_of(name) for name in ("zh_CN.UTF-8", "ZH", "en_GB", "C", "", None)] == [
        "zh-CN", "zh-CN", "en-US", "en-US", "en-US", "en-US",
    ]  # fmt: skip


@pytest.mark.parametrize("locale", LOCALES)
def test_every_reason_why_a_message_did_not_go_out_is_said(locale: str) -> None:
    """Of a code with a number behind it (`http_404`) whose it is is said: `http_`."""
    told: set[str] = set()
    for path in [
        *(ROOT / "src/qianmian/channels").glob("*.py"),
        ROOT / "src/qianmian/server/outbox.py",
    ]:
        told |= verdicts_in(ast.parse(path.read_text("utf-8")))
    texts = document(locale, "verdicts")
    assert {"private_address", "no_answer", "interrupted", "http_", "jpush_"} <= told
    assert told <= texts.keys()
    assert all(("{code}" in text) == key.endswith("_") for key, text in texts.items())


def verdicts_in(tree: ast.Module) -> set[str]:
    """The codes that a module says: what it gives a verdict, and what it makes with a number."""
    found: set[str] = set()
    for one in ast.walk(tree):
        if isinstance(one, ast.Call) and getattr(one.func, "id", "") == "Verdict":
            found |= {str(part.value) for part in one.args[1:2] if isinstance(part, ast.Constant)}
        elif isinstance(one, ast.AnnAssign) and isinstance(one.value, ast.Constant):
            named = getattr(one.target, "id", "")
            found |= (
                {str(one.value.value)} if named in ("PRIVATE_ADDRESS", "INTERRUPTED") else set()
            )
        elif isinstance(one, ast.JoinedStr) and isinstance(one.values[0], ast.Constant):
            first = str(one.values[0].value)
            found |= {first} if re.fullmatch("[a-z]+_", first) else set()
    return {re.sub(r"_\d+$", "_", one) for one in found}


@pytest.mark.parametrize("locale", LOCALES)
def test_every_reason_of_a_decision_is_said_to_the_shop_and_to_the_person(locale: str) -> None:
    sources = (ROOT / "src/qianmian/strategies").glob("*.py")
    code = "\n".join(path.read_text("utf-8") for path in sources)
    returned = set(re.findall(r'return (?:\w+ or \()?"([a-z_]+)", ', code))
    passed = set(re.findall(r'(?:_suppressed\(match, |return |if .* else )"([a-z_]+)"', code))
    told = set(document(locale, "decisions")) - {"act", "rehearsed", *OF_A_CODE}
    assert len(returned) > 8
    assert returned <= told
    assert told <= returned | passed | {"global_holdout", "control", "lost_to", SLICE}
    assert set(document(locale, "privacy")["reasons"]) == told
