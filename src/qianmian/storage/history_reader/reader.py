"""Asking history: who is in a level, at an instant."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from qianmian.errors import UnknownName
from qianmian.language.ast import Node
from qianmian.language.plan import plan
from qianmian.profiles.found import FOUND_TRAITS
from qianmian.storage.history_reader.answers import NOTHING, Definitions
from qianmian.storage.history_reader.database import Database
from qianmian.storage.history_reader.days import day_begin
from qianmian.storage.history_reader.found import COLUMNS, FoundTables
from qianmian.storage.history_reader.levels import PERSON, Asking, Moment, reads
from qianmian.storage.history_reader.measured import Measured
from qianmian.storage.history_reader.terms import column
from qianmian.storage.history_reader.warm import Warm
from qianmian.vocabulary.ids import DEFAULT_NAMESPACE
from qianmian.vocabulary.product import Product

MEMORY_MB: Final = 2_048


class HistoryReader:
    """Reads a history that another part writes; itself it writes nothing but `extracts`.

    Args:
        folder: of the history.
        zone: of the shop; its days begin there.
        products: of the shop, as the engine has them.
        memory_mb: most of the memory that tables and questions take together.
        origins: whether it is kept who told a trait, for builds of profiles.
        measured: what effects are computed from, if somebody else asks it, too.
        shop: its name, by which slices of time were drawn.

    Raises: LogProblem when a file of history cannot be read; HistoryTooLarge.
    """

    def __init__(
        self,
        folder: Path,
        *,
        zone: str = "Asia/Shanghai",
        products: Iterable[Product] = (),
        memory_mb: int = MEMORY_MB,
        threads: int = 2,
        origins: bool = False,
        measured: Measured | None = None,
        shop: str = DEFAULT_NAMESPACE,
    ) -> None:
        self.zone = zone
        self.shop = shop
        self.folder = folder.resolve()
        self.database = Database(folder.resolve(), memory_mb=memory_mb, threads=threads)
        self.warm = Warm(folder.resolve(), self.database, products, origins=origins)
        self.found = FoundTables(self.database, zone)
        self.measured = Measured(folder.resolve()) if measured is None else measured
        self._finds = False

    def refresh(self) -> bool:
        """Read what was written since; whether there was something.

        Raises: LogProblem when a file cannot be read; HistoryTooLarge.
        """
        return self.warm.refresh()

    def close(self) -> None:
        """Let the memory go; nothing can be asked any more."""
        self.database.close()

    def viewers_of(
        self,
        expr: Node,
        now_ms: int,
        *,
        room: str | None = None,
        definitions: Definitions = NOTHING,
    ) -> list[str]:
        """The viewers for whom a level holds at an instant, by name.

        Args:
            room: ask the rows of this room alone, as the engine does; None: the whole shop.

        Raises: NotInHistory for what history cannot say; UnknownName for a definition or a room
            that is not there; LimitExceeded; LogProblem; HistoryTooLarge.
        """
        asking = self.asking([expr], now_ms, room=room, definitions=definitions)
        truth = asking.truth(expr)
        query = asking.people([column("name", PERSON)]).where(truth, copy=False)
        rows = self.database.run(query, asking.bound.values)
        return sorted(str(name) for (name,) in rows)

    def asking(
        self,
        exprs: Iterable[Node],
        now_ms: int,
        *,
        room: str | None = None,
        definitions: Definitions = NOTHING,
    ) -> Asking:
        """A question about these levels, with everything at hand that they read."""
        self.bring(exprs, definitions)
        return self.question(now_ms, room=room, definitions=definitions)

    def bring(self, exprs: Iterable[Node], definitions: Definitions) -> None:
        """Bring to hand what these levels read, as it is now.

        What has to be held is said first, so that the first question reads the files once.
        """
        columns: set[str] = set()
        traits: set[str] = set()
        for expr in exprs:
            more_columns, more_traits = reads(plan(expr), definitions)
            columns |= more_columns
            traits |= more_traits
        self._finds = not traits.isdisjoint(FOUND_TRAITS)
        self.warm.need(columns | COLUMNS if self._finds else columns, traits)
        self.warm.refresh()
        self.warm.on_lists.hold(definitions.lists, self.warm.stop)

    def question(self, now_ms: int, *, room: str | None, definitions: Definitions) -> Asking:
        """Another question about what the last `asking` has brought to hand."""
        clock_ms = now_ms if now_ms < self.warm.clock else None
        if self._finds:
            self.find(day_begin(now_ms, self.zone), clock_ms)
        some = self.warm.taken_away.hold(clock_ms, self.warm.stop)
        starts = self.warm.rooms.starts_at(now_ms, self.warm.room_count)
        moment = Moment(
            now_ms, now_ms, clock_ms, clock_ms is None, self.zone, self._room(room), starts, some
        )
        return Asking(moment, definitions, self.warm.traits)

    def find(self, boundary_ms: int, clock_ms: int | None = None) -> None:
        """Have the traits at hand that are found in profiles, as of a day boundary."""
        self.found.find(boundary_ms, clock_ms, filled=self.warm.filled)

    def _room(self, name: str | None) -> int | None:
        if name is None:
            return None
        number = self.warm.room_id(name)
        if number is None:
            raise UnknownName.of("room", name, self.warm.room_names)
        return number
