"""Previews of segments over a history of a shop, against plain SQL over the same files.

The partner is what an analyst with the same files would run: DuckDB reading the Parquet files, one
statement with the newest value of each trait, an aggregate for each behavior, and the count after
each condition. It is the same database, with the same threads and memory; what it lacks is the
tables that are kept warm.
"""

from __future__ import annotations

import gc
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from qianmian.language.parse import parse
from qianmian.runtime.bench import BenchRow
from qianmian.storage.history_reader.preview import Preview, preview
from qianmian.storage.history_reader.reader import HistoryReader
from qianmian.storage.history_schema import EVENTS, SCHEMAS

HOUR_MS: Final = 3_600_000
START: Final = 1_717_200_000_000
CITIES: Final = ("tier_1", "new_tier_1", "tier_2", "tier_3", "tier_4")
ACTS: Final = ("product_viewed", "product_clicked", "liked", "comment_sent", "cart_added")
SHARES: Final = (0.45, 0.25, 0.15, 0.1, 0.05)
TRAITS: Final = (
    "trait.gender == female and trait.age >= 22 and trait.age <= 35"
    " and trait.city_tier in (tier_1, new_tier_1) and not trait.is_staff == true"
    " and trait.level >= 2"
)
BEHAVIOR: Final = (
    f"{TRAITS} and count(cart_added) within 7d >= 1"
    " and count(product_viewed where category == c3) within 3d >= 2"
)
PLAIN: Final = """
WITH told AS (
  SELECT viewer, arg_max(traits, (event_time, "offset")) AS traits
  FROM read_parquet($files) WHERE type = 'profile_updated' AND outcome IN ('accepted', 'late')
  GROUP BY viewer
), carts AS (
  SELECT viewer, count(*) AS n FROM read_parquet($files)
  WHERE type = 'cart_added' AND outcome IN ('accepted', 'late') AND event_time > $now - 604800000
  GROUP BY viewer
), views AS (
  SELECT viewer, count(*) AS n FROM read_parquet($files)
  WHERE type = 'product_viewed' AND category = 'c3' AND outcome IN ('accepted', 'late')
    AND event_time > $now - 259200000 GROUP BY viewer
), held AS (
  SELECT json_extract_string(traits, '$.gender') = 'female' AS c0,
    CAST(json_extract(traits, '$.age') AS DOUBLE) >= 22 AS c1,
    CAST(json_extract(traits, '$.age') AS DOUBLE) <= 35 AS c2,
    json_extract_string(traits, '$.city_tier') IN ('tier_1', 'new_tier_1') AS c3,
    NOT CAST(json_extract(traits, '$.is_staff') AS BOOLEAN) AS c4,
    CAST(json_extract(traits, '$.level') AS DOUBLE) >= 2 AS c5,
    carts.n >= 1 AS c6, views.n >= 2 AS c7
  FROM told LEFT JOIN carts USING (viewer) LEFT JOIN views USING (viewer)
)
SELECT count(*), count_if(c0), count_if(c0 AND c1), count_if(c0 AND c1 AND c2),
  count_if(c0 AND c1 AND c2 AND c3), count_if(c0 AND c1 AND c2 AND c3 AND c4),
  count_if(c0 AND c1 AND c2 AND c3 AND c4 AND c5),
  count_if(c0 AND c1 AND c2 AND c3 AND c4 AND c5 AND c6),
  count_if(c0 AND c1 AND c2 AND c3 AND c4 AND c5 AND c6 AND c7)
FROM held
"""


@dataclass(frozen=True, slots=True)
class Shop:
    """How large the history is, and over how many hours it goes."""

    viewers: int
    events: int
    hours: int = 24 * 14


def write_shop(folder: Path, shop: Shop, *, seed: int = 1) -> int:
    """Files of history: everybody's profile in the first hour, then what they do; returns now."""
    rng = np.random.default_rng(seed)
    names = pa.array([f"viewer-{k:07}" for k in range(shop.viewers)])
    profiles = pa.array([_profile(rng, k) for k in range(shop.viewers)])
    everybody = np.arange(shop.viewers, dtype=np.int32)
    clock = START + np.sort(rng.integers(0, HOUR_MS, shop.viewers))
    _write(
        folder,
        0,
        clock,
        np.zeros(shop.viewers, np.int32),
        everybody,
        names,
        rng=rng,
        traits=profiles,
    )
    per_hour = shop.events // (shop.hours - 1)
    for hour in range(1, shop.hours):
        clock = START + hour * HOUR_MS + np.sort(rng.integers(0, HOUR_MS, per_hour))
        act = 1 + rng.choice(len(ACTS), per_hour, p=SHARES).astype(np.int32)
        # a few come often, many seldom
        viewer = (shop.viewers * rng.random(per_hour) ** 3).astype(np.int32)
        _write(folder, hour, clock, act, viewer, names, rng=rng)
    return START + shop.hours * HOUR_MS


def _profile(rng: np.random.Generator, k: int) -> str:
    gender = "female" if rng.random() < 0.7 else "male"
    city = CITIES[int(rng.integers(len(CITIES)))]
    staff = "true" if k % 500 == 0 else "false"
    age, level = int(rng.integers(16, 60)), int(rng.integers(0, 6))
    return (
        f'{{"gender":"{gender}","age":{age},"city_tier":"{city}","is_staff":{staff}'
        f',"level":{level},"occupation":"teacher"}}'
    )


def _write(
    folder: Path,
    hour: int,
    clock: np.ndarray,
    act: np.ndarray,
    viewer: np.ndarray,
    names: pa.Array,
    *,
    rng: np.random.Generator,
    traits: pa.Array | None = None,
) -> None:
    n = len(clock)
    offset = hour * 100_000 + np.arange(n) // 200
    goods = rng.integers(0, 2_000, n).astype(np.int32)
    products = pa.array([f"p{k}" for k in range(2_000)])
    categories = pa.array([f"c{k}" for k in range(20)])
    used, codes = np.unique(viewer, return_inverse=True)
    columns = {
        "offset": pa.array(offset),
        "clock": pa.array(clock),
        "event_time": pa.array(clock),
        "type": _coded(act, pa.array(["profile_updated", *ACTS])),
        "outcome": _coded(np.zeros(n, np.int32), pa.array(["accepted"])),
        "viewer": _coded(codes.astype(np.int32), names.take(pa.array(used))),
        "room": _coded(np.zeros(n, np.int32), pa.array(["r"])),
    }
    if traits is None:
        columns["product"] = _coded(goods, products)
        columns["category"] = _coded(goods % 20, categories)
    else:
        columns["traits"] = traits
    schema = SCHEMAS[EVENTS]
    arrays = [columns.get(one.name, pa.nulls(n, one.type)).cast(one.type) for one in schema]
    stamp = np.datetime_as_string(np.datetime64(START + hour * HOUR_MS, "ms"), unit="h")
    path = folder / EVENTS / f"{stamp}.{offset[0]:020d}-{offset[-1] + 1:020d}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), path, compression="zstd")


def _coded(codes: np.ndarray, names: pa.Array) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(codes), names)


def previews(shop: Shop, *, rounds: int) -> Iterator[BenchRow]:
    """Rows of the suite: warm previews, the partner beside them, and what keeping warm costs."""
    size = f"{shop.viewers:,} viewers, {shop.events:,} events"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        now = write_shop(folder, shop)
        began = perf_counter()
        reader = HistoryReader(folder, memory_mb=6_144)
        first = preview(reader, parse(BEHAVIOR), now)
        yield BenchRow(f"history read for the first time ({size})", perf_counter() - began, "s")
        plain = duckdb.connect(":memory:", config={"threads": 2, "memory_limit": "6144MiB"})
        files = [str(path) for path in sorted((folder / EVENTS).glob("*.parquet"))]
        few, many, rival = [], [], []
        for _ in range(rounds):
            gc.collect()
            few.append(_timed(lambda: preview(reader, parse(TRAITS), now)))
            many.append(_timed(lambda: preview(reader, parse(BEHAVIOR), now)))
            began = perf_counter()
            told = plain.execute(PLAIN, {"files": files, "now": now}).fetchall()[0]
            rival.append(perf_counter() - began)
            _check_same(first, told)
        yield BenchRow(f"preview, 6 traits ({size})", 1_000 * median(few), "ms")
        yield BenchRow(
            f"preview, 6 traits and 2 behaviors ({size})",
            1_000 * median(many),
            "ms",
            baseline="SQL over the files",
            ratio=median(rival) / median(many),
            spread=(max(many) - min(many)) / median(many),
        )
        yield BenchRow("the same as SQL over the files", 1_000 * median(rival), "ms")
        reader.close()


def _timed(ask: Callable[[], object]) -> float:
    began = perf_counter()
    ask()
    return perf_counter() - began


def _check_same(found: Preview, told: tuple[int, ...]) -> None:
    if (found.total, *(step.left for step in found.steps)) != told:
        raise AssertionError((found.total, [step.left for step in found.steps], told))
