import pytest

from tests.unit.tools.lints.samples import lines_found
from tools.lints.chinese_text import RULE

OPERATOR = "src/qianmian/language/operators/count.py"


@pytest.mark.parametrize(
    "text",
    [
        'title = "犹豫"',
        'title = f"共 {n} 次"',
        'joint = "，"',  # punctuation is text as well
        'x = 1\ntitles = {"zh": """\n犹豫"""}',
    ],
)
def test_chinese_in_a_string_of_the_code_is_found(text: str) -> None:
    assert len(lines_found(RULE, text, OPERATOR)) == 1


@pytest.mark.parametrize(
    "text",
    [
        '"""A moment 时机."""',
        'class Tag:\n    """标签."""\n    tier: str\n    """基础 and others."""',
        "x = 1  # 犹豫",
        'yen = "\\uffe5"',  # a symbol for the parser, written as an escape
        'title = "hesitation"',
    ],
)
def test_chinese_in_docstrings_and_comments_passes(text: str) -> None:
    assert lines_found(RULE, text, OPERATOR) == []


def test_locales_and_tests_may_hold_chinese() -> None:
    text = 'title = "犹豫"'
    assert lines_found(RULE, text, "src/qianmian/locales/__init__.py") == []
    assert lines_found(RULE, text, "tests/unit/language/test_sentence.py") == []
