"""The demonstration: an installation whose log begins with a simulated broadcast on air."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from qianmian.bootstrap.installation import Installation, stocked
from qianmian.bootstrap.parts import load_classifier, simulate
from qianmian.columns.facts import facts_bytes
from qianmian.runtime.fact_files import name_newest, write_facts
from qianmian.runtime.messages import Catalog, DefinitionsChanged, FactsNamed
from qianmian.runtime.past import Past, write_past
from qianmian.runtime.ports import Advance, ignored
from qianmian.runtime.sources import Source
from qianmian.simulation.plan import SimulationPlan
from qianmian.simulation.world import Simulation
from qianmian.vocabulary.time import MINUTE_MS

PAST_MINUTES: Final = 10
WEB, SHOP = "demo-web", "demo-shop"
ROOM: Final = "room-1"
STRATEGIES_FILE: Final = "demo-strategies.yaml"


@dataclass(frozen=True, slots=True)
class DemoSources:
    """Who sends in the demonstration, and the keys they send with."""

    web: Source
    shop: Source
    browser_key: str
    server_key: str

    def of(self, row: Mapping[str, Any]) -> Source:
        """Anonymous viewers send from the browser, everybody else through the shop's server."""
        return self.web if "stream" in row and "anonymous_id" in row else self.shop


def demo_strategies(home: Path) -> Path:
    """Write what decides in the demonstration into its home, as a shop would write it."""
    path = home / STRATEGIES_FILE
    home.mkdir(parents=True, exist_ok=True)
    kept = resources.files("qianmian.bootstrap").joinpath("demo_strategies.yaml")
    path.write_bytes(kept.read_bytes())
    return path


def demo_simulation(seed: int, viewers: int, now_ms: int) -> Simulation:
    """A broadcast that began ten minutes ago and goes on for three hours."""
    start_ms = now_ms - PAST_MINUTES * MINUTE_MS
    return simulate(SimulationPlan(seed, viewers, 190, room=ROOM, start_ms=start_ms))


def demo_sources(home: Installation) -> DemoSources:
    """The two sources of the demonstration, with new keys."""
    web = Source(WEB, "browser", default_room=ROOM, presence=True)
    shop = Source(SHOP, "server", default_room=ROOM, presence=True)
    keys = {}
    for source in (web, shop):
        if home.sources.by_name(source.name) is None:
            _, keys[source.name] = home.sources.create(source)
        else:
            _, keys[source.name] = home.sources.add_key(source.name)
    return DemoSources(web, shop, keys[WEB], keys[SHOP])


def record_past(
    home: Installation,
    simulation: Simulation,
    sources: DemoSources,
    now_ms: int,
    title: str,
    advance: Advance,
) -> Past:
    """Write the broadcast up to now into the empty log of an installation; its room has a title."""
    start_ms = simulation.plan.start_ms
    facts = facts_bytes(
        list(simulation.facts(simulation.plan.end_ms)),
        boundary_ms=_day_begin(start_ms, home.settings.zone),
    )
    path = write_facts(home.settings.home / "facts", facts)
    name_newest(path.parent, path.stem.removeprefix("facts-"))
    return write_past(
        home.log,
        _titled(simulation.events_between(start_ms, now_ms), title),
        sources.of,
        load_classifier().classify_many,
        first=(
            Catalog(stocked(home.catalog, simulation.products)),
            DefinitionsChanged(home.definitions),
            FactsNamed(path.stem.removeprefix("facts-")),
        ),
        from_ms=start_ms,
        until_ms=now_ms,
        advance=advance,
    )


def _titled(
    events: Iterable[tuple[int, dict[str, Any]]], title: str
) -> Iterator[tuple[int, dict[str, Any]]]:
    """The same events; the broadcast says how it is called."""
    for at, row in events:
        is_first = row["type"] == "session_started"
        yield at, row | {"properties": {"title": title}} if is_first else row


def extend_past(
    home: Installation, simulation: Simulation, sources: DemoSources, from_ms: int, until_ms: int
) -> Past:
    """Write what was sent in the meantime, after `record_past`."""
    return write_past(
        home.log,
        simulation.events_between(from_ms, until_ms),
        sources.of,
        load_classifier().classify_many,
        first=(),
        from_ms=max(from_ms, home.log.last_clock),
        until_ms=until_ms,
        advance=ignored,
    )


def _day_begin(instant_ms: int, zone: str) -> int:
    """The beginning of the day of an instant in a zone, ms UTC."""
    at = datetime.fromtimestamp(instant_ms / 1_000, ZoneInfo(zone))
    return int(at.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()) * 1_000
