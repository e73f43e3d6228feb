"""Members, orders and links from a table: to the server of a home, or to its log without one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import click
import httpx
import pydantic
import structlog

from qianmian.bootstrap.installation import Installation, open_database, open_installation
from qianmian.cli.commands.serve import make_ready, now_ms, told
from qianmian.cli.tables import (
    Given,
    add_import,
    namespace_option,
    terminal_user,
    url_option,
)
from qianmian.cli.terminal import help_text, texts_for
from qianmian.errors import InputError, LogInUse
from qianmian.server.api.imports import report_of
from qianmian.server.api.product_models import EventImport, TableReport
from qianmian.server.importing import Shop, Taken
from qianmian.server.logs import set_up_logs
from qianmian.server.start import running
from qianmian.storage.sql.api_keys import ApiKeyStore

Take = Callable[..., Awaitable[Taken]]
ACTIONS: Final = {
    "members": "members.imported",
    "orders": "orders.imported",
    "links": "viewer.linked",
}
"""What the audit calls each."""
TIMEOUT_S: Final = 600.0  # a table of half a million rows


def event_table(kind: str, take: Take) -> click.Group:
    """The command of a kind of table: `members`, `orders`, `links`.

    Args:
        kind: also the part of the address.
        take: does it for a server of this process.
    """
    group = click.Group(name=kind, help=help_text(f"help.{kind}"))

    def taken(
        given: Given, *, url: str | None, namespace: str
    ) -> tuple[TableReport, dict[str, int]]:
        done = _taken(given, kind, take, url, namespace)
        return done, {"events": done.events}

    add_import(group, kind, taken, url_option, namespace_option)
    return group


def _taken(given: Given, kind: str, take: Take, url: str | None, namespace: str) -> EventImport:
    """What became of a table."""
    settings = given.settings
    set_up_logs(json_lines=settings.json_logs)
    try:
        with open_installation(settings, now_ms, told) as opened:
            make_ready(opened, texts_for(given.locale))
            return asyncio.run(_alone(opened, kind, take, given, namespace))
    except LogInUse:
        structlog.get_logger().info("a server runs", home=str(settings.home))
        address = url or f"http://{settings.host}:{settings.port}"
        return _beside(given, kind, address, namespace)


async def _alone(
    home: Installation, kind: str, take: Take, given: Given, namespace: str
) -> EventImport:
    """Through the log of an installation that nobody serves."""
    settings = home.settings
    async with running(home.deployment, now=now_ms):
        clock = max(now_ms(), home.log.last_clock)
        erased = home.persons.refusals
        prefix = home.sources.prefix_in(namespace)
        shop = Shop(home.deployment, settings.currency, settings.zone, clock, erased, prefix)
        taken = await take(shop, given.body, dry_run=given.dry_run)
        if not given.dry_run:
            home.audit.note(terminal_user(), ACTIONS[kind], "", after=taken.for_audit())
    return report_of(taken, dry_run=given.dry_run)


def _beside(given: Given, kind: str, address: str, namespace: str) -> EventImport:
    """Through the server that runs, with a key that is made for this and ends with it.

    Raises: InputError when the server does not answer there, or refuses the table.
    """
    actor, settings = terminal_user(), given.settings
    with open_database(settings.home, settings.database) as database:
        keys = ApiKeyStore(database, now_ms)
        key, secret = keys.create(f"qianmian {kind} import", "lead", by=actor)
        try:
            answer = httpx.post(
                f"{address.rstrip('/')}/api/{kind}/import",
                params={"dry_run": str(given.dry_run).lower(), "namespace": namespace},
                content=given.body,
                headers={"authorization": f"Bearer {secret}", "content-type": "text/csv"},
                timeout=TIMEOUT_S,
            )
        except httpx.RequestError as exc:
            raise InputError(
                f"a server runs over this home, and does not answer at {address}: {exc}; name its"
                " address with --url"
            ) from exc
        finally:
            keys.revoke(key.id, by=actor)
    try:
        return EventImport.model_validate_json(answer.content)
    except pydantic.ValidationError as exc:
        raise InputError(
            f"{address} answers {answer.status_code}: {answer.text[:300]}; name the address of the"
            " server of this home with --url"
        ) from exc
