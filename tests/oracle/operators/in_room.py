"""`in room for T`: the present visit began at least T ago."""

from __future__ import annotations

from collections.abc import Iterator

from tests.oracle.convert import Tree
from tests.oracle.events import ids
from tests.oracle.rows import TimerFlag
from tests.oracle.view import PLAIN, Holding, View


def settle(tree: Tree, view: View) -> None:
    """It becomes true as a timer does; another visit starts it anew."""
    row = view.its_row
    flag = row.flags.setdefault(view.slot_id(tree), TimerFlag())
    visit = row.visit
    here = visit if row.present else None
    due = None if here is None else here.start + tree["for_ms"]
    since = None if here is None else here.number
    flag.settle(due, since, view.now, is_event=view.is_event)


def holds(tree: Tree, view: View) -> Holding:
    flag = view.its_row.flags.get(view.slot_id(tree))
    visit = view.its_row.visit
    return {PLAIN: ids(visit.first)} if flag is not None and flag.true and visit else {}


def instants(tree: Tree, view: View) -> Iterator[int]:
    visit = view.its_row.visit
    if visit is not None and view.its_row.present:
        yield visit.start + tree["for_ms"]
