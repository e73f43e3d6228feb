from __future__ import annotations

from dataclasses import replace

import pytest

from tools.mutant import Mutant
from tools.mutant_list import MUTANTS
from tools.mutants import ORACLE, verdicts


@pytest.mark.long
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.rule)
def test_every_broken_rule_is_noticed_by_a_vector(mutant: Mutant) -> None:
    (verdict,) = verdicts([mutant])
    assert verdict.killers


def test_a_mutant_that_changes_nothing_survives() -> None:
    """The check is not vacuous: an oracle that is right fails no vector."""
    harmless = replace(MUTANTS[0], new=MUTANTS[0].old)
    (verdict,) = verdicts([harmless])
    assert verdict.killers == ()


def test_an_edit_that_no_longer_fits_is_refused() -> None:
    gone = replace(MUTANTS[0], old="no such line")
    with pytest.raises(ValueError, match="0 times"):
        list(verdicts([gone]))


def test_rules_are_named_once() -> None:
    rules = [mutant.rule for mutant in MUTANTS]
    assert len(set(rules)) == len(rules)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.rule)
def test_every_edit_fits(mutant: Mutant) -> None:
    assert (ORACLE / mutant.file).read_text(encoding="utf-8").count(mutant.old) == 1
