"""`qianmian replay`: a recorded log, understood."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from qianmian.bootstrap import demo_file, load_formats
from qianmian.cli.replaying import Call, replay_and_show, zone_of
from qianmian.cli.terminal import help_text, locale_option, out_console, texts_for
from qianmian.connectors.instants import parse_until


def _until(_context: click.Context, _option: click.Parameter, text: str | None) -> int | None:
    return None if text is None else parse_until(text)


def _zone(_context: click.Context, _option: click.Parameter, text: str) -> ZoneInfo:
    return zone_of(text)


@click.command(name="replay", help=help_text("help.replay"))
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option(
    "--format", "format_name", help=help_text("option.format", names=", ".join(load_formats()))
)
@click.option("--mapping", type=click.Path(path_type=Path), help=help_text("option.mapping"))
@click.option(
    "--definitions", type=click.Path(path_type=Path), help=help_text("option.definitions")
)
@click.option("--shards", type=click.IntRange(1, 1024), default=1, help=help_text("option.shards"))
@click.option("--until", "until_ms", callback=_until, help=help_text("option.until"))
@click.option("--as-arrived", is_flag=True, help=help_text("option.as-arrived"))
@click.option("--json", "as_json", is_flag=True, help=help_text("option.json"))
@click.option("--svg", type=click.Path(path_type=Path), help=help_text("option.svg"))
@click.option("--zone", default="UTC", callback=_zone, help=help_text("option.zone"))
@locale_option
def command(file: Path | None, **given: Any) -> int:
    """Replay one file, or the packaged sessions; the options are the fields of `Call`."""
    code = replay_and_show(Call(file=file or demo_file(), **given))
    if file is None and not given["as_json"]:
        console = out_console()
        console.print()
        console.print(texts_for(given["locale"])["report.demo"], style="bold")
        formats = "|".join(load_formats())
        console.print(f"  qianmian replay FILE --format {formats}", soft_wrap=True)
    return code
