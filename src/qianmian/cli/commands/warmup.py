"""`qianmian warmup`: compile the engine now, so that the first start need not wait."""

from __future__ import annotations

import time

import click

from qianmian.bootstrap import active_definitions, warm_up
from qianmian.cli.exit_codes import OK
from qianmian.cli.terminal import help_text, locale_option, texts_for


@click.command(name="warmup", help=help_text("help.warmup"))
@locale_option
def command(locale: str | None) -> int:
    """Run the recorded sessions once, through every path of the engine they touch."""
    started = time.perf_counter()
    warm_up(active_definitions())
    seconds = f"{time.perf_counter() - started:.1f}"
    click.echo(texts_for(locale).say("warmup.done", seconds=seconds))
    return OK
