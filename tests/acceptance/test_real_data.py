"""`qianmian replay` on recorded shops: the counts that a script without our code counts."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.recount import recount, rows_of

FILES = (
    ("rees46", "rees46/events.csv"),
    ("taobao", "taobao/first_15_min.csv.gz"),
    ("taobao", "taobao/users_43_nine_days.csv"),
    ("otto", "otto/train.jsonl"),
)
BREAKABLE = {"rees46": (0, 1, 6), "taobao": (3, 4), "otto": (3,)}
"""Columns in which a question mark says nothing: time, type and price."""

by_file = pytest.mark.parametrize(("name", "file"), FILES)


def replayed(name: str, path: Path, *options: str) -> dict[str, Any]:
    """The JSON of one replay, by the program."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "qianmian.cli",
            "replay",
            path,
            "--format",
            name,
            "--json",
            *options,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def compare(answer: dict[str, Any], counted: dict[str, Any]) -> None:
    assert {key: answer[key] for key in counted} == counted
    total = answer["accepted"] + answer["duplicates"] + answer["late"] + answer["rejected"]
    assert answer["events"] == total


@by_file
def test_the_counts_are_those_of_the_second_opinion(name: str, file: str, real_data: Path) -> None:
    answer = replayed(name, real_data / file)
    compare(answer, recount(name, real_data / file))
    assert answer["late"] == 0
    assert set(answer["firings_by_moment"]) >= {"hesitation", "doubt_rising"}
    assert sum(answer["firings_by_moment"].values()) > 0


@pytest.mark.parametrize(
    ("name", "file"),
    [*FILES[-1:], *(pytest.param(*one, marks=pytest.mark.long) for one in FILES[:-1])],
)
def test_shards_change_nothing(name: str, file: str, real_data: Path) -> None:
    one, many = (replayed(name, real_data / file, "--shards", n) for n in ("1", "7"))
    one.pop("elapsed_seconds"), many.pop("elapsed_seconds")
    assert one == many


@by_file
def test_everybody_in_a_shop_file_has_a_first_visit(name: str, file: str, real_data: Path) -> None:
    answer = replayed(name, real_data / file)
    assert answer["firings_by_moment"]["first_visit"] == answer["viewers"]


@by_file
def test_a_spoiled_copy_is_counted_the_same_way(
    name: str, file: str, real_data: Path, tmp_path: Path
) -> None:
    spoiled = tmp_path / "spoiled"
    spoil(name, real_data / file, spoiled)
    counted = recount(name, spoiled)
    assert counted["duplicates"] > 20
    assert counted["rejected"] > 20
    compare(replayed(name, spoiled), counted)


def test_as_arrived_the_shuffled_rows_are_late(real_data: Path, tmp_path: Path) -> None:
    rows = (real_data / "rees46/events.csv").read_text(encoding="utf-8").splitlines()
    body = rows[1:]
    random.Random(1).shuffle(body)
    shuffled = tmp_path / "shuffled.csv"
    shuffled.write_text("\n".join([rows[0], *body]) + "\n", encoding="utf-8")
    sorted_again = replayed("rees46", shuffled)
    counted = recount("rees46", shuffled)
    compare(sorted_again, counted)
    arrived = replayed("rees46", shuffled, "--as-arrived")
    assert arrived["late"] > 900
    assert arrived["events"] == 1000
    assert arrived["by_type"]["order_paid"] == 10  # money is never late


def spoil(name: str, source: Path, target: Path) -> None:
    """Repeat some rows anywhere, break others."""
    chance = random.Random(7)
    rows = list(rows_of(name, source))
    rows += chance.sample(rows, 40)
    chance.shuffle(rows)
    with target.open("w", encoding="utf-8") as file:
        if name == "rees46":
            file.write(
                "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,"
                "user_session\n"
            )
        for number, row in enumerate(rows):
            cells = list(row)
            if number % 15 == 0:
                cells[chance.choice(BREAKABLE[name])] = "?"
            if name == "otto":
                session, aid, ts, word = cells
                event = {"aid": aid, "ts": ts, "type": word}
                file.write(json.dumps({"session": session, "events": [event]}) + "\n")
            else:
                file.write(",".join(map(str, cells)) + "\n")
