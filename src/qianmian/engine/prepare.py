"""From an event batch to the integers the kernels read: global codes, keys, filters, hashes.

One `Names` serves all shards of a process; its codes never change while it lives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from qianmian.columns.batch import MISSING, EventBatch, StringColumn
from qianmian.columns.dictionary import ABSENT, Dictionary
from qianmian.columns.facts import Facts
from qianmian.columns.strings import Strings
from qianmian.engine.hashing import hash64_of
from qianmian.engine.interning import Interner, short_hashes
from qianmian.engine.predicates import APPLIED_AT, Answers, Coded, compare, holds
from qianmian.engine.shard import Events
from qianmian.language import ast
from qianmian.vocabulary.events import CODE_BY_NAME
from qianmian.vocabulary.ids import hash64
from qianmian.vocabulary.origins import counts, rank_told
from qianmian.vocabulary.product import Product

VIEWER_LIMIT = 50_000_000
NAME_LIMIT = 4_000_000
ORDERS = tuple(
    CODE_BY_NAME[name]
    for name in ("order_created", "order_paid", "order_cancelled", "order_refunded")
)
COMMENT = CODE_BY_NAME["comment_sent"]
PRESENTED = CODE_BY_NAME["product_presented"]
WITHDRAWN = CODE_BY_NAME["product_withdrawn"]
SESSION_ENDED = CODE_BY_NAME["session_ended"]
PROFILE = CODE_BY_NAME["profile_updated"]
LINKED = CODE_BY_NAME["identity_linked"]
IS_ORDER, CHANGES_ROOM = np.zeros((2, 256), bool)
IS_ORDER[list(ORDERS)] = True
CHANGES_ROOM[[PRESENTED, WITHDRAWN, SESSION_ENDED]] = True
NOTHING = -1
Codes = npt.NDArray[np.int32]
NO_BOUNDARY = -(1 << 62)

ANSWERS_KEPT = 100_000
SCALARS = frozenset({bool, float, int, str})
_PARTS = ("viewers", "rooms", "products", "categories", "texts")


class Names:
    """Global codes of viewers, rooms, products, categories and other strings."""

    def __init__(self, products: Sequence[Product] = ()) -> None:
        self.viewers = Interner(VIEWER_LIMIT)
        self.rooms = Dictionary(1_000_000)
        self.products = Dictionary(NAME_LIMIT)
        self.categories = Dictionary(NAME_LIMIT)
        self.texts = Interner(NAME_LIMIT)
        self.category_of: dict[int, int] = {}
        self.of_products: Answers = {}
        self.of_categories: Answers = {}
        self._maps: dict[int, tuple[Sequence[str], npt.NDArray[np.int32]]] = {}
        self.stock(products)

    def stock(self, products: Iterable[Product]) -> None:
        """The categories of what is sold from now on."""
        self.category_of.clear()
        for product in products:
            category = product.narrowest_category
            if category is not None:
                code = self.products.intern(product.id)
                self.category_of[code] = self.categories.intern(category)

    def codes(
        self, column: StringColumn | None, into: Dictionary | Interner, n: int
    ) -> npt.NDArray[np.int32]:
        """Global codes of a column, -1 where it has no value.

        Cost: one look-up per distinct value; none when the same list of values came before.
        """
        if column is None:
            return np.full(n, NOTHING, np.int32)
        values = column.values
        known = self._maps.get(id(values))
        if known is not None and known[0] is values and len(known[1]) == len(values) + 1:
            return known[1][column.codes]
        if len(values) > 4 * n + 64:  # a slice of a large batch pays for its own rows only
            return self.codes(column.compacted(), into, n)
        table = np.full(len(values) + 1, NOTHING, np.int32)  # code -1 reads the last entry
        np.maximum(into.intern_many(values), NOTHING, out=table[:-1])
        if len(self._maps) > 32:
            self._maps.clear()
        self._maps[id(values)] = (values, table)
        return table[column.codes]

    def call_otherwise(self, name_by_viewer: Mapping[str, str]) -> list[int]:
        """Give viewers other names; the codes of those there were."""
        self._maps.clear()  # columns that have been looked up may hold the old names
        codes = [self.viewers.code(viewer) for viewer in name_by_viewer]
        for viewer, name in name_by_viewer.items():
            self.viewers.rename(viewer, name)
        return [code for code in codes if code >= 0]

    def snapshot(self) -> dict[str, Any]:
        """Everything, as JSON."""
        return {
            "names": [getattr(self, part).snapshot() for part in _PARTS],
            "category_of": sorted(self.category_of.items()),
        }

    def restore(self, stored: Mapping[str, Any]) -> None:
        """The opposite of `snapshot`."""
        limits = (VIEWER_LIMIT, 1_000_000, NAME_LIMIT, NAME_LIMIT, NAME_LIMIT)
        lists = dict(zip(_PARTS, zip(limits, stored["names"], strict=True), strict=True))
        self.viewers, self.texts = Interner(*lists["viewers"]), Interner(*lists["texts"])
        self.rooms, self.products, self.categories = (
            Dictionary(*lists[part]) for part in ("rooms", "products", "categories")
        )
        self.category_of = {int(code): int(category) for code, category in stored["category_of"]}
        self.of_products, self.of_categories = {}, {}


Kept = tuple[Any, int, int]
"""A value that was told live, when (ms UTC), and the rank of who told it."""


class Answer(NamedTuple):
    """What is known of a viewer: masks of known and of true atoms, when each trait was told."""

    known: npt.NDArray[np.uint64]
    values: npt.NDArray[np.uint64]
    told_ms: Mapping[str, int]


class Preparer:
    """Turns batches into prepared columns; keeps what deciding about orders and profiles needs.

    `presenting` is the product (code) presented in each room (code) as of the last batch.
    """

    def __init__(self, names: Names, *, lateness_ms: int = 5_000) -> None:
        self.names = names
        self.filters: Sequence[ast.Node] = ()
        self.attribute_bits: list[tuple[int, str, str, object]] = []
        self.bit_words = 1
        self._asked_of: list[tuple[int, str, str, object]] = []
        self._asked: dict[str, list[tuple[int, str, object]]] = {}
        self._answers: dict[tuple[str, Any], tuple[int, int]] = {}
        self.lateness_ms = lateness_ms
        self.orders_seen: dict[int, dict[str, bool]] = {}
        self.alias: npt.NDArray[np.int32] = np.zeros(0, np.int32)
        self.attributes: dict[int, dict[str, Kept]] = {}
        self.facts: Facts | None = None
        self.presenting: dict[int, int] = {}
        self.expanded: npt.NDArray[np.int64] = np.zeros(0, np.int64)

    def prepare(self, batch: EventBatch) -> Events:
        """The columns of a batch; further items of an order follow their event as rows.

        `expanded` then says which row of the batch each prepared row stands for.
        """
        n = len(batch)
        names, strings, numbers = self.names, batch.strings, batch.numbers
        viewer = self._viewers(batch)
        product = names.codes(strings.get("product"), names.products, n)
        category = names.codes(strings.get("category"), names.categories, n)
        room = names.codes(strings.get("room"), names.rooms, n)
        product = self._presented(batch, room, product)
        category = self._with_categories(product, category)
        source, more, product, category = self._lines(batch, product, category)
        self.expanded = source
        profile, known, values, rank = self._profiles(batch, viewer)
        strings_by_row = batch.strings if len(source) == n else _taken(batch.strings, source)
        numbers_by_row = numbers if len(source) == n else {k: v[source] for k, v in numbers.items()}
        visible = numbers_by_row.get("visible")
        size = len(source)
        applied = np.maximum(batch.event_time, batch.clock - self.lateness_ms)[source]
        return Events(
            VIEWER=viewer[source],
            ROOM=room[source],
            CLOCK=batch.clock[source],
            TIME=batch.event_time[source],
            TYPE=batch.type[source],
            MORE=more,
            PRODUCT=product,
            CATEGORY=category,
            AMOUNT=_writable(numbers_by_row.get("amount"), size),
            PRICE=_writable(numbers_by_row.get("price"), size),
            VISIT=names.codes(strings.get("visit"), names.texts, n)[source],
            PAGE=names.codes(strings.get("page_id"), names.texts, n)[source],
            IDLE=_writable(numbers_by_row.get("idle_ms"), size),
            SHOWN=np.full(size, -1, np.int8)
            if visible is None
            else np.where(visible == MISSING, -1, visible).astype(np.int8),
            FILTER=self._filters(
                size, strings_by_row, numbers_by_row | {APPLIED_AT: applied}, product, category
            ),
            STREAM=self._stream(batch)[source],
            SEQ=_writable(numbers_by_row.get("seq"), size),
            MESSAGE=self._message(batch)[source],
            REPEATED=self._repeated(batch, viewer)[source],
            PROFILE=profile[source],
            KNOWN=known,
            VALUES=values,
            RANK=rank,
            OUTCOME=np.zeros(size, np.uint8),
        )

    def _presented(
        self, batch: EventBatch, room: npt.NDArray[np.int32], product: npt.NDArray[np.int32]
    ) -> npt.NDArray[np.int32]:
        """Comments without a product speak of the one that the room is presenting at that point."""
        concerned = np.flatnonzero(
            CHANGES_ROOM[batch.type] | ((batch.type == COMMENT) & (product < 0))
        )
        if not len(concerned):
            return product
        product = product.copy()
        shown = dict(self.presenting)
        told = set(self.orders_of(NOTHING))
        keys = self._message(batch)
        for row in concerned.tolist():
            place, kind = int(room[row]), batch.type[row]
            if kind != COMMENT:  # what comes late or twice changes nothing in the room
                name = room_message(int(keys[row]))
                late = batch.event_time[row] < batch.clock[row] - self.lateness_ms
                if late or (keys[row] and name in told):
                    continue
                told.add(name)
            if kind == PRESENTED:
                shown[place] = int(product[row])
            elif kind == SESSION_ENDED or (kind == WITHDRAWN and shown.get(place) == product[row]):
                shown.pop(place, None)
            elif kind == COMMENT:
                product[row] = shown.get(place, NOTHING)
        self.presenting = shown
        return product

    def _with_categories(
        self, product: npt.NDArray[np.int32], category: npt.NDArray[np.int32]
    ) -> npt.NDArray[np.int32]:
        if not self.names.category_of:
            return category
        table = np.full(len(self.names.products) + 1, NOTHING, np.int32)
        for code, value in self.names.category_of.items():
            table[code] = value
        return np.where(category >= 0, category, table[product]).astype(np.int32)

    def _lines(
        self, batch: EventBatch, product: npt.NDArray[np.int32], category: npt.NDArray[np.int32]
    ) -> tuple[npt.NDArray[np.int64], Codes, Codes, Codes]:
        """One prepared row per event, and one more for each further product of an order."""
        n = len(batch)
        plain = np.arange(n)
        items = batch.items
        if items is None or not len(items.quantity):
            return plain, np.zeros(n, np.int32), product, category
        names, m = self.names, len(items.quantity)
        item_product = names.codes(items.product, names.products, m)
        item_category = self._with_categories(
            item_product, names.codes(items.category, names.categories, m)
        )
        lines_of: dict[int, list[tuple[int, int]]] = {}
        counts = np.ones(n, np.int64)
        for row in np.flatnonzero(np.diff(items.offsets)).tolist():
            a, b = int(items.offsets[row]), int(items.offsets[row + 1])
            pairs = zip(item_product[a:b].tolist(), item_category[a:b].tolist(), strict=True)
            lines_of[row] = list(dict.fromkeys(pairs))
            counts[row] = len(lines_of[row])
        starts = np.cumsum(counts) - counts
        source = np.repeat(plain, counts)
        more = np.zeros(len(source), np.int32)
        more[starts] = counts - 1
        product, category = product[source], category[source]
        for row, pairs_of_row in lines_of.items():
            for k, (one, group) in enumerate(pairs_of_row, int(starts[row])):
                product[k], category[k] = one, group
        return source, more, product, category

    def _filters(
        self,
        n: int,
        strings: Mapping[str, StringColumn],
        numbers: Mapping[str, npt.NDArray[np.int64]],
        product: npt.NDArray[np.int32],
        category: npt.NDArray[np.int32],
    ) -> npt.NDArray[np.uint64]:
        masks = np.zeros((n, -(-max(len(self.filters), 1) // 64)), np.uint64)
        if not self.filters:
            return masks
        columns: dict[str, StringColumn | Coded] = dict(strings)
        columns["product"] = Coded(product, self.names.products, self.names.of_products)
        columns["category"] = Coded(category, self.names.categories, self.names.of_categories)
        for number, where in enumerate(self.filters):
            true = holds(where, n, columns, numbers)
            masks[:, number >> 6] |= true.astype(np.uint64) << np.uint64(number & 63)
        return masks

    def _stream(self, batch: EventBatch) -> npt.NDArray[np.uint64]:
        """A key per (source, stream), 0 where there is none; compared within one viewer only."""
        column = batch.strings.get("stream")
        if column is None:
            return np.zeros(len(batch), np.uint64)
        keys = self._hashed(batch, column, short_hashes)
        keys[column.codes < 0] = 0
        return keys

    def _message(self, batch: EventBatch) -> npt.NDArray[np.uint64]:
        column = batch.strings.get("message_id")
        if column is None:
            return np.zeros(len(batch), np.uint64)
        keys = self._hashed(batch, column, hash64_of)
        keys[column.codes < 0] = 0
        return keys

    def _hashed(
        self,
        batch: EventBatch,
        column: StringColumn,
        hashes_of: Callable[[Strings], npt.NDArray[np.uint64]],
    ) -> npt.NDArray[np.uint64]:
        """A 64-bit hash per row of (source, value); never 0 for a value."""
        column = column.compacted()  # a slice of a large batch pays for its own rows only
        table = np.zeros(len(column.values) + 1, np.uint64)  # code -1 reads the last entry
        np.bitwise_or(hashes_of(Strings.of(column.values)), np.uint64(1), out=table[:-1])
        keys: npt.NDArray[np.uint64] = table[column.codes]
        source = batch.strings.get("source")
        if source is not None:
            salt = np.array(
                [*(hash64(value) << 1 & (1 << 64) - 1 for value in source.values), 0], np.uint64
            )
            keys ^= salt[source.codes]
        return keys

    def snapshot(self) -> dict[str, Any]:
        """What is kept between batches, as JSON."""
        return {
            "orders": [[viewer, told] for viewer, told in sorted(self.orders_seen.items())],
            "alias": self.alias.tolist(),
            "attributes": [[viewer, kept] for viewer, kept in sorted(self.attributes.items())],
            "presenting": sorted(self.presenting.items()),
        }

    def restore(self, stored: Mapping[str, Any]) -> None:
        """The opposite of `snapshot`."""
        self.orders_seen = {int(viewer): dict(told) for viewer, told in stored["orders"]}
        self.alias = np.array(stored["alias"], np.int32)
        self.attributes = {
            int(viewer): {name: (value, at, rank) for name, (value, at, rank) in kept.items()}
            for viewer, kept in stored["attributes"]
        }
        self.presenting = {int(room): int(code) for room, code in stored["presenting"]}

    def orders_of(self, viewer: int) -> dict[str, bool]:
        """Orders of a viewer that have been told, and whether by a verified source."""
        return self.orders_seen.setdefault(viewer, {})

    def _repeated(self, batch: EventBatch, viewer: npt.NDArray[np.int32]) -> npt.NDArray[np.uint8]:
        """Orders told before, by (viewer, order, type, refund): a verified word wins."""
        repeated = np.zeros(len(batch), np.uint8)
        column = batch.strings.get("order_id")
        if column is None:
            return repeated
        verified = batch.numbers.get("verified")
        refund = batch.strings.get("refund_id")
        for row in np.flatnonzero(IS_ORDER[batch.type] & (column.codes >= 0)).tolist():
            name = f"{batch.type[row]}\x1f{column.get(row)}\x1f{refund.get(row) if refund else ''}"
            told = self.orders_of(int(viewer[row]))
            sure = verified is None or bool(verified[row] != 0)
            if name in told and (told[name] or not sure):
                repeated[row] = 1
            else:
                told[name] = sure
        return repeated

    def link(self, anonymous: int, known: int) -> None:
        """From now on the anonymous code means the known viewer; what was kept for it moves."""
        if len(self.alias) < len(self.names.viewers):
            more = np.arange(len(self.alias), len(self.names.viewers), dtype=np.int32)
            self.alias = np.append(self.alias, more)
        self.alias[self.alias == anonymous] = known
        for kept in (self.orders_seen, self.attributes):
            theirs: dict[str, Any] | None = kept.pop(anonymous, None)
            if theirs is not None:
                kept[known] = _later(theirs, kept.get(known, {}))

    def _viewers(self, batch: EventBatch) -> npt.NDArray[np.int32]:
        """Viewer codes; events of anonymous ids that were linked belong to the known viewer."""
        codes = self.names.codes(batch.strings.get("viewer"), self.names.viewers, len(batch))
        if not len(self.alias):
            return codes
        known = (codes >= 0) & (codes < len(self.alias)) & (batch.type != LINKED)
        return np.where(known, self.alias[np.where(known, codes, 0)], codes).astype(np.int32)

    def _profiles(
        self, batch: EventBatch, codes: npt.NDArray[np.int32]
    ) -> tuple[Any, Any, Any, Any]:
        profile = np.full(len(batch), NOTHING, np.int32)
        rows = sorted(row for row in batch.traits if batch.type[row] in (PROFILE, LINKED))
        told = []
        for number, row in enumerate(rows):
            known = values = 0
            if codes[row] >= 0:
                profile[row] = number
                if batch.type[row] == PROFILE:  # a link's are the known viewer's, if it holds
                    self.learn(batch, row, int(codes[row]))
                    known, values = self._decided(batch.traits[row])
            told.append((known, values))
        known_masks, value_masks = (self._masks([pair[k] for pair in told]) for k in (0, 1))
        ranks = np.array([rank_of(batch, row) for row in rows], np.int8)
        return profile, known_masks, value_masks, ranks

    def _masks(self, masks: list[int]) -> npt.NDArray[np.uint64]:
        """Masks as rows of words."""
        size = 8 * self.bit_words
        content = bytearray().join(mask.to_bytes(size, "little") for mask in masks)
        return np.frombuffer(content, np.uint64).reshape(-1, self.bit_words)

    def learn(self, batch: EventBatch, row: int, viewer: int) -> None:
        """Keep the traits told in a row for a viewer: of each the value that counts."""
        time = max(int(batch.event_time[row]), int(batch.clock[row]) - self.lateness_ms)
        rank, told = rank_of(batch, row), batch.traits.get(row, {})
        mine = self.attributes.get(viewer)
        if mine is None:
            self.attributes[viewer] = {name: (value, time, rank) for name, value in told.items()}
            return
        for name, value in told.items():
            if name not in mine or counts(rank, time, mine[name][2], mine[name][1]):
                mine[name] = (value, time, rank)

    def settle_link(
        self, batch: EventBatch, row: int, events: Events, at: int, viewer: int
    ) -> None:
        """A link that holds is an event of the known viewer, with the traits that came with it."""
        events.VIEWER[at] = viewer
        if (number := int(events.PROFILE[at])) >= 0:
            self.learn(batch, row, viewer)
            self.answers(batch.traits[row], events.KNOWN[number], events.VALUES[number])

    def answers_of(self, viewer: int) -> Answer:
        """What the facts of a viewer, and the traits told since, decide."""
        known = np.zeros(self.bit_words, np.uint64)
        values = np.zeros(self.bit_words, np.uint64)
        facts = self.facts_of(viewer)
        told = self.attributes.get(viewer, {})
        live = {name: one[0] for name, one in told.items() if not self.is_hidden(viewer, name, one)}
        self.answers({**facts, **live}, known, values)
        times = {name: time for name, (_, time, _) in told.items()}
        return Answer(known, values, times)

    def told_of(self, viewer: int) -> npt.NDArray[np.uint64]:
        """Which atoms the traits told live make true, whatever the facts say."""
        known = np.zeros(self.bit_words, np.uint64)
        values = np.zeros(self.bit_words, np.uint64)
        told = {name: one[0] for name, one in self.attributes.get(viewer, {}).items()}
        self.answers(told, known, values)
        return values

    def is_hidden(self, viewer: int, name: str, kept: Kept) -> bool:
        """Whether the facts of a viewer name a trait, and count more than what was told live.

        Cost: 30 µs with facts, unless nobody in them has an origin and it was told since.
        """
        if self.facts is None:
            return False
        _, time, rank = kept
        is_early = time < self.boundary_ms
        if not is_early and rank >= self.facts.greatest_rank:
            return False
        found = self.facts.of(str(self.names.viewers.value(viewer)))
        if found is None or name not in found.traits:
            return False
        return is_early or rank < found.rank(name)

    @property
    def boundary_ms(self) -> int:
        """The day boundary of the facts; without facts everything is live."""
        return NO_BOUNDARY if self.facts is None else self.facts.boundary_ms

    def facts_of(self, viewer: int) -> dict[str, Any]:
        """What facts say of a viewer, by the names of attributes; empty without facts."""
        if self.facts is None:
            return {}
        found = self.facts.of(str(self.names.viewers.value(viewer)))
        attributes: dict[str, Any] = {f"days.{name}": True for name in self.facts.columns}
        attributes |= {f"segment.{key}": False for key in self.facts.segments}
        if found is not None:
            attributes |= found.traits
            attributes |= {f"score.{key}": score for key, score in found.scores.items()}
            attributes |= {f"segment.{key}": True for key in found.segments}
        return attributes

    def answers(
        self,
        attributes: Mapping[str, Any],
        known: npt.NDArray[np.uint64],
        values: npt.NDArray[np.uint64],
    ) -> None:
        """Write which attribute atoms these attributes decide, and how."""
        for into, mask in zip((known, values), self._decided(attributes), strict=True):
            into |= self._masks([mask])[0]

    def _decided(self, attributes: Mapping[str, Any]) -> tuple[int, int]:
        """Which atoms these attributes decide, and which of them are true, as masks."""
        if self._asked_of is not self.attribute_bits:
            self._asked_of, self._asked, self._answers = self.attribute_bits, {}, {}
            for bit, name, cmp, wanted in self.attribute_bits:
                self._asked.setdefault(name, []).append((bit, cmp, wanted))
        known = values = 0
        for name, value in attributes.items():
            if name not in self._asked:
                continue
            kind = type(value)  # what is no scalar may not even be hashable
            answer = self._answers.get((name, value)) if kind in SCALARS else None
            if answer is None:
                answer = self._answer(name, value)
            known |= answer[0]
            values |= answer[1]
        return known, values

    def _answer(self, name: str, value: Any) -> tuple[int, int]:
        known = values = 0
        for bit, cmp, wanted in self._asked[name]:
            known |= 1 << bit
            if value is not None and compare(value, cmp, wanted):
                values |= 1 << bit
        if type(value) in SCALARS:
            if len(self._answers) >= ANSWERS_KEPT:
                self._answers.clear()
            self._answers[name, value] = known, values
        return known, values


def _later(theirs: dict[str, Any], mine: dict[str, Any]) -> dict[str, Any]:
    """Both dictionaries; of an attribute of both the value that counts, at one instant mine."""
    merged = {**theirs, **mine}
    for name in theirs.keys() & mine.keys():
        if isinstance(mine[name], tuple):
            (_, at, rank), (_, my_at, my_rank) = theirs[name], mine[name]
            if not counts(my_rank, my_at, rank, at):
                merged[name] = theirs[name]
    return merged


def rank_of(batch: EventBatch, row: int) -> int:
    """The rank of the traits that a row tells."""
    column = batch.strings.get("properties")
    return rank_told(None if column is None else column.get(row))


def room_message(key: int) -> str:
    """Under which name a message about a room is remembered (it has no viewer)."""
    return f"room\x1f{key}"


def _writable(column: npt.NDArray[np.int64] | None, n: int) -> npt.NDArray[np.int64]:
    """The column, or an absent one; read-only memory would be another type to the kernels."""
    if column is None:
        return np.full(n, MISSING)
    return column if column.flags.writeable else column.copy()


def _taken(
    strings: Mapping[str, StringColumn], rows: npt.NDArray[np.int64]
) -> dict[str, StringColumn]:
    return {
        name: StringColumn(column.codes[rows], column.values) for name, column in strings.items()
    }


assert ABSENT == NOTHING  # noqa: S101 — both mean "no string"
