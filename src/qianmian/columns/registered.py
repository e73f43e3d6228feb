"""Events that tell when somebody registered tell the days since, too: on their way into the log."""

from __future__ import annotations

from dataclasses import replace

from qianmian.columns.batch import EventBatch
from qianmian.vocabulary.registration import REGISTERED_AT, REGISTERED_DAYS, days_since


def with_days_registered(batch: EventBatch, zone: str) -> EventBatch:
    """The batch in which `registered_at` stands with `registered_days` as of its event time.

    Args:
        zone: of the shop. Who tells the days as well is believed.

    Cost: O(rows with traits).
    """
    found = {}
    for row, traits in batch.traits.items():
        if REGISTERED_AT in traits and REGISTERED_DAYS not in traits:
            days = days_since(traits[REGISTERED_AT], int(batch.event_time[row]), zone)
            if days is not None:
                found[row] = {**traits, REGISTERED_DAYS: days}
    return replace(batch, traits={**batch.traits, **found}) if found else batch
