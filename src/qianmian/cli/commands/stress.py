"""`qianmian stress`: how many events a second a running deployment takes, and what it does then."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import click
import httpx
from rich.console import Console
from rich.text import Text

from qianmian.bootstrap import simulate
from qianmian.cli.exit_codes import FINDINGS, OK
from qianmian.cli.report.view import table
from qianmian.cli.terminal import help_text, locale_option, out_console, texts_for
from qianmian.connectors.sending.pace import WallPace
from qianmian.connectors.sending.stress import (
    IN_FLIGHT,
    MOST_STEPS,
    ROOM,
    Step,
    StressPlan,
    StressResult,
    StressRun,
    bodies_for,
    check_target,
)
from qianmian.locales.texts import Texts
from qianmian.simulation.plan import MAX_VIEWERS

TIMEOUT_S = 30.0


@click.command(name="stress", help=help_text("help.stress"))
@click.option("--url", required=True, help=help_text("option.url"))
@click.option("--key", required=True, envvar="QIANMIAN_KEY", help=help_text("option.key"))
@click.option(
    "--viewers",
    type=click.IntRange(1, MAX_VIEWERS),
    default=10_000,
    show_default=True,
    help=help_text("option.stress.viewers"),
)
@click.option(
    "--rate",
    type=click.IntRange(1),
    default=1_000,
    show_default=True,
    help=help_text("option.rate"),
)
@click.option(
    "--for",
    "seconds",
    type=click.FloatRange(0.1),
    default=10.0,
    show_default=True,
    help=help_text("option.for"),
)
@click.option(
    "--limit-ms",
    type=click.IntRange(1),
    default=250,
    show_default=True,
    help=help_text("option.limit"),
)
@click.option(
    "--steps",
    type=click.IntRange(1),
    default=MOST_STEPS,
    show_default=True,
    help=help_text("option.stress.steps"),
)
@click.option("--room", default=ROOM, show_default=True, help=help_text("option.stress.room"))
@click.option("--i-own-this-host", "own_host", is_flag=True, help=help_text("option.own-host"))
@click.option("--json", "as_json", is_flag=True, help=help_text("option.json"))
@locale_option
def command(url: str, key: str, **given: Any) -> int:
    """Step the rate up until it is too much; 1 when already the first was."""
    check_target(url, own_host=given["own_host"])
    plan = StressPlan(
        url=url,
        key=key,
        rate_per_s=given["rate"],
        step_ms=int(given["seconds"] * 1_000),
        limit_ms=given["limit_ms"],
        viewers=given["viewers"],
        room=given["room"],
        most_steps=given["steps"],
    )
    texts = texts_for(given["locale"])
    progress = Console(stderr=True, highlight=False)
    progress.print(texts["stress.making"], style="dim")
    found = asyncio.run(_run(plan, lambda step: progress.print(_line(texts, step), style="dim")))
    if given["as_json"]:
        click.echo(json.dumps(asdict(found), ensure_ascii=False))
    else:
        _show(texts, found)
    return OK if found.knee_per_s else FINDINGS


async def _run(plan: StressPlan, told: Callable[[Step], None]) -> StressResult:
    bodies = bodies_for(plan, simulate)
    limits = httpx.Limits(max_connections=IN_FLIGHT, max_keepalive_connections=IN_FLIGHT)
    # Settings of this machine (proxies) must not come between the two.
    async with httpx.AsyncClient(
        base_url=plan.url, timeout=TIMEOUT_S, limits=limits, trust_env=False
    ) as client:
        return await StressRun(plan, client, WallPace(), bodies, told).run()


def _line(texts: Texts, step: Step) -> str:
    verdict = texts[f"stress.{step.verdict}"]
    return texts.say("stress.step", rate=f"{step.rate_per_s:,}", verdict=verdict)


def _show(texts: Texts, found: StressResult) -> None:
    names = ("rate", "p50", "p99", "sent", "lost", "rejected", "busy", "late", "verdict")
    grid = table(
        *((texts[f"stress.{name}"], "left" if name == "verdict" else "right") for name in names)
    )
    for step in found.steps:
        grid.add_row(*_cells(texts, step))
    console = out_console()
    console.print(grid)
    if found.knee_per_s is None:
        console.print(texts["stress.none"])
    else:
        key = "stress.unbroken" if found.stopped_by == "ok" else "stress.knee"
        console.print(texts.say(key, rate=f"{found.knee_per_s:,}", limit=found.limit_ms))
    console.print(texts[f"stress.means.{found.stopped_by}"])


def _cells(texts: Texts, step: Step) -> tuple[Text, ...]:
    counts = (step.sent, step.lost, step.rejected, step.busy_answers)
    return (
        Text(f"{step.rate_per_s:,}"),
        *(Text(_ms(share)) for share in (step.latency_p50_ms, step.latency_p99_ms)),
        *(Text(f"{count:,}") for count in counts),
        Text(_ms(step.sender_late_p99_ms)),
        Text(texts[f"stress.{step.verdict}"]),
    )


def _ms(latency_ms: float | None) -> str:
    return "" if latency_ms is None else f"{latency_ms:,.1f}"
