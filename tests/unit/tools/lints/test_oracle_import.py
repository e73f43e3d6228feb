from tests.unit.tools.lints.samples import lines_found
from tools.lints.oracle_import import RULE

ORACLE = "tests/oracle/operators/count.py"


def test_an_oracle_that_borrows_the_engine_is_found() -> None:
    text = "from qianmian import engine\nfrom qianmian.language.parse import parse\n"
    assert lines_found(RULE, text, ORACLE) == [1, 2]


def test_an_oracle_may_know_the_vocabulary() -> None:
    text = "from qianmian.vocabulary.time import parse_duration\nfrom tests.oracle import log\n"
    assert lines_found(RULE, text, ORACLE) == []


def test_other_tests_may_import_everything() -> None:
    assert lines_found(RULE, "import qianmian.engine", "tests/unit/engine/test_step.py") == []
