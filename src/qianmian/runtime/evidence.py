"""Why a firing happened: the ids of the events that made it, from the rows that had been applied.

The engine keeps no ids; an explanation looks at the log again, for one firing at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from qianmian.columns.facts import ViewerFacts
from qianmian.engine.room_facts import RoomFact
from qianmian.language.ast import Distinct, InSegment, Node, Tag, Without, walk
from qianmian.language.definition import Definition
from qianmian.language.explain import because
from qianmian.language.rows import Known, is_selected, keys_of
from qianmian.language.rows import Row as Applied
from qianmian.language.snapshot import at_instant
from qianmian.language.truth import truth_of
from qianmian.learning.danmaku import CLASSES
from qianmian.vocabulary.events import event_type
from qianmian.vocabulary.firing import Firing
from qianmian.vocabulary.ids import anonymous, is_anonymous
from qianmian.vocabulary.product import Product

Row = Mapping[str, Any]

DEFAULT_LATENESS_MS = 5_000


class Past(Protocol):
    """What an explanation reads of a build of facts."""

    @property
    def boundary_ms(self) -> int:
        """The day boundary up to which they go, ms UTC."""

    @property
    def columns(self) -> Iterable[str]:
        """The columns that they carry."""

    def of(self, viewer: str) -> ViewerFacts | None:
        """What they say of a viewer."""


_OWN_FIELDS = frozenset(
    "message_id event_time clock type product category items classes traits rank".split()
)


class Explainer:
    """Finds the evidence of firings of one source.

    Args:
        products: the catalog, which gives products their category where events do not.
        presence: whether silence means leaving.
        lateness_ms: as of the engine.
    """

    def __init__(
        self,
        *,
        products: Iterable[Product] = (),
        presence: bool = True,
        lateness_ms: int = DEFAULT_LATENESS_MS,
    ) -> None:
        self._category_by_product = {p.id: p.narrowest_category for p in products}
        self._presence = presence
        self._lateness_ms = lateness_ms

    def counted(self, rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """Rows of one viewer and their room as the engine counts them: once, and not when late."""
        found: list[dict[str, Any]] = []
        seen: set[tuple[object, ...]] = set()
        for row in rows:
            name = row.get("message_id")
            key = (row.get("viewer"), row.get("anonymous_id"), row.get("room"), name)
            is_late = self._place(row) < int(row["clock"]) - self._lateness_ms
            if not is_late and (not name or key not in seen):
                found.append(row)
            seen.add(key)
        return found

    def evidence(
        self,
        firing: Firing,
        definitions: Mapping[str, Definition],
        rows: Sequence[Row],
        *,
        counted_from: int = 0,
        facts: Past | None = None,
        room_facts: Sequence[RoomFact] = (),
    ) -> tuple[str, ...]:
        """Ids of the events that made the firing, ascending.

        Args:
            firing: what fired.
            definitions: the active ones by key; tags and segments that it names are among them.
            rows: applied rows in the order of their application, at least those of its viewer, of
                who was linked to them, and of its room, up to its instant.
            counted_from: clock of the edit since which the definition counts.
            facts: the build in force at its instant.
            room_facts: numbers of rooms, in the order of their seconds.
        """
        definition = definitions[firing.moment]
        applied, known = self.seen(
            firing,
            definitions,
            rows,
            counted_from=counted_from,
            facts=facts,
            room_facts=room_facts,
        )
        found = because(definition, applied, firing.at, firing.key, known)
        if not found and firing.key is not None:  # an instant without a key took that of a view
            found = because(definition, applied, firing.at, None, known)
        if not found:
            found = _armed(definition.expr, applied, firing)
        return tuple(name for name in found if name)  # an event may come without an id

    def seen(
        self,
        firing: Firing,
        definitions: Mapping[str, Definition],
        rows: Sequence[Row],
        *,
        counted_from: int = 0,
        facts: Past | None = None,
        room_facts: Sequence[RoomFact] = (),
    ) -> tuple[list[Applied], Known]:
        """The rows as they were applied up to the instant of a firing, and what was known then.

        Arguments as of `evidence`. Of tags and segments only those that the definition names,
        themselves or through others, are among what was known.
        """
        definition = definitions[firing.moment]
        arrived = [row for row in rows if row["clock"] <= firing.at]
        is_of_room = _counts_viewers(definition.expr)
        own = arrived if is_of_room else list(_of(firing, arrived))
        own = list(_with_ends(_ranked(own), firing))
        applied = _of_session(self._in_room(own, firing.room, counted_from))
        known = self._known(own, applied, definitions, firing, facts)
        numbers = {
            one.name: one.value
            for one in room_facts
            if one.room == firing.room and one.second < firing.at
        }
        known = replace(known, facts={**known.facts, **numbers})
        return list(_kept_in_room(applied, counted_from)), known

    def _in_room(self, rows: Sequence[Row], room: str, counted_from: int) -> Iterator[Applied]:
        """The rows as they were applied to the row of the viewer in this room."""
        presenting: Row = {}
        streams: set[object] = set()
        for place, row in enumerate(rows):
            if row.get("room") not in (None, room):
                if row["type"] == "room_entered" and row.get("stream") in streams:
                    yield self._applied({**row, "type": "room_left", "message_id": ""}, place)
                continue
            streams |= {row["stream"]} if row.get("stream") is not None else set()
            if row["type"] == "product_presented":
                presenting = row
            elif row["type"] == "product_withdrawn" and presenting:
                presenting = {} if presenting.get("product") == row.get("product") else presenting
            elif row["type"] == "session_ended":
                presenting = {}
            elif _is_about_presented(row) and presenting and row["clock"] >= counted_from:
                about = {n: presenting[n] for n in ("product", "category") if n in presenting}
                yield self._applied({**row, **about}, place)
                continue
            applied = self._applied(row, place)
            yield _remembered(applied) if row["clock"] < counted_from else applied

    def _order(self, row: Row) -> tuple[int, int]:
        """Place of a profile event among others; they are never late for the engine."""
        return self._place(row), int(row.get("rank", 0))

    def _applied(self, row: Row, place: int) -> Applied:
        products, categories = self._products(row)
        fields: dict[str, Any] = {k: v for k, v in row.items() if k not in _OWN_FIELDS}
        mask = row.get("classes", 0)
        fields["class"] = tuple(name for name, bit in CLASSES.items() if mask >> bit & 1)
        if "visible" in fields:
            fields["visible"] = bool(fields["visible"])
        return Applied(
            message_id=str(row.get("message_id", "")),
            event_time=self._place(row),
            arrival_order=place,
            clock=int(row["clock"]),
            type=row["type"],
            products=products,
            categories=categories,
            fields=fields,
            rank=int(row.get("rank", 0)),
        )

    def _place(self, row: Row) -> int:
        """Its event time; what is never late takes the watermark's place when it comes after it."""
        event_time = int(row.get("event_time", row["clock"]))
        if not event_type(row["type"]).never_late:
            return event_time
        return max(event_time, int(row["clock"]) - self._lateness_ms)

    def _products(self, row: Row) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Products, each once, and their categories beside them ("" where unknown)."""
        lines = [*(row.get("items") or ())]
        if row.get("product") is not None:
            lines.insert(0, row)
        category_by_product: dict[str, str | None] = {}
        for line in lines:
            product = line["product"]
            known = line.get("category") or self._category_by_product.get(product)
            category_by_product[product] = category_by_product.get(product) or known
        if not category_by_product:
            return (), (row["category"],) if row.get("category") else ()
        categories = tuple(category or "" for category in category_by_product.values())
        return tuple(category_by_product), categories if any(categories) else ()

    def _known(
        self,
        rows: Sequence[Row],
        applied: Sequence[Applied],
        definitions: Mapping[str, Definition],
        firing: Firing,
        facts: Past | None,
    ) -> Known:
        past = _past(facts, firing.viewer)
        traits: dict[str, Any] = {}
        for row in sorted(_told(rows, firing.room), key=self._order):
            traits |= row.get("traits") or {}
            if facts is not None and self._place(row) < facts.boundary_ms:
                traits |= past.traits
        elsewhere = [r for r in rows if r.get("room") not in (None, firing.room) and _viewer(r)]
        known = Known(
            traits={**past.traits, **traits},
            scores=past.scores,
            segments=past.segments,
            boundary=None if facts is None else facts.boundary_ms,
            days_by_column={
                name: past.days_by_column.get(name, {})
                for name in (() if facts is None else facts.columns)
            },
            facts=_facts(applied),
            presence_none=not self._presence,
            previous_visit_end=max(
                (r.get("event_time", r["clock"]) for r in elsewhere), default=past.last_seen
            ),
        )
        snapshot = at_instant(applied, firing.at, known)
        for one in named_below(definitions[firing.moment].expr, definitions.values()):
            if truth_of(one.expr, snapshot).holds:
                if one.kind == "tag":
                    known = replace(known, tags=(*known.tags, one.key))
                else:
                    known = replace(known, segments=(*known.segments, one.key))
                snapshot = at_instant(applied, firing.at, known)
        return known


def _of_session(rows: Iterable[Applied]) -> list[Applied]:
    """The rows since the last end of a session: with it the rows of viewers and room are gone."""
    kept: list[Applied] = []
    for row in rows:
        if row.type == "session_ended":
            kept.clear()
        kept.append(row)
    return kept


def _kept_in_room(rows: Sequence[Applied], counted_from: int) -> Iterator[Applied]:
    """The rows without the events of the room that a definition does not know: it came later."""
    for row in rows:
        is_of_room = event_type(row.type).scope == "room" and row.type != "session_ended"
        if not (is_of_room and row.clock < counted_from):
            yield row


def _past(facts: Past | None, viewer: str | None) -> ViewerFacts:
    """What the facts tell of a viewer."""
    found = None if facts is None or viewer is None else facts.of(viewer)
    return found or ViewerFacts(viewer or "")


def _armed(node: Node, rows: Iterable[Applied], firing: Firing) -> tuple[str, ...]:
    """The A of an absence that fired although a B is in the log: the engine's bound let it go."""
    return tuple(
        row.message_id
        for below in walk(node)
        if isinstance(below, Without)
        for row in rows
        if is_selected(row, below.first)
        and (below.same is None or firing.key in keys_of(row, below.same))
        and row.event_time + below.within_ms + below.wait_ms == firing.at
    )


def _is_about_presented(row: Row) -> bool:
    """Whether it is a comment that names no product, and so means the one presented."""
    return row["type"] == "comment_sent" and row.get("product") is None


def _with_ends(rows: Iterable[Row], firing: Firing) -> Iterator[Row]:
    """The rows, with an end before what began another session of the room while one was open.

    A session that nobody named is called after the clock at which it began: whatever ended the one
    before (silence is not in the log), it was over by then.
    """
    name, _, clock = firing.session.rpartition("@")
    begun = int(clock) if name == firing.room and clock.isdigit() else 0
    session: object = None
    is_open = is_named = False
    for row in rows:
        if row.get("room") == firing.room:
            given = row.get("session")
            is_other = row["type"] == "session_started" and (given is None or given != session)
            if is_open and (is_other or (row["clock"] >= begun and not is_named)):
                yield {"type": "session_ended", "room": firing.room, "clock": row["clock"]}
                is_open = False
            is_named = is_named or row["clock"] >= begun
            session = given if is_other or not is_open else session
            is_open = row["type"] != "session_ended"
        yield row


def _remembered(row: Applied) -> Applied:
    """A row from before an edit: it shows presence and an act, and is not counted any more."""
    event = event_type(row.type)
    if event.scope == "room" or row.type == "room_left":
        return row
    fields = {**row.fields, "visible": True} | ({"idle_ms": 0} if event.operation else {})
    return replace(row, type="heartbeat", products=(), categories=(), fields=fields)


def _of(firing: Firing, rows: Iterable[Row]) -> Iterator[Row]:
    """The rows of the viewer, of who was linked to them by then, and of the room.

    Nobody is linked twice: a second link, with the traits that come with it, is left out.
    """
    mine, linked, held = {firing.viewer}, set[str](), list[Row]()
    for row in rows:
        link = _link(row) if row["type"] == "identity_linked" else None
        if link is not None and link[0] in linked:
            continue
        held.append(row)
        if link is not None:
            linked.add(link[0])
            if link[1] == firing.viewer:
                mine.add(link[0])
    for row in held:
        viewer = _viewer(row)
        if viewer is None or viewer in mine:
            yield row


def _ranked(rows: Iterable[Row]) -> Iterator[Row]:
    """The rows; what a merge brought stands before the rest at equal event times."""
    rows = list(rows)
    links = [_link(row) if row["type"] == "identity_linked" else None for row in rows]
    linked_at: dict[str, tuple[int, int]] = {}
    for place, link in enumerate(links):
        if link is not None and link[0] not in linked_at:
            linked_at[link[0]] = (place, -1 - len(linked_at))
    for place, row in enumerate(rows):
        until, rank = linked_at.get(_viewer(row) or "", (0, 0))
        yield {**row, "rank": rank} if place < until else row


def _told(rows: Iterable[Row], room: str) -> Iterator[Row]:
    """The rows with traits that reached the viewer's row in the room: it must have begun."""
    begun: set[str] = set()
    known: dict[str, str] = {}
    for row in rows:
        if row["type"] == "identity_linked":
            link = _link(row)
            if link is not None:
                known.setdefault(*link)
                begun |= {link[1]} if link[0] in begun else set()
                if link[1] in begun and row.get("traits"):
                    yield row
            continue
        viewer = _viewer(row)
        if viewer is None:
            begun -= begun if row["type"] == "session_ended" and row.get("room") == room else set()
            continue
        viewer = known.get(viewer, viewer)
        if row.get("room") == room:
            begun.add(viewer)
        if viewer in begun and row.get("traits") and row.get("room") in (None, room):
            yield row


def _viewer(row: Row) -> str | None:
    if row.get("viewer") is not None:
        return str(row["viewer"])
    return anonymous(row["anonymous_id"]) if row.get("anonymous_id") is not None else None


def _link(row: Row) -> tuple[str, str] | None:
    """(anonymous, known) of a link, as decoded or as stored in columns."""
    if row.get("linked_viewer") is not None:  # of two known ones none becomes the other, live
        own, known = str(row["viewer"]), str(row["linked_viewer"])
        return (own, known) if is_anonymous(own) and not is_anonymous(known) else None
    if row.get("anonymous_id") is not None and row.get("viewer") is not None:
        return anonymous(row["anonymous_id"]), str(row["viewer"])
    return None


def _facts(rows: Iterable[Applied]) -> dict[str, Any]:
    """Facts of the room that its events give."""
    facts: dict[str, Any] = {}
    for row in rows:
        if row.type == "product_presented" and row.products:
            facts["presenting"] = row.products[0]
            facts["presenting_category"] = (row.categories or (None,))[0]
        elif row.type == "product_withdrawn" and row.products:
            if facts.get("presenting") == row.products[0]:
                facts.pop("presenting")
                facts.pop("presenting_category", None)
        elif row.type in _STAGE_BY_TYPE:
            facts["stage"] = row.fields.get("stage") or _STAGE_BY_TYPE[row.type]
    return {name: value for name, value in facts.items() if value is not None}


_STAGE_BY_TYPE = {"session_started": "live", "promo_started": "promo", "promo_ended": "live"}


def _counts_viewers(node: Node) -> bool:
    return any(isinstance(below, Distinct) and below.field == "viewer" for below in walk(node))


def named_below(node: Node, definitions: Iterable[Definition]) -> list[Definition]:
    """The tags and segments that an expression names, and those that they name: these first."""
    by_place = {(one.kind, one.key): one for one in definitions}
    found: dict[tuple[str, str], Definition] = {}

    def add(expr: Node) -> None:
        for part in walk(expr):
            if isinstance(part, Tag | InSegment):
                place = ("tag" if isinstance(part, Tag) else "segment", part.key)
                if place in by_place and place not in found:
                    add(by_place[place].expr)
                    found[place] = by_place[place]

    add(node)
    return list(found.values())
