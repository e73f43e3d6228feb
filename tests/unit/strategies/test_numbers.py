"""Conditions of strategies may compare a tag whose value is a number."""

from __future__ import annotations

from pathlib import Path

import pytest

from qianmian.bootstrap.strategies import StrategiesInForce
from qianmian.errors import TypeProblem, UnknownName
from qianmian.language.codec import to_json
from qianmian.language.definition import Definition
from qianmian.language.parse import parse_definition
from qianmian.language.settle import settled
from qianmian.settings import Settings
from qianmian.strategies.strategy import Strategies
from tests.strategy_shop import strategy

SPENT = "number sum(order_paid.amount) this session"


def active(measure: str = SPENT) -> tuple[Definition, ...]:
    moment = parse_definition("hesitation", "product_viewed for 2m on same product")
    return settled([parse_definition("spent", measure, "tag"), moment])


def test_what_is_watched_says_what_the_tag_measures(tmp_path: Path) -> None:
    one = strategy(conditions="tag.spent < ¥500")
    found = StrategiesInForce(Strategies((one,)), Settings(home=tmp_path))
    (watched,) = found.watched(active())
    assert "'op': 'sum'" in str(to_json(watched.expr))
    assert found.check(one, active(), ()) == watched
    (other,) = found.watched(active(SPENT.replace("this session", "within 10m")))
    assert other != watched


@pytest.mark.parametrize(
    ("conditions", "problem"),
    [("tag.spent < 500", TypeProblem), ("tag.spend < ¥500", UnknownName)],
)
def test_a_comparison_that_makes_no_sense_is_refused(
    tmp_path: Path, conditions: str, problem: type[Exception]
) -> None:
    one = strategy(conditions=conditions)
    found = StrategiesInForce(Strategies(()), Settings(home=tmp_path))
    with pytest.raises(problem):
        found.check(one, active(), ())
