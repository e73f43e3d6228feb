"""Tags that people took away, by definition: the latest word counts, of two ids the stricter."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.oracle.events import Event

Word = tuple[int, int, bool]
"""Event time, clock, and whether the tag is theirs."""


@dataclass
class Withheld:
    """By viewer and tag the latest word."""

    said: dict[str, dict[str, Word]] = field(default_factory=dict)

    def say(self, viewer: str, event: Event, clock: int) -> None:
        """One `consent_changed`; one about anything but a tag says nothing here."""
        family, _, tag = str(event["purpose"]).partition(":")
        if family != "tag" or event.get("channel"):
            return
        given = event.get("event_time")
        at = clock if given is None else min(int(given), clock)
        mine = self.said.setdefault(viewer, {})
        old = mine.get(tag)
        new = (at, clock, bool(event["granted"]))
        if old is None or new[:2] > old[:2] or (new[:2] == old[:2] and not new[2]):
            mine[tag] = new

    def share(self, viewer: str, other: str) -> None:
        """Two ids are one person's: one of them knows the stricter word of both."""
        for tag, theirs in list(self.said.get(other, {}).items()):
            mine = self.said.setdefault(viewer, {})
            own = mine.get(tag)
            if own is None:
                mine[tag] = theirs
            else:
                at, clock = max(own[:2], theirs[:2])
                mine[tag] = (at, clock, own[2] and theirs[2])

    def forget(self, viewer: str) -> None:
        """The id is another's now."""
        self.said.pop(viewer, None)

    def takes(self, viewer: str, level: str) -> bool:
        """Whether this viewer took the level away: the tag, or one whose value it is."""
        return any(
            level == tag or level.startswith(tag + "_")
            for tag, (_, _, is_theirs) in self.said.get(viewer, {}).items()
            if not is_theirs
        )
