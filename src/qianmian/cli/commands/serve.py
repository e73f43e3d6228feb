"""`qianmian serve`: one process that takes events, follows them, and shows the room."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import click
import msgspec
import structlog

from qianmian.bootstrap import warm_up
from qianmian.bootstrap.installation import Installation, open_installation
from qianmian.cli.exit_codes import OK
from qianmian.cli.terminal import help_text, locale_option, out_console, progress_bar, texts_for
from qianmian.errors import InputError
from qianmian.locales.texts import Texts
from qianmian.runtime.doctor import is_compiled
from qianmian.server.garbage import collect_seldom
from qianmian.server.logs import set_up_logs
from qianmian.server.run import run_server
from qianmian.server.site import Site
from qianmian.server.start import listening
from qianmian.settings import Settings


@click.command(name="serve", help=help_text("help.serve"))
@click.option("--settings", "file", type=click.Path(path_type=Path), help=help_text("serve.file"))
@click.option("--home", type=click.Path(path_type=Path), help=help_text("serve.home"))
@click.option("--host", help=help_text("serve.host"))
@click.option("--port", type=int, help=help_text("serve.port"))
@click.option("--anew", is_flag=True, help=help_text("serve.anew"))
@locale_option
def command(
    *,
    file: Path | None,
    home: Path | None,
    host: str | None,
    port: int | None,
    anew: bool,
    locale: str | None,
) -> int:
    """Serve until SIGTERM or SIGINT."""
    settings = Settings.from_environment(os.environ, file)
    given = {"home": home, "host": host, "port": port}
    settings = msgspec.structs.replace(
        settings, **{name: value for name, value in given.items() if value is not None}
    )
    texts = texts_for(locale)
    set_up_logs(json_lines=settings.json_logs)
    collect_seldom()
    with open_installation(settings, now_ms, told) as installation:
        make_ready(installation, texts, anew=anew)
        try:
            bound = listening(settings.host, settings.port)
        except OSError as problem:
            raise InputError(
                texts.say("serve.taken", host=settings.host, port=settings.port, why=problem)
            ) from problem

        async def ready(_site: Site) -> None:
            tell_where(installation, texts, bound.getsockname()[1])

        asyncio.run(run_server(installation, bound, now=now_ms, on_ready=ready))
    structlog.get_logger().info("stopped")
    return OK


def told(what: str, how: object) -> None:
    """What happens beside the engine, for the logs; a chore that had nothing to do is silent."""
    logger = structlog.get_logger()
    if isinstance(how, Exception):
        logger.warning(what, why=str(how))
    elif how:
        logger.info(what, result=how)


def now_ms() -> int:
    """The wall clock, ms UTC."""
    return time.time_ns() // 1_000_000


def make_ready(installation: Installation, texts: Texts, *, anew: bool = False) -> None:
    """Compile what is not compiled, restore, replay; bars show how far it is."""
    with progress_bar(texts, is_cold=not is_compiled()) as step:
        warm_up(installation.definitions)
        installation.deployment.recover(
            installation.definitions,
            installation.products,
            advance=step("serve.replaying"),
            anew=anew,
        )
    unread = installation.deployment.unread
    if unread is not None:
        structlog.get_logger().warning("snapshot_passed_over", why=unread.message)
    structlog.get_logger().info(
        "recovered",
        replayed=installation.deployment.replayed,
        next_offset=installation.log.next_offset,
    )


def tell_where(installation: Installation, texts: Texts, port: int) -> str:
    """The address, and while there is no account, the link that makes the first; that link."""
    address = f"http://{_shown(installation.settings.host)}:{port}"
    console = out_console()
    console.print(texts.say("serve.listening", address=address), soft_wrap=True)
    token = installation.accounts.first_account_token()
    if token is None:
        return address
    link = f"{address}/first#token={token}"
    console.print(texts["serve.first"])
    console.print(f"  {link}", soft_wrap=True)
    return link


def _shown(host: str) -> str:
    return "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 — compared, not bound
