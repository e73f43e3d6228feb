"""The two ends of the terminal: answers on stdout, progress and errors on stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from qianmian.errors import DefinitionError, QianmianError
from qianmian.locales.texts import DEFAULT_LOCALE, LOCALES, Texts, document
from qianmian.runtime.ports import Advance
from qianmian.settings import Settings

WIDTH = 100  # wider lines are hard to read, also on a wide screen
F = TypeVar("F", bound=Callable[..., Any])


def system_locale() -> str:
    """The language of this terminal.

    Raises: InputError when `QIANMIAN_LOCALE` names one there is not.
    """
    return Settings.from_environment(os.environ).locale


def texts_for(locale: str | None) -> Texts:
    """The texts of the commands, in this locale or in that of the terminal."""
    return Texts(locale or system_locale(), "cli")


def help_text(key: str, **places: object) -> str:
    """A text for `--help`."""
    return Texts(_help_locale(), "cli").say(key, **places)


def _help_locale() -> str:
    try:
        return system_locale()
    except QianmianError:  # told when a command runs; help must work
        return LOCALES[-1]


def out_console() -> Console:
    """Where answers go."""
    console = Console(highlight=False)
    if console.width > WIDTH or not console.is_terminal:
        console = Console(highlight=False, width=WIDTH)
    return console


def show_error(error: QianmianError) -> None:
    """What is wrong, where, and what to do, on stderr.

    Where the terminal is not English, the sentence of the kind of error comes first in its
    language; the details name values and stay as they are.
    """
    message = error.pointed if isinstance(error, DefinitionError) else error.message
    key = error.params.get("key")
    where = f"{key}: " if isinstance(key, str) else ""
    locale = _help_locale()
    kind = "" if locale == DEFAULT_LOCALE else document(locale, "errors").get(error.code, "")
    text = Text.assemble((f"{help_text('error.title')}: ", "bold red"), str(kind))
    text.append("\n  " if kind else "").append(where + message)
    Console(stderr=True, highlight=False, soft_wrap=True).print(text)


def locale_option(function: F) -> F:
    """`--locale`, the same for every command."""
    return click.option(
        "--locale", type=click.Choice(LOCALES), default=None, help=help_text("option.locale")
    )(function)


@contextmanager
def progress_bar(texts: Texts, *, is_cold: bool = False) -> Iterator[Callable[[str], Advance]]:
    """A bar on stderr; gives a function that makes an `Advance` for a named step.

    The first run on a machine compiles the engine, which takes a minute: say so before the silence.
    """
    console = Console(stderr=True)
    if is_cold:
        console.print(texts["progress.cold"], style="dim")
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not sys.stderr.isatty()
    ) as progress:

        def step(key: str) -> Advance:
            task = progress.add_task(texts[key], total=None, start=False)

            def advance(done: int, total: int) -> None:
                progress.start_task(task)
                progress.update(task, completed=done, total=max(total, done))

            return advance

        yield step
