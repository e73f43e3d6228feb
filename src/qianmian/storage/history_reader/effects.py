"""The effect of a strategy version, read from decisions and events of history.

Everybody stands under the person whose ids they are, as of the newest message (decision 0029), so
an order of a member counts for what was decided about their device.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa
from sqlglot import exp

from qianmian.errors import LogProblem
from qianmian.experiments.effect import Plan
from qianmian.experiments.population import (
    CONTROL,
    HOLDOUT,
    NO_ORDER,
    PAID,
    REACHED,
    REFUNDED,
    TREATED,
    Acts,
    Decided,
    Population,
    population_of,
)
from qianmian.experiments.strategy_effect import Naive, StrategyEffect, strategy_effect
from qianmian.storage.history import SUFFIX, file_of, lasting
from qianmian.storage.history_reader.database import DIALECT
from qianmian.storage.history_reader.reader import HistoryReader
from qianmian.storage.history_reader.warm import TRIES
from qianmian.storage.history_schema import DECISIONS
from qianmian.strategies.assignment import WHOLE
from qianmian.strategies.strategy import Strategy

_COLUMNS: Final = {"amount", "currency", "order_id", "verified"}
_TABLES: Final = ("ours", "place", "did")
_OURS: Final = """
CREATE TEMP TABLE ours AS
SELECT coalesce(l.known, v.id) AS person, min(d.at) AS at,
  arg_min(CASE WHEN d.outcome = 'act' THEN $treated WHEN d.reason = 'control' THEN $control
    ELSE $holdout END, d.at) AS arm,
  max(CASE WHEN d.outcome = 'act' THEN d.cost_minor ELSE 0 END) AS cost,
  arg_min(d.room, d.at) AS room, coalesce(arg_min(d.session, d.at), '') AS session
FROM read_parquet($files, union_by_name = true) AS d
JOIN viewer AS v ON v.name = d.viewer LEFT JOIN link AS l ON l.own = v.id
WHERE d.strategy = $strategy AND d.version = $version AND NOT d.is_rehearsal
  AND d.outcome IN ('act', 'held_out')
GROUP BY coalesce(l.known, v.id), d.firing
"""
_NOBODY: Final = """
CREATE TEMP TABLE ours (
  person INTEGER, "at" BIGINT, arm INTEGER, cost BIGINT, room VARCHAR, session VARCHAR)
"""
_PLACE: Final = """
CREATE TEMP TABLE place AS
SELECT room, session, row_number() OVER (ORDER BY room, session) - 1 AS number
FROM (SELECT DISTINCT room, session FROM ours) AS told
"""
_DID: Final = """
CREATE TEMP TABLE did AS
SELECT e.viewer AS person, e.event_time AS happened, t.name AS name, e.order_id AS order_id,
  coalesce(e.currency, $currency) <> $currency AS is_foreign,
  CASE WHEN coalesce(e.currency, $currency) = $currency THEN coalesce(e.amount, 0) ELSE 0 END
    AS amount
FROM event AS e JOIN type_code AS t ON t.code = e.type
WHERE t.name IN ('order_paid', 'order_refunded', $goal) AND coalesce(e.verified, 1) <> 0
"""
_DECIDED: Final = """
SELECT o.person, o.at, o.arm, o.cost, p.number FROM ours AS o
JOIN place AS p ON p.room = o.room AND p.session = o.session
"""
_ACTS: Final = """
SELECT person, happened, kind, amount,
  CASE WHEN order_id IS NULL THEN $no_order ELSE dense_rank() OVER (ORDER BY order_id) END AS place
FROM (
  SELECT *, CASE WHEN name = 'order_paid' THEN $paid ELSE $refunded END AS kind FROM did
  WHERE name IN ('order_paid', 'order_refunded')
  UNION ALL SELECT *, $reached AS kind FROM did WHERE name = $goal
) AS every_act WHERE person IN (SELECT person FROM ours)
"""
_OTHERS: Final = """
SELECT count(*), count(*) FILTER (id IN (
  SELECT person FROM did WHERE name = $goal AND happened > $begin AND happened <= $until))
FROM person WHERE first_seen <= $until AND last_seen >= $begin
  AND id NOT IN (SELECT person FROM ours WHERE arm = $treated)
"""
_UNKNOWN: Final = """
SELECT count(*) FROM did AS d JOIN seen AS s ON s.viewer = d.person
WHERE d.name = 'order_paid' AND d.happened > $begin AND d.happened <= $until
  AND s.first_seen IS NULL AND d.person NOT IN (SELECT person FROM ours)
"""
_FOREIGN: Final = """
SELECT count(*) FROM did WHERE name = 'order_paid' AND is_foreign
  AND happened > $begin AND happened <= $until AND person IN (SELECT person FROM ours)
"""


def effect_in_history(reader: HistoryReader, strategy: Strategy, currency: str) -> StrategyEffect:
    """The effect of a version, as far as history knows it.

    Args:
        currency: of the shop; orders in others count, their amounts do not.

    Raises: LogProblem when a file cannot be read; HistoryTooLarge.
    Cost: one pass over the decisions and over the orders.
    """
    reader.warm.need(_COLUMNS, ())
    reader.refresh()
    for attempt in range(TRIES):
        try:
            return _found(reader, strategy, currency)
        except LogProblem:  # files are joined while we look
            if attempt == TRIES - 1:
                raise
    raise AssertionError


def _found(reader: HistoryReader, strategy: Strategy, currency: str) -> StrategyEffect:
    run, goal = reader.database.run, strategy.goal
    window_ms, as_of = goal.within_ms, reader.warm.clock
    for name in _TABLES:
        run(f"DROP TABLE IF EXISTS {name}")
    files = _files(reader)
    arms = {"treated": TREATED, "control": CONTROL, "holdout": HOLDOUT}
    mine = {"strategy": strategy.key, "version": strategy.version}
    run(*((_OURS, {"files": files, **mine, **arms}) if files else (_NOBODY,)))
    run(_PLACE)
    run(_DID, {"currency": currency, "goal": goal.event})
    people = population_of(_decided(reader), _acts(reader, goal.event), window_ms=window_ms,
                           as_of=as_of)  # fmt: skip
    begin = int(people.at.min(initial=as_of))
    span = {"begin": begin, "until": int(people.at.max(initial=begin)) + window_ms}
    ((others, reached),) = run(_OTHERS, {"treated": TREATED, "goal": goal.event, **span})
    ((unknown,),) = run(_UNKNOWN, span)
    ((foreign,),) = run(_FOREIGN, span)
    names = [f"{room} {session}".strip() for room, session in run(
        "SELECT room, session FROM place ORDER BY number")]  # fmt: skip
    for name in _TABLES:
        run(f"DROP TABLE {name}")
    share = strategy.control / WHOLE
    return strategy_effect(
        (strategy.key, strategy.version),
        goal.event,
        people,
        Plan(control_share=share if 0 < share < 1 else None),
        window_ms=window_ms,
        as_of=as_of,
        naive=_naive(people, others, reached),
        unattributable=unknown,
        other_currency=foreign,
        session_names=names,
    )


def _files(reader: HistoryReader) -> list[str]:
    found = (file_of(path, DECISIONS) for path in reader.folder.glob(f"{DECISIONS}/*{SUFFIX}"))
    return [str(one.path) for one in lasting(found)]


def _naive(people: Population, others: int, others_reached: int) -> Naive:
    reached = people.reached[people.is_treated]
    return Naive(len(reached), int(reached.sum()), others, others_reached)


def _decided(reader: HistoryReader) -> Decided:
    person, at, arm, cost, place = _columns(reader, _DECIDED, {})
    return Decided(person, at, arm.astype(np.int8), cost, place)


def _acts(reader: HistoryReader, goal: str) -> Acts:
    kinds = {"paid": PAID, "refunded": REFUNDED, "reached": REACHED}
    values = {**kinds, "no_order": NO_ORDER, "goal": goal}
    person, at, kind, amount, order = _columns(reader, _ACTS, values)
    return Acts(person, at, kind.astype(np.int8), amount, order)


def _columns(reader: HistoryReader, query: str, values: dict[str, Any]) -> list[Any]:
    """The columns of a query of ours, as whole numbers."""
    found: pa.Table = reader.database.table(exp.maybe_parse(query, dialect=DIALECT), values)
    return [one.to_numpy().astype(np.int64) for one in found.columns]
