"""Facts built from history and what is live since are the whole log: random pasts and evenings.

The past is written to history; a build of it enters a new engine, which then lives through the
evening. What it says at the end is what the reader says of the whole history, and what a plain
recount of all events says.
"""

from __future__ import annotations

import operator
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest

from qianmian.columns.batch import EventBatch
from qianmian.columns.facts import Facts
from qianmian.engine.core import Core
from qianmian.language.parse import parse, parse_definition
from qianmian.runtime.messages import Events, Message
from qianmian.storage.history import History
from qianmian.storage.history_reader.facts_build import build_facts
from qianmian.storage.history_reader.reader import HistoryReader

DAY: Final = 86_400_000
EIGHT_HOURS: Final = 28_800_000
BOUNDARY: Final = 1_717_257_600_000
"""2024-06-02T00:00 in Shanghai, whose days are 24 hours."""
VIEWERS: Final = ("a", "b", "c", "d")
TYPES: Final = ("liked", "cart_added", "gift_sent")
COMPARE: Final = {
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}
Row = dict[str, Any]
Question = tuple[str, str, int, str, int]
"""Aggregate, event type, days (0: ever), comparison, value."""


def events(rng: Random) -> list[Row]:
    """Forty days before the boundary, a few long ago, and some minutes after it; one is linked."""
    clocks = [BOUNDARY - rng.randrange(1, 40 * DAY) for _ in range(120)]
    clocks += [BOUNDARY - rng.randrange(360 * DAY, 900 * DAY) for _ in range(12)]
    days = [BOUNDARY - ago * DAY for ago in (8, 9, 30)]
    clocks += [at + rng.choice((-1, 0, 1)) for at in days for _ in range(3)]
    clocks += [BOUNDARY - 1, BOUNDARY, *(BOUNDARY + rng.randrange(600_000) for _ in range(40))]
    rows: list[Row] = []
    for clock in sorted(clocks):
        row: Row = {"clock": clock, "type": rng.choice(TYPES), "room": "r"}
        row |= {"anonymous_id": "x"} if clock < BOUNDARY and rng.random() < 0.2 else {}
        if "anonymous_id" not in row:
            row["viewer"] = rng.choice(VIEWERS)
        if row["type"] == "gift_sent":
            row["amount"] = rng.randrange(1, 9) * 100
        rows.append(row)
    link = {"type": "identity_linked", "anonymous_id": "x", "viewer": "a"}
    at = BOUNDARY - rng.randrange(2, 20 * DAY)
    later = [row for row in rows if row["clock"] > at]
    return [row for row in rows if row["clock"] <= at] + [{"clock": at, **link}, *later]


def questions(rng: Random) -> list[Question]:
    found: list[Question] = []
    for _ in range(12):
        days, cmp = rng.choice((0, 8, 9, 30)), rng.choice(tuple(COMPARE))
        if rng.random() < 0.6:
            found.append(("count", rng.choice(TYPES), days, cmp, rng.randrange(1, 14)))
        else:
            ordering = rng.choice((">=", "<", ">", "<="))
            found.append(("sum", "gift_sent", days, ordering, rng.randrange(1, 40) * 100))
    return list(dict.fromkeys(found))


def text_of(question: Question) -> str:
    aggregate, type_, days, cmp, value = question
    window = f"within {days}d" if days else "ever"
    if aggregate == "sum":
        return f"sum({type_}.amount) {window} {cmp} ¥{value // 100}"
    return f"count({type_}) {window} {cmp} {value}"


def recounted(question: Question, rows: list[Row]) -> set[str]:
    """Who it holds for, by looking at every event."""
    aggregate, type_, days, cmp, value = question
    begin = (BOUNDARY + EIGHT_HOURS) // DAY * DAY - EIGHT_HOURS - days * DAY
    mine: dict[str, int] = dict.fromkeys(VIEWERS, 0)
    for row in rows:
        if row["type"] == type_ and (row["clock"] >= begin or not days):
            mine[row.get("viewer", "a")] += 1 if aggregate == "count" else row["amount"]
    return {viewer for viewer, number in mine.items() if COMPARE[cmp](number, value)}


def written(history: History, rows: list[Row], first: int) -> None:
    for offset, row in enumerate(rows, first):
        batch = EventBatch.from_rows([{**row, "message": offset}])
        history.add(Message(offset, row["clock"], Events(batch)))
    history.flush()


def evening(texts: list[str], facts: Facts, rows: list[Row]) -> dict[str, set[str]]:
    """What an engine says at the end that has the facts and sees what comes after them."""
    definitions = [parse_definition(f"m{k}", f"shared and {text}") for k, text in enumerate(texts)]
    engine = Core(definitions)
    engine.take_facts(facts, BOUNDARY)
    entered = [
        {"clock": BOUNDARY, "type": "room_entered", "viewer": v, "room": "r"} for v in VIEWERS
    ]
    shared = [{**one, "clock": BOUNDARY + 600_000, "type": "shared"} for one in entered]
    fired = engine.run(EventBatch.from_rows([*entered, *rows, *shared]))
    found: dict[str, set[str]] = {text: set() for text in texts}
    for firing in fired:
        found[texts[int(firing.moment[1:])]].add(str(firing.viewer))
    return found


@pytest.mark.parametrize("seed", range(6))
def test_facts_and_what_is_live_since_are_the_whole_log(seed: int, tmp_path: Path) -> None:
    rng = Random(seed)
    rows, asked = events(rng), questions(rng)
    past = [row for row in rows if row["clock"] < BOUNDARY]
    live = [row for row in rows if row["clock"] >= BOUNDARY]
    texts = [text_of(one) for one in asked]
    history = History(tmp_path)
    written(history, past, 0)
    reader = HistoryReader(tmp_path)
    data = build_facts(reader, map(parse, texts), BOUNDARY)
    said = evening(texts, Facts(data), live)
    written(history, live, len(past))
    assert build_facts(reader, map(parse, texts), BOUNDARY) == data  # the evening is after it
    for text, one in zip(texts, asked, strict=True):
        wanted = recounted(one, rows)
        assert said[text] == wanted, text
        assert reader.viewers_of(parse(text), BOUNDARY + 600_000) == sorted(wanted), text
    reader.close()


def test_the_questions_have_both_answers() -> None:
    answers = set()
    for seed in range(6):
        rng = Random(seed)
        rows = events(rng)
        answers |= {len(recounted(one, rows)) for one in questions(rng)}
    assert {0, 4} < answers
