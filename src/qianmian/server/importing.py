"""Members and past orders from a table into the log: the way that events of a shop's server go.

Past orders are verified and keep their own times. The semantics apply an order that comes late to
the live rows of its viewer *as of now*: right for an order of a minute ago, wrong for one of last
year. So orders of somebody who is in a room at this moment are left out and told, to be imported
when the room is over; for everybody else the same rule says that an order goes to history and to
the next facts, which is what a past order is for.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from qianmian.columns.batch import EventBatch
from qianmian.connectors.link_sheet import read_links
from qianmian.connectors.member_sheet import read_members
from qianmian.connectors.order_sheet import read_orders
from qianmian.connectors.sheet import Report
from qianmian.errors import InputError
from qianmian.runtime.deployment import Deployment
from qianmian.runtime.live import Live
from qianmian.runtime.refusals import Refusals
from qianmian.vocabulary.decode import canonical
from qianmian.vocabulary.ids import ANONYMOUS_PREFIX, apart, id_problem, is_anonymous
from qianmian.vocabulary.rejected import Rejected

SOURCE: Final = "import"
CONSOLE: Final = "console"
"""What the log calls the senders: a table, and somebody at the pages."""

AT_ONCE: Final = 2_000  # events of one message: the engine has time for others in between

_IDS: Final = ("viewer", "order_id", "refund_id")

Lined = tuple[int, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Shop:
    """Where a table goes.

    Attributes:
        now_ms: the clock of the log, ms UTC.
        erased: whose rows are refused.
        prefix: that ids get which are of another namespace.
    """

    deployment: Deployment
    currency: str
    zone: str
    now_ms: int
    erased: Refusals
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a table: a report of its rows, and the events that were made of them."""

    report: Report
    events: int
    sha256: str

    def for_audit(self) -> dict[str, Any]:
        """What the audit tells of it."""
        return {"events": self.events, "bad": self.report.bad, "sha256": self.sha256}


async def take_members(shop: Shop, body: bytes, *, dry_run: bool) -> Taken:
    """Tell the traits of the members of a table.

    Raises: SheetProblem when the table as a whole cannot be used; Overloaded, LogUnavailable when
        the log takes no more: send the table again then, what is in the log is known by its ids.
    """
    events, report = await asyncio.to_thread(read_members, body, now_ms=shop.now_ms)
    digest = hashlib.sha256(body).hexdigest()
    events = _without_erased(shop, _apart(shop, events, report), report)
    if not dry_run:
        for some in _parts(events):
            rows = [row | {"message_id": f"{digest[:16]}:{row['viewer']}"} for _, row in some]
            await _submit(shop.deployment, rows)
    return Taken(report, len(events), digest)


async def take_orders(shop: Shop, body: bytes, *, dry_run: bool) -> Taken:
    """Tell the past orders of a table; those of viewers who are in a room now are left out.

    Raises: as `take_members`.
    """
    events, report = await asyncio.to_thread(
        read_orders, body, currency=shop.currency, zone=shop.zone, now_ms=shop.now_ms
    )
    taken = 0
    events = _without_erased(shop, _apart(shop, events, report), report)
    for some in _parts(events):
        present = await shop.deployment.ask(_present({row["viewer"] for _, row in some}))
        rows = []
        for line, row in some:
            if row["viewer"] in present:
                detail = f"{row['viewer'][:80]} is in a room now"
                report.refuse(line, "", "in_room", detail)
                continue
            rows.append(row | {"message_id": f"{row['type']}:{row['order_id']}"})
        taken += len(rows)
        if not dry_run and rows:
            await _submit(shop.deployment, rows)
    return Taken(report, taken, hashlib.sha256(body).hexdigest())


async def take_links(shop: Shop, body: bytes, *, dry_run: bool) -> Taken:
    """Tell which ids of a table are one person's; the second ids are those of the namespace.

    Raises: as `take_members`.
    """
    events, report = await asyncio.to_thread(
        read_links, body, now_ms=shop.now_ms, prefix=shop.prefix
    )
    digest = hashlib.sha256(body).hexdigest()
    events = _without_erased(shop, events, report)
    if not dry_run:
        for some in _parts(events):
            rows = [row | {"message_id": f"{digest[:16]}:{line}"} for line, row in some]
            await _submit(shop.deployment, rows)
    return Taken(report, len(events), digest)


async def tell_link(
    deployment: Deployment, erased: Refusals, viewer: str, other: str, *, over: bool
) -> None:
    """Tell that two ids are one person's, or are not any more; durable when it returns.

    Args:
        erased: whom no door lets in again.
        other: a known id; where a link is over, an anonymous one too, as the log spells it.

    Raises: InputError for ids that cannot be linked; Overloaded, LogUnavailable.
    """
    event: dict[str, Any] = {"type": "identity_unlinked" if over else "identity_linked"}
    if over and is_anonymous(other):
        event |= {"viewer": viewer, "anonymous_id": other.removeprefix(ANONYMOUS_PREFIX)}
    else:
        event |= {"viewer": viewer, "linked_viewer": other}
    now_ms = await deployment.ask(lambda live: live.clock)
    found = canonical(event, arrival=now_ms)
    if isinstance(found, Rejected):
        raise InputError(f"{viewer} and {other}: {found.detail}")
    if erased.has(viewer) or erased.has(other):
        raise InputError("this person was erased")
    ids = f"{viewer}\x1f{other}\x1f{event['type']}\x1f{now_ms}".encode()
    name = hashlib.sha256(ids).hexdigest()[:32]
    await _submit(deployment, [found | {"message_id": f"link:{name}"}], CONSOLE)


def _apart(shop: Shop, events: Sequence[Lined], report: Report) -> Sequence[Lined]:
    """The events with the ids of their namespace; an id that becomes too long is told."""
    if not shop.prefix:
        return events
    kept = []
    for line, row in events:
        named = {name: apart(row[name], shop.prefix) for name in _IDS if name in row}
        problem = next((why for one in named.values() if (why := id_problem(one))), None)
        if problem is not None:
            report.refuse(line, "", problem, f"with the namespace: {row['viewer'][:80]!r}")
        else:
            kept.append((line, row | named))
    return kept


def _without_erased(shop: Shop, events: Sequence[Lined], report: Report) -> list[Lined]:
    """The events of those who were not erased; the others are told by their lines."""
    kept = []
    for line, row in events:
        gone = shop.erased.has_row(row["viewer"], row.get("anonymous_id"))
        if gone or shop.erased.has(row.get("linked_viewer")):
            report.refuse(line, "", "erased", "this person was erased")
        else:
            kept.append((line, row))
    return kept


def _parts(events: Sequence[Lined]) -> Iterator[Sequence[Lined]]:
    for start in range(0, len(events), AT_ONCE):
        yield events[start : start + AT_ONCE]


async def _submit(
    deployment: Deployment, rows: Sequence[dict[str, Any]], source: str = SOURCE
) -> None:
    """Durable when it returns."""
    known = {"message": 0, "source": source, "presence_none": 1}
    await deployment.submit(EventBatch.from_rows({**row, **known} for row in rows))


def _present(viewers: set[str]) -> Callable[[Live], set[str]]:
    """Which of these viewers have a live row, asked on the engine's thread."""

    def asked(live: Live) -> set[str]:
        engine = live.engine
        rooms = () if engine is None else engine.open_rooms()
        return {
            viewer
            for room in rooms
            for viewer in viewers
            if engine is not None and engine.viewer_now(room, viewer) is not None
        }

    return asked
