"""The server of the door's figures, in a process of its own: the product's, and nothing else.

`python -m benchmarks.door_server HOME NOTES` serves the home on a free port, prints the port, and
when it is told to stop writes into NOTES when the events of probes were decided (monotonic clock).
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from qianmian.bootstrap import warm_up
from qianmian.bootstrap.installation import Installation, open_installation
from qianmian.language.definition import Definition
from qianmian.server.run import run_server
from qianmian.server.site import Site
from qianmian.server.start import listening
from qianmian.settings import Settings
from qianmian.vocabulary.firing import Firing

PROBE = "probe-"
EXPECTED_VIEWERS = 500_000


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def moments_of(installation: Installation) -> list[Definition]:
    """What is compared: the built-in moments, as they were before there were tags beside them."""
    return [one for one in installation.definitions if one.kind == "moment"]


def main(home: Path, notes: Path) -> None:
    decided: dict[str, float] = {}

    def note(firings: Sequence[Firing]) -> None:
        """Probes come in posts of their own, so theirs are small groups."""
        for firing in firings:
            if firing.viewer is not None and firing.viewer.startswith(PROBE):
                decided.setdefault(firing.viewer, time.monotonic())

    settings = Settings(home=home, expected_viewers=EXPECTED_VIEWERS)
    with open_installation(settings, now_ms) as installation:
        moments = moments_of(installation)
        warm_up(moments)
        installation.deployment.recover(moments)
        bound = listening("127.0.0.1", 0)

        async def ready(_site: Site) -> None:
            print(bound.getsockname()[1], flush=True)

        work = run_server(installation, bound, now=now_ms, on_ready=ready, on_firings=note)
        asyncio.run(work)
    notes.write_bytes(msgspec.json.encode(decided))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
