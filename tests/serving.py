"""A whole server in this process, on a free port, over a log in a folder of the test."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from qianmian.bootstrap import Cores, active_definitions, lingering_of_moments, load_classifier
from qianmian.columns.facts import Facts
from qianmian.runtime.deployment import Deployment
from qianmian.runtime.live import Live
from qianmian.server.asgi import Receive, Scope, Send, respond
from qianmian.server.ingest.app import IngestApp
from qianmian.server.site import Site
from qianmian.server.start import listening, running, serve, server_of
from qianmian.storage.segment_log import SegmentLog
from qianmian.storage.snapshots import SnapshotFolder
from tests.fakes.site import MemoryAccounts, MemoryLetters, MemorySources

WAIT_S = 300  # the first of all tests compiles the engine
SECRET = b"s" * 32


def no_facts(digest: str) -> Facts:
    raise AssertionError(f"nobody wrote facts {digest}")


async def no_console(_scope: Scope, _receive: Receive, send: Send) -> None:
    await respond(send, 200, b"console")


@dataclass
class Served:
    """A server that runs."""

    url: str
    site: Site
    deployment: Deployment
    sources: MemorySources
    stop: Callable[[], None]


@contextlib.contextmanager
def served(
    folder: Path, *, now: Callable[[], int] = lambda: int(time.time() * 1_000)
) -> Iterator[Served]:
    """Run one until the block ends."""
    started: Future[Served] = Future()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(folder, now, started)))
    thread.start()
    server = started.result(WAIT_S)
    try:
        yield server
    finally:
        server.stop()
        thread.join(WAIT_S)
        assert not thread.is_alive()


async def _serve(folder: Path, now: Callable[[], int], started: Future[Served]) -> None:
    log = SegmentLog(folder / "log")
    live = Live(Cores(), lingering_of_moments, no_facts)
    deployment = Deployment(log, SnapshotFolder(folder / "snapshots"), live, now=now)
    deployment.recover(active_definitions())
    sources, accounts, letters = MemorySources(), MemoryAccounts(), MemoryLetters()
    loop, until = asyncio.get_running_loop(), asyncio.Event()
    async with running(deployment, now=now) as parts:
        ingest = IngestApp(
            sources=sources,
            submit=deployment.submit,
            dead_letters=letters,
            clock=now,
            classify=load_classifier().classify_many,
            secret=SECRET,
        )
        site = Site(
            deployment=deployment,
            log=log,
            hub=parts.hub,
            accounts=accounts,
            sources=sources,
            dead_letters=letters,
            ingest=ingest,
            now=now,
            version="test",
            fired=parts.fired,
        )
        bound = listening("127.0.0.1", 0)
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"

        async def on_listening() -> None:
            def stop() -> None:
                loop.call_soon_threadsafe(until.set)

            started.set_result(Served(url, site, deployment, sources, stop))

        app = server_of(site, parts, ingest=ingest, console=no_console)
        await serve(app, bound, until=until, on_listening=on_listening)
