"""Files of history of a shop whose strategy decides in every session, for benches of effects.

A session is an hour: everybody enters, looks and likes, some are decided about, some order, a few
get money back. A tenth of people is in the control. Of viewers without an account some sign in
later, so an evening changes whose the acts of earlier ones are.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from qianmian.storage.history_schema import DECISIONS, EVENTS, SCHEMAS

HOUR_MS: Final = 3_600_000
START: Final = 1_717_200_000_000
WINDOW_MS: Final = 600_000
TYPES: Final = (
    *("room_entered", "product_viewed", "liked", "heartbeat", "order_paid", "order_refunded"),
    "identity_linked",
)
SHARES: Final = (0.2, 0.3, 0.2, 0.264, 0.03, 0.003, 0.003)
PAID, REFUNDED, LINKED = 4, 5, 6
MESSAGES: Final = 100_000
"""Messages of the log that a session may have."""

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Evenings:
    """How large the history is; rows are spread evenly over the sessions.

    Attributes:
        viewers: of the shop; some come to many sessions, most to few.
        watching: viewers of a session, before those are taken together who were drawn twice.
    """

    viewers: int
    watching: int
    sessions: int
    events: int
    decisions: int


def write_evenings(folder: Path, shop: Evenings, *, first: int = 0, last: int | None = None) -> int:
    """Write the sessions first <= n < last, the same whoever writes them; the bytes of all."""
    names = pa.array([_name(k) for k in range(shop.viewers)])
    last = shop.sessions if last is None else last
    return sum(_write_evening(folder, shop, names, one) for one in range(first, last))


def _name(viewer: int) -> str:
    return f"?anonymous-{viewer:07}" if viewer % 5 == 0 else f"viewer-{viewer:07}"


def _write_evening(folder: Path, shop: Evenings, names: pa.Array, session: int) -> int:
    rng = np.random.default_rng([7, session])
    begin = START + session * HOUR_MS
    n = shop.events // shop.sessions
    there = np.unique((shop.viewers * rng.random(shop.watching) ** 2).astype(np.int64))
    act = rng.choice(len(TYPES), n, p=SHARES).astype(np.int32)
    viewer = rng.choice(there, n)
    is_link = act == LINKED
    viewer[is_link] -= viewer[is_link] % 5  # who signs in has had no account
    known = np.where(is_link, viewer + 1, -1)
    amount = 100 * rng.integers(10, 500, n)
    is_money = (act == PAID) | (act == REFUNDED)
    number = np.where(act == PAID, np.arange(n), rng.integers(0, n, n))
    orders = pa.array([f"o{session}-{k}" for k in range(n)])
    clock = begin + np.sort(rng.integers(0, HOUR_MS, n))
    size = _put(folder, EVENTS, session, clock, {
        "event_time": pa.array(clock),
        "type": _coded(act, pa.array(TYPES)),
        "outcome": _coded(np.zeros(n, np.int32), pa.array(["accepted"])),
        "viewer": _coded(viewer.astype(np.int32), names),
        "linked_viewer": _coded(np.where(is_link, known, 0).astype(np.int32), names, is_link),
        "room": _coded(np.zeros(n, np.int32), pa.array(["r"])),
        "session": _coded(np.zeros(n, np.int32), pa.array([f"s{session}"])),
        "order_id": _coded(number.astype(np.int32), orders, is_money),
        "amount": pa.array(np.where(is_money, amount, 0), mask=~is_money),
        "verified": pa.array(np.ones(n, np.int64), mask=~is_money),
    })  # fmt: skip
    m = shop.decisions // shop.sessions
    told = rng.choice(there, m)
    is_held = told // 5 % 10 == 0  # who signs in stays in the arm
    at = begin + np.sort(rng.integers(0, HOUR_MS, m))
    zero = np.zeros(m, np.int32)
    size += _put(folder, DECISIONS, session, at, {
        "at": pa.array(at),
        "id": pa.array([f"{session:08x}{k:024x}" for k in range(m)]),
        "strategy": _coded(zero, pa.array(["coupon"])),
        "moment": _coded(zero, pa.array(["hesitation"])),
        "viewer": _coded(told.astype(np.int32), names),
        "room": _coded(zero, pa.array(["r"])),
        "session": _coded(zero, pa.array([f"s{session}"])),
        "version": pa.array(np.ones(m, np.int64)),
        "outcome": _coded(is_held.astype(np.int32), pa.array(["act", "held_out"])),
        "reason": _coded(is_held.astype(np.int32), pa.array(["", "control"])),
        "cost_minor": pa.array(np.where(is_held, 0, 300)),
        "is_rehearsal": pa.array(np.zeros(m, np.bool_)),
        "step": pa.array(np.zeros(m, np.int64)),
        "after": pa.array([""] * m),
    })  # fmt: skip
    return size


def _put(folder: Path, kind: str, session: int, clock: Int64, columns: dict[str, Any]) -> int:
    n = len(clock)
    offset = session * MESSAGES + np.arange(n) * MESSAGES // max(n, 1)
    columns |= {"offset": pa.array(offset), "clock": pa.array(clock)}
    schema = SCHEMAS[kind]
    arrays = [columns.get(one.name, pa.nulls(n, one.type)).cast(one.type) for one in schema]
    stamp = np.datetime_as_string(np.datetime64(START + session * HOUR_MS, "ms"), unit="h")
    name = f"{stamp}.{session * MESSAGES:020d}-{(session + 1) * MESSAGES:020d}.parquet"
    path = folder / kind / name
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), path, compression="zstd")
    return path.stat().st_size


def _coded(
    codes: npt.NDArray[np.int32], names: pa.Array, said: npt.NDArray[np.bool_] | None = None
) -> pa.Array:
    """Words by their place in `names`, of which only those that are used are written."""
    used, again = np.unique(codes if said is None else codes[said], return_inverse=True)
    indices = pa.array(again.astype(np.int32))
    if said is not None:
        place = np.maximum(np.cumsum(said) - 1, 0)
        indices = indices.take(pa.array(place, mask=~said))
    return pa.DictionaryArray.from_arrays(indices, names.take(pa.array(used)))
