"""A whole server in this process, on a free port, over a home in a folder of the test."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from qianmian.bootstrap.installation import Installation, open_installation
from qianmian.runtime.sources import Source
from qianmian.server.app import NO_MORE
from qianmian.server.asgi import App
from qianmian.server.run import run_server
from qianmian.server.site import Site
from qianmian.server.start import listening
from qianmian.settings import Settings

WAIT_S = 300  # the first of all tests compiles the engine


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass
class Served:
    """A server that runs. `key` is a server key of the source `shop`, whose room is r1."""

    url: str
    site: Site
    home: Installation
    key: str
    first_token: str | None
    stop: Callable[[], None]
    loop: asyncio.AbstractEventLoop


@contextlib.contextmanager
def served(
    folder: Path,
    settings: Settings | None = None,
    *,
    now: Callable[[], int] = now_ms,
    prepare: Callable[[Installation], None] = lambda _: None,
    more: Callable[[Installation], Mapping[str, App]] = lambda _: NO_MORE,
) -> Iterator[Served]:
    """Run one until the block ends; `prepare` may write into its log before it is read.

    `more` are applications beside those of every server.
    """
    started: Future[Served] = Future()
    made = settings or Settings(home=folder)

    def run() -> None:
        try:
            with open_installation(made, now) as home:
                prepare(home)
                home.deployment.recover(home.definitions, home.products)
                asyncio.run(_serve(home, started, now, more(home)))
        except BaseException as problem:
            if not started.done():
                started.set_exception(problem)
            raise

    thread = threading.Thread(target=run)
    thread.start()
    server = started.result(WAIT_S)
    try:
        yield server
    finally:
        server.stop()
        thread.join(WAIT_S)
        assert not thread.is_alive()


async def _serve(
    home: Installation,
    started: Future[Served],
    now: Callable[[], int],
    more: Mapping[str, App],
) -> None:
    loop, until = asyncio.get_running_loop(), asyncio.Event()
    bound = listening("127.0.0.1", 0)
    key = ""
    if home.sources.by_name("shop") is None:
        _, key = home.sources.create(Source("shop", "server", default_room="r1"))
    else:
        _, key = home.sources.add_key("shop")

    def stop() -> None:
        with contextlib.suppress(RuntimeError):  # it has stopped already
            loop.call_soon_threadsafe(until.set)

    async def ready(site: Site) -> None:
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        token = home.accounts.first_account_token()
        started.set_result(Served(url, site, home, key, token, stop, loop))

    await run_server(home, bound, now=now, until=until, on_ready=ready, more=more)
