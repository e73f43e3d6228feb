from tools.lints.rule import Source
from tools.lints.walk import ROOT, all_findings, rules, sources


def test_every_rule_file_is_collected() -> None:
    not_rules = {"__init__", "__main__", "names", "rule", "walk"}
    files = {path.stem for path in (ROOT / "tools" / "lints").glob("*.py")} - not_rules
    assert {rule.name.replace("-", "_") for rule in rules()} == files
    assert len(files) == 11


def test_every_rule_has_a_test_of_its_own() -> None:
    here = ROOT / "tests" / "unit" / "tools" / "lints"
    for rule in rules():
        text = (here / f"test_{rule.name.replace('-', '_')}.py").read_text(encoding="utf-8")
        assert "is_found" in text
        assert "pass" in text or "may" in text


def test_the_walk_sees_the_product_the_tools_and_the_tests() -> None:
    seen = {str(source.path) for source in sources()}
    assert {"src/qianmian/errors.py", "tools/lints/walk.py", "tests/conftest.py"} <= seen


def test_findings_of_one_file_come_from_every_rule_that_covers_it() -> None:
    text = "import random\ndef f() -> str:\n    import json\n    return '犹豫'\n"
    found = all_findings([Source.of("src/qianmian/engine/utils.py", text)])
    assert [(finding.line, finding.rule) for finding in found] == [
        (1, "file-name"),
        (1, "impure-floor"),
        (3, "lazy-import"),
        (4, "chinese-text"),
    ]
    assert str(found[0]).startswith("src/qianmian/engine/utils.py:1: file-name: 'utils'")
