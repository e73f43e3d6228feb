"""`qianmian simulate`: an invented broadcast as a log, with the truth beside it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.console import RenderableType

from qianmian.bootstrap import simulate
from qianmian.cli.exit_codes import OK
from qianmian.cli.report.view import table
from qianmian.cli.terminal import help_text, locale_option, out_console, progress_bar, texts_for
from qianmian.locales.texts import Texts
from qianmian.runtime.simulated import Written, write_simulation
from qianmian.simulation.plan import MAX_MINUTES, MAX_VIEWERS, SimulationPlan, Trouble


@click.command(name="simulate", help=help_text("help.simulate"))
@click.option("--seed", type=click.IntRange(0), default=1, help=help_text("option.seed"))
@click.option(
    "--viewers",
    type=click.IntRange(1, MAX_VIEWERS),
    default=500,
    show_default=True,
    help=help_text("option.viewers"),
)
@click.option(
    "--minutes",
    type=click.IntRange(1, MAX_MINUTES),
    default=30,
    show_default=True,
    help=help_text("option.minutes"),
)
@click.option(
    "--out",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help=help_text("option.out"),
)
@click.option("--calm", is_flag=True, help=help_text("option.calm"))
@click.option("--json", "as_json", is_flag=True, help=help_text("option.json"))
@click.option("--report", "with_report", is_flag=True, help=help_text("option.report"))
@locale_option
def command(folder: Path, **given: Any) -> int:
    """Write the log and the truth."""
    texts = texts_for(given["locale"])
    trouble = Trouble.none() if given["calm"] else Trouble()
    plan = SimulationPlan(given["seed"], given["viewers"], given["minutes"], trouble=trouble)
    with progress_bar(texts) as step:
        written = write_simulation(simulate(plan), folder, step("progress.simulated"))
    if given["as_json"]:
        click.echo(json.dumps(asdict(written), default=str, ensure_ascii=False))
        return OK
    console = out_console()
    counts = {name: f"{getattr(written, name):,}" for name in ("events", "lost", "late")}
    again = f"{written.duplicated:,}"
    console.print(texts.say("simulate.done", path=written.log, **counts, duplicated=again))
    console.print(texts.say("simulate.truth", path=written.truth))
    if given["with_report"]:
        console.print(_truth_table(texts, written))
        console.print(_distance_table(texts, written))
        console.print(texts["simulate.distances.note"], style="dim")
    return OK


def _truth_table(texts: Texts, written: Written) -> RenderableType:
    """What viewers meant, and what the messages say."""
    grid = table(
        (texts["simulate.kinds"], "left"),
        (texts["simulate.meant"], "right"),
        (texts["simulate.shown"], "right"),
    )
    for kind in sorted({*written.intentions, *written.facts}):
        cells = [
            f"{by[kind]:,}" if kind in by else "" for by in (written.intentions, written.facts)
        ]
        grid.add_row(kind, *cells)
    return grid


def _distance_table(texts: Texts, written: Written) -> RenderableType:
    grid = table((texts["simulate.distances"], "left"), (texts["simulate.distance"], "right"))
    for name, distance in asdict(written.distances).items():
        grid.add_row(texts[f"simulate.{name}"], f"{distance:.3f}")
    return grid
