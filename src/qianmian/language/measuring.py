"""How much it is: the number of a tag at an instant, for whoever asks about one viewer.

The plain reading, beside `truth.py`: a comparison holds of exactly the numbers that are shown here,
but for counts just above 64 in a window, where both are taken from panes (see SEMANTICS, windows).
"""

from __future__ import annotations

from qianmian.language.ast import Count, Distinct, Number, Score, Sum, Trait
from qianmian.language.fact_columns import adds_facts, column_of, is_long
from qianmian.language.snapshot import Snapshot
from qianmian.language.truth import LIST_BOUND, added, in_panes


def number_now(number: Number, snapshot: Snapshot) -> int | float | None:
    """The number, None where nothing is known; amounts in minor units.

    Cost: O(rows).
    """
    of = number.of
    match of:
        case Trait(name):
            held = snapshot.known.traits.get(name)
            return held if isinstance(held, int | float) and not isinstance(held, bool) else None
        case Score(key):
            return snapshot.known.scores.get(key)
        case Count() | Sum() if adds_facts(of):
            return _with_facts(of, snapshot)
        case Count():
            count = len(snapshot.windowed(of.of, of.within))
            if count > LIST_BOUND and isinstance(of.within, int):
                return len(in_panes(of, of.within, snapshot))
            return count
        case Distinct():
            return _different(of, snapshot)
        case Sum():
            return _together(of, snapshot)
    return None  # pragma: no cover - `operators/number.py` lets nothing else be measured


def _with_facts(of: Count | Sum, snapshot: Snapshot) -> int | None:
    known, column = snapshot.known, column_of(of)
    if is_long(of) and not known.carries(column.name):
        return None
    live = known.since(snapshot.selected(of.of))
    return known.before(column.name, column.days) + sum(added(of, row) for row in live)


def _different(of: Distinct, snapshot: Snapshot) -> int:
    rows = snapshot.windowed(of.of, of.within)
    keys = (row.products if of.field == "product" else row.categories for row in rows)
    return len({key for several in keys for key in several})


def _together(of: Sum, snapshot: Snapshot) -> int:
    """Over the 64 newest amounts, as a sum is."""
    least = snapshot.since(of.within)
    told = [row for row in snapshot.selected(of.of) if isinstance(row.fields.get(of.field), int)]
    inside = [row for row in told[:LIST_BOUND] if least is None or row.event_time >= least]
    return sum(added(of, row) for row in inside)
