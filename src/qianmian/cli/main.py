"""`qianmian`: the group of commands, each loaded only when it is used.

Exit codes: 0 done; 1 done, with findings (a vector differs, a definition has a problem, a check of
the machine fails); 2 the call or its input cannot be used; 130 stopped by the user. A message says
what is wrong, where, and what to do; a traceback is always a bug of ours.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence

import click

from qianmian.cli.exit_codes import OK, STOPPED, UNUSABLE
from qianmian.cli.terminal import help_text, show_error
from qianmian.errors import QianmianError

COMMANDS = (
    "replay",
    "demo",
    "serve",
    "simulate",
    "stress",
    "keys",
    "lists",
    "products",
    "members",
    "orders",
    "links",
    "person",
    "audit",
    "check-vectors",
    "definitions",
    "tags",
    "strategies",
    "effects",
    "review",
    "facts",
    "log",
    "bench",
    "warmup",
    "doctor",
)


class LazyGroup(click.Group):
    """Commands by the name of their module, so that `--help` imports none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, most used first."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"qianmian.cli.commands.{cmd_name.replace('-', '_')}")
        command = module.command
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list under `--help`."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_text(f"help.{name}")) for name in COMMANDS])


@click.group(cls=LazyGroup, help=help_text("help.qianmian"))
@click.version_option(package_name="qianmian", help=help_text("option.version"))
def cli() -> None:
    """The whole program."""


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    try:
        answer = cli.main(
            args=None if arguments is None else list(arguments),
            prog_name="qianmian",
            standalone_mode=False,
        )
    except click.ClickException as exc:
        exc.show()
        return UNUSABLE
    except QianmianError as exc:
        show_error(exc)
        return UNUSABLE
    except (KeyboardInterrupt, click.Abort):
        click.echo(help_text("error.interrupted"), err=True)
        return STOPPED
    except BrokenPipeError:
        # The reader has gone; Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    return answer if isinstance(answer, int) else OK


def main() -> None:
    """The entry point of the installed program."""
    sys.exit(run())
