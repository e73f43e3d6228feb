"""What replays of files share: run a file through the engine and show what came of it."""

from __future__ import annotations

import io
import json
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click
from rich.console import Console, RenderableType

from qianmian.bootstrap import active_definitions, open_recording, replay_file
from qianmian.cli.exit_codes import OK
from qianmian.cli.report.page import page
from qianmian.cli.report.view import View
from qianmian.cli.terminal import WIDTH, out_console, progress_bar, texts_for
from qianmian.errors import InputError
from qianmian.runtime.definitions import read_definitions
from qianmian.runtime.doctor import is_compiled
from qianmian.runtime.replay import Replayed, ReplayOptions

REJECTED_IN_JSON = 20
STANDARD_INPUT = Path("-")
_FONT_FACE = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Call:
    """The arguments of one replay."""

    file: Path
    format_name: str | None = None
    mapping: Path | None = None
    definitions: Path | None = None
    shards: int = 1
    until_ms: int | None = None
    as_arrived: bool = False
    as_json: bool = False
    svg: Path | None = None
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    locale: str | None = None


def zone_of(name: str) -> ZoneInfo:
    """The time zone of that name.

    Raises: InputError when there is none.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as exc:
        raise InputError(f'"{name}" is no time zone; write for example Asia/Shanghai') from exc


def replay_and_show(call: Call) -> int:
    """Replay, and print JSON or the report; the exit code."""
    with _seekable(call.file) as path:
        return _replay_and_show(call, path)


@contextmanager
def _seekable(path: Path) -> Iterator[Path]:
    """The file itself; standard input ("-") and pipes as a file, because they are read twice.

    Raises: InputError when they cannot be read, or there is no room to keep them meanwhile.
    """
    if path != STANDARD_INPUT and not path.is_fifo() and not path.is_char_device():
        yield path
        return
    with tempfile.NamedTemporaryFile(prefix="qianmian-") as kept:
        try:
            with sys.stdin.buffer if path == STANDARD_INPUT else path.open("rb") as given:
                shutil.copyfileobj(given, kept)
            kept.flush()
        except OSError as exc:
            raise InputError(f"{path} cannot be read: {exc.strerror or exc}") from exc
        yield Path(kept.name)


def _replay_and_show(call: Call, path: Path) -> int:
    texts = texts_for(call.locale)
    file = read_definitions(call.definitions) if call.definitions is not None else None
    definitions = active_definitions(file)
    recording = open_recording(path, call.format_name, mapping=call.mapping)
    options = ReplayOptions(as_arrived=call.as_arrived, until_ms=call.until_ms)
    started = time.perf_counter()
    with progress_bar(texts, is_cold=not is_compiled()) as step:
        replayed = replay_file(
            recording,
            definitions,
            options,
            shards=call.shards,
            on_read=step("progress.read"),
            on_run=step("progress.run"),
        )
    seconds = time.perf_counter() - started
    if replayed.rejected and replayed.result.events == replayed.result.rejected:
        row = replayed.rejected[0]
        said = {"line": row.line, "reason": row.reason, "detail": row.detail}
        click.echo(texts.say("replay.nothing", **said), err=True)
    if call.as_json:
        click.echo(json.dumps(_as_json(replayed, seconds), ensure_ascii=False))
        return OK
    view = View(texts, call.zone, replayed.result.currency)
    shown = page(view, replayed, recording, definitions, file_name=call.file.name)
    out_console().print(shown)
    if call.svg is not None:
        _save_svg(shown, call.svg, texts["report.title"])
    return OK


def _as_json(replayed: Replayed, seconds: float) -> dict[str, object]:
    samples = [asdict(row) for row in replayed.rejected[:REJECTED_IN_JSON]]
    return asdict(replayed.result) | {
        "rejected_by_reason": dict(sorted(replayed.rejected_by_reason.items())),
        "rejected_samples": samples,
        "orders_without_amount": replayed.orders_without_amount,
        "overflow": replayed.overflow,
        "elapsed_seconds": round(seconds, 3),
    }


def _save_svg(shown: RenderableType, path: Path, title: str) -> None:
    console = Console(
        record=True, width=WIDTH, highlight=False, force_terminal=True, file=io.StringIO()
    )
    console.print(shown)
    try:
        path.write_text(_without_web_fonts(console.export_svg(title=title)), encoding="utf-8")
    except OSError as exc:
        raise InputError(f"the picture cannot be written to {path}: {exc.strerror}") from exc


def _without_web_fonts(svg: str) -> str:
    """The picture with fonts of the reader's machine: looking at it must not call anybody."""
    return _FONT_FACE.sub("", svg).replace("Fira Code", "Noto Sans Mono CJK SC, Menlo, Consolas")
