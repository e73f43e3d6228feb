"""`qianmian effects`: what strategies, or a trial in a table, really changed."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import click
from rich.console import Console, Group, RenderableType
from rich.text import Text

from qianmian.bootstrap.effects import effects_of_home
from qianmian.bootstrap.worlds import effect_in_world
from qianmian.cli.exit_codes import OK
from qianmian.cli.report.effects import strategy_page, table_page, world_page
from qianmian.cli.report.view import View
from qianmian.cli.tables import home_option, settings_of, write_table
from qianmian.cli.terminal import WIDTH, help_text, locale_option, out_console, texts_for
from qianmian.connectors.outcome_table import read_outcomes
from qianmian.experiments.effect import Plan
from qianmian.experiments.strategy_effect import StrategyEffect, strategy_document
from qianmian.experiments.table import effects_of
from qianmian.experiments.told import ROW, document_of, groups_document, rows_of
from qianmian.simulation.outcomes import WORLDS
from qianmian.strategies.strategy import Strategy
from qianmian.strategies.suggesting import advice, suggested

FILE: Final = click.Path(path_type=Path)


def _shares(
    _context: click.Context, _option: click.Parameter, given: tuple[str, ...]
) -> dict[str, float] | None:
    found = {}
    for one in given:
        name, _, share = one.rpartition("=")
        try:
            found[name] = float(share)
        except ValueError as problem:
            raise click.BadParameter(help_text("effects.bad-share", share=one)) from problem
    return found or None


@click.command(name="effects", help=help_text("help.effects"))
@click.argument("key", required=False)
@click.option("--version", type=click.IntRange(1), help=help_text("option.effects-version"))
@click.option(
    "--csv", "file", type=click.Path(path_type=Path), help=help_text("option.effects-csv")
)
@click.option("--arm", help=help_text("option.effects-arm"))
@click.option("--control", help=help_text("option.effects-control"))
@click.option("--outcome", "outcomes", multiple=True, help=help_text("option.effects-outcome"))
@click.option("--before", help=help_text("option.effects-before"))
@click.option("--by", "groups", multiple=True, help=help_text("option.effects-by"))
@click.option(
    "--share", "shares", multiple=True, callback=_shares, help=help_text("option.effects-share")
)
@click.option("--single-look", is_flag=True, help=help_text("option.effects-single-look"))
@click.option("--world", help=help_text("option.effects-world", names=", ".join(WORLDS)))
@click.option("--seed", type=click.IntRange(0), default=1, help=help_text("option.effects-seed"))
@click.option("--json", "as_json", is_flag=True, help=help_text("option.json"))
@click.option("--out", type=FILE, help=help_text("option.effects-out"))
@click.option("--html", type=FILE, help=help_text("option.effects-html"))
@home_option
@locale_option
def command(
    key: str | None,
    *,
    file: Path | None,
    as_json: bool,
    out: Path | None,
    html: Path | None,
    locale: str | None,
    **given: Any,
) -> int:
    """Compare, and show it in every form that is asked for."""
    texts = texts_for(locale)
    if given["world"] is not None:
        if key is not None or file is not None:
            raise click.UsageError(help_text("effects.world-alone"))
        view = View(texts, ZoneInfo("UTC"), "CNY")
        truth, told = effect_in_world(given["world"], seed=given["seed"])
        documents: list[Mapping[str, Any]] = [
            {**strategy_document(told), "truth": {"effect": truth.true_effect, **truth.kinds}}
        ]
        pages = [world_page(view, truth, told)]
        rows = list(rows_of(told.strategy, told.effect))
    elif file is None:
        settings = settings_of(given["home"])
        view = View(texts, ZoneInfo(settings.zone), settings.currency)
        found = effects_of_home(settings, key, given["version"], given["groups"])
        documents = [_document(of, one) for of, one in found]
        pages = [
            strategy_page(view, _title(of, texts.locale), one, suggested(of.mode, one))
            for of, one in found
        ]
        rows = [row for _, one in found for row in rows_of(one.strategy, one.effect)]
    else:
        asked = ("arm", "control", "outcomes")
        if not all(given[name] for name in asked) or key is not None:
            raise click.UsageError(help_text("effects.table-needs"))
        view = View(texts, ZoneInfo("UTC"), None)
        names = (*asked, "before", "groups", "shares")
        plan = Plan(is_single_look=given["single_look"])
        variants = effects_of(read_outcomes(file), **{one: given[one] for one in names}, plan=plan)
        documents = [
            {
                "variant": one.variant,
                "p": one.p,
                "effect": document_of(one.effect),
                "by": {name: groups_document(groups) for name, groups in one.groups.items()},
            }
            for one in variants
        ]
        pages = [table_page(view, one, given["control"]) for one in variants]
        rows = [row for one in variants for row in rows_of(one.variant, one.effect)]
    if out is not None:
        write_table(out, _csv(rows))
    page = _spaced(pages) if pages else Text(texts["effects.none"])
    if html is not None:
        write_table(html, [_html(page)])
    if as_json:
        click.echo(json.dumps(documents, ensure_ascii=False))
    else:
        out_console().print(page)
    return OK


def _document(of: Strategy, found: StrategyEffect) -> dict[str, Any]:
    step = suggested(of.mode, found)
    return {
        **strategy_document(found),
        "suggestion": None if step is None else step._asdict(),
        "advice": advice(of.mode, found),
    }


def _title(strategy: Strategy, locale: str) -> str:
    title = dict(strategy.title)
    return title.get("zh" if locale.startswith("zh") else "en") or strategy.key


def _spaced(pages: Iterable[RenderableType]) -> RenderableType:
    return Group(*(part for one in pages for part in (one, Text())))


def _csv(rows: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    written = io.StringIO()
    writer = csv.DictWriter(written, ROW)
    writer.writeheader()
    writer.writerows(rows)
    return [written.getvalue()]


def _html(page: RenderableType) -> str:
    console = Console(record=True, width=WIDTH, file=io.StringIO())
    console.print(page)
    return console.export_html(inline_styles=True)
