"""Small writes go out at once: Nagle's algorithm would hold each answer's body for 40 ms."""

import asyncio
import socket

from sprat.serve.port import bind
from sprat.settings import ServeSettings


async def test_what_the_gateway_sends_does_not_wait_for_more():
    accepted: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    class Asked(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            own: socket.socket = transport.get_extra_info("socket")
            accepted.set_result(own.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            transport.close()

    bound = bind(ServeSettings(port=0))
    server = await asyncio.get_running_loop().create_server(Asked, sock=bound)
    async with server:
        _, writer = await asyncio.open_connection(*bound.getsockname())
        assert await asyncio.wait_for(accepted, 30)
        writer.close()
