"""What one sender may do, in numbers; every default has its reason beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from qianmian.runtime.sources import Source
from qianmian.vocabulary.events import Sender


@dataclass(frozen=True, slots=True)
class Rate:
    """A steady rate and how far a burst may run ahead of it; None is no limit.

    Units: events per second; events.
    """

    per_second: int
    burst: int


@dataclass(frozen=True, slots=True)
class NewNames:
    """How many names that were not seen before a key may bring in one minute.

    A name is interned for good: names without end are memory without end.
    """

    viewers: int
    products: int
    rooms: int


@dataclass(frozen=True, slots=True)
class ClassLimits:
    """Limits of the keys of one class. `per_address` counts all that one IP address sends."""

    body_bytes: int
    events: int
    per_key: Rate | None = None
    per_address: Rate | None = None
    new_names: NewNames | None = None
    new_viewers_per_address: int | None = None


SEGMENT_BODY_BYTES: Final = 500 * 1024  # Segment's own limits: its SDKs keep to them
SEGMENT_EVENT_BYTES: Final = 32 * 1024
SEGMENT_EVENTS: Final = 2_500

_BROWSER: Final = ClassLimits(
    body_bytes=SEGMENT_BODY_BYTES,
    events=SEGMENT_EVENTS,
    per_key=Rate(50_000, 100_000),
    # A phone network hides thousands of viewers behind one address; one phone sends about 1/s.
    per_address=Rate(2_000, 10_000),
    new_names=NewNames(viewers=300_000, products=5_000, rooms=200),
    new_viewers_per_address=3_000,
)
_TRUSTED: Final = ClassLimits(
    body_bytes=4 << 20,  # columns and Arrow from the shop's own machines
    events=20_000,
    new_names=NewNames(viewers=2_000_000, products=200_000, rooms=5_000),
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of ingest.

    Units: `body_timeout_ms` is how long a body may take to arrive; `in_flight` counts posts that
    are read or wait for the disk at the same time (memory: at most that many bodies).
    """

    event_bytes: int = SEGMENT_EVENT_BYTES
    segment_body_bytes: int = SEGMENT_BODY_BYTES
    segment_events: int = SEGMENT_EVENTS
    body_timeout_ms: int = 10_000
    in_flight: int = 512
    tracked_addresses: int = 100_000
    tracked_names: int = 1 << 18
    by_class: Mapping[Sender, ClassLimits] = field(
        default_factory=lambda: MappingProxyType(
            {"browser": _BROWSER, "server": _TRUSTED, "connector": _TRUSTED}
        )
    )

    def of(self, source: Source) -> ClassLimits:
        """The limits of a source: its own where it has some, else those of its class."""
        base, own = self.by_class[source.key_class], source.limits
        rate = own.events_per_second
        names = base.new_names
        if own.new_viewers_per_minute is not None or own.new_products_per_minute is not None:
            known = names or NewNames(1 << 40, 1 << 40, 1 << 40)
            names = NewNames(
                own.new_viewers_per_minute or known.viewers,
                own.new_products_per_minute or known.products,
                known.rooms,
            )
        return ClassLimits(
            base.body_bytes,
            base.events,
            base.per_key if rate is None else Rate(rate, 2 * rate),
            base.per_address,
            names,
            base.new_viewers_per_address,
        )


def limits_of_one_address() -> Limits:
    """For a server that hears everybody from one address, as a demonstration does."""
    plain = Limits()
    browser = replace(plain.by_class["browser"], per_address=None, new_viewers_per_address=None)
    return replace(plain, by_class=MappingProxyType({**plain.by_class, "browser": browser}))
