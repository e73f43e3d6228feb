"""Levels as conditions on one row per viewer.

What a level counts is aggregated once per selection and window (a *group*, one row per viewer that
has any), and joined to the table of viewers; the level itself is then a condition, where null is
no. So a whole segment is one query, and so is the count after each of its conditions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlglot import exp

from qianmian.errors import LimitExceeded, NotInHistory, UnknownName
from qianmian.language.ast import Node
from qianmian.language.plan import plan
from qianmian.language.relations import (
    AsOf,
    Attribute,
    Complement,
    CountWindow,
    DistinctWindow,
    Elapsed,
    FactOfRoom,
    Intersect,
    Match,
    Member,
    Relation,
    RoomWide,
    Scan,
    State,
    SumWindow,
    Union,
)
from qianmian.language.settle import settled_node
from qianmian.language.values import LIVE_LIMIT_MS
from qianmian.profiles.found import FOUND_TRAITS
from qianmian.profiles.stage import day_of
from qianmian.storage.history_reader.answers import Definitions
from qianmian.storage.history_reader.days import day_begin
from qianmian.storage.history_reader.found import offset_of
from qianmian.storage.history_reader.row_tests import (
    EVENT,
    edge_compares,
    fields_of,
    for_lines,
    has_items,
    line_passes,
    own,
    passes,
    value_compares,
)
from qianmian.storage.history_reader.terms import (
    FALSE,
    TRUE,
    Bound,
    Sql,
    among,
    at_least,
    column,
    compared,
    every,
    function,
    key_of,
    known,
    named,
    opposite,
    some,
)
from qianmian.storage.history_reader.told import (
    TRAIT_KINDS,
    newest_told_at,
    newest_trait,
    trait_value,
)
from qianmian.storage.history_reader.warm import BEFORE
from qianmian.vocabulary.consent import tag_of_trait
from qianmian.vocabulary.events import CODE_BY_NAME
from qianmian.vocabulary.registration import AGING
from qianmian.vocabulary.time import DAY_MS, format_duration

LIST_BOUND: Final = 64
"""Newest amounts that a live sum holds; the greatest threshold that is counted one by one."""
MIN_PANE_MS: Final = 100
PERSON: Final = "p"


@dataclass(frozen=True, slots=True)
class Moment:
    """The instant of a question, and the place it is asked about.

    Attributes:
        now_ms: windows end here.
        last_ms: what happened later is not counted.
        clock_ms: what came later by the clock is not known yet; None: all that is there.
        is_newest: the newest traits that are there are those of the instant.
        zone: of the shop; long windows go back over its days.
        room: number of the room whose rows are asked; None: the whole shop.
        session_starts: of each room the place at which the session that is open begins, or None.
        anything_withheld: whether anybody took a tag away.
    """

    now_ms: int
    last_ms: int
    clock_ms: int | None
    is_newest: bool
    zone: str
    room: int | None
    session_starts: Sequence[int | None]
    anything_withheld: bool = True


@dataclass(slots=True)
class Group:
    """One row per viewer: what is aggregated over some events.

    Attributes:
        source: events, or a table with a `viewer`.
    """

    name: str
    source: Sql
    where: Sql
    columns: dict[str, Sql] = field(default_factory=dict)

    def add(self, aggregate: Sql) -> Sql:
        """The column of an aggregate, as the outer query sees it."""
        key = aggregate.sql()
        for place, held in enumerate(self.columns):
            if held == key:
                return column(f"a{place}", self.name)
        self.columns[key] = aggregate
        return column(f"a{len(self.columns) - 1}", self.name)

    def query(self, only: Sql | None) -> exp.Select:
        """The subquery; `only` narrows the viewers."""
        shown = [named(one, f"a{k}") for k, one in enumerate(self.columns.values())]
        where = self.where if only is None else every([self.where, only])
        chosen = exp.select(column("viewer", EVENT), *shown, copy=False).from_(
            self.source, copy=False
        )
        return chosen.where(where, copy=False).group_by(column("viewer", EVENT), copy=False)


class Asking:
    """Turns levels into conditions of one query.

    Attributes:
        groups: what is joined to the table of viewers.
        traits: number by name of the traits that are read.
        fields: columns of events that are read.
    """

    def __init__(self, moment: Moment, definitions: Definitions, traits: Mapping[str, int]) -> None:
        self.moment = moment
        self.definitions = definitions
        self.bound = Bound()
        self.groups: dict[str, Group] = {}
        self._traits = traits
        self._path: list[tuple[str, str]] = []

    def truth(self, node: Node) -> Sql:
        """Whether a viewer is in the level; null is no.

        Raises: NotInHistory for what history cannot say; UnknownName for a definition that is not
            there; LimitExceeded for a long window that is not of whole days.
        """
        return self._truth(plan(settled_node(node, self.moment.zone)))

    def _truth(self, relation: Relation) -> Sql:
        match relation:
            case Intersect(parts):
                return every(self._truth(part) for part in parts)
            case Union(parts):
                return some(self._truth(part) for part in parts)
            case Complement(part):
                return opposite(self._truth(part))
            case CountWindow():
                return at_least(relation.cmp, relation.value, self._counts(relation.rows))
            case DistinctWindow() if relation.field != "viewer":
                reached = self._distinct(relation.rows, relation.field)
                return at_least(relation.cmp, relation.value, _reaches(reached, self.bound))
            case SumWindow():
                reached = self._sum(relation.rows, relation.field)
                return at_least(relation.cmp, relation.value, _reaches(reached, self.bound))
            case AsOf():
                return self._edge(relation)
            case Elapsed():
                last = self._group(relation.rows).add(exp.Max(this=own("event_time")))
                ago = exp.Sub(this=self.bound(self.moment.now_ms), expression=last)
                return compared(relation.cmp, ago, self.bound(relation.ms))
            case Attribute(family="trait"):
                return self._trait(relation)
            case Member():
                return self._member(relation)
        raise refusal(relation)

    # -- over events

    def _counts(self, scan: Scan) -> Callable[[int], Sql]:
        def reaches(value: int) -> Sql:
            if value <= 0:
                return TRUE.copy()
            if value > LIST_BOUND and is_short(scan.since):
                number = self._panes(scan, int(scan.since or 0)).add(exp.Count(this=exp.Star()))
            else:
                number = self._group(scan).add(exp.Count(this=exp.Star()))
            return exp.GTE(this=number, expression=self.bound(value))

        return reaches

    def _sum(self, scan: Scan, name: str) -> Sql:
        group = self._group(scan, needs=name)
        if not is_short(scan.since):
            return group.add(exp.Sum(this=own(name)))
        newest = function("arg_max", own(name), _order(), exp.Literal.number(LIST_BOUND))
        return group.add(function("list_sum", newest))

    def _distinct(self, scan: Scan, name: str) -> Sql:
        if not has_items(scan.types):
            return self._group(scan, needs=name).add(
                exp.Count(this=exp.Distinct(expressions=[own(name)]))
            )
        inside = exp.Dot(this=exp.to_identifier("line"), expression=exp.to_identifier(name))
        fitting = for_lines("list_filter", line_passes(scan.where, self.bound))
        line = exp.Lambda(this=inside, expressions=[exp.to_identifier("line")])
        of_items = function("list_transform", fitting, line)
        alone = exp.Array(expressions=[own(name)])
        has_none = exp.Is(this=own("items"), expression=exp.null())
        keys = exp.Case(ifs=[exp.If(this=has_none, true=alone)], default=of_items)
        flat = function("flatten", function("list", keys))
        return self._group(scan).add(function("list_unique", flat))

    def _edge(self, relation: AsOf) -> Sql:
        match = Match(relation.field, relation.cmp, relation.value)
        test = edge_compares(match, relation.rows.types, self.bound)
        edge = "arg_min" if relation.edge == "first" else "arg_max"
        return self._group(relation.rows).add(function(edge, known(test), _order()))

    def _group(self, scan: Scan, *, needs: str | None = None) -> Group:
        """The events of a scan in its window; only those that have a field, where it is needed."""
        key = key_of(scan, needs)
        if key not in self.groups:
            tests = [*self.selected(scan), *self._window(scan.since)]
            if needs is not None:
                tests.append(exp.not_(exp.Is(this=own(needs), expression=exp.null())))
            self._add(key, exp.to_table("event", alias=EVENT), every(tests))
        return self.groups[key]

    def _panes(self, scan: Scan, within_ms: int) -> Group:
        """The events in panes that end after the window begins, for counts above the bound."""
        key = key_of(scan, "panes")
        if key not in self.groups:
            pane_ms = max(MIN_PANE_MS, -(-within_ms // 60))
            now_ms = self.moment.now_ms
            first_pane = (now_ms - within_ms) // pane_ms * pane_ms  # ends after the window begins
            tests = [
                *self.selected(scan),
                exp.GTE(this=own("event_time"), expression=self.bound(first_pane)),
            ]
            tests.append(self._happened())
            self._add(key, exp.to_table("event", alias=EVENT), every(tests))
        return self.groups[key]

    def _add(self, key: str, source: Sql, where: Sql) -> None:
        self.groups[key] = Group(f"g{len(self.groups)}", source, where)

    def selected(self, scan: Scan) -> Iterator[Sql]:
        """The tests of a scan but for its window, on the table `event` as e."""
        codes = [exp.Literal.number(CODE_BY_NAME[name]) for name in scan.types]
        yield (
            among(own("type"), codes)
            if len(codes) > 1
            else exp.EQ(this=own("type"), expression=codes[0])
        )
        if scan.where is not None:
            yield passes(scan.where, scan.types, self.bound)
        yield from self._arrived()
        if self.moment.room is not None:
            here = exp.EQ(this=own("room"), expression=self.bound(self.moment.room))
            yield exp.or_(here, exp.Is(this=own("room"), expression=exp.null()))

    def _window(self, since: int | str | None) -> Iterator[Sql]:
        now_ms = self.moment.now_ms
        yield self._happened()
        if since == "session":
            yield self._in_session()
        elif since == "visit":
            raise NotInHistory(
                "history does not know the present visit of a viewer; write this session, or a "
                "window such as within 30m",
                reason="visit",
            )
        elif isinstance(since, int) and is_short(since):
            yield exp.GT(this=own("event_time"), expression=self.bound(now_ms - since))
        elif isinstance(since, int):
            if since % DAY_MS:
                raise LimitExceeded(
                    f"a window of {format_duration(since)} is not of whole days; write for example"
                    " within 30d"
                )
            begin = day_begin(now_ms, self.moment.zone, days_before=since // DAY_MS)
            yield exp.GTE(this=own("event_time"), expression=self.bound(begin))

    def _happened(self) -> Sql:
        return exp.LTE(this=own("event_time"), expression=self.bound(self.moment.last_ms))

    def _arrived(self) -> Iterator[Sql]:
        if self.moment.clock_ms is not None:
            yield exp.LTE(this=own("clock"), expression=self.bound(self.moment.clock_ms))

    def _in_session(self) -> Sql:
        """Events since the session that is open in their room began; roomless ones since any."""
        starts = list(self.moment.session_starts)
        if self.moment.room is not None:
            starts = [one if k == self.moment.room else None for k, one in enumerate(starts)]
        open_since = [one for one in starts if one is not None]
        if not open_since:
            return FALSE.copy()
        place = exp.Add(this=own("room"), expression=exp.Literal.number(1))
        of_room = function("list_extract", self.bound(starts), place)
        start = exp.Case(
            ifs=[
                exp.If(
                    this=exp.Is(this=own("room"), expression=exp.null()),
                    true=self.bound(min(open_since)),
                )
            ],
            default=of_room,
        )
        return exp.GTE(this=_place(), expression=start)

    # -- what is kept of a viewer

    def _trait(self, relation: Attribute) -> Sql:
        one = relation.value[0] if isinstance(relation.value, tuple) else relation.value
        kind = trait_kind(one)
        held = self._told_value(relation.name, kind)
        if relation.name in FOUND_TRAITS and kind == "text":
            is_told = some(known_of(self._told_value(relation.name, each)) for each in TRAIT_KINDS)
            found = self._found().add(function("any_value", own(relation.name)))
            held = exp.Case(ifs=[exp.If(this=is_told, true=held)], default=found)
        holds = value_compares(held, relation.cmp, relation.value, self.bound)
        tag = tag_of_trait(relation.name)
        return holds if tag is None else self.unless_withheld(holds, tag)

    def unless_withheld(self, truth: Sql, level: str) -> Sql:
        """False for who took this tag away, or the one whose value it is."""
        if not self.moment.anything_withheld:
            return truth
        return every([truth, opposite(self._is_withheld(level))])

    def _is_withheld(self, level: str) -> Sql:
        key = key_of("withheld", level)
        if key not in self.groups:
            begins = exp.DPipe(this=own("tag"), expression=exp.Literal.string("_"))
            is_value = function("starts_with", self.bound(level), begins)
            is_tag = exp.EQ(this=own("tag"), expression=self.bound(level))
            self._add(key, exp.to_table("withheld", alias=EVENT), some([is_tag, is_value]))
        return known_of(self.groups[key].add(exp.Count(this=exp.Star())))

    def _told_value(self, name: str, kind: str) -> Sql:
        """The newest value that was told of a trait, null where it is of another type."""
        if name in AGING and kind == "number":
            return self._aged(name)
        if self.moment.is_newest:
            return column(f"t{self._traits[name]}_{kind}", PERSON)
        return self._told().add(trait_value(newest_trait(name, self.bound), kind))

    def _aged(self, name: str) -> Sql:
        """The newest number of days that was told, as of the instant: `registration.aged` in SQL.

        It is of the day on which it was told, so the table of viewers cannot hold it.
        """
        days = self._told().add(trait_value(newest_trait(name, self.bound), "number"))
        told_at = self._told().add(newest_told_at(name, self.bound))
        offset_ms = offset_of(self.moment.zone, self.moment.now_ms)
        day = exp.IntDiv(
            this=exp.paren(exp.Add(this=told_at, expression=self.bound(offset_ms))),
            expression=exp.Literal.number(DAY_MS),
        )
        today = self.bound(day_of(self.moment.now_ms, offset_ms))
        return exp.Add(this=days, expression=exp.paren(exp.Sub(this=today, expression=day)))

    def _found(self) -> Group:
        """What profiles say as of the day: see `found.py`."""
        key = key_of("found")
        if key not in self.groups:
            self._add(key, exp.to_table("found", alias=EVENT), TRUE.copy())
        return self.groups[key]

    def _told(self) -> Group:
        key = key_of("told")
        if key not in self.groups:
            source = exp.to_table("told", alias=EVENT)
            self._add(key, source, every([self._happened(), *self._arrived()]))
        return self.groups[key]

    def _member(self, member: Member) -> Sql:
        named_ = (member.family, member.key)
        if member.family == "list":
            if member.key not in self.definitions.lists:
                raise UnknownName.of("list", member.key, self.definitions.lists)
            return self._listed(member.key)
        if named_ not in self.definitions.levels:
            keys = [key for family, key in self.definitions.levels if family == member.family]
            raise UnknownName.of(member.family, member.key, keys)
        if named_ in self._path:
            circle = [key for _, key in [*self._path[self._path.index(named_) :], named_]]
            raise LimitExceeded(
                f"definitions name each other in a circle: {' → '.join(circle)}; take one out"
            )
        self._path.append(named_)
        try:
            truth = self.truth(self.definitions.levels[named_])
            return truth if member.family != "tag" else self.unless_withheld(truth, member.key)
        finally:
            self._path.pop()

    def _listed(self, key: str) -> Sql:
        name = key_of("list", key)
        if name not in self.groups:
            source = exp.to_table("listed", alias=EVENT)
            self._add(name, source, exp.EQ(this=own("list"), expression=self.bound(key)))
        held = self.groups[name].add(exp.Count(this=exp.Star()))
        return exp.not_(exp.Is(this=held, expression=exp.null()))

    # -- the query

    def people(self, shown: Sequence[Sql], only: Sequence[int] | None = None) -> exp.Select:
        """Columns over the table of viewers with all groups joined; `only` these viewers."""
        query = exp.select(*shown, copy=False)
        query.from_(exp.to_table("person", alias=PERSON), copy=False)
        if self.moment.room is not None:
            query.where(self._was_here(), copy=False)
        few = None
        if only is not None:
            few = among(column("viewer", EVENT), [exp.Literal.number(one) for one in only])
            ids = among(column("id", PERSON), [exp.Literal.number(one) for one in only])
            query.where(ids, copy=False)
        for group in self.groups.values():
            on = exp.EQ(this=column("viewer", group.name), expression=column("id", PERSON))
            joined = group.query(few).subquery(group.name, copy=False)
            query.join(joined, on=on, join_type="left", copy=False)
        if self.moment.clock_ms is not None:
            here = exp.LTE(
                this=column("first_clock", PERSON), expression=self.bound(self.moment.clock_ms)
            )
            query.where(here, copy=False)
        return query

    def _was_here(self) -> Sql:
        """Whether a viewer did anything in the room that is asked about."""
        key = key_of("here")
        if key not in self.groups:
            here = exp.EQ(this=own("room"), expression=self.bound(self.moment.room))
            arrived = [exp.LTE(this=own("clock"), expression=self.bound(self.moment.now_ms))]
            self._add(key, exp.to_table("event", alias=EVENT), every([here, *arrived]))
        held = self.groups[key].add(exp.Count(this=exp.Star()))
        return exp.not_(exp.Is(this=held, expression=exp.null()))


def is_short(since: int | str | None) -> bool:
    """Whether it is a window that the engine keeps live."""
    return isinstance(since, int) and since <= LIVE_LIMIT_MS


def _order() -> Sql:
    return exp.Tuple(expressions=[own("event_time"), own("ord")])


def _place() -> Sql:
    """The place in the log, without the mark of what a link brought."""
    mark = exp.If(
        this=exp.LT(this=own("ord"), expression=exp.Literal.number(0)),
        true=exp.Add(this=own("ord"), expression=exp.Literal.number(BEFORE)),
    )
    return exp.Case(ifs=[mark], default=own("ord"))


def _reaches(number: Sql, bound: Bound) -> Callable[[int], Sql]:
    def reaches(value: int) -> Sql:
        if value <= 0:
            return TRUE.copy()
        return exp.GTE(this=number.copy(), expression=bound(value))

    return reaches


def known_of(value: Sql) -> Sql:
    """Whether a value is known."""
    return exp.not_(exp.Is(this=value, expression=exp.null()))


def trait_kind(value: object) -> str:
    """Which column of a trait holds values of this type."""
    if isinstance(value, bool):
        return "truth"
    return "text" if isinstance(value, str) else "number"


def refusal(relation: Relation) -> NotInHistory:
    """Why history cannot say this, and what to write instead."""
    match relation:
        case State() | FactOfRoom() | RoomWide():
            reason, what = "state", "what a viewer or a room is doing at this instant"
            hint = "put it into the moment or the strategy, beside the segment"
        case Attribute():
            reason, what = "score", "scores"
            hint = "they come with facts; ask the live engine"
        case _:
            reason, what = "other", f'the question "{type(relation).__name__}"'
            hint = "ask for counts, sums, traits or the time since an event"
    return NotInHistory(f"history does not know {what}; {hint}", reason=reason)


def reads(relation: Relation, definitions: Definitions) -> tuple[set[str], set[str]]:
    """The columns of events and the traits that a level reads, also through definitions it names.

    Cost: each definition once.
    """
    columns: set[str] = set()
    traits: set[str] = set()
    seen: set[tuple[str, str]] = set()
    waiting = [relation]
    while waiting:
        one = waiting.pop()
        match one:
            case Attribute(family="trait"):
                traits.add(one.name)
            case Member():
                named_ = (one.family, one.key)
                if named_ in definitions.levels and named_ not in seen:
                    seen.add(named_)
                    waiting.append(plan(definitions.levels[named_]))
            case Scan():
                columns |= fields_of(one.where)
                if has_items(one.types):
                    columns.add("items")
            case AsOf():
                columns |= fields_of(Match(one.field, one.cmp, one.value))
            case SumWindow() | DistinctWindow():
                columns.add(one.field)
        waiting += _below(one)
    return columns - {"viewer"}, traits


def _below(relation: Relation) -> Iterator[Relation]:
    for name in relation.__dataclass_fields__:
        held = getattr(relation, name)
        yield from (
            one
            for one in (held if isinstance(held, tuple) else (held,))
            if isinstance(one, Relation)
        )
