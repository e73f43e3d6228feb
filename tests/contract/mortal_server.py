"""Servers that die at a named step: one process warms the engine up and forks a life for each.

It reads a JSON object a line: {"home", "key", "seed", "step", "at", "posts"}. The life writes `+ID`
for each acknowledged event, dies at the `at`-th time that its step is reached, and the parent says
`died` or `ended`. Steps are wrapped from outside: nothing in the product knows of them.

Run as `python -m tests.contract.mortal_server`.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from qianmian.bootstrap import active_definitions, load_classifier, warm_up
from qianmian.bootstrap.installation import open_installation
from qianmian.runtime.definitions import read_definitions
from qianmian.runtime.engine_thread import EngineThread
from qianmian.runtime.live import Live
from qianmian.server.ingest.app import IngestApp
from qianmian.server.start import running
from qianmian.settings import Settings
from qianmian.storage.disk import RealDisk, RealFile
from qianmian.storage.history import History
from qianmian.storage.segment_log import SegmentLog
from qianmian.storage.snapshots import SnapshotFolder
from tests.contract.posts import posts

DIED, ENDED = 9, 0
PACE_MS = 40
"""What one look at the clock costs: seconds, snapshots and hours come fast."""

Step = tuple[Any, str, bool]
"""Who does it, by what method, and whether one dies before it."""

STEPS: dict[str, Step] = {
    "before the log is written": (SegmentLog, "append", True),
    "when the log is written": (SegmentLog, "append", False),
    "before the log is durable": (SegmentLog, "commit", True),
    "when the log is durable": (SegmentLog, "commit", False),
    "before a file is made": (RealDisk, "create", True),
    "when a file is made": (RealDisk, "create", False),
    "before a file has its name": (RealDisk, "replace", True),
    "when a file has its name": (RealDisk, "replace", False),
    "before a write": (RealFile, "write_at", True),
    "when something is written": (RealFile, "write_at", False),
    "before a message is applied": (Live, "apply", True),
    "when a message is applied": (Live, "apply", False),
    "before a message is told": (EngineThread, "_tell", True),
    "when a message is told": (EngineThread, "_tell", False),
    "before a snapshot is taken": (Live, "snapshot", True),
    "when a snapshot is taken": (Live, "snapshot", False),
    "before a snapshot is kept": (SnapshotFolder, "save", True),
    "when a snapshot is kept": (SnapshotFolder, "save", False),
    "before history is flushed": (History, "flush", True),
    "when history is flushed": (History, "flush", False),
    "before the log is recovered": (Live, "recover", True),
    "when the log is recovered": (Live, "recover", False),
}


def arm(step: str | None, at: int, steps: Mapping[str, Step] = STEPS) -> None:
    """Die at the `at`-th time that a step is reached."""
    if step is None:
        return
    owner, name, is_before = steps[step]
    real: Callable[..., Any] = getattr(owner, name)
    count = itertools.count(1)

    def mortal(*args: Any, **named: Any) -> Any:
        is_now = next(count) == at
        if is_now and is_before:
            os._exit(DIED)
        result = real(*args, **named)
        if is_now:
            os._exit(DIED)
        return result

    setattr(owner, name, mortal)


async def post(app: Any, key: str, body: bytes) -> int:
    """The status of one post, through the application as a server would call it."""
    basic = base64.b64encode(f"{key}:".encode())
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/events",
        "query_string": b"",
        "headers": [(b"authorization", b"Basic " + basic), (b"content-type", b"application/json")],
        "client": ("127.0.0.1", 1),
    }
    told: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(event: dict[str, Any]) -> None:
        if event["type"] == "http.response.start":
            told.append(event["status"])

    await app(scope, receive, send)
    return told[0]


def live(order: dict[str, Any]) -> None:
    """One life, up to its step or to a peaceful end."""
    home = Path(order["home"])
    settings = Settings(
        home=home, definitions=home / "definitions.yaml", snapshot_s=5, expected_viewers=100
    )
    looks = itertools.count()
    began = [0]

    def now() -> int:
        return began[0] + next(looks) * PACE_MS

    arm(order["step"], order["at"])
    with open_installation(settings, now) as opened:
        began[0] = max(opened.log.last_clock + 1_000, 1_790_000_000_000)
        opened.deployment.recover(opened.definitions, opened.products)

        async def serve() -> None:
            async with running(opened.deployment, now=now):
                app = IngestApp(
                    sources=opened.sources,
                    submit=opened.deployment.submit,
                    dead_letters=opened.dead_letters,
                    clock=now,
                    classify=load_classifier().classify_many,
                    secret=opened.secret,
                )
                for one in itertools.islice(
                    posts(order["seed"], size=5), order["first"], order["first"] + order["posts"]
                ):
                    status = await post(app, order["key"], one.body)
                    assert status == 200, status
                    os.write(1, "".join(f"+{name}\n" for name in one.ids).encode())

        asyncio.run(serve())


def main(life: Callable[[dict[str, Any]], None] = live) -> None:
    """Warm up once; then a fork for each line."""
    first = json.loads(sys.stdin.readline())
    warm_up(active_definitions(read_definitions(Path(first["home"]) / "definitions.yaml")))
    load_classifier()
    os.write(1, b"ready\n")
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                life(json.loads(line))
            except BaseException as problem:  # the parent must not go on as two
                os.write(2, f"{line}{problem!r}\n".encode())
                os._exit(1)
            os._exit(ENDED)
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        os.write(1, b"died\n" if code == DIED else b"ended\n" if code == ENDED else b"failed\n")


if __name__ == "__main__":
    main()
