"""Traits that were told, in SQL: which value counts, of which type it is, and when it was told."""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from qianmian.storage.history_reader.terms import Bound, Sql, column
from qianmian.vocabulary.origins import RANK, TRAIT_ORIGIN, USUAL

TRAIT_KINDS: Final = {
    "text": ("VARCHAR",),
    "number": ("UBIGINT", "BIGINT", "HUGEINT", "DOUBLE"),
    "truth": ("BOOLEAN",),
}
"""The types that a value of JSON may have, by the column that holds it."""


_RANKS: Final = " ".join(f"WHEN '{origin}' THEN {rank}" for origin, rank in RANK.items())
RANK_TOLD: Final = f"""CASE WHEN says LIKE '%{TRAIT_ORIGIN}%'
  THEN CASE json_extract_string(says, '$.{TRAIT_ORIGIN}') {_RANKS} ELSE {RANK[USUAL]} END
  ELSE {RANK[USUAL]} END"""
"""`origins.rank_told` of the properties of an event, in SQL."""


def newest_trait(name: str, bound: Bound) -> Sql:
    """Of the rows of `told`, as e, the value of a trait that counts, as JSON: `origins.counts`."""
    return _newest(_told_of(name, bound))


def newest_told_at(name: str, bound: Bound) -> Sql:
    """When that value was told, ms UTC."""
    return _newest(_where_told(name, "event_time", bound))


def newest_rank(name: str, bound: Bound) -> Sql:
    """The rank of who told that value."""
    return _newest(_where_told(name, "rank", bound))


def _where_told(name: str, field: str, bound: Bound) -> Sql:
    is_told = exp.not_(exp.Is(this=_told_of(name, bound), expression=exp.null()))
    return exp.Case(ifs=[exp.If(this=is_told, true=column(field, "e"))])


def _told_of(name: str, bound: Bound) -> Sql:
    path = bound(f'$."{name}"')
    return exp.Anonymous(this="json_extract", expressions=[column("traits", "e"), path])


def _newest(value: Sql) -> Sql:
    """Of the rows of `told` in which there is one."""
    order = exp.Tuple(expressions=[column(name, "e") for name in ("rank", "event_time", "ord")])
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
