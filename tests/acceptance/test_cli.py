"""The program as people call it: what it prints, where, and its exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from qianmian.bootstrap import demo_file
from qianmian.cli.commands.bench import show as show_rows
from qianmian.cli.main import COMMANDS, run
from qianmian.locales.texts import LOCALES, document
from qianmian.runtime.bench import BenchRow

CSV = (
    "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session\n"
    "2019-10-01 00:00:00 UTC,view,1,2,,,1.50,u1,s1\n"
    "2019-10-01 00:00:30 UTC,purchase,1,2,,,1.50,u1,s1\n"
    "2019-10-01 00:00:30 UTC,purchase,1,2,,,1.50,u1,s1\n"
    "yesterday,view,1,2,,,1.50,u1,s1\n"
)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.csv"
    path.write_text(CSV, encoding="utf-8")
    return path


@pytest.mark.parametrize("locale", LOCALES)
def test_replay_tells_everything_in_a_hundred_columns(
    log: Path, locale: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["replay", str(log), "--locale", locale]) == 0
    out = capsys.readouterr().out
    texts = document(locale, "cli")
    for key in ("funnel", "moments", "examples", "products", "quality", "notes"):
        assert texts[f"{key}.title"] in out
    assert texts["quality.line"].format(line=5) in out
    assert texts["rejected.bad_time"] in out
    assert "None" not in out
    assert max(map(width, out.splitlines())) <= 100


def width(line: str) -> int:
    """Cells of a terminal: Chinese characters take two."""
    wide = ("\u1100", "\u115f", "\u2e80", "\uffef")
    return sum(2 if wide[2] <= char <= wide[3] else 1 for char in line)


def test_json_has_exactly_the_promised_keys_first(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["replay", str(log), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (
        list(answer)[:13]
        == (
            "events accepted duplicates late rejected by_type viewers sessions visits gmv_minor "
            "currency firings_by_moment digest"
        ).split()
    )
    assert (answer["events"], answer["accepted"], answer["duplicates"]) == (4, 2, 1)
    assert (answer["gmv_minor"], answer["currency"]) == (150, "USD")
    assert answer["rejected_samples"] == [
        {"line": 5, "reason": "bad_time", "detail": 'event_time "yesterday"'}
    ]


def test_until_runs_the_clock_on_and_stops_it(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = []
    for until in ("2019-10-01T00:00:29Z", "2019-10-01T00:05:00Z", "1569888300000"):
        assert run(["replay", str(log), "--json", "--until", until]) == 0
        answer = json.loads(capsys.readouterr().out)
        found.append((answer["accepted"], answer["firings_by_moment"]["idle_on_page"]))
    assert found == [(1, 0), (2, 1), (2, 1)]


def test_definitions_can_be_given_and_numbers_changed(
    log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = tmp_path / "d.json"
    given.write_text('[{"key": "seen", "text": "product_viewed"}]', encoding="utf-8")
    assert run(["replay", str(log), "--json", "--definitions", str(given)]) == 0
    assert json.loads(capsys.readouterr().out)["firings_by_moment"] == {"seen": 1}


def test_the_report_can_be_saved_as_a_picture(log: Path, tmp_path: Path) -> None:
    assert run(["replay", str(log), "--svg", str(tmp_path / "r.svg")]) == 0
    picture = (tmp_path / "r.svg").read_text(encoding="utf-8")
    assert picture.startswith("<svg")
    assert "url(" not in picture.split("</style>")[0], "looking at it calls nobody"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["replay", "missing.csv"], "there is no file"),
        (["replay", "{log}", "--format", "rees45"], 'Did you mean "rees46"'),
        (["replay", "{log}", "--format", "otto", "--definitions", "none.json"], "no file"),
        (["replay", "{log}", "--format", "csv_mapping"], "--mapping"),
        (["replay", "{log}", "--until", "noon"], "no instant"),
        (["replay", "{log}", "--zone", "Nowhere"], "no time zone"),
        (["replay", "{log}", "--shards", "0"], "shards"),
        (["dance"], "No such command"),
        (["check-vectors", "missing.json"], "there is no file"),
        (["definitions", "check"], "--builtin"),
    ],
)
def test_a_call_that_cannot_be_used_says_why_and_ends_with_2(
    log: Path, arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([argument.format(log=log) for argument in arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert says in " ".join(captured.err.split())
    assert "Traceback" not in captured.err


def test_definitions_are_checked_each_with_its_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["definitions", "check", "--builtin", "--locale", "zh-CN"]) == 0
    assert "hesitation" in capsys.readouterr().out
    bad = tmp_path / "d.yaml"
    bad.write_text("- {key: a, text: lked}\n- {key: b, text: liked}\n", encoding="utf-8")
    assert run(["definitions", "check", str(bad), "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["passed"] == ["b"]
    assert answer["problems"][0]["key"] == "a"
    assert answer["problems"][0]["code"] == "definition.unknown_name"
    assert run(["definitions", "check", str(bad)]) == 1


def test_definitions_cost_says_bytes_and_instructions(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["definitions", "cost", "--builtin", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    together = answer["together"]["bytes_per_viewer"]
    assert 0 < together < sum(row["bytes_per_viewer"] for row in answer["definitions"])
    flips = {d["key"]: d["flips_per_minute_per_1000_viewers"] for d in answer["definitions"]}
    assert flips["idle_on_page"] > 0
    assert flips["doubt"] is None, "nobody comments in the sample"
    assert answer["sample"]["file"] == demo_file().name


def test_cost_can_be_measured_on_ones_own_log_and_of_definitions_that_name_others(
    log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = tmp_path / "d.yaml"
    given.write_text(
        "- {key: buyer, kind: tag, text: order_paid this session}\n"
        "- {key: again, text: product_viewed and tag.buyer}\n",
        encoding="utf-8",
    )
    assert run(["definitions", "cost", str(given), "--sample", str(log), "--locale", "zh-CN"]) == 0
    out = capsys.readouterr().out
    assert "2,000.00" in out, "one viewer, active in one minute, became a buyer"
    assert log.name in out


def test_doctor_examines_the_machine(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--json"]) in (0, 1)
    answer = json.loads(capsys.readouterr().out)
    assert [check["check"] for check in answer["checks"]] == [
        "python", "packages", "compiler", "cpu", "memory", "home", "disk", "locale",
    ]  # fmt: skip
    assert {check["verdict"] for check in answer["checks"]} <= {"ok", "warn", "fail"}


def test_bench_answers_with_rows(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [BenchRow("engine", 4_100_000.0, "ev/s", "plain", 31.0, 0.02)]
    show_rows(rows, as_json=True, locale=None)
    assert json.loads(capsys.readouterr().out)[0]["ratio"] == 31.0
    show_rows(rows, as_json=False, locale="en-US")
    assert "31.0x" in capsys.readouterr().out


def test_every_command_has_help_in_both_languages() -> None:
    for locale in LOCALES:
        assert set(COMMANDS) <= {
            key.removeprefix("help.") for key in document(locale, "cli") if key.startswith("help.")
        }


def test_both_languages_have_the_same_texts_with_the_same_places() -> None:
    one, other = (document(locale, "cli") for locale in LOCALES)
    assert set(one) == set(other)
    for key in one:
        places = [sorted(p for p in text.split("{") if "}" in p) for text in (one[key], other[key])]
        names = [[p.split("}")[0] for p in found] for found in places]
        assert sorted(names[0]) == sorted(names[1]), key


def test_the_program_starts_alone_and_answers_in_the_language_of_the_terminal() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "qianmian.cli", "--help"],
        capture_output=True,
        text=True,
        env={"LANG": "zh_CN.UTF-8", "PATH": "", "PYTHONPATH": "src", "PYTHONUTF8": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert document("zh-CN", "cli")["help.replay"][:10] in done.stdout
    for name in COMMANDS:
        assert name in done.stdout


def test_a_replay_without_a_file_ends_with_the_way_to_ones_own_log(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["replay", "--locale", "en-US"]) == 0
    out = capsys.readouterr().out
    assert demo_file().name in out
    assert "qianmian replay FILE" in out


def test_definitions_cost_lists_the_facts_that_a_nightly_build_must_bring(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "sum(order_paid.amount) within 90d >= ¥500 and score.churn >= 0.5"
    path = tmp_path / "definitions.json"
    path.write_text(json.dumps([{"key": "rich", "text": text}]), encoding="utf-8")
    assert run(["definitions", "cost", str(path), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)["together"]["facts"]
    assert facts["columns"] == [{"name": "sum(order_paid.amount)", "days": 90}]
    assert facts["scores"] == ["churn"]
    for locale in LOCALES:
        assert run(["definitions", "cost", str(path), "--locale", locale]) == 0
        assert "sum(order_paid.amount) 90d, score.churn" in capsys.readouterr().out
