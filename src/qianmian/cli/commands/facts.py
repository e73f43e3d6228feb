"""`qianmian facts build`: what history knows, as files that the engine and the pages read."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import msgspec
from rich.text import Text

from qianmian.bootstrap.past import build_facts_of
from qianmian.cli.exit_codes import OK
from qianmian.cli.report.view import ACCENT
from qianmian.cli.terminal import help_text, locale_option, out_console, texts_for
from qianmian.settings import Settings
from qianmian.vocabulary.time import SECOND_MS


@click.group(name="facts", help=help_text("help.facts"))
def command() -> None:
    """The group."""


@command.command(name="build", help=help_text("help.facts.build"))
@click.option("--home", type=click.Path(path_type=Path), help=help_text("serve.home"))
@click.option("--json", "as_json", is_flag=True, help=help_text("option.json"))
@locale_option
def build(*, home: Path | None, as_json: bool, locale: str | None) -> int:
    """Build facts and profiles up to the last midnight of the shop."""
    settings = Settings.from_environment(os.environ)
    if home is not None:
        settings = msgspec.structs.replace(settings, home=home)
    built = build_facts_of(settings, int(time.time() * SECOND_MS))
    if as_json:
        told = {**asdict(built), "path": str(built.path), "profiles": str(built.profiles)}
        click.echo(json.dumps(told, ensure_ascii=False))
        return OK
    texts, console = texts_for(locale), out_console()
    day = datetime.fromtimestamp(built.boundary_ms // SECOND_MS, ZoneInfo(settings.zone))
    console.print(Text(str(built.path), style=ACCENT), soft_wrap=True)
    console.print(Text(str(built.profiles), style=ACCENT), soft_wrap=True)
    console.print(texts.say("facts.built", viewers=built.viewers, day=f"{day:%Y-%m-%d}"))
    for column in built.columns:
        console.print(Text(f"  {column}"))
    return OK
