"""What a replay says to a person, as data: funnel, hot products, explained examples, notes.

Showing it is the business of the terminal and, later, of the console.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from qianmian.columns.batch import MISSING, Int32, Int64
from qianmian.language.definition import Definition
from qianmian.runtime.evidence import Explainer
from qianmian.runtime.recorded import Bool, Recorded
from qianmian.runtime.replay import Replayed, in_currency, is_paid
from qianmian.vocabulary.events import CATALOG, CODE_BY_NAME
from qianmian.vocabulary.firing import Firing

FUNNEL = (
    ("viewed", ("product_viewed",)),
    ("clicked", ("product_clicked",)),
    ("favorited", ("product_favorited",)),
    ("carted", ("cart_added",)),
    ("checkout", ("checkout_started",)),
    ("ordered", ("order_created",)),
    ("paid", ("order_paid",)),
)
"""Steps of the way to an order, and the events that show them."""
ALWAYS_SHOWN = ("viewed", "carted", "paid")
EXAMPLES_PER_MOMENT = 3
HOT_PRODUCTS = 8


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """How many different viewers did it at least once; share of all viewers, 0..1."""

    key: str
    viewers: int
    share: float


@dataclass(frozen=True, slots=True)
class HotProduct:
    """What happened to one product. gmv_minor is None where the file knows no amounts."""

    product: str
    category: str | None
    viewers: int
    carts: int
    orders: int
    gmv_minor: int | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """One event of a viewer."""

    at_ms: int
    type: str
    product: str | None
    amount_minor: int | None
    text: str | None


@dataclass(frozen=True, slots=True)
class ExplainedFiring:
    """One firing, the events that made it, and what the viewer did next (None = nothing more)."""

    firing: Firing
    because: tuple[Evidence, ...]
    next_event: Evidence | None


@dataclass(frozen=True, slots=True)
class MomentReport:
    """One moment in this file."""

    key: str
    firings: int
    viewers: int
    examples: tuple[ExplainedFiring, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """Everything the terminal shows beyond the counts."""

    funnel: tuple[FunnelStep, ...]
    hot_products: tuple[HotProduct, ...]
    moments: tuple[MomentReport, ...]


def report_of(
    replayed: Replayed, definitions: Sequence[Definition], explainer: Explainer
) -> Report:
    """Look a finished replay over."""
    return Report(
        funnel=tuple(_funnel(replayed)),
        hot_products=tuple(_hot_products(replayed)),
        moments=tuple(_moments(replayed, {one.key: one for one in definitions}, explainer)),
    )


def _funnel(replayed: Replayed) -> Iterable[FunnelStep]:
    recorded, accepted = replayed.recorded, replayed.is_accepted
    viewer = recorded.string("viewer").codes
    everyone = max(1, replayed.result.viewers)
    for key, names in FUNNEL:
        types = [CODE_BY_NAME[name] for name in names]
        rows = accepted & np.isin(recorded.type, types) & (viewer >= 0)
        count = len(np.unique(viewer[rows]))
        if count or key in ALWAYS_SHOWN:
            yield FunnelStep(key, count, count / everyone)


def _hot_products(replayed: Replayed) -> list[HotProduct]:
    recorded, accepted = replayed.recorded, replayed.is_accepted
    row, product, amount = _product_rows(recorded, accepted)
    if not len(row):
        return []
    names = [*recorded.string("product").values, *recorded.items.product.values]
    code_by_name: dict[str, int] = {}
    shared = np.array([code_by_name.setdefault(n, len(code_by_name)) for n in names], np.int64)
    product = shared[product]
    is_cart = recorded.type[row] == CODE_BY_NAME["cart_added"]
    paid = is_paid(recorded, accepted) & in_currency(recorded, replayed.result.currency)
    viewers = _count_distinct(product, recorded.string("viewer").codes[row], len(code_by_name))
    carts = np.bincount(product[is_cart], minlength=len(code_by_name))
    orders = np.bincount(product[paid[row]], minlength=len(code_by_name))
    gmv: dict[int, int] = defaultdict(int)
    for code, value in zip(product[paid[row]].tolist(), amount[paid[row]].tolist(), strict=True):
        if value != MISSING:
            gmv[code] += value
    hottest = np.lexsort((np.arange(len(viewers)), -orders, -carts, -viewers))[:HOT_PRODUCTS]
    category = _category_by_product(recorded, row, product)
    by_code = list(code_by_name)
    return [
        HotProduct(
            by_code[code],
            category.get(code),
            int(viewers[code]),
            int(carts[code]),
            int(orders[code]),
            gmv.get(code),
        )
        for code in hottest.tolist()
    ]


def _product_rows(recorded: Recorded, accepted: Bool) -> tuple[Int64, Int64, Int64]:
    """(row, product, amount) of every event about a product and of every order line.

    Codes of lines follow those of the product column.
    """
    column = recorded.string("product").codes
    own = np.flatnonzero(accepted & (column >= 0))
    lines = np.repeat(np.arange(len(recorded)), np.diff(recorded.items.offsets))
    kept = np.flatnonzero(accepted[lines] & (recorded.items.product.codes >= 0))
    shift = len(recorded.string("product").values)
    return (
        np.concatenate([own, lines[kept]]),
        np.concatenate([column[own], recorded.items.product.codes[kept] + shift]),
        np.concatenate([recorded.number("amount")[own], recorded.items.amount[kept]]),
    )


def _count_distinct(product: Int64, viewer: Int32, products: int) -> Int64:
    pairs = np.unique(np.stack([product, viewer])[:, viewer >= 0], axis=1)
    return np.bincount(pairs[0], minlength=products)


def _category_by_product(recorded: Recorded, row: Int64, product: Int64) -> dict[int, str]:
    column = recorded.string("category")
    codes = column.codes[row]
    known = codes >= 0
    return {
        int(code): column.values[category]
        for code, category in zip(product[known], codes[known], strict=True)
    }


def _moments(
    replayed: Replayed, definitions: Mapping[str, Definition], explainer: Explainer
) -> Iterable[MomentReport]:
    by_moment: dict[str, list[Firing]] = {key: [] for key in replayed.result.firings_by_moment}
    for firing in replayed.firings:
        by_moment[firing.moment].append(firing)
    chosen = {key: _examples(firings) for key, firings in by_moment.items()}
    wanted = {firing.viewer for firings in chosen.values() for firing in firings}
    journeys = _Journeys(replayed, wanted)
    for key, firings in by_moment.items():
        yield MomentReport(
            key=key,
            firings=len(firings),
            viewers=len({firing.viewer for firing in firings}),
            examples=tuple(
                journeys.explained(firing, definitions, explainer) for firing in chosen[key]
            ),
        )


def _examples(firings: Sequence[Firing]) -> list[Firing]:
    """The first, a middle and the last of different viewers: one lucky minute is no picture."""
    first_by_viewer: dict[str | None, Firing] = {}
    for firing in firings:
        first_by_viewer.setdefault(firing.viewer, firing)
    different = list(first_by_viewer.values())
    count = min(EXAMPLES_PER_MOMENT, len(different))
    places = {round(i * (len(different) - 1) / max(1, count - 1)) for i in range(count)}
    return [different[place] for place in sorted(places)]


class _Journeys:
    """The rows of some viewers and of their rooms, to look evidence up in.

    A room moment is made by anybody's events, so with a viewer None every row is at hand.
    """

    def __init__(self, replayed: Replayed, viewers: set[str | None]) -> None:
        self._recorded, self._clock = replayed.recorded, replayed.clock
        column = self._recorded.string("viewer")
        codes = [code for code, value in enumerate(column.values) if value in viewers]
        rows = np.flatnonzero(
            replayed.is_accepted
            & (np.isin(column.codes, codes) | (column.codes < 0) | np.bool_(None in viewers))
        )
        times = self._recorded.event_time[rows]
        self._rows = rows[np.lexsort((rows, times, self._clock[rows]))].tolist()
        self._rows_by_viewer: dict[str | None, list[int]] = defaultdict(list)
        for row in self._rows:
            viewer = column.get(row)
            if viewer is None:
                for own in viewers:
                    self._rows_by_viewer[own].append(row)
            else:
                self._rows_by_viewer[viewer].append(row)

    def explained(
        self, firing: Firing, definitions: Mapping[str, Definition], explainer: Explainer
    ) -> ExplainedFiring:
        """The firing with its evidence, and what came next."""
        own = self._rows if firing.viewer is None else self._rows_by_viewer[firing.viewer]
        arrived = own[: bisect_right(own, firing.at, key=self._clock.__getitem__)]
        rows = [self._recorded.row(row, int(self._clock[row])) for row in arrived]
        ids = set(explainer.evidence(firing, definitions, rows))
        because = [
            row for row, event in zip(arrived, rows, strict=True) if event["message_id"] in ids
        ]
        later = own[len(arrived)] if len(arrived) < len(own) else None
        return ExplainedFiring(
            firing,
            tuple(self._evidence(row) for row in because),
            None if later is None or firing.viewer is None else self._evidence(later),
        )

    def _evidence(self, row: int) -> Evidence:
        recorded = self._recorded
        product = recorded.string("product").get(row)
        start, end = recorded.items.offsets[row], recorded.items.offsets[row + 1]
        if product is None and end > start:
            product = recorded.items.product.get(int(start))
        amount = int(recorded.number("amount")[row])
        return Evidence(
            at_ms=int(recorded.event_time[row]),
            type=CATALOG[recorded.type[row]].name,
            product=product,
            amount_minor=None if amount == MISSING else amount,
            text=recorded.string("text").get(row),
        )
