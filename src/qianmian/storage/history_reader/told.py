"""Traits that were told, in SQL: which value counts, of which type it is, and when it was told."""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from qianmian.storage.history_reader.terms import Bound, Sql, column

TRAIT_KINDS: Final = {
    "text": ("VARCHAR",),
    "number": ("UBIGINT", "BIGINT", "HUGEINT", "DOUBLE"),
    "truth": ("BOOLEAN",),
}
"""The types that a value of JSON may have, by the column that holds it."""


def newest_trait(name: str, bound: Bound) -> Sql:
    """Of the rows of `told`, as e, the newest value of a trait, as JSON."""
    return _newest(_told_of(name, bound))


def newest_told_at(name: str, bound: Bound) -> Sql:
    """When that value was told, ms UTC."""
    is_told = exp.not_(exp.Is(this=_told_of(name, bound), expression=exp.null()))
    return _newest(exp.Case(ifs=[exp.If(this=is_told, true=column("event_time", "e"))]))


def _told_of(name: str, bound: Bound) -> Sql:
    path = bound(f'$."{name}"')
    return exp.Anonymous(this="json_extract", expressions=[column("traits", "e"), path])


def _newest(value: Sql) -> Sql:
    """Of the rows of `told` in which there is one."""
    order = exp.Tuple(expressions=[column("event_time", "e"), column("ord", "e")])
    return exp.Anonymous(this="arg_max", expressions=[value, order])


def trait_value(held: Sql, kind: str) -> Sql:
    """A JSON value as a column of one type; null when it is of another."""
    is_kind = exp.In(
        this=exp.Anonymous(this="json_type", expressions=[held]),
        expressions=[exp.Literal.string(one) for one in TRAIT_KINDS[kind]],
    )
    if kind == "text":
        value: Sql = exp.Anonymous(
            this="json_extract_string", expressions=[held, exp.Literal.string("$")]
        )
    else:
        value = exp.cast(held, "DOUBLE" if kind == "number" else "BOOLEAN")
    return exp.Case(ifs=[exp.If(this=is_kind, true=value)])
