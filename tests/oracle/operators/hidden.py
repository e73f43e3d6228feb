"""`not visible for T`: counts from the first hiding report after the last showing one."""

from __future__ import annotations

from collections.abc import Iterator

from tests.oracle.convert import Tree
from tests.oracle.events import ids
from tests.oracle.rows import TimerFlag
from tests.oracle.view import PLAIN, Holding, View


def time_of(view: View) -> int | None:
    """Leaving cancels its timer, so it needs presence."""
    row = view.its_row
    since = row.hidden_since()
    return since.event_time if since is not None and row.present else None


def settle(tree: Tree, view: View) -> None:
    """It becomes true as a timer does."""
    flag = view.its_row.flags.setdefault(view.slot_id(tree), TimerFlag())
    time = time_of(view)
    due = None if time is None else time + tree["for_ms"]
    flag.settle(due, time, view.now, is_event=view.is_event)


def holds(tree: Tree, view: View) -> Holding:
    since = view.its_row.hidden_since()
    flag = view.its_row.flags.get(view.slot_id(tree))
    if flag is None or not flag.true or since is None:
        return {}
    return {PLAIN: ids(since)}


def instants(tree: Tree, view: View) -> Iterator[int]:
    time = time_of(view)
    if time is not None:
        yield time + tree["for_ms"]
