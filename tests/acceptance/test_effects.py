"""`qianmian effects`: a published trial by hand, a broken one, and a shop's own strategy."""

from __future__ import annotations

import csv
import gzip
import json
from math import log, sqrt
from pathlib import Path
from typing import Any

import pytest

from qianmian.bootstrap.installation import open_installation
from qianmian.cli.exit_codes import UNUSABLE
from qianmian.cli.main import run
from qianmian.settings import Settings
from tests.measured_shop import FILE, LASTS_MS, NOON, write_evening
from tools.lints.walk import ROOT


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert run(["effects", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_hillstroms_mens_arm_by_hand(
    real_data: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Group means, lift and interval from sums of our own; and no group is told from another."""
    path = real_data / "hillstrom_mens.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    arms = {
        name: [row for row in rows if row["segment"] == name]
        for name in ("Mens E-Mail", "No E-Mail")
    }
    columns = ("channel", "newbie", "zip_code", "history_segment")
    by = [option for name in columns for option in ("--by", name)]
    asked = ["--csv", str(path), "--arm", "segment", "--control", "No E-Mail"]
    asked += ["--outcome", "visit", "--outcome", "spend", *by]
    asked += ["--share", "Mens E-Mail=2", "--share", "No E-Mail=1"]
    (found,) = told(capsys, *asked, "--out", str(tmp_path / "o.csv"))
    assert (found["variant"], found["effect"]["verdict"]) == ("Mens E-Mail", "works")
    told_of = (found["effect"]["primary"], *found["effect"]["secondary"])
    for one, name in zip(told_of, ("visit", "spend"), strict=True):
        values = [[float(row[name]) for row in arms[arm]] for arm in arms]
        if name == "spend":
            assert one["uncut"] is not None
        else:
            means = [sum(mine) / len(mine) for mine in values]
            errors = [
                (sum(v * v for v in mine) - len(mine) * m * m) / (len(mine) - 1) / len(mine)
                for mine, m in zip(values, means, strict=True)
            ]
            n = len(rows)
            rho2 = (-2 * log(0.05) + log(-2 * log(0.05) + 1)) / 5_000
            half = sqrt(sum(errors)) * sqrt(
                2 * (n * rho2 + 1) / (n * rho2) * log(sqrt(n * rho2 + 1) / 0.05)
            )
            lift = means[0] - means[1]
            assert [one["absolute"][k] for k in ("value", "low", "high")] == pytest.approx(
                [lift, lift - half, lift + half], rel=1e-9
            )
            assert one["relative"]["value"] == pytest.approx(means[0] / means[1] - 1)
            assert round(means[0], 5) == 0.18276  # as published
        assert [one[arm]["total"] for arm in ("treated", "control")] == pytest.approx(
            [sum(mine) for mine in values]
        )
    assert [found["by"][name]["differ"] for name in columns] == [False] * len(columns)
    with (tmp_path / "o.csv").open(encoding="utf-8") as written:
        lines = list(csv.DictReader(written))
    assert [(one["outcome"], one["verdict"]) for one in lines] == [
        ("visit", "works"),
        ("spend", ""),
    ]


@pytest.fixture
def broken(tmp_path: Path) -> list[str]:
    """The published counts of Cookie Cats, whose arms were drawn half and half."""
    path = tmp_path / "cats.csv"
    arms = (("gate_30", 44_700, 8_502), ("gate_40", 45_489, 8_279))
    lines = ["version,retained"]
    lines += [f"{arm},{int(k < kept)}" for arm, n, kept in arms for k in range(n)]
    path.write_text("\n".join(lines), encoding="utf-8")
    asked = ["--csv", str(path), "--arm", "version", "--control", "gate_30", "--single-look"]
    return [*asked, "--outcome", "retained", "--share", "gate_30=1", "--share", "gate_40=1"]


@pytest.mark.parametrize(
    ("locale", "says"), [("zh-CN", "分组异常"), ("en-US", "as they were drawn")]
)
def test_arms_that_are_not_as_they_were_drawn_hide_the_verdict_in_every_form(
    broken: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path, locale: str, says: str
) -> None:
    (found,) = told(capsys, *broken)
    assert (found["effect"]["verdict"], found["effect"]["why_hidden"]) == (None, "sample_ratio")
    page, table = tmp_path / "e.html", tmp_path / "e.csv"
    assert (
        run(["effects", *broken, "--locale", locale, "--html", str(page), "--out", str(table)]) == 0
    )
    out = capsys.readouterr().out
    for shown in (out, page.read_text("utf-8")):
        assert says in shown
        assert "0.19" not in shown  # nobody can read off what was hidden
        assert "19.0" not in shown
    assert len(table.read_text("utf-8").splitlines()) == 1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"--arm": "nothing"}, 'no column "nothing"'),
        ({"--control": "gate_50"}, "gate_30, gate_40"),
        ({"--outcome": "version"}, "no number"),
        ({"--csv": "/nowhere.csv"}, "/nowhere.csv"),
        ({"--share": "gate_30=half"}, "gate_30=half"),
        ({"--share": "gate_30=1"}, "gate_40"),
    ],
)
def test_what_is_wrong_with_a_question_is_said(
    broken: list[str], capsys: pytest.CaptureFixture[str], change: dict[str, str], says: str
) -> None:
    asked = [*broken[: broken.index("--share")]] if "--share" in change else [*broken]
    for option, value in change.items():
        if option in asked:
            asked[asked.index(option) + 1] = value
        else:
            asked += [option, value]
    assert run(["effects", *asked]) == UNUSABLE
    assert says in capsys.readouterr().err


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "strategies.yaml").write_text(FILE, encoding="utf-8")
    return Settings(home=tmp_path / "home", strategies=tmp_path / "strategies.yaml")


def evening(settings: Settings, people: int) -> None:
    with open_installation(settings, lambda: NOON) as home:
        write_evening(home, people)
        home.deployment.recover(home.definitions, home.products)
        home.history.flush_before(home.log.durable_offset)


def test_a_shop_reads_one_sentence_in_both_languages(
    settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    evening(settings, 2_000)
    monkeypatch.setenv("QIANMIAN_STRATEGIES", str(settings.strategies))
    home = ["--home", str(settings.home)]
    (found,) = told(capsys, "price_help", *home)
    assert (found["effect"]["verdict"], found["as_of"]) == ("works", NOON + LASTS_MS)
    assert (found["effect"]["treated"], found["effect"]["control"]) == (1_000, 1_000)
    assert found["by"] == {}
    assert found["suggestion"] is None  # it reaches everybody, and works
    by = ["--by", "highly_engaged"]
    for locale, says in (("zh-CN", "确认有效"), ("en-US", "It works")):
        assert run(["effects", *home, *by, "--locale", locale]) == 0
        out = capsys.readouterr().out
        assert "highly_engaged" in out
        assert says in out
        naive = "选择效应" if locale == "zh-CN" else "Selection, not an effect"
        assert out.index(says) < out.index(naive)
    assert run(["effects", "nothing", *home]) == UNUSABLE
    assert "price_help" in capsys.readouterr().err
    assert run(["effects", "price_help", "--version", "9", *home]) == UNUSABLE
    for key, says in (("highly_engagd", "highly_engaged"), ("carts_session", "number")):
        assert run(["effects", *home, "--by", key]) == UNUSABLE
        assert says in capsys.readouterr().err


def test_an_invented_evening_is_told_with_its_truth(capsys: pytest.CaptureFixture[str]) -> None:
    (found,) = told(capsys, "--world", "confounded", "--seed", "3")
    one, truth = found["effect"]["primary"]["absolute"], found["truth"]
    assert one["low"] <= truth["effect"] <= one["high"]
    assert truth["sleeping_dog"] == 0 < truth["persuadable"] < truth["sure_thing"]
    assert run(["effects", "--world", "confounded", "--seed", "3", "--locale", "zh-CN"]) == 0
    out = capsys.readouterr().out
    assert out.index("还不能确定") < out.index("选择效应") < out.index("真相")
    assert "99.9%" in out  # money is cut, and told uncut beside it
    assert run(["effects", "--world", "confonded"]) == UNUSABLE
    assert "confounded" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("locale", "page"), [("en-US", "docs/experiments.md"), ("zh-CN", "docs/zh/experiments.md")]
)
def test_the_example_of_the_page_is_what_the_program_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], locale: str, page: str
) -> None:
    command, shown = (ROOT / page).read_text("utf-8").split("```")[1:4:2]
    asked = command.split()[2:]
    arms = (("coupon", 9_000, 1_350), ("nothing", 1_000, 100))
    lines = [f"{arm},{int(k < bought)}" for arm, n, bought in arms for k in range(n)]
    path = tmp_path / "example.csv"
    path.write_text("\n".join(["arm,ordered", *lines]), encoding="utf-8")
    asked[asked.index("example.csv")] = str(path)
    assert run(["effects", *asked, "--locale", locale]) == 0
    assert capsys.readouterr().out.split() == shown.split()


def test_the_health_of_tags_and_a_review_in_both_languages_and_as_json(
    settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    evening(settings, 200)
    monkeypatch.setenv("QIANMIAN_STRATEGIES", str(settings.strategies))
    home = ["--home", str(settings.home)]
    assert run(["tags", "health", *home, "--json"]) == 0
    found = {one["key"]: one for one in json.loads(capsys.readouterr().out)}
    assert found["bought_this_session"]["standing"]["total"] == 200
    bought = sum(n // 2 % (2 if n % 2 else 5) == 0 for n in range(200))
    assert found["bought_this_session"]["standing"]["yes"] == bought
    assert found["new_registrant"]["suggestion"] == "fix"  # nobody told when they registered
    assert found["new_registrant"]["reasons"] == ["little_evidence"]
    assert found["brand_lover"]["suggestion"] == "not_enough"
    session = f"r1@{NOON}"
    assert run(["review", session, *home, "--json"]) == 0
    review = json.loads(capsys.readouterr().out)
    acts = [one["times"] for one in review["decided"] if one["outcome"] == "act"]
    assert sum(acts) == 100 + 180 + 100
    assert run(["review", "nothing", *home]) == UNUSABLE
    assert session in capsys.readouterr().err
    for locale, says in (("zh-CN", "首次"), ("en-US", "First")):
        assert run(["review", session, "--room", "r1", *home, "--locale", locale]) == 0
        assert says in capsys.readouterr().out
    for locale, says in (("zh-CN", "历史里看不到"), ("en-US", "history cannot")):
        assert run(["tags", "health", *home, "--locale", locale]) == 0
        out = capsys.readouterr().out
        assert "highly_engaged" in out
        assert says in out
