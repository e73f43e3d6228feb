"""Every operator is collected, once, and nothing is read at import."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

from qianmian.errors import TypeProblem
from qianmian.language import ast
from qianmian.language import operators as folder
from qianmian.language.catalog import operator_of, operators_by_name

NAMES = (
    "and count distinct field first happened hidden hour idle in_list in_room in_segment last not"
    " number or previous_visit room_fact score select sum tag tag_number then time_since trait"
    " viewing visit_started without"
).split()


def test_the_operators_are_these() -> None:
    assert list(operators_by_name()) == NAMES
    assert len(operators_by_name()) == 29


def test_every_node_has_an_operator_and_every_file_holds_one() -> None:
    nodes = {
        held
        for held in vars(ast).values()
        if isinstance(held, type) and is_dataclass(held) and held is not ast.Node
    }
    assert {operator.node for operator in operators_by_name().values()} == nodes
    files = [path for path in Path(folder.__path__[0]).glob("*.py") if path.name != "__init__.py"]
    assert len(files) == len(nodes)


def test_every_field_of_a_node_has_a_form() -> None:
    for operator in operators_by_name().values():
        names = tuple(field.name for field in fields(operator.node))
        assert tuple(name for name, _ in operator.forms) == names, operator.name


def test_what_is_no_node_of_the_language_is_refused() -> None:
    with pytest.raises(TypeProblem, match="no expression"):
        operator_of(ast.Node())


def test_importing_the_parser_collects_no_operator() -> None:
    code = (
        "import sys, qianmian.language.parse;"
        "assert not [m for m in sys.modules if m.startswith('qianmian.language.operators.')]"
    )
    path = str(Path(folder.__path__[0]).parents[2])
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": path})
