"""What one operator of the language is: everything about a node in one frozen value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from qianmian.language.ast import Node
from qianmian.language.kinds import Kind
from qianmian.language.phrases import Phrase
from qianmian.language.relations import Relation

Form = Literal[
    "node",
    "nodes",
    "select",
    "types",
    "duration",
    "clock",
    "window",
    "int",
    "float",
    "bool",
    "string",
    "value",
    "values",
]
"""How one field of a node looks in JSON (`language/codec.py`)."""


class TextOf(Protocol):
    """Prints a part of an expression."""

    @property
    def key(self) -> str:
        """The word for the key of the whole expression."""
        ...

    def __call__(self, node: Node) -> str:
        """The text of a part."""


def no_denial(_: Any) -> Phrase | None:
    """The opposite has no sentence of its own."""
    return None


def same_node(node: Any) -> Node:
    """Nothing to normalize at this node."""
    return node  # type: ignore[no-any-return]


def nothing_to_verify(_: Any) -> None:
    """No field of its own that could be wrong."""


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator.

    Attributes:
        name: `op` in JSON, and the prefix of its sentence keys.
        node: the class in `language/ast.py`.
        forms: form of each field in JSON, in the order of the fields.
        show: the text form.
        sentence: message key and arguments.
        plan: the relational tree; the second argument plans a part.
        check: the kind; the second argument gives the kind of a part. Raises TypeProblem.
        verify: checks the fields that are plain values. Raises DefinitionError.
        normalize: the normal form of the node, whose parts are in normal form already.
        deny: a sentence for the opposite where "not" would be clumsy.
    """

    name: str
    node: type[Node]
    forms: tuple[tuple[str, Form], ...]
    show: Callable[[Any, TextOf], str]
    sentence: Callable[[Any], Phrase]
    plan: Callable[[Any, Callable[[Node], Relation]], Relation]
    check: Callable[[Any, Callable[[Node], Kind]], Kind]
    verify: Callable[[Any], None] = nothing_to_verify
    normalize: Callable[[Any], Node] = same_node
    deny: Callable[[Any], Phrase | None] = no_denial
