"""Random well-typed expressions and definitions, for property and differential tests.

Everything drawn is normalized and passes `language.types.check` (definitions: `check_definition`).
With `short`, durations are a few seconds, so that random logs of a minute hit their edges. With
`attributes=False` nothing asks for traits, tags, scores or segments; with `rooms=False` nothing
reads a fact of the room or counts distinct viewers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from hypothesis import strategies as st

from qianmian.language.ast import (
    COMPARISONS,
    SCOPES,
    And,
    Count,
    Distinct,
    Field,
    First,
    Happened,
    Hidden,
    Hour,
    Idle,
    InList,
    InRoom,
    InSegment,
    Last,
    Node,
    Not,
    Number,
    Or,
    PreviousVisit,
    RoomFact,
    Score,
    Select,
    Sum,
    Tag,
    TagNumber,
    Then,
    TimeSince,
    Trait,
    Viewing,
    VisitStarted,
    Without,
)
from qianmian.language.definition import Definition
from qianmian.language.names import ROOM_EVENTS
from qianmian.language.normalize import normalize
from qianmian.language.rows import Row
from qianmian.vocabulary.events import CODE_BY_NAME
from qianmian.vocabulary.time import DAY_MS

EVENTS = (
    "room_entered",
    "product_viewed",
    "product_clicked",
    "cart_added",
    "order_created",
    "order_paid",
    "comment_sent",
    "liked",
)
"""Few types, so that random logs of the same types match often."""

OF_ROOM = ("promo_started",)
"""Events of the room: a sequence may begin with them, and guards look back at them."""

NAMES = ("vip", "price_sensitive", "churn", "within", "product", "\u65b0\u5ba2")
WORDS = ("p1", "p2", "cream", "tier 1", "true", 'a"b\\c', "\u62a4\u80a4", "", "and", "3d")
ORDERINGS = (">=", "<=", ">", "<")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What may be drawn."""

    short: bool = False
    attributes: bool = True
    rooms: bool = True
    all_events: bool = False
    looks_back: bool = True


@cache
def spans(wanted: Wanted) -> st.SearchStrategy[int]:
    """Durations in ms."""
    if wanted.short:
        return st.sampled_from((1_000, 2_000, 3_000, 5_000, 8_000, 13_000))
    days = st.integers(1, 366).map(lambda days: days * DAY_MS)
    return st.one_of(st.sampled_from((1_000, 60_000, 90_000)), st.integers(1, 7 * DAY_MS), days)


@cache
def windows(wanted: Wanted) -> st.SearchStrategy[int | str]:
    """Durations and scopes."""
    return st.one_of(spans(wanted), st.sampled_from(SCOPES))


@cache
def strings() -> st.SearchStrategy[str]:
    """Values of string fields, some of them awkward."""
    printable = st.characters(exclude_categories=("Cc", "Cs"))
    return st.one_of(st.sampled_from(WORDS), st.text(printable, max_size=20))


@cache
def amounts() -> st.SearchStrategy[int]:
    """Amounts in minor units."""
    return st.one_of(st.sampled_from((0, 1, 100, 9_990, 50_000)), st.integers(0, 2**53 - 1))


@cache
def fields() -> st.SearchStrategy[Field | Hour]:
    """One predicate on a field that every event may have, or on its time of day."""
    text = st.sampled_from(("product", "category", "brand", "page"))
    tests = ("==", "!=", "contains", "starts_with")
    return st.one_of(
        st.builds(Field, text, st.sampled_from(tests), strings()),
        st.builds(
            Field, text, st.just("in"), st.lists(strings(), min_size=1, max_size=3).map(tuple)
        ),
        st.builds(Field, st.just("amount"), st.sampled_from(COMPARISONS), amounts()),
        st.builds(Field, st.just("quantity"), st.sampled_from(COMPARISONS), st.integers(-2, 9)),
        st.builds(Field, st.just("class"), st.just("has"), st.sampled_from(("doubt", "price"))),
        hours(),
    )


@cache
def hours() -> st.SearchStrategy[Hour]:
    """Times of day on clocks of which one goes over to summer time; also over midnight."""
    minutes = st.integers(0, 1_439).map(lambda minutes: minutes * 60_000)
    times = st.one_of(st.sampled_from((0, 8 * 3_600_000, 23 * 3_600_000)), minutes)
    zones = st.sampled_from(("", "Asia/Shanghai", "Europe/Berlin", "UTC"))
    pairs = st.tuples(times, times).filter(lambda pair: pair[0] != pair[1])
    return st.builds(lambda pair, zone: Hour(pair[0], pair[1], zone), pairs, zones)


@cache
def predicates() -> st.SearchStrategy[Node]:
    """Predicates joined by and, or, not."""
    return st.recursive(
        fields(),
        lambda inner: st.one_of(
            st.lists(inner, min_size=2, max_size=3).map(lambda parts: And(tuple(parts))),
            st.lists(inner, min_size=2, max_size=3).map(lambda parts: Or(tuple(parts))),
            inner.map(Not),
        ),
        max_leaves=4,
    )


@cache
def selects(wanted: Wanted) -> st.SearchStrategy[Select]:
    """Events, sometimes with a `where`."""
    names = tuple(set(CODE_BY_NAME) - ROOM_EVENTS) if wanted.all_events else EVENTS
    types = st.lists(st.sampled_from(sorted(names)), min_size=1, max_size=3).map(tuple)
    where = st.one_of(st.none(), st.none(), predicates())
    return st.builds(Select, types, where)


@cache
def beginnings(wanted: Wanted) -> st.SearchStrategy[Select]:
    """What a sequence may begin with: events of the viewer, or of the room."""
    names = tuple(ROOM_EVENTS) if wanted.all_events else OF_ROOM
    types = st.lists(st.sampled_from(sorted(names)), min_size=1, max_size=3).map(tuple)
    return st.one_of(selects(wanted), st.builds(Select, types))


@cache
def counted_levels(wanted: Wanted) -> st.SearchStrategy[Node]:
    """Levels over lists of events."""
    of, within = selects(wanted), windows(wanted)
    some = st.integers(1, 5) if wanted.short else st.integers(1, 63)
    cmp, keys = st.sampled_from(COMPARISONS), st.sampled_from(("product", "category"))
    edges = st.one_of(
        st.tuples(keys, st.sampled_from(("==", "!=")), strings()),
        st.tuples(st.just("amount"), cmp, amounts()),
        st.tuples(st.just("quantity"), cmp, st.integers(-2, 9)),
    )
    return st.one_of(
        st.builds(Count, of, within, cmp, some),
        st.builds(Count, of, st.sampled_from(SCOPES), st.just(">="), st.just(1)),
        st.builds(Distinct, of, keys, within, cmp, some),
        st.builds(Sum, of, st.just("amount"), within, st.sampled_from(ORDERINGS), amounts()),
        st.builds(lambda of, edge: First(of, *edge), of, edges),
        st.builds(lambda of, edge: Last(of, *edge), of, edges),
        st.builds(TimeSince, of, st.sampled_from(ORDERINGS), spans(wanted)),
    )


@cache
def state_levels(wanted: Wanted) -> st.SearchStrategy[Node]:
    """Levels of presence."""
    span = spans(wanted)
    without = st.one_of(st.none(), selects(wanted))
    return st.one_of(
        st.builds(Idle, span, st.booleans()),
        st.builds(Hidden, span),
        st.builds(InRoom, span),
        st.builds(PreviousVisit, st.one_of(st.none(), span)),
        st.builds(Viewing, span, without, st.none(), st.sampled_from((0, 5_000))),
    )


@cache
def attribute_levels() -> st.SearchStrategy[Node]:
    """Levels that are stored with the viewer."""
    name = st.sampled_from(NAMES)
    numbers = st.one_of(st.integers(-9, 99), st.floats(-9, 99))
    several = st.lists(strings(), min_size=1, max_size=3).map(tuple)
    return st.one_of(
        st.builds(Tag, name),
        st.builds(TagNumber, name, st.sampled_from(COMPARISONS), numbers),
        st.builds(TagNumber, name, st.sampled_from(COMPARISONS), amounts(), st.just(True)),
        st.builds(InSegment, name),
        st.builds(InList, name),
        st.builds(Score, name, st.sampled_from(COMPARISONS), st.floats(0, 1)),
        st.builds(Trait, name, st.sampled_from(("==", "!=", "contains", "starts_with")), strings()),
        st.builds(Trait, name, st.sampled_from(COMPARISONS), numbers),
        st.builds(Trait, name, st.just("in"), several),
        st.builds(Trait, name, st.just("=="), st.booleans()),
    )


@cache
def room_facts(*, has_key: bool) -> st.SearchStrategy[Node]:
    """Facts of the room, compared with the key too where there is one."""
    equal = st.sampled_from(("==", "!="))
    fixed = st.one_of(
        st.builds(RoomFact, st.just("stage"), equal, strings()),
        st.builds(RoomFact, st.just("online"), st.sampled_from(COMPARISONS), st.integers(0, 9_999)),
        st.builds(RoomFact, st.just("gmv"), st.sampled_from(COMPARISONS), amounts()),
        st.builds(RoomFact, st.just("presenting"), equal, strings()),
    )
    keyed = st.builds(RoomFact, st.just("presenting"), equal, st.none())
    return st.one_of(fixed, keyed) if has_key else fixed


@cache
def looks_back(wanted: Wanted, key: str | None) -> st.SearchStrategy[Node]:
    """Guards over events of the room, for the key too where there is one."""
    names = tuple(ROOM_EVENTS) if wanted.all_events else OF_ROOM
    types = st.lists(st.sampled_from(sorted(names)), min_size=1, max_size=3).map(tuple)
    of = st.builds(Select, types, st.one_of(st.none(), st.none(), predicates()))
    live = spans(wanted).filter(lambda ms: ms <= 7 * DAY_MS)
    within = st.one_of(live, st.sampled_from(SCOPES))
    some = st.integers(1, 4) if wanted.short else st.integers(1, 63)
    cmp, fields_ = st.sampled_from(COMPARISONS), st.sampled_from(("product", "category"))
    edge = st.tuples(fields_, st.sampled_from(("==", "!=")), strings())
    fixed = st.one_of(
        st.builds(Count, of, within, cmp, some),
        st.builds(Distinct, of, fields_, within, cmp, some),
        st.builds(TimeSince, of, st.sampled_from(ORDERINGS), spans(wanted)),
        st.builds(lambda of, edge: First(of, *edge), of, edge),
        st.builds(lambda of, edge: Last(of, *edge), of, edge),
    )
    return st.one_of(fixed, st.builds(Count, of, within, cmp, some, st.just(key)))


def room_guards(*, short: bool = False) -> st.SearchStrategy[Node]:
    """Guards over events of the room, of any key."""
    wanted = Wanted(short)
    return st.one_of([looks_back(wanted, key) for key in (None, "product", "category")])


@cache
def levels(wanted: Wanted) -> st.SearchStrategy[Node]:
    """Levels without a key, joined by and, or, not."""
    leaves = st.one_of(counted_levels(wanted), state_levels(wanted))
    if wanted.attributes:
        leaves = st.one_of(leaves, attribute_levels())
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, min_size=2, max_size=3).map(lambda parts: And(tuple(parts))),
            st.lists(inner, min_size=2, max_size=3).map(lambda parts: Or(tuple(parts))),
            inner.map(Not),
        ),
        max_leaves=4,
    )


@cache
def pulses(wanted: Wanted, key: str | None) -> st.SearchStrategy[Node]:
    """Pulses of one key, some joined by or."""
    of, span = selects(wanted), spans(wanted)
    some = st.integers(1, 5)
    same = st.just(key)
    lone = same if key else st.sampled_from((None, "visit"))
    found = [
        st.builds(Happened, of, same),
        st.builds(Then, beginnings(wanted), of, span, lone),
        st.builds(Without, of, of, span, lone, st.sampled_from((0, 5_000))),
    ]
    if key is None:
        found.append(st.just(VisitStarted()))
    else:
        more = st.sampled_from((">=", ">"))
        found.append(st.builds(Count, of, windows(wanted), more, some, same))
        if key == "category":
            product = st.just("product")
            found.append(st.builds(Distinct, of, product, windows(wanted), more, some, same))
    one = st.one_of(found)
    several = st.lists(one, min_size=2, max_size=3).map(lambda parts: Or(tuple(parts)))
    return st.one_of(one, one, several)


def joined_pairs() -> st.SearchStrategy[Then | Without]:
    """Sequences and absences of a few seconds, of any correlation, that random logs often meet."""
    types = st.lists(st.sampled_from(EVENTS), min_size=1, max_size=6, unique=True).map(tuple)
    where = st.sampled_from((None, None, Field("category", "==", "cream")))
    of = st.builds(Select, types, where)
    first = st.one_of(of, of, st.just(Select(OF_ROOM)))
    span = spans(Wanted(short=True))
    same = st.sampled_from((None, "product", "category", "visit"))
    return st.one_of(
        st.builds(Then, first, of, span, same),
        st.builds(Without, of, of, span, same, st.sampled_from((0, 5_000))),
    )


@cache
def views(wanted: Wanted) -> st.SearchStrategy[Viewing]:
    """Page views with the product as key."""
    without, waits = st.one_of(st.none(), selects(wanted)), st.sampled_from((0, 5_000))
    return st.builds(Viewing, spans(wanted), without, st.just("product"), waits)


@cache
def some_levels(wanted: Wanted) -> st.SearchStrategy[list[Node]]:
    """Up to two levels."""
    return st.lists(levels(wanted), max_size=2)


@cache
def some_facts(*, has_key: bool) -> st.SearchStrategy[list[Node]]:
    """At most one fact of the room, or its opposite."""
    facts = room_facts(has_key=has_key)
    return st.lists(st.one_of(facts, facts.map(Not)), max_size=1)


@st.composite
def guarded(draw: st.DrawFn, wanted: Wanted, key: str | None, *, is_view: bool) -> Node:
    """A pulse or a page view, alone or with guards."""
    firing = draw(views(wanted)) if is_view else draw(pulses(wanted, key))
    guards = draw(some_levels(wanted))
    if wanted.rooms:
        guards += draw(some_facts(has_key=key is not None))
    if wanted.looks_back:
        back = looks_back(wanted, key)
        guards += draw(st.lists(st.one_of(back, back.map(Not)), max_size=1))
    if not guards:
        return firing
    guards.insert(draw(st.integers(0, len(guards))), firing)
    return And(tuple(guards))


@cache
def room_moments(wanted: Wanted) -> st.SearchStrategy[Node]:
    """Counts of distinct viewers."""
    more, some = st.sampled_from((">=", ">")), st.integers(1, 5)
    same = st.sampled_from((None, "product", "category"))
    return st.builds(
        Distinct, selects(wanted), st.just("viewer"), windows(wanted), more, some, same
    )


@cache
def numbers(wanted: Wanted) -> st.SearchStrategy[Node]:
    """What a tag is whose value is a number."""
    of, within = selects(wanted), windows(wanted)
    least, one = st.just(">="), st.just(1)
    found: list[st.SearchStrategy[Node]] = [
        st.builds(Count, of, within, least, one),
        st.builds(Distinct, of, st.sampled_from(("product", "category")), within, least, one),
        st.builds(Sum, of, st.just("amount"), within, least, one),
        st.builds(Trait, st.sampled_from(NAMES), least, st.just(0)),
        st.builds(Score, st.sampled_from(NAMES), least, st.just(0.0)),
    ]
    return st.builds(Number, st.one_of(found))


@cache
def moments(wanted: Wanted) -> st.SearchStrategy[Node]:
    """Any expression that may be a moment."""
    found = [
        levels(wanted),
        guarded(wanted, None, is_view=False),
        guarded(wanted, "product", is_view=False),
        guarded(wanted, "category", is_view=False),
        guarded(wanted, "product", is_view=True),
    ]
    if wanted.rooms:
        found.append(room_moments(wanted))
    return st.one_of(found)


def expressions(
    *,
    short: bool = False,
    attributes: bool = True,
    rooms: bool = True,
    all_events: bool = False,
    only: str = "",
) -> st.SearchStrategy[Node]:
    """Normalized, well-typed expressions of every kind; `only="level"` gives unkeyed levels."""
    wanted = Wanted(short, attributes, rooms, all_events)
    drawn = levels(wanted) if only == "level" else moments(wanted)
    return drawn.map(normalize)


def definitions(
    *, short: bool = False, attributes: bool = True, rooms: bool = True
) -> st.SearchStrategy[Definition]:
    """Checked definitions of every kind."""
    wanted = Wanted(short, attributes, rooms)
    key, version = st.from_regex(r"[a-z][a-z_]{0,8}", fullmatch=True), st.integers(1, 9)
    again = st.one_of(st.none(), spans(wanted))
    moment = moments(wanted).map(normalize)
    level = levels(wanted).map(normalize)
    number = numbers(wanted).map(normalize)
    return st.one_of(
        st.builds(Definition, key, st.just("tag"), number, st.none(), version),
        st.builds(Definition, key, st.just("moment"), moment, again, version),
        st.builds(Definition, key, st.sampled_from(("tag", "segment")), level, st.none(), version),
    )


@cache
def viewer_rows() -> st.SearchStrategy[list[Row]]:
    """Applied rows of one viewer within some seconds; some arrive out of order."""
    one = st.tuples(
        st.sampled_from((*EVENTS, *OF_ROOM, "product_left", "room_left", "heartbeat")),
        st.integers(0, 3_000),
        st.one_of(st.just(0), st.integers(0, 4_000)),
        st.sampled_from(((), ("p1",), ("p2",), ("p1", "p2"))),
        st.sampled_from(("cream", "phone")),
        st.one_of(st.none(), st.sampled_from((100, 9_990, 50_000))),
        st.sampled_from(({}, {"visible": False}, {"visible": True}, {"idle_ms": 1_500})),
    )
    return st.lists(one, max_size=14).map(_rows_of)


_SEVERAL = ("order_created", "order_paid")
"""Only orders have several items."""


def _rows_of(drawn: list[tuple[Any, ...]]) -> list[Row]:
    rows, clock = [], 100_000
    for order, (type_, step, delay, products, category, amount, extra) in enumerate(drawn):
        clock += step
        fields: dict[str, Any] = {"amount": amount} if amount is not None else {}
        fields |= extra if type_ == "heartbeat" else {}
        fields |= {"class": ("doubt",)} if type_ == "comment_sent" else {}
        held = products if type_ in _SEVERAL else products[:1]
        categories = (category,) * max(1, len(held))
        rows.append(Row(f"m{order}", clock - delay, order, clock, type_, held, categories, fields))
    return rows
