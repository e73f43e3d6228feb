"""A plain number says its unit in its name: 30 may be seconds, and 500 may be yuan."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tools.lints.names import is_kernel
from tools.lints.rule import Rule, Source

# The last word of a name that is a quantity, and how it ends when it says its unit. `event_time`,
# `clock` and `now` are words of the glossary and of the semantics: always ms UTC.
_LENGTHS_OF_TIME = (
    "age deadline delay duration dwell elapsed idle interval lag lateness latency period timeout "
    "ttl wait"
)
SUFFIX_BY_QUANTITY = {
    **dict.fromkeys(_LENGTHS_OF_TIME.split(), "_ms"),
    **dict.fromkeys("amount aov budget fee gmv price refund revenue".split(), "_minor"),
    **dict.fromkeys("memory payload storage".split(), "_bytes"),
}
_PLAIN_NUMBER = re.compile(r"(int|float)( \| (int|float|None))*")


def _check(source: Source) -> Iterator[tuple[int, str]]:
    for node in source.nodes:
        if isinstance(node, ast.ClassDef):
            for part in node.body:
                if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name):
                    yield from _judged(part.target.id, part.annotation, part.lineno)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not is_kernel(node):
            for given in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
                yield from _judged(given.arg, given.annotation, given.lineno)
        elif isinstance(node, ast.Call):
            yield from _event_field(node)


def _judged(name: str, annotation: ast.expr | None, line: int) -> Iterator[tuple[int, str]]:
    before, _, last = name.lower().rpartition("_")
    is_counted = before.endswith(("with", "without"))  # orders_without_amount counts orders
    suffix = None if is_counted else SUFFIX_BY_QUANTITY.get(last)
    if suffix and annotation is not None and _PLAIN_NUMBER.fullmatch(ast.unparse(annotation)):
        yield line, f"{name} is a number of what? Name it {name}{suffix}, or after its other unit"


def _event_field(call: ast.Call) -> Iterator[tuple[int, str]]:
    """A whole number of the event table says its unit: `EventField("stock", "int", "count")`."""
    if getattr(call.func, "id", "") != "EventField" or len(call.args) < 2:
        return
    kind, unit = call.args[1], call.args[2] if len(call.args) > 2 else None
    named = [keyword for keyword in call.keywords if keyword.arg == "unit"]
    if isinstance(kind, ast.Constant) and kind.value == "int" and unit is None and not named:
        yield call.lineno, "a whole number of the event table has a unit: ms, count, ms UTC"


RULE = Rule(
    name="unit-in-name",
    summary="A number of time, money or bytes says its unit: `dwell_ms`, `price_minor`.",
    covers=lambda source: source.is_product,
    check=_check,
)
