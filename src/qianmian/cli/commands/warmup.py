"""`qianmian warmup`: compile the engine now, so that the first start need not wait."""

from __future__ import annotations

import json
import time

import click

from qianmian.bootstrap import active_definitions, warm_up
from qianmian.cli.exit_codes import OK
from qianmian.cli.terminal import help_text, locale_option, texts_for
from qianmian.engine.jit import CACHE_FOLDER
from qianmian.runtime.doctor import is_compiled


@click.command(name="warmup", help=help_text("help.warmup"))
@click.option("--json", "as_json", is_flag=True, help=help_text("option.json"))
@locale_option
def command(*, as_json: bool, locale: str | None) -> int:
    """Let everything happen once that the engine compiles; the compiler is silent for a minute."""
    texts, is_cold = texts_for(locale), not is_compiled()
    if is_cold:
        click.echo(texts["progress.cold"], err=True)
    started = time.perf_counter()
    warm_up(active_definitions())
    seconds = time.perf_counter() - started
    if as_json:
        answer = {"compiled": is_cold, "seconds": round(seconds, 1), "folder": str(CACHE_FOLDER)}
        click.echo(json.dumps(answer))
        return OK
    click.echo(texts.say("warmup.done" if is_cold else "warmup.warm", seconds=f"{seconds:.1f}"))
    return OK
