"""Batches that arrived apart, as the rows of one log message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from qianmian.columns.batch import EventBatch, concat


def one_message(batches: Sequence[EventBatch], *, clock: int, message: int) -> EventBatch:
    """The batches as one message, its rows in the order of (event_time, position).

    Args:
        batches: in the order of their arrival.
        clock: of the message; event times after it are clamped to it.
        message: its number in the log.
    """
    stamped = []
    for batch in batches:
        n = len(batch)
        numbers = {**batch.numbers, "message": np.full(n, message, np.int64)}
        times = np.minimum(batch.event_time, clock)
        stamped.append(
            replace(batch, clock=np.full(n, clock, np.int64), event_time=times, numbers=numbers)
        )
    joined = concat(stamped)
    order = np.argsort(joined.event_time, kind="stable")
    if (order[1:] > order[:-1]).all():
        return joined
    places = np.empty(len(order), np.int64)
    places[order] = np.arange(len(order))
    return EventBatch(
        joined.clock,
        joined.event_time[order],
        joined.type[order],
        {name: column.take(order) for name, column in joined.strings.items()},
        {name: column[order] for name, column in joined.numbers.items()},
        None if joined.items is None else joined.items.take(order),
        {int(places[row]): traits for row, traits in sorted(joined.traits.items())},
    )
