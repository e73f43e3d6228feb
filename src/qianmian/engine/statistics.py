"""Counts of a core since its start: what metrics and the console read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counts since the start.

    `overflow` counts entries pushed out by the bounds of the semantics, `lost` instants that did
    not fit the engine's buffer (must be 0), `refused` rows whose ids no longer fitted the
    dictionaries.
    """

    accepted: int
    duplicates: int
    late: int
    refused: int
    viewers: int
    rows: int
    evicted: int
    overflow: int
    contradicted: int
    gap_lost: int
    once: int
    lost: int
    merged: int
    merges_refused: int
    superseded: int
