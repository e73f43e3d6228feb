"""A process that writes a log as fast as it can and says what it has committed, until it dies.

`python -m tests.contract.log_writer FOLDER`: one line "offset number" per commit, on standard
output, after the commit.
"""

from __future__ import annotations

import sys
from pathlib import Path

from qianmian.columns.batch import EventBatch
from qianmian.runtime.messages import Body, Events, FactsNamed
from qianmian.storage.segment_log import SegmentLog

START = 1_700_000_000_000


def main() -> None:
    """Write for ever: groups of one to five messages, a new segment now and then."""
    log = SegmentLog(Path(sys.argv[1]), segment_bytes=100_000)
    rows = [{"clock": 0, "type": "liked", "viewer": f"v{i}", "room": "r"} for i in range(5)]
    batch = EventBatch.from_rows([row | {"message": 0} for row in rows])
    while True:
        clock = max(log.last_clock, START) + 40
        batch.clock[:] = clock
        batch.event_time[:] = log.next_offset
        for extra in range(1 + log.next_offset % 5):
            bodies: list[Body] = [FactsNamed(str(log.next_offset)), Events(batch)]
            log.append(clock, bodies[extra % 2 :])
        log.commit()
        sys.stdout.write(f"{log.durable_offset}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
