"""Builds of facts: what history knows of everybody up to a day boundary, as one immutable file.

The file carries what the definitions of the day ask for, and nothing else: the days of each long
window, traits, segments that are computed daily, and when each viewer was seen.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from sqlglot import exp

from qianmian.columns.facts import facts_of_columns
from qianmian.errors import InputError, UnknownName
from qianmian.language.ast import Count, Node, Sum, Trait, walk
from qianmian.language.fact_columns import EVER_DAYS, FactColumn, adds_facts, column_of, needs_of
from qianmian.language.plan import plan
from qianmian.language.relations import CountWindow, SumWindow
from qianmian.profiles.found import FOUND_TRAITS
from qianmian.storage.history_reader.answers import NOTHING, Definitions
from qianmian.storage.history_reader.days import day_begin
from qianmian.storage.history_reader.found import offset_of
from qianmian.storage.history_reader.levels import PERSON, Asking, Moment
from qianmian.storage.history_reader.reader import HistoryReader
from qianmian.storage.history_reader.row_tests import EVENT, own
from qianmian.storage.history_reader.terms import (
    TRUE,
    Sql,
    among,
    column,
    every,
    function,
    named,
)
from qianmian.storage.history_reader.told import newest_rank, newest_told_at, newest_trait
from qianmian.storage.history_reader.warm import SHOWING
from qianmian.vocabulary.consent import tag_of_trait
from qianmian.vocabulary.ids import DEFAULT_NAMESPACE
from qianmian.vocabulary.origins import ORIGINS, RANK, USUAL
from qianmian.vocabulary.registration import AGING, aged

_SEEN: Final = "s"
_TOLD: Final = "told_before"
_FOUND: Final = "found_before"
_DAY: Final = "day"


def build_facts(
    reader: HistoryReader,
    exprs: Iterable[Node],
    boundary_ms: int,
    *,
    daily: Collection[str] = (),
    definitions: Definitions = NOTHING,
    namespace: str = DEFAULT_NAMESPACE,
) -> bytes:
    """The file of facts that these expressions read, as of a day boundary of the shop's zone.

    Args:
        exprs: of all active definitions.
        daily: keys of segments that are computed here, once a day; `definitions` says what they
            are.

    Guarantees: the same history gives the same bytes. What happened at or after the boundary is
        not in it, whenever it arrived.
    Raises: InputError when no day of the shop begins there; UnknownName for a daily segment that
        is not defined; as `HistoryReader.viewers_of`.
    Cost: one pass over the events for each long window.
    """
    if day_begin(boundary_ms, reader.zone) != boundary_ms:
        raise InputError(
            f"no day begins at {boundary_ms} in {reader.zone}; give the first ms of one"
        )
    nodes = list(exprs)
    needs = needs_of(nodes, daily)
    segments = {key: _segment(key, definitions) for key in needs.segments}
    traits = [Trait(name, "==", "") for name in needs.traits]
    long = {column_of(one).name: one for node in nodes for one in _long(node)}
    reader.bring([*long.values(), *segments.values(), *traits], definitions)
    if not set(needs.traits).isdisjoint(FOUND_TRAITS):
        reader.find(boundary_ms)
    build = _Build(reader, boundary_ms, definitions)
    table = build.table([(long[one.name], one) for one in needs.columns], needs.traits, segments)
    return facts_of_columns(table, boundary_ms=boundary_ms, namespace=namespace)


def _long(node: Node) -> Iterator[Count | Sum]:
    yield from (one for one in walk(node) if adds_facts(one))


def _segment(key: str, definitions: Definitions) -> Node:
    if ("segment", key) not in definitions.levels:
        known = [name for family, name in definitions.levels if family == "segment"]
        raise UnknownName.of("segment", key, known)
    return definitions.levels["segment", key]


@dataclass(slots=True)
class _Build:
    """One build: one query with a row for everybody who did something before the boundary."""

    reader: HistoryReader
    boundary_ms: int
    definitions: Definitions

    def table(
        self,
        columns: Sequence[tuple[Count | Sum, FactColumn]],
        traits: Sequence[str],
        segments: dict[str, Node],
    ) -> pa.Table:
        """The columns of the file."""
        asking = self._asking()
        members = [asking.truth(one) for one in segments.values()]
        names = ["viewer", "first_seen", "last_seen"]
        shown = [column("name", PERSON), column("first_seen", _SEEN), column("last_seen", _SEEN)]
        names += [f"segment.{key}" for key in segments]
        shown += [named(one, f"m{k}") for k, one in enumerate(members)]
        joined = [(self._seen(asking), _SEEN)]
        for k, (node, wanted) in enumerate(columns):
            joined.append((self._days(asking, node, wanted.days), f"d{k}"))
            names.append(f"days.{wanted.name}")
            shown.append(named(column("days", f"d{k}"), f"days{k}"))
        aging = [name for name in traits if name in AGING]
        if traits:
            joined.append((self._told(asking, traits), _TOLD))
            shown += [self._trait(asking, name, k) for k, name in enumerate(traits)]
            shown += [column(f"r{k}", _TOLD) for k in range(len(traits))]
            shown += [column(f"at_{name}", _TOLD) for name in aging]
            if not set(traits).isdisjoint(FOUND_TRAITS):
                joined.append((exp.select("*").from_("found"), _FOUND))
        query = asking.people(shown)
        for subquery, alias in joined:
            on = exp.EQ(this=column("viewer", alias), expression=column("id", PERSON))
            joined_with = subquery.subquery(alias, copy=False)
            query.join(joined_with, on=on, join_type="left", copy=False)
        query = query.where(exp.not_(exp.Is(this=column("viewer", _SEEN), expression=exp.null())))
        found = self.reader.database.table(query, asking.bound.values)
        table = pa.Table.from_arrays(found.columns[: len(names)], names=names)
        if traits:
            rest, n = found.columns[len(names) :], len(traits)
            by_name = dict(zip(traits, rest, strict=False))
            for name, at in zip(aging, rest[2 * n :], strict=True):
                by_name[name] = self._aged(by_name[name], at)
            table = table.append_column("traits", _documents(by_name))
            origins = _origins(by_name, rest[n : 2 * n])
            if origins is not None:
                table = table.append_column("origins", origins)
        return _for_all_names(table, self.reader.warm.links.other_names())

    def _aged(self, values: pa.ChunkedArray, told_at: pa.ChunkedArray) -> pa.ChunkedArray:
        """Numbers of days, as JSON, as of the boundary."""
        offset_ms = offset_of(self.reader.zone, self.boundary_ms)
        found = [
            None
            if at is None
            else json.dumps(aged(json.loads(text), at, self.boundary_ms, offset_ms))
            for text, at in zip(values.to_pylist(), told_at.to_pylist(), strict=True)
        ]
        return pa.chunked_array([pa.array(found, pa.string())])

    def _trait(self, asking: Asking, name: str, number: int) -> Sql:
        """The JSON of a trait: as it was told, else as it was found and is not taken away."""
        told = column(f"t{number}", _TOLD)
        if name not in FOUND_TRAITS:
            return told
        found: Sql = function("to_json", column(name, _FOUND))
        tag = tag_of_trait(name)
        if tag is not None:
            found = exp.Case(
                ifs=[exp.If(this=asking.unless_withheld(TRUE.copy(), tag), true=found)]
            )
        return exp.Coalesce(this=told, expressions=[found])

    def _asking(self) -> Asking:
        warm = self.reader.warm
        begin = self.boundary_ms
        some = warm.taken_away.hold(None, warm.stop)  # taken away today: in no build of today
        starts = warm.rooms.starts_at(begin, warm.room_count)
        moment = Moment(begin, begin - 1, None, False, self.reader.zone, None, starts, some)
        return Asking(moment, self.definitions, warm.traits)

    def _before(self, asking: Asking) -> Sql:
        return exp.LT(this=own("event_time"), expression=asking.bound(self.boundary_ms))

    def _seen(self, asking: Asking) -> exp.Select:
        """When each was seen in a room, first and last; null when only told of."""
        codes = [exp.Literal.number(code) for code in SHOWING]
        shows = exp.and_(
            exp.not_(exp.Is(this=own("room"), expression=exp.null())), among(own("type"), codes)
        )
        times = exp.Case(ifs=[exp.If(this=shows, true=own("event_time"))])
        chosen = exp.select(
            own("viewer"),
            named(exp.Min(this=times), "first_seen"),
            named(exp.Max(this=times.copy()), "last_seen"),
        )
        events = chosen.from_(exp.to_table("event", alias=EVENT)).where(self._before(asking))
        return events.group_by(own("viewer"))

    def _days(self, asking: Asking, node: Count | Sum, days: int) -> exp.Select:
        """Of each viewer the value of each day, by how many days ago."""
        relation = plan(node)
        if not isinstance(relation, CountWindow | SumWindow):  # a long window has no key
            raise InputError(f"{node} cannot be kept by the day")
        begins = [
            day_begin(self.boundary_ms, self.reader.zone, days_before=ago)
            for ago in range(min(days, EVER_DAYS - 1), 0, -1)
        ]
        if days == EVER_DAYS:  # all that is older is its last day
            begins.insert(0, 0)
        tests = [*asking.selected(relation.rows), self._before(asking)]
        tests.append(exp.GTE(this=own("event_time"), expression=asking.bound(begins[0])))
        value: Sql = exp.Count(this=exp.Star())
        if isinstance(relation, SumWindow):
            value = exp.Sum(this=own(relation.field))
            tests.append(exp.not_(exp.Is(this=own(relation.field), expression=exp.null())))
        lists = [("begin", asking.bound(begins)), ("ago", asking.bound(list(range(days, 0, -1))))]
        calendar = exp.select(*(named(function("unnest", one), name) for name, one in lists))
        by_day = (
            exp.select(own("viewer"), column("ago", _DAY), named(value, "value"))
            .from_(exp.to_table("event", alias=EVENT))
            .join(
                exp.Join(this=calendar.subquery(_DAY), method="asof"),
                on=exp.GTE(this=own("event_time"), expression=column("begin", _DAY)),
            )
            .where(every(tests))
            .group_by(own("viewer"), column("ago", _DAY))
        )
        pair = function(
            "struct_pack",
            *(
                exp.PropertyEQ(this=exp.to_identifier(name), expression=exp.cast(one, kind))
                for name, one, kind in (
                    ("ago", column("ago", "b"), "INT"),
                    ("value", column("value", "b"), "BIGINT"),
                )
            ),
        )
        pairs = function("list", exp.Order(this=pair, expressions=[column("ago", "b")]))
        return (
            exp.select(column("viewer", "b"), named(pairs, "days"))
            .from_(by_day.subquery("b"))
            .group_by(column("viewer", "b"))
        )

    def _told(self, asking: Asking, traits: Sequence[str]) -> exp.Select:
        newest = [named(newest_trait(name, asking.bound), f"t{k}") for k, name in enumerate(traits)]
        newest += [named(newest_rank(name, asking.bound), f"r{k}") for k, name in enumerate(traits)]
        newest += [
            named(newest_told_at(name, asking.bound), f"at_{name}")
            for name in traits
            if name in AGING
        ]
        chosen = exp.select(own("viewer"), *newest).from_(exp.to_table("told", alias=EVENT))
        return chosen.where(self._before(asking)).group_by(own("viewer"))


def _for_all_names(table: pa.Table, others: Sequence[tuple[str, str]]) -> pa.Table:
    """The table, and the rows of persons with several known ids under each of these.

    Rows of the engine are by id: each must find what is known of the person, and whose it is.
    """
    if not others:
        return table
    place = {name: k for k, name in enumerate(table.column("viewer").to_pylist())}
    mine = [(own, place[known]) for own, known in others if known in place]
    rows = table.take(pa.array([at for _, at in mine], pa.int64()))
    names = pa.array([own for own, _ in mine], table.schema.field("viewer").type)
    rows = rows.set_column(table.schema.get_field_index("viewer"), "viewer", names)
    persons = pa.array([known for _, known in others if known in place], pa.string())
    alone = table.append_column("person", pa.nulls(len(table), pa.string()))
    return pa.concat_tables([alone, rows.append_column("person", persons)])


def _documents(values: Mapping[str, pa.ChunkedArray]) -> pa.Array:
    """The JSON of each viewer's traits, from the JSON of each value."""
    told = zip(*(one.cast(pa.string()).to_pylist() for one in values.values()), strict=True)
    documents = [
        "{" + ", ".join(f'"{n}": {v}' for n, v in zip(values, row, strict=True) if v) + "}"
        for row in told
    ]
    return pa.array(documents, pa.string())


def _origins(values: Mapping[str, pa.ChunkedArray], ranks: Sequence[pa.ChunkedArray]) -> Any:
    """Of each viewer the JSON of who told which trait, where that is unusual; None: of nobody.

    What nobody told and is there has been found by us: it is inferred.
    """
    by_rank = {RANK[one]: one for one in ORIGINS}
    unusual: dict[int, dict[str, str]] = {}
    for (name, held), told in zip(values.items(), ranks, strict=True):
        is_there = held.is_valid().to_numpy()
        rank = told.fill_null(RANK["inferred"]).to_numpy()
        for at in np.flatnonzero(is_there & (rank != RANK[USUAL])).tolist():
            unusual.setdefault(at, {})[name] = by_rank[int(rank[at])]
    if not unusual:
        return None
    size = len(ranks[0])
    texts = (unusual.get(at) for at in range(size))
    return pa.array([json.dumps(one) if one else None for one in texts], pa.string())
