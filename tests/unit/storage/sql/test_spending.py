"""Rows of the ledger: told again they change nothing, and the view adds them up."""

from __future__ import annotations

from collections import Counter, defaultdict
from random import Random

import sqlalchemy as sa

from qianmian.storage.sql.database import Database
from qianmian.storage.sql.spending import SpendingBook, Spent
from qianmian.strategies.ledger import Change, Reservation, State

MIDNIGHT = 1_790_000_000_000 // 86_400_000 * 86_400_000 - 8 * 3_600_000  # in Shanghai
DAY = 86_400_000
STATES: tuple[State, ...] = ("held", "spent", "given_back")


def history(seed: int) -> list[Change]:
    """Three strategies and two offers over three days: each change is a later word on its row."""
    chance = Random(seed)
    held = [
        Reservation(
            chance.choice("abc"),
            chance.choice("xy"),
            100 * chance.randrange(1, 9),
            0,
            chance.choice((None, n)),
            at=MIDNIGHT + chance.randrange(3 * DAY),
        )
        for n in range(20)
    ]
    found = [Change(f"d{n}", one, "held") for n, one in enumerate(held)]
    for _ in range(30):
        n = chance.randrange(20)
        found.append(Change(f"d{n}", held[n], chance.choice(STATES)))
    return found


def obvious(changes: list[Change]) -> list[Spent]:
    """Counted by hand from the last word on each row."""
    groups = defaultdict[tuple[int, str, str], list[Change]](list)
    for one in {one.decision: one for one in changes}.values():
        place = (one.held.at - MIDNIGHT) // DAY
        groups[place, one.held.strategy, one.held.offer].append(one)
    days = ("2026-09-21", "2026-09-22", "2026-09-23")
    told = []
    for (place, strategy, offer), rows in sorted(groups.items()):
        states = Counter(one.state for one in rows)
        counts = [one.held.cost_minor for one in rows if one.state != "given_back"]
        codes = {one.held.code for one in rows} - {None}
        back = states["given_back"]
        row = (len(counts), sum(counts), states["held"], back, len(codes))
        told.append(Spent(days[place], strategy, offer, *row))
    return told


def test_the_view_is_what_is_counted_by_hand_in_whatever_parts_it_was_told(
    database: Database,
) -> None:
    for seed in range(8):
        with database.write() as connection:
            connection.execute(sa.text("DELETE FROM ledger_entries"))
        changes, chance = history(seed), Random(seed)
        book = SpendingBook(database, "Asia/Shanghai")
        for one in changes:
            book.note([one])
            if chance.random() < 0.2:
                book.flush()
        told = book.days("2026-09-21", "2026-09-23")
        assert list(told) == obvious(changes)
        again = SpendingBook(database, "Asia/Shanghai")  # after a crash: a replay says it again
        again.note(changes[chance.randrange(20) :])
        assert list(again.days("2026-09-21", "2026-09-23")) == obvious(changes)
        assert book.days("2026-09-24", "2027-01-01") == []
