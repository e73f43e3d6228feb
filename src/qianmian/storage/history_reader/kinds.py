"""The types of events in the tables: those of the catalog, and one for hints.

A hint is an order that only a browser has told. It shows that its viewer is there and is nothing
else that history is asked for: no question names its type (decision 0063).
"""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from qianmian.storage.history_reader.terms import Sql, column, named
from qianmian.vocabulary.events import CATALOG

HINT: Final = 255
SHOWING: Final = [
    *(code for code, one in enumerate(CATALOG) if one.presence or one.name == "room_left"),
    HINT,
]
"""Types of events that show where a viewer is, if they have a room."""


def is_hint(rows: str) -> Sql:
    """Whether an event in a file is an order that a browser has told, as `is_hint`."""
    told = exp.EQ(this=column("verified", rows), expression=exp.Literal.number(0))
    return named(told, "is_hint")


def kind(rows: str, types: str) -> Sql:
    """The type of a row in the tables, as `type`; `types` has the codes of the catalog."""
    if_hint = exp.If(this=column("is_hint", rows), true=exp.Literal.number(HINT))
    return named(exp.Case(ifs=[if_hint], default=column("code", types)), "type")
