"""How the server listens."""

from __future__ import annotations

import asyncio
import socket

from qianmian.server.start import listening


def test_answers_do_not_wait_for_the_other_side_to_confirm_their_first_part() -> None:
    async def at_once() -> bool:
        found = asyncio.get_running_loop().create_future()

        async def told(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            ours = writer.get_extra_info("socket")
            found.set_result(ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0)
            writer.close()

        bound = listening("127.0.0.1", 0)
        async with await asyncio.start_server(told, sock=bound):
            _, writer = await asyncio.open_connection(*bound.getsockname())
            async with asyncio.timeout(30):
                is_at_once: bool = await found
            writer.close()
            return is_at_once

    assert asyncio.run(at_once())
