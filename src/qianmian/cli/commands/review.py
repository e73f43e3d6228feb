"""`qianmian review SESSION`: what happened in a session, on one time line."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from rich.console import RenderableType
from rich.text import Text

from qianmian.bootstrap.trying import session_called
from qianmian.cli.exit_codes import OK
from qianmian.cli.report.view import View, table
from qianmian.cli.tables import home_option, settings_of
from qianmian.cli.terminal import help_text, locale_option, out_console, texts_for
from qianmian.storage.session_review import SessionReview, session_review


@click.command(name="review", help=help_text("help.review"))
@click.argument("session")
@click.option("--room", help=help_text("option.review-room"))
@click.option("--json", "as_json", is_flag=True, help=help_text("option.json"))
@home_option
@locale_option
def command(
    session: str, *, room: str | None, as_json: bool, home: Path | None, locale: str | None
) -> int:
    """Read it from history; nothing is written."""
    settings = settings_of(home)
    recorded = session_called(settings, session, room)
    found = session_review(settings.home / "history", recorded, settings.namespace)
    if as_json:
        told = {**asdict(found), "session": recorded._asdict()}
        click.echo(json.dumps(told, ensure_ascii=False))
        return OK
    texts = texts_for(locale)
    view = View(texts, ZoneInfo(settings.zone), settings.currency)
    console = out_console()
    console.print(
        texts.say(
            "review.of",
            room=recorded.room,
            session=recorded.session,
            begins=view.day(recorded.begins),
            ends=view.instant(recorded.ends),
            width=view.length(found.width_ms),
        )
    )
    console.print(_grid(view, found))
    return OK


def _grid(view: View, found: SessionReview) -> RenderableType:
    """A row for each slice in which something happened."""
    happened: defaultdict[int, list[str]] = defaultdict(list)
    for one in found.moments:
        happened[one.place].append(f"{view.moment(one.moment)} ×{one.times}")
    for each in found.decided:
        happened[each.place].append(f"{each.strategy}: {each.outcome} ×{each.times}")
    heads = ("at", "online", "orders", "gmv", "happened")
    sides = ("left", "right", "right", "right", "left")
    grid = table(*zip((view.say(f"review.column.{one}") for one in heads), sides, strict=True))
    before = (0, 0)
    for place, part in enumerate(found.slices):
        now = (part.orders, part.gmv_minor)
        if now == before and not happened[place]:
            continue
        before = now
        grid.add_row(
            view.instant(part.at),
            "" if part.online is None else f"{part.online:,}",
            f"{part.orders:,}",
            view.money(part.gmv_minor),
            Text("; ".join(happened[place])),
        )
    return grid
