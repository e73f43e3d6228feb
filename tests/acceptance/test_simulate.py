"""`qianmian simulate`: a log that replays, the truth beside it, and real marginals."""

from __future__ import annotations

import csv
import gzip
import json
from collections import Counter, defaultdict
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qianmian.cli.main import run
from qianmian.simulation import marginals


def simulated(folder: Path, capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    size = ["--viewers", "60", "--minutes", "6", "--out", str(folder), "--json"]
    assert run(["simulate", *size, *options]) == 0
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def test_the_same_seed_is_the_same_log_and_another_one_is_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = simulated(tmp_path / "a", capsys, "--seed", "5")
    two = simulated(tmp_path / "b", capsys, "--seed", "5")
    other = simulated(tmp_path / "c", capsys, "--seed", "6")
    assert one["digest"] == two["digest"] != other["digest"]
    files = [(tmp_path / name / "truth.json").read_bytes() for name in ("a", "b")]
    assert files[0] == files[1]
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == [
        "events.jsonl",
        "truth.json",
    ]


def test_the_log_replays_and_the_truth_counts_what_went_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = simulated(tmp_path, capsys, "--seed", "7")
    assert run(["replay", answer["log"], "--json"]) == 0
    replayed = json.loads(capsys.readouterr().out)
    assert replayed["rejected"] == 0
    assert replayed["events"] == answer["events"]
    truth = json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))
    assert len(truth["lost"]) == answer["lost"] > 0
    # A copy whose second half would have come after the end was never sent.
    assert 0 < replayed["duplicates"] <= len(truth["duplicated"])
    bought = {one["viewer"] for one in truth["messages"] if one["what"] == "bought"}
    assert replayed["firings_by_moment"]["just_ordered"] == len(bought)


def test_a_calm_log_has_nothing_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answer = simulated(tmp_path, capsys, "--calm")
    assert (answer["lost"], answer["late"], answer["duplicated"]) == (0, 0, 0)


@pytest.mark.parametrize("locale", ["zh-CN", "en-US"])
def test_the_report_shows_truth_and_distances(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], locale: str
) -> None:
    size = ["--viewers", "30", "--minutes", "4", "--out", str(tmp_path), "--locale", locale]
    assert run(["simulate", *size, "--report"]) == 0
    shown = capsys.readouterr().out
    assert "joined_promo" in shown
    assert ("弹幕" if locale == "zh-CN" else "comments") in shown


def test_a_folder_that_cannot_be_written_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert run(["simulate", "--out", str(tmp_path / "file" / "in"), "--minutes", "1"]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_published_figures_are_those_of_the_slices(real_data: Path) -> None:
    with (real_data / "rees46/events.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    kinds = Counter(row["event_type"] for row in rows)
    assert [kinds[kind] for kind in ("view", "cart", "purchase")] == list(
        marginals.SHOP_MIX.values()
    )
    views = [row for row in rows if row["event_type"] == "view"]
    prices = np.array([float(row["price"]) for row in views])
    assert np.quantile(prices / np.median(prices), np.arange(11) / 10) == pytest.approx(
        np.array(marginals.PRICE_RATIO), rel=0.02, abs=0.001
    )
    visits = defaultdict(list)
    for row in views:
        at = datetime.strptime(row["event_time"], "%Y-%m-%d %H:%M:%S %Z").timestamp()  # noqa: DTZ007
        visits[row["user_session"]].append((at, row["product_id"], row["category_id"]))
    shares = Counter(len(visit) for visit in visits.values())
    published = [shares[n] / len(visits) for n in range(1, 15)]
    assert published == pytest.approx(marginals.VIEWS_PER_VISIT, abs=0.001)
    steps = [step for visit in visits.values() for step in pairwise(sorted(visit))]
    gaps = [(after[0] - here[0]) * 1_000 for here, after in steps]
    assert np.quantile(gaps, np.arange(11) / 10) == pytest.approx(
        np.array(marginals.DWELL_MS), rel=0.03
    )
    moves = [(here[1] == after[1], here[2] == after[2]) for here, after in steps]
    assert np.mean([same for same, _ in moves]) == pytest.approx(
        marginals.NEXT_SAME_PRODUCT, abs=0.01
    )
    assert np.mean([kin for same, kin in moves if not same]) == pytest.approx(
        marginals.NEXT_SAME_CATEGORY, abs=0.01
    )
    with gzip.open(real_data / "taobao/first_15_min.csv.gz", "rt", encoding="utf-8") as text:
        acts = Counter(row["b"] for row in csv.DictReader(text))
    assert [acts[act] for act in ("pv", "cart", "fav", "buy")] == list(
        marginals.MARKET_MIX.values()
    )
    room = json.loads(
        (real_data / "live_platform_payloads/douyin_traffic_mix.json").read_text(encoding="utf-8")
    )["by_method"]
    names = ("Chat", "Member", "Social", "Like")
    assert [room[f"Webcast{name}Message"] for name in names] == list(marginals.ROOM_MIX.values())


# Distances of a room of 500 over 40 minutes; what chance does to the smaller counts is in them.
BOUNDS = {
    "room_mix": 0.05,
    "market_mix": 0.03,
    "shop_mix": 0.10,  # the two shops that the mixes come from are 0.06 apart
    "dwell_spread": 0.05,
    "price_spread": 0.10,
    "views_spread": 0.05,
}


def test_a_simulated_room_is_near_the_published_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = simulated(tmp_path, capsys, "--viewers", "500", "--minutes", "40")
    assert set(answer["distances"]) == set(BOUNDS)
    for name, bound in BOUNDS.items():
        assert answer["distances"][name] < bound, name
