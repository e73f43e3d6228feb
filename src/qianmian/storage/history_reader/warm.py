"""The tables that questions are asked of: one row per viewer, and the events without their text.

They are filled from the Parquet files, file by file, and then kept up: `refresh` reads only what
came after what is there. Of events only the columns are held that some question has read; of
profiles only the traits that were asked for.

    person   viewers: id, name, first_clock, first_seen, last_seen, t<k>_text|number|truth
    event    viewer, event_time, ord, clock, type, room and the columns that are read
    told     viewer, event_time, ord, clock, rank, traits, says: what profiles and links have told,
             the rank of who says so, and the properties that say it, where these are kept
    on_list  list, name: uploaded lists
    listed   list, viewer: those of them whom history knows
    withheld viewer, tag: see `taken_away.py`

`ord` is the place in the log; what a link brought has it lessened by 2^62, because of equal event
times what an anonymous viewer did stands before what the known one did (`docs/semantics.md`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from sqlglot import exp

from qianmian.columns.fields import STRING_FIELDS
from qianmian.errors import LogProblem
from qianmian.storage.history import SUFFIX, HistoryFile, file_of, lasting
from qianmian.storage.history_reader import reach, taken_away
from qianmian.storage.history_reader.database import Database
from qianmian.storage.history_reader.links import TABLES as LINK_TABLES
from qianmian.storage.history_reader.links import Links
from qianmian.storage.history_reader.on_lists import TABLES as LIST_TABLES
from qianmian.storage.history_reader.on_lists import OnLists
from qianmian.storage.history_reader.rooms import Heard, Rooms
from qianmian.storage.history_reader.terms import Bound, Sql, column, named
from qianmian.storage.history_reader.told import RANK_TOLD, TRAIT_KINDS, newest_trait, trait_value
from qianmian.storage.history_schema import EVENTS
from qianmian.vocabulary.events import CATALOG, CODE_BY_NAME
from qianmian.vocabulary.product import Product

_PROFILE: Final = CODE_BY_NAME["profile_updated"]
_LINK: Final = CODE_BY_NAME["identity_linked"]
_CONSENT: Final = CODE_BY_NAME["consent_changed"]
_UNSUBSCRIBED: Final = CODE_BY_NAME["unsubscribed"]
SHOWING: Final = [
    code for code, one in enumerate(CATALOG) if one.presence or one.name == "room_left"
]
"""Types of events that show where a viewer is, if they have a room."""
TRIES: Final = 3  # files are joined while we look
BATCH_BYTES: Final = 64 << 20
ROWS_PER_MESSAGE: Final = 1 << 25
BEFORE: Final = 1 << 62
ALWAYS: Final = ("product", "category", "amount", "items")
"""Columns that nearly every question about goods reads: held from the beginning."""

_FIXED: Final = {
    "viewer": "INTEGER",
    "event_time": "BIGINT",
    "ord": "BIGINT",
    "clock": "BIGINT",
    "type": "UTINYINT",
    "room": "INTEGER",
}
_ITEMS: Final = (
    "STRUCT(product VARCHAR, category VARCHAR, quantity BIGINT, price BIGINT, amount BIGINT)[]"
)
TABLE_NAMES: Final = (
    *("type_code", "viewer", "room", *LINK_TABLES, "shown", "told", "seen", "person", "on_list"),
    *("consent", "listed", "withheld", "event", "good", "touched"),
)
_TABLES: Final = (
    "CREATE TABLE type_code (name VARCHAR, code UTINYINT)",
    "CREATE TABLE viewer (id INTEGER, name VARCHAR)",
    "CREATE TABLE room (id INTEGER, name VARCHAR)",
    *LINK_TABLES.values(),
    "CREATE TABLE shown (room INTEGER, place BIGINT, product VARCHAR)",
    """CREATE TABLE told
    (viewer INTEGER, event_time BIGINT, ord BIGINT, clock BIGINT, rank UTINYINT, traits VARCHAR,
    says VARCHAR)""",
    """CREATE TABLE seen
    (viewer INTEGER, first_clock BIGINT, first_seen BIGINT, last_seen BIGINT)""",
    """CREATE TABLE person
    (id INTEGER, name VARCHAR, first_clock BIGINT, first_seen BIGINT, last_seen BIGINT,
    reach UTINYINT)""",
    reach.TABLE,
    *LIST_TABLES,
    taken_away.TABLE,
    "CREATE TABLE touched (id INTEGER)",
    """CREATE TABLE good
    (product VARCHAR, category VARCHAR, brand VARCHAR, price BIGINT, tone VARCHAR)""",
)
_NEW_VIEWERS: Final = """
INSERT INTO viewer
SELECT (SELECT count(*) FROM viewer) + row_number() OVER (ORDER BY name) - 1, name
FROM (SELECT viewer AS name FROM fresh UNION SELECT linked_viewer FROM fresh) AS told
WHERE name IS NOT NULL AND name NOT IN (SELECT name FROM viewer)
"""
_NEW_ROOMS: Final = """
INSERT INTO room
SELECT (SELECT count(*) FROM room) + row_number() OVER () - 1, name
FROM (SELECT DISTINCT room AS name FROM heard) AS told
WHERE name IS NOT NULL AND name NOT IN (SELECT name FROM room)
"""
_TOLD: Final = f"""
INSERT INTO told SELECT viewer, event_time, ord, clock, {RANK_TOLD}, traits,
  CASE WHEN $origins THEN says END
FROM mine WHERE traits IS NOT NULL AND type IN ($profile, $link)
"""  # noqa: S608 — of constants of ours
_TOUCHED: Final = """
INSERT INTO touched SELECT DISTINCT viewer FROM mine
"""
_SEEN: Final = """
CREATE TEMP TABLE seen_now AS
SELECT coalesce(l.known, s.viewer) AS viewer, min(first_clock) AS first_clock,
  min(first_seen) AS first_seen, max(last_seen) AS last_seen
FROM (
  SELECT * FROM seen WHERE viewer IN (SELECT id FROM touched)
  UNION ALL
  SELECT viewer, min(clock), min(event_time) FILTER (shows), max(event_time) FILTER (shows)
  FROM (
    SELECT viewer, clock, event_time, room IS NOT NULL AND list_contains($presence, type) AS shows
    FROM mine
  ) AS m GROUP BY viewer
) AS s LEFT JOIN link AS l ON l.own = s.viewer GROUP BY ALL
"""
_SEEN_NOW: Final = (
    "DELETE FROM seen WHERE viewer IN (SELECT id FROM touched)",
    "INSERT INTO seen SELECT * FROM seen_now",
    "DROP TABLE seen_now",
)
_HEARD: Final = """
CREATE TEMP TABLE heard AS
SELECT r."offset" * 33554432 + r.file_row_number AS place, r.clock AS clock, r.room AS room,
  r.session AS session, r.type AS type, r.outcome AS outcome, r.product AS product
FROM read_parquet($files, file_row_number = true) AS r
WHERE r."offset" >= $from AND r.room IS NOT NULL
"""
_ACTS: Final = """
SELECT h.place AS place, o.id AS room, h.clock, h.session, h.type, h.product
FROM heard AS h JOIN room AS o ON o.name = h.room
WHERE h.outcome = 'accepted' AND h.type IN ('session_started', 'session_ended',
  'product_presented', 'product_withdrawn')
"""
_FIRST_AND_LAST: Final = """
WITH ends AS (
  SELECT room, place FROM heard WHERE type IN ('session_started', 'session_ended')
), pieces AS (
  SELECT h.room, h.place, h.clock, h.session, e.place AS after
  FROM (SELECT * FROM heard WHERE room IN (SELECT room FROM ends)) AS h
  ASOF LEFT JOIN ends AS e ON e.room = h.room AND h.place > e.place
  UNION ALL
  SELECT room, place, clock, session, NULL FROM heard WHERE room NOT IN (SELECT room FROM ends)
)
SELECT o.id, min(p.place), arg_min(p.clock, p.place), arg_min(p.session, p.place),
  max(p.place), arg_max(p.clock, p.place)
FROM pieces AS p JOIN room AS o ON o.name = p.room
GROUP BY o.id, p.clock // 60000, p.after
"""
_PEOPLE: Final = r"""
CREATE TEMP TABLE people AS
SELECT v.id AS id, v.name AS name, s.first_clock AS first_clock, s.first_seen AS first_seen,
  s.last_seen AS last_seen
FROM viewer AS v JOIN seen AS s ON s.viewer = v.id
WHERE v.id IN (SELECT id FROM touched) AND NOT regexp_full_match(v.name, '\??erased-[0-9a-f]{32}')
"""


class Warm:
    """The tables of one history.

    Args:
        folder: of the history.
        products: say category and brand where an event names a product only, as in the engine.
        origins: whether it is kept who told a trait.

    Attributes:
        clock: of the newest message that is in the tables; 0 when there is none.
        stop: the message of the log from which on nothing is in the tables.
        rooms: their sessions and what they presented.
        links: whose is whose.
        traits: number by name of the traits that `person` has.
        filled: how often everything has been read anew; numbers of viewers are those of one time.
    """

    def __init__(
        self,
        folder: Path,
        database: Database,
        products: Iterable[Product] = (),
        *,
        origins: bool = False,
    ) -> None:
        self._origins = origins
        self._folder = folder / EVENTS
        self._database = database
        self._goods = [
            (one.id, one.narrowest_category, one.brand, one.price_minor, one.brand_tone)
            for one in products
        ]
        self._columns: set[str] = set(ALWAYS)
        self._sizes: dict[Path, tuple[int, int]] = {}
        self._changed_at = 0  # of the folder: nothing is looked for while it stays
        self.traits: dict[str, int] = {}
        self.filled = 0
        self.links = Links(database)
        self._begin()

    def _begin(self) -> None:
        """Empty tables with the columns that are asked for."""
        self.clock = 0
        self.filled += 1
        self.rooms = Rooms()
        self.stop = 0
        self._shown = 0
        self.on_lists = OnLists(self._database)
        self.taken_away = taken_away.TakenAway(self._database)
        self._room_ids: dict[str, int] = {}
        for table in TABLE_NAMES:
            self._database.run(f"DROP TABLE IF EXISTS {table}")
        for statement in _TABLES:
            self._database.run(statement)
        held = [exp.ColumnDef(this=exp.to_identifier(n), kind=_type_of(n)) for n in self._held()]
        schema = exp.Schema(this=exp.to_table("event"), expressions=held)
        self._database.run(exp.Create(this=schema, kind="TABLE"))
        codes = [(event.name, code) for code, event in enumerate(CATALOG)]
        self._database.write("INSERT INTO type_code VALUES (?, ?)", codes)
        self._database.write("INSERT INTO good VALUES (?, ?, ?, ?, ?)", self._goods)

    def _held(self) -> list[str]:
        return [*_FIXED, *sorted(self._columns)]

    # -- keeping up

    def need(self, columns: Collection[str], traits: Collection[str]) -> None:
        """Hold what a question reads; a column that no question has read yet reads all files again.

        Raises: LogProblem when a file cannot be read; HistoryTooLarge.
        """
        new_columns = set(columns) - self._columns
        new_traits = [name for name in sorted(traits) if name not in self.traits]
        for name in new_traits:
            self.traits[name] = len(self.traits)
        self._columns |= new_columns
        is_read = bool(new_columns) and self.reload()
        if new_traits and not is_read:  # without a file nothing is read, and yet people are asked
            self._make_people(everybody=True)

    def reload(self) -> bool:
        """Read everything again, also after an erasure, which keeps names of files."""
        self._sizes, self._changed_at = {}, 0
        self._begin()
        return self.refresh()

    def refresh(self) -> bool:
        """Read what came after what is there; whether there was something.

        Cost: the new rows, and one pass over the viewers.
        Raises: LogProblem when a file cannot be read; HistoryTooLarge.
        """
        for attempt in range(TRIES):
            try:
                return self._refresh()
            except LogProblem:
                if attempt == TRIES - 1:
                    raise
        return False

    def _refresh(self) -> bool:
        changed_at = self._folder.stat().st_mtime_ns if self._folder.is_dir() else 0
        if changed_at == self._changed_at:
            return False
        files = lasting(
            file_of(path, EVENTS) for path in self._folder.glob(f"*{SUFFIX}") if path.is_file()
        )
        sizes = {one.path: _identity(one.path) for one in files}
        changed = any(self._sizes.get(path, now) != now for path, now in sizes.items())
        if changed:  # written again under its name: somebody has been erased
            self._begin()
        self._sizes = sizes
        new = self._linked(files)
        is_first = self.stop == 0
        for batch in _batches(new, {path: size for path, (_, size) in sizes.items()}):
            self._take(batch)
        if new or changed:
            self._make_people(everybody=changed or is_first)
        self._changed_at = changed_at
        return bool(new) or changed

    def _linked(self, files: Sequence[HistoryFile]) -> list[HistoryFile]:
        """The files that are new, after what they say of links: all of them where one is over."""
        new = [one for one in files if one.stop > self.stop]
        if not new:
            return new
        says, of_an_end = self.links.read([str(one.path) for one in new], self.stop)
        if of_an_end and self.stop:
            self._begin()
            return self._linked(files)
        if says:
            self.links.settle()
        return new

    def _take(self, files: Sequence[HistoryFile]) -> None:
        """The rows of some files, beyond what is there."""
        paths = [str(one.path) for one in files]
        place = {"files": paths, "from": self.stop}
        for name in ("fresh", "heard", "mine"):
            self._database.run(f"DROP TABLE IF EXISTS {name}")
        self._database.run(_HEARD, place)
        self._hear()
        self._read_events(paths)
        self._database.run(_NEW_VIEWERS)
        self._resolve()
        kept = {"profile": _PROFILE, "link": _LINK, "origins": self._origins}
        self._database.run(_TOLD, kept)
        told = {"consent": _CONSENT, "unsubscribed": _UNSUBSCRIBED, **reach.PURPOSES}
        self._database.run(reach.CONSENTED, told)
        held = exp.select(*(column(name) for name in self._held())).from_(exp.to_table("mine"))
        self._database.run(exp.Insert(this=exp.to_table("event"), expression=held))
        self._database.run(_TOUCHED)
        self._database.run(_SEEN, {"presence": SHOWING})
        for statement in _SEEN_NOW:
            self._database.run(statement)
        for name in ("fresh", "heard", "mine"):
            self._database.run(f"DROP TABLE {name}")
        self.stop = max(one.stop for one in files)

    def _hear(self) -> None:
        """What happened to rooms: in Python, because each step depends on the one before."""
        self._database.run(_NEW_ROOMS)
        self._room_ids = dict(self._database.run("SELECT name, id FROM room"))
        found: dict[int, Heard] = {}
        for room, place, clock, session, last, last_clock in self._database.run(_FIRST_AND_LAST):
            found[last] = Heard(room, last, last_clock)
            found[place] = Heard(room, place, clock, session)
        for place, room, clock, session, act, product in self._database.run(_ACTS):
            found[place] = Heard(room, place, clock, session, act, product)
        for place in sorted(found):
            self.rooms.hear(found[place])
        self._database.write(
            "INSERT INTO shown VALUES (?, ?, ?)", list(self.rooms.changes_since(self._shown))
        )
        self._shown = len(self.rooms.shown)
        ((newest,),) = self._database.run("SELECT max(clock) FROM heard")
        self.clock = max(self.clock, newest or 0)

    def _read_events(self, paths: Sequence[str]) -> None:
        """The columns of new events of viewers, as they lie in the files."""
        bound = Bound()
        row = exp.to_identifier("r")
        files = exp.Anonymous(
            this="read_parquet",
            expressions=[
                bound(list(paths)),
                exp.Kwarg(this=exp.var("file_row_number"), expression=exp.true()),
            ],
        )
        source = exp.Table(this=files, alias=exp.TableAlias(this=row))
        place = exp.Add(
            this=exp.Mul(
                this=column("offset", "r"), expression=exp.Literal.number(ROWS_PER_MESSAGE)
            ),
            expression=column("file_row_number", "r"),
        )
        plain = ["clock", "type", "viewer", "linked_viewer", "room", "traits"]
        shown = [named(place, "place"), named(column("event_time", "r"), "event_time")]
        shown += [column(name, "r") for name in [*plain, *sorted(self._columns)]]
        shown += [named(column(name, "r"), f"told_{name}") for name in reach.TOLD_FIELDS]
        tells = exp.not_(exp.Is(this=column("traits", "r"), expression=exp.null()))
        says = exp.Case(ifs=[exp.If(this=tells, true=column("properties", "r"))])
        shown.append(named(says, "says"))
        outcomes = [exp.Literal.string("accepted"), exp.Literal.string("late")]
        query = (
            exp.select(*shown, copy=False)
            .from_(source, copy=False)
            .where(exp.GTE(this=column("offset", "r"), expression=bound(self.stop)), copy=False)
            .where(exp.In(this=column("outcome", "r"), expressions=outcomes), copy=False)
            .where(exp.not_(exp.Is(this=column("viewer", "r"), expression=exp.null())), copy=False)
        )
        created = exp.Create(
            this=exp.to_table("fresh"), kind="TABLE", expression=query, properties=_temporary()
        )
        self._database.run(created, bound.values)
        ((newest,),) = self._database.run("SELECT max(clock) FROM fresh")
        self.clock = max(self.clock, newest or 0)

    def _resolve(self) -> None:
        """New events under the numbers of whose they are, of their type and of their room."""
        moved = exp.Sub(this=column("place", "f"), expression=exp.Literal.number(BEFORE))
        is_before = exp.LT(this=column("place", "f"), expression=column("place", "l"))
        shown = [
            named(
                exp.Coalesce(this=column("known", "l"), expressions=[column("id", "v")]), "viewer"
            ),
            column("event_time", "f"),
            named(
                exp.Case(ifs=[exp.If(this=is_before, true=moved)], default=column("place", "f")),
                "ord",
            ),
            column("clock", "f"),
            named(column("id", "v"), "own"),
            named(column("code", "t"), "type"),
            named(column("id", "o"), "room"),
            column("traits", "f"),
            *(column(f"told_{name}", "f") for name in reach.TOLD_FIELDS),
            column("says", "f"),
        ]
        query = (
            exp.select(*shown, *(self._held_value(name) for name in sorted(self._columns)))
            .from_(exp.to_table("fresh", alias="f"))
            .join(exp.to_table("viewer", alias="v"), on="v.name = f.viewer")
            .join(exp.to_table("link", alias="l"), on="l.own = v.id", join_type="left")
            .join(exp.to_table("type_code", alias="t"), on="t.name = f.type")
            .join(exp.to_table("room", alias="o"), on="o.name = f.room", join_type="left")
        )
        if self._shown:
            shows = exp.Join(this=exp.to_table("shown", alias="s"), method="asof", side="left")
            query = query.join(shows, on="s.room = o.id AND f.place > s.place")
        if self._goods:
            good = exp.to_table("good", alias="g")
            on = exp.EQ(this=column("product", "g"), expression=self._product())
            query = query.join(good, on=on, join_type="left").join(_CATEGORIES, join_type="cross")
        self._database.run(
            exp.Create(
                this=exp.to_table("mine"), kind="TABLE", expression=query, properties=_temporary()
            )
        )

    def _held_value(self, name: str) -> Sql:
        """A column as the engine reads it, with what the catalog of products knows."""
        if name == "product":
            return named(self._product(), name)
        if not self._goods or name not in ("category", "brand", "items"):
            return column(name, "f")
        if name == "items":
            return named(_completed_items(), name)
        held = exp.Coalesce(this=column(name, "f"), expressions=[column(name, "g")])
        return named(held, name)

    def _product(self) -> Sql:
        """The product of an event: a comment that names none is about what is shown."""
        if not self._shown:
            return column("product", "f")
        is_comment = exp.EQ(this=column("type", "f"), expression=exp.Literal.string("comment_sent"))
        is_silent = exp.Is(this=column("product", "f"), expression=exp.null())
        about = exp.If(this=exp.and_(is_comment, is_silent), true=column("product", "s"))
        return exp.Case(ifs=[about], default=column("product", "f"))

    def _make_people(self, *, everybody: bool) -> None:
        """The rows of viewers who have done something new, or of everybody.

        Each with the newest value of every trait that was asked for.
        """
        run = self._database.run
        if everybody:
            run("DELETE FROM touched")
            run("INSERT INTO touched SELECT viewer FROM seen")
            run("DROP TABLE IF EXISTS person")
        run(_PEOPLE)
        run(reach.REACH, reach.PURPOSES)
        bound = Bound()
        query = exp.select("p.*", column("reach", "r")).from_(exp.to_table("people", alias="p"))
        of_person = exp.EQ(this=column("viewer", "r"), expression=column("id", "p"))
        query = query.join(exp.to_table("reach_now", alias="r"), on=of_person)
        if self.traits:
            newest = [named(newest_trait(n, bound), f"t{k}") for n, k in self.traits.items()]
            mine = exp.select("id").from_("touched")
            told = exp.select(column("viewer", "e"), *newest).from_(exp.to_table("told", alias="e"))
            told = told.where(exp.In(this=column("viewer", "e"), query=mine.subquery()))
            told = told.group_by(column("viewer", "e"))
            on = exp.EQ(this=column("viewer", "t"), expression=column("id", "p"))
            query = query.join(told.subquery("t"), on=on, join_type="left")
            for k in self.traits.values():
                held = column(f"t{k}", "t")
                query = query.select(
                    *(named(trait_value(held, kind), f"t{k}_{kind}") for kind in TRAIT_KINDS)
                )
        person = exp.to_table("person")
        if everybody:
            run(exp.Create(this=person, kind="TABLE", expression=query), bound.values)
        else:
            run("DELETE FROM person WHERE id IN (SELECT id FROM touched)")
            run(exp.Insert(this=person, expression=query), bound.values)
        run("DROP TABLE people")
        run("DROP TABLE reach_now")
        run("DELETE FROM touched")
        run("CHECKPOINT")  # compresses what is new

    # -- names

    def room_id(self, name: str) -> int | None:
        """The number of a room; None when it has never spoken."""
        return self._room_ids.get(name)

    @property
    def room_names(self) -> list[str]:
        """The rooms that have spoken."""
        return sorted(self._room_ids)

    @property
    def room_count(self) -> int:
        """How many rooms have spoken."""
        return len(self._room_ids)


_CATEGORIES: Final[Sql] = exp.maybe_parse(
    "(SELECT map(list(product), list(category)) AS by_product FROM good) AS c", dialect="duckdb"
)
"""The categories of all products, as one value."""


def _completed_items() -> Sql:
    """The lines of an order, with the category of each product that does not say its own."""
    line = exp.to_identifier("line")

    def of_line(name: str) -> Sql:
        return exp.Dot(this=line.copy(), expression=exp.to_identifier(name))

    known = exp.Anonymous(
        this="element_at", expressions=[column("by_product", "c"), of_line("product")]
    )
    first = exp.Anonymous(this="list_extract", expressions=[known, exp.Literal.number(1)])
    category = exp.Coalesce(this=of_line("category"), expressions=[first])
    fields = [
        exp.PropertyEQ(
            this=exp.to_identifier(name),
            expression=category if name == "category" else of_line(name),
        )
        for name in ("product", "category", "quantity", "price", "amount")
    ]
    packed = exp.Anonymous(this="struct_pack", expressions=fields)
    completed = exp.Lambda(this=packed, expressions=[line])
    return exp.Anonymous(this="list_transform", expressions=[column("items", "f"), completed])


def _type_of(name: str) -> exp.DataType:
    if name in _FIXED:
        return exp.DataType.build(_FIXED[name], dialect="duckdb")
    if name == "items":
        return exp.DataType.build(_ITEMS, dialect="duckdb")
    return exp.DataType.build("VARCHAR" if name in STRING_FIELDS else "BIGINT")


def _temporary() -> exp.Properties:
    return exp.Properties(expressions=[exp.TemporaryProperty()])


def _identity(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except FileNotFoundError:  # joined into another since we looked
        return (0, 0)
    return (found.st_mtime_ns, found.st_size)


def _batches(
    files: Sequence[HistoryFile], bytes_by_path: Mapping[Path, int]
) -> Iterator[list[HistoryFile]]:
    """Neighboring files, as many as may be read at once."""
    batch: list[HistoryFile] = []
    size_bytes = 0
    for one in files:
        mine_bytes = bytes_by_path[one.path]
        if batch and size_bytes + mine_bytes > BATCH_BYTES:
            yield batch
            batch, size_bytes = [], 0
        batch.append(one)
        size_bytes += mine_bytes
    if batch:
        yield batch
