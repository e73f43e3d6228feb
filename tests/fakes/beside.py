"""A fake on an event loop of its own, beside a server that runs in another thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import TypeVar

from tests.serving import WAIT_S

T = TypeVar("T")


@contextmanager
def beside(fake: AbstractAsyncContextManager[T]) -> Iterator[T]:
    """It runs until the block ends."""
    found: list[T] = []
    is_up, is_over = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def story() -> None:
        async with fake as one:
            found.append(one)
            is_up.set()
            await is_over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(story()))
    thread.start()
    assert is_up.wait(WAIT_S)
    try:
        yield found[0]
    finally:
        loop.call_soon_threadsafe(is_over.set)
        thread.join(WAIT_S)
        loop.close()
