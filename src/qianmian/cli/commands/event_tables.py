"""Members and orders from a table: to the server of a home, or to its log where none runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import httpx
import pydantic
import structlog

from qianmian.bootstrap.installation import Installation, open_database, open_installation
from qianmian.cli.commands.serve import make_ready, now_ms, told
from qianmian.cli.tables import body_of, settings_of, tell_report, terminal_user
from qianmian.cli.terminal import texts_for
from qianmian.errors import InputError, LogInUse
from qianmian.server.api.imports import report_of
from qianmian.server.api.product_models import EventImport
from qianmian.server.importing import Shop, Taken
from qianmian.server.logs import set_up_logs
from qianmian.server.start import running
from qianmian.settings import Settings
from qianmian.storage.sql.api_keys import ApiKeyStore

Take = Callable[..., Awaitable[Taken]]
TIMEOUT_S: Final = 600.0  # a table of half a million rows


def import_events(
    kind: str,
    take: Take,
    file: Path,
    *,
    home: Path | None,
    url: str | None,
    dry_run: bool,
    as_json: bool,
    locale: str | None,
) -> int:
    """Import a table of this kind; the exit code.

    Args:
        kind: `members` or `orders`, also the part of the address.
        take: does it for a server of this process.
        url: of the server, where it is not where the settings say.
    """
    settings = settings_of(home)
    body = body_of(file)
    set_up_logs(json_lines=settings.json_logs)
    try:
        with open_installation(settings, now_ms, told) as opened:
            make_ready(opened, texts_for(locale))
            done = asyncio.run(_alone(opened, kind, take, body, dry_run=dry_run))
    except LogInUse:
        structlog.get_logger().info("a server runs", home=str(settings.home))
        address = url or f"http://{settings.host}:{settings.port}"
        done = _beside(settings, kind, address, body, dry_run=dry_run)
    counts = {"events": done.events}
    return tell_report(done, counts, as_json=as_json, locale=locale)


async def _alone(
    home: Installation, kind: str, take: Take, body: bytes, *, dry_run: bool
) -> EventImport:
    """Through the log of an installation that nobody serves."""
    settings = home.settings
    async with running(home.deployment, now=now_ms):
        clock = max(now_ms(), home.log.last_clock)
        erased = home.persons.refusals
        shop = Shop(home.deployment, settings.currency, settings.zone, clock, erased)
        taken = await take(shop, body, dry_run=dry_run)
        if not dry_run:
            home.audit.note(terminal_user(), f"{kind}.imported", "", after=taken.for_audit())
    return report_of(taken, dry_run=dry_run)


def _beside(
    settings: Settings, kind: str, address: str, body: bytes, *, dry_run: bool
) -> EventImport:
    """Through the server that runs, with a key that is made for this and ends with it.

    Raises: InputError when the server does not answer there, or refuses the table.
    """
    actor = terminal_user()
    with open_database(settings.home, settings.database) as database:
        keys = ApiKeyStore(database, now_ms)
        key, secret = keys.create(f"qianmian {kind} import", "lead", by=actor)
        try:
            answer = httpx.post(
                f"{address.rstrip('/')}/api/{kind}/import",
                params={"dry_run": str(dry_run).lower()},
                content=body,
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
