"""The JSON form of an expression, checked like its text.

Durations are strings ("60s"), amounts are whole numbers in minor units. Fields with their default
value are left out. Stored documents carry the version of the form: `{"version": 1, "expr": {…}}`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, Final, NoReturn

from qianmian.errors import DefinitionError, LimitExceeded, SyntaxProblem, TypeProblem, UnknownName
from qianmian.language.ast import MAX_DEPTH, MAX_NODES, Node, Select
from qianmian.language.catalog import operator_of, operators_by_name
from qianmian.language.definition import Definition
from qianmian.language.limits import MAX_TEXT, check_size
from qianmian.language.normalize import normalize
from qianmian.language.operator import Form, Operator
from qianmian.language.text import show
from qianmian.language.types import check_definition
from qianmian.language.values import MAX_LIST, MAX_STRING, shown
from qianmian.vocabulary.time import format_clock, format_duration, parse_clock, parse_duration

FORM_VERSION: Final = 1

_MAX_TYPES: Final = 100


def to_json(node: Node) -> dict[str, Any]:
    """The JSON form: `{"op": name, …}`.

    Raises: LimitExceeded when the tree is too deep or too large.
    """
    check_size(node)
    return _encoded(node)


def from_json(value: object) -> Node:
    """The normalized expression of a JSON form; every value in it is checked.

    Raises: DefinitionError, with the path of the wrong part in `params["path"]` and in the message.
    """
    return _finished(_Decoder().node(value, "$", 1))


def document(node: Node) -> dict[str, Any]:
    """An expression with the version of its form."""
    return {"version": FORM_VERSION, "expr": to_json(node)}


def read_document(value: object) -> Node:
    """The expression of a document.

    Raises: DefinitionError, also for a version of the form that this release does not know.
    """
    held = _document_fields(value, required=("version", "expr"), optional=())
    return _finished(_Decoder().node(held["expr"], "$.expr", 1))


def definition_document(definition: Definition) -> dict[str, Any]:
    """A definition with the version of its form."""
    held: dict[str, Any] = {
        "key": definition.key,
        "kind": definition.kind,
        "version": definition.version,
        "expr": to_json(definition.expr),
    }
    if definition.again_after_ms is not None:
        held["again_after"] = format_duration(definition.again_after_ms)
    return {"version": FORM_VERSION, "definition": held}


def read_definition(value: object) -> Definition:
    """The checked definition of a document.

    Raises: DefinitionError, with the path of the wrong part where there is one.
    """
    outer = _document_fields(value, required=("version", "definition"), optional=())
    held = _fields_of(
        outer["definition"],
        "$.definition",
        required=("key", "kind", "expr"),
        optional=("version", "again_after"),
    )
    decoder = _Decoder()
    again = held.get("again_after")
    definition = Definition(
        key=decoder.string(held["key"], "$.definition.key"),
        kind=decoder.string(held["kind"], "$.definition.kind"),
        expr=_finished(decoder.node(held["expr"], "$.definition.expr", 1)),
        again_after_ms=None
        if again is None
        else decoder.duration(again, "$.definition.again_after"),
        version=decoder.whole(held.get("version", 1), "$.definition.version"),
    )
    check_definition(definition)
    return definition


def json_key(attribute: str) -> str:
    """The JSON key of a field of a node: durations are strings there, so `for_ms` is `for`."""
    return attribute.removesuffix("_ms")


def _finished(node: Node) -> Node:
    """The normal form; an expression without a text that could be read again is refused."""
    normal = normalize(node)
    if len(show(normal)) > MAX_TEXT:
        raise LimitExceeded(
            f"$: the text of the expression has more than {MAX_TEXT} characters; make parts of it "
            "tags of their own",
            path="$",
        )
    return normal


def _encoded(node: Node) -> dict[str, Any]:
    operator = operator_of(node)
    form_by_field = dict(operator.forms)
    result: dict[str, Any] = {"op": operator.name}
    for field in fields(node):
        value = getattr(node, field.name)
        if field.default is not MISSING and value == field.default:
            continue
        result[json_key(field.name)] = _encoded_value(value, form_by_field[field.name])
    return result


def _encoded_value(value: Any, form: Form) -> Any:
    if isinstance(value, Node):
        return _encoded(value)
    if isinstance(value, tuple):
        return [_encoded(one) if isinstance(one, Node) else one for one in value]
    if form == "clock":
        return format_clock(value)
    if form == "duration" or (form == "window" and isinstance(value, int)):
        return format_duration(value)
    return value


def _fail(message: str, path: str) -> NoReturn:
    raise TypeProblem(f"{path}: {message}", path=path)


def _document_fields(
    value: object, required: tuple[str, ...], optional: tuple[str, ...]
) -> Mapping[str, Any]:
    held = _fields_of(value, "$", required=required, optional=optional)
    version = held["version"]
    if isinstance(version, bool) or version != FORM_VERSION:
        _fail(f"this release reads version {FORM_VERSION}, not {shown(version)}", "$.version")
    return held


def _fields_of(
    value: object, path: str, *, required: tuple[str, ...], optional: tuple[str, ...]
) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        _fail(f"an object is expected, not {shown(value)}", path)
    for key in value:
        if key not in required and key not in optional:
            problem = UnknownName.of("key", str(key)[:MAX_STRING], (*required, *optional))
            raise UnknownName(f"{path}: {problem.message}", path=path)
    for key in required:
        if key not in value:
            _fail(f'"{key}" is missing', path)
    return value


class _Decoder:
    """Reads one document and counts its nodes."""

    def __init__(self) -> None:
        self._nodes = 0

    def node(self, value: object, path: str, depth: int) -> Node:
        """One node with everything below it."""
        self._nodes += 1
        if depth > MAX_DEPTH:
            raise LimitExceeded(
                f"{path[:80]}: the expression is deeper than {MAX_DEPTH}", path=path
            )
        if self._nodes > MAX_NODES:
            raise LimitExceeded(
                f"{path}: the expression has more than {MAX_NODES} parts", path=path
            )
        operator = self._operator(value, path)
        node = self._build(operator, value, path, depth)
        try:
            operator.verify(node)
        except DefinitionError as problem:
            problem.args = (f"{path}: {problem.message}",)
            problem.params |= {"path": path}
            raise
        return node

    def _operator(self, value: object, path: str) -> Operator:
        if not isinstance(value, Mapping):
            _fail(f'an object with "op" is expected, not {shown(value)}', path)
        name = value.get("op")
        if not isinstance(name, str):
            _fail('"op" is missing; it names the operator', path)
        operator = operators_by_name().get(name)
        if operator is None:
            problem = UnknownName.of("operator", name[:MAX_STRING], operators_by_name())
            raise UnknownName(f"{path}.op: {problem.message}", path=f"{path}.op")
        return operator

    def _build(self, operator: Operator, value: Any, path: str, depth: int) -> Node:
        form_by_field = dict(operator.forms)
        known = {json_key(field.name): field for field in fields(operator.node)}
        optional = tuple(key for key, field in known.items() if field.default is not MISSING)
        required = ("op", *(key for key in known if key not in optional))
        held = _fields_of(value, path, required=required, optional=optional)
        arguments = {
            field.name: self._value(held[key], form_by_field[field.name], f"{path}.{key}", depth)
            for key, field in known.items()
            if key in held and not (held[key] is None and field.default is None)
        }
        return operator.node(**arguments)

    def _value(self, value: object, form: Form, path: str, depth: int) -> Any:
        match form:
            case "node":
                return self.node(value, path, depth + 1)
            case "select":
                return self._select(value, path, depth + 1)
            case "nodes":
                return self._nodes_of(value, path, depth + 1)
            case "types":
                items = self._list(value, path, _MAX_TYPES)
                return tuple(self.string(one, f"{path}[{i}]") for i, one in enumerate(items))
            case "duration":
                return self.duration(value, path)
            case "clock":
                return self._clock(value, path)
            case "window":
                is_scope = value in ("session", "visit", "ever")
                return value if is_scope else self.duration(value, path)
            case "int":
                return self.whole(value, path)
            case "float":
                return self._float(value, path)
            case "bool":
                return (
                    value if isinstance(value, bool) else _fail("true or false is expected", path)
                )
            case "string":
                return self.string(value, path)
            case "value":
                return None if value is None else self._scalar(value, path)
        if isinstance(value, list | tuple):
            items = self._list(value, path, MAX_LIST)
            return tuple(self._scalar(one, f"{path}[{i}]") for i, one in enumerate(items))
        return self._scalar(value, path)

    def _select(self, value: object, path: str, depth: int) -> Node:
        node = self.node(value, path, depth)
        if not isinstance(node, Select):
            _fail('a selection of events is expected: {"op": "select", "types": […]}', path)
        return node

    def _nodes_of(self, value: object, path: str, depth: int) -> tuple[Node, ...]:
        items = self._list(value, path, MAX_NODES)
        return tuple(self.node(one, f"{path}[{i}]", depth) for i, one in enumerate(items))

    def _list(self, value: object, path: str, most: int) -> list[Any] | tuple[Any, ...]:
        if not isinstance(value, list | tuple):
            _fail(f"a list is expected, not {shown(value)}", path)
        if len(value) > most:
            raise LimitExceeded(
                f"{path}: the list has {len(value)} items; at most {most} are allowed", path=path
            )
        return value

    def string(self, value: object, path: str) -> str:
        """A string of bounded length."""
        if not isinstance(value, str):
            _fail(f"a string is expected, not {shown(value)}", path)
        if len(value) > MAX_STRING:
            raise LimitExceeded(
                f"{path}: the string has more than {MAX_STRING} characters", path=path
            )
        return value

    def whole(self, value: object, path: str) -> int:
        """A whole number; true is none."""
        if isinstance(value, bool) or not isinstance(value, int):
            _fail(f"a whole number is expected, not {shown(value)}", path)
        return value

    def duration(self, value: object, path: str) -> int:
        """The ms of a duration string; a bare number is refused: it does not say its unit."""
        if not isinstance(value, str):
            _fail(f'a duration such as "60s" is expected, not {shown(value)}', path)
        try:
            return parse_duration(value[:MAX_STRING])
        except SyntaxProblem as problem:
            raise TypeProblem(f"{path}: {problem.message}", path=path) from problem

    def _clock(self, value: object, path: str) -> int:
        if not isinstance(value, str):
            _fail(f'a time of day such as "23:00" is expected, not {shown(value)}', path)
        try:
            return parse_clock(value[:MAX_STRING])
        except SyntaxProblem as problem:
            raise TypeProblem(f"{path}: {problem.message}", path=path) from problem

    def _float(self, value: object, path: str) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            _fail(f"a number is expected, not {shown(value)}", path)
        if isinstance(value, float) and not math.isfinite(value):
            _fail("a finite number is expected", path)
        if abs(value) > 1e300:
            _fail("the number is too large", path)
        return float(value)

    def _scalar(self, value: object, path: str) -> Any:
        if not isinstance(value, str | int | float):
            _fail(f"a string, a number, true or false is expected, not {shown(value)}", path)
        return value
