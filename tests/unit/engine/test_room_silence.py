"""A long silence in a room whose numbers are read costs what happens in it, not its seconds."""

from __future__ import annotations

from qianmian.columns.batch import EventBatch
from qianmian.engine.core import Core
from qianmian.language.parse import parse_definition

START = 1_790_000_000_000
HOUR_MS = 3_600_000


class Counting(Core):
    """Counts how often it looks for what is due."""

    looks = 0

    def _sweep(self, clock_ms: int) -> None:
        self.looks += 1
        super()._sweep(clock_ms)


def test_the_seconds_of_a_silence_are_passed_over_and_its_changes_are_not() -> None:
    crowd = parse_definition("crowd", "liked and room.online >= 2")
    core = Counting([crowd], session_timeout=False)
    rows = [
        {"clock": START, "type": "room_entered", "viewer": viewer, "room": "r", "message": 0}
        for viewer in ("a", "b")
    ]
    core.run(EventBatch.from_rows(rows))
    core.looks = 0
    core.advance(START + 10 * HOUR_MS)
    online = [
        (fact.second - START, fact.value) for fact in core.room_facts if fact.name == "online"
    ]
    assert online[0] == (0, 2)
    assert online[-1][1] == 0, "both are gone when they are silent for too long"
    assert core.looks < 20, "not 36,000"
