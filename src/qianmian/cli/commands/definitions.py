"""`qianmian definitions check|cost|import|export`: right, what they cost, and those of a shop."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import click
import msgspec
from rich.padding import Padding
from rich.text import Text

from qianmian.bootstrap import (
    Cost,
    active_definitions,
    check_definition_file,
    cost_of,
    measure_flips,
)
from qianmian.bootstrap.installation import (
    DATABASE_FILE,
    built_in_of,
    check_together,
    open_database,
    open_versions,
)
from qianmian.cli.exit_codes import FINDINGS, OK
from qianmian.cli.report.view import BAD, GOOD, QUIET, table
from qianmian.cli.terminal import help_text, locale_option, out_console, texts_for
from qianmian.errors import DefinitionError, UnknownName
from qianmian.language.ast import InSegment, Tag, walk
from qianmian.language.definition import FIRING_KINDS, Definition
from qianmian.language.sentence import said, sentence
from qianmian.language.types import warnings
from qianmian.runtime.definition_desk import lists_of
from qianmian.runtime.definition_versions import (
    active_definitions_of,
    drafts_of,
    file_of,
    left_out,
    with_taken,
)
from qianmian.runtime.definitions import read_definitions, written_yaml
from qianmian.runtime.doctor import is_compiled
from qianmian.settings import Settings
from qianmian.storage.sql.database import Database
from qianmian.storage.sql.definitions import DefinitionStore
from qianmian.storage.sql.lists import ListStore
from qianmian.vocabulary.time import SECOND_MS

FLIPS = "flips_per_minute_per_1000_viewers"
FILE = click.argument("file", required=False, type=click.Path(path_type=Path))
BUILTIN = click.option("--builtin", is_flag=True, help=help_text("option.builtin"))
HOME = click.option("--home", type=click.Path(path_type=Path), help=help_text("serve.home"))
BY = "command line"
AS_JSON = click.option("--json", "as_json", is_flag=True, help=help_text("option.json"))


@click.group(name="definitions", help=help_text("help.definitions"))
def command() -> None:
    """The group."""


@command.command(name="check", help=help_text("help.definitions.check"))
@FILE
@BUILTIN
@HOME
@AS_JSON
@locale_option
def check(
    file: Path | None, *, builtin: bool, home: Path | None, as_json: bool, locale: str | None
) -> int:
    """Parse, check, and say each in words; lists are those of the installation, if there is one."""
    good, problems = _checked(file, builtin=builtin)
    settings = _settings(home)
    if settings.database or (settings.home / DATABASE_FILE).exists():
        with open_database(settings.home, settings.database) as database:
            known = _lists(database)
        missing = {str(one.params["key"]): one for one in _without_lists(good, known)}
        good, problems = [d for d in good if d.key not in missing], [*problems, *missing.values()]
    texts = texts_for(locale)
    if as_json:
        click.echo(
            json.dumps(
                {
                    "passed": [d.key for d in good],
                    "problems": [
                        {"key": e.params.get("key"), "code": e.code, "message": e.message}
                        for e in problems
                    ],
                },
                ensure_ascii=False,
            )
        )
        return FINDINGS if problems else OK
    console = out_console()
    for definition in good:
        console.print(Text.assemble(("✓ ", GOOD), (definition.key, "bold"), f"  {definition.kind}"))
        console.print(Padding.indent(sentence(definition.expr, texts.locale), 4))
        for found in warnings(definition.expr):
            note = f"{texts['definitions.warning']}: {said(found, texts.locale)}"
            console.print(Padding.indent(Text(note, style="yellow"), 4))
    for problem in problems:
        console.print(Text.assemble(("✗ ", BAD), (str(problem.params.get("key")), "bold")))
        console.print(Padding.indent(Text(problem.pointed), 4))
    console.print(Text(texts.count("definitions.ok", len(good)), style=QUIET))
    if problems:
        console.print(Text(texts.count("definitions.bad", len(problems)), style=BAD))
    return FINDINGS if problems else OK


@command.command(name="cost", help=help_text("help.definitions.cost"))
@FILE
@BUILTIN
@click.option("--sample", type=click.Path(path_type=Path), help=help_text("option.sample"))
@click.option("--format", "format_name", help=help_text("option.sample-format"))
@click.option("--mapping", type=click.Path(path_type=Path), help=help_text("option.mapping"))
@AS_JSON
@locale_option
def cost(
    file: Path | None,
    *,
    builtin: bool,
    sample: Path | None,
    format_name: str | None,
    mapping: Path | None,
    as_json: bool,
    locale: str | None,
) -> int:
    """Bytes of a viewer's row and instructions, alone and together; flips on a recorded log."""
    good, problems = _checked(file, builtin=builtin)
    if problems:
        raise problems[0]
    texts = texts_for(locale)
    if not is_compiled():
        click.echo(texts["progress.cold"], err=True)
    alone, together = _alone(good), cost_of(good)
    measured = measure_flips(good, sample, format_name, mapping)
    if as_json:
        rows = [
            {"key": one.key} | asdict(own) | {FLIPS: flips}
            for one, own, flips in zip(good, alone, measured.per_minute, strict=True)
        ]
        answer = {"definitions": rows, "together": asdict(together)}
        click.echo(json.dumps(answer | {"sample": asdict(measured.sample)}, ensure_ascii=False))
        return OK
    grid = table(
        (texts["definitions.key"], "left"),
        (texts["cost.bytes"], "right"),
        (texts["cost.instructions"], "right"),
        (texts["cost.flips"], "right"),
    )
    for one, own, flips in zip(good, alone, measured.per_minute, strict=True):
        shown = "?" if flips is None else f"{flips:,.2f}"
        grid.add_row(one.key, f"{own.bytes_per_viewer:,}", f"{own.instructions:,}", shown)
    total = (texts["cost.total"], together.bytes_per_viewer, together.instructions)
    grid.add_row(*(Text(f"{c:,}" if isinstance(c, int) else c, style="bold") for c in total))
    out_console().print(grid)
    note = texts.say("cost.sample", **asdict(measured.sample))
    out_console().print(Text(note, style=QUIET))
    needed = [f"{one.name} {one.days}d" for one in together.facts.columns]
    needed += [f"score.{key}" for key in together.facts.scores]
    if needed:
        out_console().print(Text(texts.say("cost.facts", names=", ".join(needed)), style=QUIET))
    return OK


@command.command(name="export", help=help_text("help.definitions.export"))
@HOME
@locale_option
def export(home: Path | None, locale: str | None) -> int:
    """What the shop made of its definitions, as YAML."""
    texts_for(locale)
    settings = _settings(home)
    with open_versions(settings.home, _now_ms, settings.database) as store:
        click.echo(written_yaml(file_of(built_in_of(settings), store.all())), nl=False)
    return OK


@command.command(name="import", help=help_text("help.definitions.import"))
@click.argument("file", type=click.Path(path_type=Path))
@HOME
@click.option("--why", default="", help=help_text("option.why"))
@locale_option
def import_(file: Path, home: Path | None, why: str, locale: str | None) -> int:
    """Make the definitions of a file active, all or none; a running server follows."""
    settings = _settings(home)
    texts = texts_for(locale)
    read = read_definitions(file)
    built_in = built_in_of(settings)
    drafts, leaving = drafts_of(read, by=BY), left_out(read, built_in)
    with open_database(settings.home, settings.database) as database:
        store = DefinitionStore(database, _now_ms)
        after = with_taken(store.all(), drafts, leaving)
        active = active_definitions_of(built_in, after, settings.zone)
        check_together(active)
        given = {(one.kind, one.key) for one in drafts}
        new = [one for one in active if (one.kind, one.key) in given]
        for problem in _without_lists(new, _lists(database)):
            raise problem
        taken = store.take(drafts, leaving, by=BY, why=why or file.name)
    console = out_console()
    for one in taken:
        console.print(Text.assemble(("✓ ", GOOD), (one.key, "bold"), f"  {one.kind}"))
    console.print(Text(texts.count("definitions.taken", len(taken)), style=QUIET))
    return OK


def _lists(database: Database) -> list[str]:
    """The lists of an installation."""
    return [one.key for one in ListStore(database, _now_ms).all()]


def _without_lists(
    definitions: Iterable[Definition], known: Collection[str]
) -> Iterator[DefinitionError]:
    """The definitions that name a list there is not, each told with one that is near."""
    for one in definitions:
        for name in sorted(lists_of(one).difference(known)):
            problem = UnknownName.of("list", name, known)
            problem.params["key"] = one.key
            yield problem


def _settings(home: Path | None) -> Settings:
    settings = Settings.from_environment(os.environ)
    return settings if home is None else msgspec.structs.replace(settings, home=home)


def _now_ms() -> int:
    return int(time.time() * SECOND_MS)


def _alone(definitions: Sequence[Definition]) -> list[Cost]:
    """The cost of each by itself, with the tags and segments that it names."""
    by_name = {(one.kind, one.key): one for one in definitions if one.kind not in FIRING_KINDS}
    found: list[Cost] = []
    for one in definitions:
        needed = [one]
        for part in needed:  # grows while it is walked: what a tag names is needed, too
            names = {("tag", below.key) for below in walk(part.expr) if isinstance(below, Tag)}
            names |= {
                ("segment", below.key) for below in walk(part.expr) if isinstance(below, InSegment)
            }
            needed += [by_name[n] for n in sorted(names & set(by_name)) if by_name[n] not in needed]
        found.append(cost_of(needed))
    return found


def _checked(file: Path | None, *, builtin: bool) -> tuple[list[Definition], list[DefinitionError]]:
    if (file is None) != builtin:
        raise click.UsageError("name a file, or --builtin")
    if file is None:
        return active_definitions(), []
    return check_definition_file(read_definitions(file))
