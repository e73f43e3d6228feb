"""`qianmian strategies try`: what a strategy would have done in a recorded session."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from rich.console import Console

from qianmian.bootstrap.trying import session_in, try_in_home
from qianmian.cli.exit_codes import OK
from qianmian.cli.report.view import table
from qianmian.cli.tables import home_option, settings_of
from qianmian.cli.terminal import (
    help_text,
    locale_option,
    out_console,
    progress_bar,
    texts_for,
)
from qianmian.locales.texts import Texts
from qianmian.runtime.doctor import is_compiled
from qianmian.runtime.trial import Trial, trial_document
from qianmian.vocabulary.money import MINOR_DIGITS


@click.group(name="strategies", help=help_text("help.strategies"))
def command() -> None:
    """The group."""


@command.command(name="try", help=help_text("help.strategies.try"))
@click.argument("key")
@click.option("--room", required=True, help=help_text("option.try-room"))
@click.option("--session", help=help_text("option.try-session"))
@click.option("--file", type=click.Path(path_type=Path), help=help_text("option.try-file"))
@click.option("--version", type=click.IntRange(1), help=help_text("option.try-version"))
@click.option("--json", "as_json", is_flag=True, help=help_text("option.json"))
@home_option
@locale_option
def try_(
    key: str,
    *,
    room: str,
    session: str | None,
    file: Path | None,
    version: int | None,
    as_json: bool,
    home: Path | None,
    locale: str | None,
) -> int:
    """Apply the log once more with the strategy in force; nothing is written or sent."""
    texts, settings = texts_for(locale), settings_of(home)
    recorded = session_in(settings, room, session)
    with progress_bar(texts, is_cold=not is_compiled()) as step:
        trial = try_in_home(
            settings, key, recorded, file=file, version=version, advance=step("progress.run")
        )
    if as_json:
        click.echo(json.dumps(trial_document(trial), ensure_ascii=False))
    else:
        _show(out_console(), texts, trial, ZoneInfo(settings.zone), settings.currency)
    return OK


def _show(console: Console, texts: Texts, trial: Trial, zone: ZoneInfo, currency: str) -> None:
    room, session, *_ = trial.session
    reasons = Texts(texts.locale, "decisions")
    cost = trial.cost_minor / 10 ** MINOR_DIGITS[currency]
    console.print(texts.say("try.of", room=room, session=session))
    counts = {"acts": len(trial.acts), "viewers": trial.viewers, "held_out": trial.held_out}
    console.print(texts.say("try.did", **counts, cost=f"{cost:.{MINOR_DIGITS[currency]}f}"))
    if trial.stops:
        rows = table(
            (texts["try.reason"], "left"),
            (texts["try.count"], "right"),
            (texts["try.first"], "left"),
        )
        for reason, stop in trial.stops.items():
            at = datetime.fromtimestamp(stop.first_at / 1_000, zone)
            said = reasons.say(reason, about=stop.about)
            rows.add_row(said, str(stop.count), at.strftime("%H:%M:%S"))
        console.print(rows)
    for name, keys in (("try.lost_to", trial.lost_to), ("try.went_before", trial.went_before)):
        if keys:
            console.print(texts.say(name, strategies=_listed(keys)))
    console.print(texts["try.was_there" if trial.was_there else "try.assumed"], style="dim")
    console.print(f"{texts['try.digest']} sha256:{trial.digest}", style="dim", soft_wrap=True)


def _listed(times: Mapping[str, int]) -> str:
    return ", ".join(f"{key} ×{n}" for key, n in times.items())
