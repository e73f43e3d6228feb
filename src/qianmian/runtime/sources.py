"""Who may send events: a source, the class of its write keys, and where it is looked up.

One source is one sender of the shop (its site, its order service, one platform app). Its name is
part of the key that duplicates are known by, so two sources never suppress each other's events.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from qianmian.vocabulary.events import Sender
from qianmian.vocabulary.ids import DEFAULT_NAMESPACE


@dataclass(frozen=True, slots=True)
class SourceLimits:
    """Limits of one source that differ from those of its class; None keeps the class's.

    Units: events per second of one write key; new viewers and new products per minute of one key.
    """

    events_per_second: int | None = None
    new_viewers_per_minute: int | None = None
    new_products_per_minute: int | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A sender of events, as its write key shows it.

    Attributes:
        name: of the source; unique in the deployment.
        key_class: what its keys may send (SEMANTICS, "who may send what").
        namespace: of its viewer ids.
        prefix: that its viewer ids get behind the door; "" in the namespace of the deployment.
        default_room: the room of behavior that names none.
        presence: it sends heartbeats, so that silence means that a viewer has left.
        key_id: of the write key that was shown; "" where none was.
        origins: web origins that may use a browser key; none given = any.
        accept_own_anonymous_ids: a browser may use an anonymous id that its client made.
        mapping: text of the mapping file of a webhook (YAML or JSON); "" = none.
        limits: of this source.
    """

    name: str
    key_class: Sender
    namespace: str = DEFAULT_NAMESPACE
    default_room: str | None = None
    presence: bool = False
    key_id: str = ""
    origins: tuple[str, ...] = ()
    accept_own_anonymous_ids: bool = True
    mapping: str = ""
    limits: SourceLimits = SourceLimits()
    prefix: str = ""


class Sources(Protocol):
    """Where write keys are looked up. Called for every request, from one thread."""

    def by_key(self, write_key: str) -> Source | None:
        """The source of a write key that is valid now; None for every other text."""

    def by_name(self, name: str) -> Source | None:
        """The source of that name, as for the replay of a dead letter."""
