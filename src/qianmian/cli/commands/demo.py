"""`qianmian demo`: the recorded sessions that come with the product, understood."""

from __future__ import annotations

from pathlib import Path

import click

from qianmian.bootstrap import demo_file, load_formats
from qianmian.cli.replaying import Call, replay_and_show
from qianmian.cli.terminal import help_text, locale_option, out_console, texts_for


@click.command(name="demo", help=help_text("help.demo"))
@click.option("--svg", type=click.Path(path_type=Path), help=help_text("option.svg"))
@locale_option
def command(svg: Path | None, locale: str | None) -> int:
    """Replay the packaged sessions."""
    code = replay_and_show(Call(file=demo_file(), svg=svg, locale=locale))
    console = out_console()
    console.print()
    console.print(texts_for(locale)["report.demo"], style="bold")
    formats = "|".join(load_formats())
    console.print(f"  qianmian replay FILE --format {formats}", soft_wrap=True)
    return code
