"""Every file format: total on any bytes, one row is one event or one rejection, repeatable."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qianmian.bootstrap import demo_file, load_formats, open_recording
from qianmian.connectors.format import Format, FormatOptions
from qianmian.errors import InputError
from qianmian.runtime.source import Chunk

FORMATS = load_formats()
LINE_FORMATS = ("rees46", "taobao", "otto", "segment", "qianmian_jsonl")
STARTS = {
    "rees46": "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,"
    "user_session\n",
    "csv_mapping": "t,u,w\n",
}
WORDS = (
    '"', ",", "{", "}", "[", "]", ":", "null", "1", "-1", "1e9", "35.79", "2019-10-01 00:00:00 UTC",
    "view", "purchase", "pv", "buy", '"type"', '"track"', '"session"', '"events"', '"event_time"',
    '"userId"', '"batch"', "\x00", "\ud7ff", "真", " ",
)  # fmt: skip


def test_the_whole_catalog_was_collected() -> None:
    assert list(FORMATS) == [
        "csv_mapping",
        "otto",
        "qianmian_jsonl",
        "qianmian_parquet",
        "rees46",
        "segment",
        "taobao",
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("formats")


def read_all(form: Format, folder: Path, content: bytes) -> list[Chunk]:
    (folder / "log").write_bytes(content)
    (folder / "map.yaml").write_text(
        "columns: {event_time: t, viewer: u, type: w}\ntypes: {view: liked}", encoding="utf-8"
    )
    return list(form.read(folder / "log", FormatOptions(mapping=folder / "map.yaml")))


@pytest.mark.parametrize("name", FORMATS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(noise=st.lists(st.lists(st.sampled_from(WORDS), max_size=12).map("".join), max_size=8))
def test_any_text_is_rows_and_rejections_and_never_a_crash(
    name: str, folder: Path, noise: list[str]
) -> None:
    content = STARTS.get(name, "") + "\n".join(noise)
    try:
        first = read_all(FORMATS[name], folder, content.encode())
    except InputError:
        assert name == "qianmian_parquet"
        return
    again = read_all(FORMATS[name], folder, content.encode())
    assert [(c.rows, c.rejected) for c in first] == [(c.rows, c.rejected) for c in again]
    if name in ("rees46", "taobao", "qianmian_jsonl"):  # elsewhere a line may hold several rows
        header = name == "rees46"
        lines = [line for line in content.split("\n") if line.strip()][header:]
        assert sum(len(chunk) for chunk in first) == len(lines)


@pytest.mark.parametrize("name", FORMATS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(noise=st.binary(max_size=200))
def test_any_bytes_are_rows_and_rejections_and_never_a_crash(
    name: str, folder: Path, noise: bytes
) -> None:
    try:
        read_all(FORMATS[name], folder, STARTS.get(name, "").encode() + noise)
    except InputError:
        assert name == "qianmian_parquet" or noise.startswith(b"\x1f\x8b") or not STARTS.get(name)


@pytest.mark.parametrize("name", FORMATS)
def test_every_row_has_an_id_and_a_clock(name: str) -> None:
    if name == "otto":
        for chunk in FORMATS[name].read(demo_file(), FormatOptions()):
            assert all(
                row["message_id"] and row["clock"] == row["event_time"] for row in chunk.rows
            )


def test_a_format_is_recognized_by_its_first_bytes(folder: Path) -> None:
    heads = {
        "rees46": STARTS["rees46"],
        "taobao": "1,2,3,pv,1511544070\n",
        "segment": '{"type":"track","userId":"u","messageId":"m"}',
        "qianmian_jsonl": '{"type":"liked","event_time":1}',
    }
    for name, content in heads.items():
        (folder / "log").write_text(content, encoding="utf-8")
        assert open_recording(folder / "log", None).name == name
    assert open_recording(demo_file(), None).name == "otto"


def test_a_format_that_nothing_gives_away_must_be_named(folder: Path) -> None:
    (folder / "log").write_text("a;b;c\n", encoding="utf-8")
    with pytest.raises(InputError, match="--format"):
        open_recording(folder / "log", None)
    with pytest.raises(InputError, match="--mapping"):
        open_recording(folder / "log", "csv_mapping")
