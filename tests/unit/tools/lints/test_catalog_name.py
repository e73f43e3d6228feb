import pytest

from tests.unit.tools.lints.samples import lines_found
from tools.lints.catalog_name import HOMONYMS, RULE, members


@pytest.mark.parametrize(
    "text",
    [
        'if key == "hesitation": ...',
        'FORMATS = "rees46|csv"',
        "from qianmian.moments.catalog.doubt import DEFINITION",
        "from qianmian.moments.catalog import hesitation",
        "import qianmian.language.operators.count",
    ],
)
def test_a_member_of_a_catalog_that_is_named_elsewhere_is_found(text: str) -> None:
    assert lines_found(RULE, text) == [1]


def test_its_own_file_tests_docstrings_and_longer_words_may_say_it() -> None:
    own = members()["hesitation"]
    assert lines_found(RULE, 'KEY = "hesitation"', own) == []
    assert lines_found(RULE, 'KEY = "hesitation"', "tests/unit/test_x.py") == []
    assert lines_found(RULE, '"""As hesitation does."""\nX = "hesitations"') == []
    text = "import qianmian.moments.catalog\nfrom qianmian.language.catalog import operator_of"
    assert lines_found(RULE, text) == []


def test_definitions_refer_to_each_other_by_the_names_of_the_language() -> None:
    text = 'X = "tag.sharer and not in segment.new_users and trait.gender == female"'
    assert lines_found(RULE, text, "src/qianmian/segments/catalog/x.py") == []
    assert lines_found(RULE, text) == [1, 1, 1]
    assert lines_found(RULE, 'X = "sharer"', "src/qianmian/segments/catalog/x.py") == [1]


def test_members_are_collected_from_every_catalog_and_homonyms_are_among_them() -> None:
    assert {"hesitation", "rees46", "qianmian_jsonl"} <= set(members())
    assert set(HOMONYMS) <= set(members())
