"""Several answers to one request, as one stream of their pieces."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import cast

from sprat.engines.base import Engine
from sprat.errors import EngineError
from sprat.types import ChatRequest, Delta, Reply

Indexed = tuple[int, Delta | Reply]
Answers = AsyncGenerator[Indexed, None]


def merged(engine: Engine, requests: tuple[ChatRequest, ...]) -> Answers:
    """Each request's pieces with its place, as they come. Closing early cancels them all.

    Raises:
        EngineError: any of them failed, or ended without a reply.
    """
    return _one(engine, requests[0], 0) if len(requests) == 1 else _several(engine, requests)


async def _several(engine: Engine, requests: tuple[ChatRequest, ...]) -> Answers:
    queue: asyncio.Queue[Indexed | Exception | None] = asyncio.Queue()
    tasks = [
        asyncio.create_task(_into(queue, index, engine, request))
        for index, request in enumerate(requests)
    ]
    try:
        running = len(tasks)
        while running:
            item = await queue.get()
            if isinstance(item, Exception):
                raise item
            if item is None:
                running -= 1
            else:
                yield item
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _into(
    queue: "asyncio.Queue[Indexed | Exception | None]",
    index: int,
    engine: Engine,
    request: ChatRequest,
) -> None:
    try:
        async with aclosing(_one(engine, request, index)) as pieces:
            async for piece in pieces:
                queue.put_nowait(piece)
        queue.put_nowait(None)
    except Exception as error:  # noqa: BLE001 - raised again where the pieces are read
        queue.put_nowait(error)


async def _one(engine: Engine, request: ChatRequest, index: int) -> Answers:
    """The stream, held to its promise of exactly one reply."""
    replied = False
    stream: AsyncIterator[Delta | Reply] = engine.stream(request)
    async with aclosing(cast("AsyncGenerator[Delta | Reply]", stream)) as pieces:
        async for piece in pieces:
            replied = isinstance(piece, Reply)
            yield index, piece
    if not replied:
        raise EngineError(f"{engine.name} ended its stream without a reply.")


async def patient(answers: Answers, every_s: float) -> AsyncGenerator[Indexed | None]:
    """The same; before the first piece a None whenever nothing came for so long."""
    first = asyncio.ensure_future(_first(answers))
    try:
        while not first.done():
            await asyncio.wait({first}, timeout=every_s)
            if not first.done():
                yield None
        yield first.result()
    finally:
        if not first.done():
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)
    async for piece in answers:
        yield piece


async def _first(answers: Answers) -> Indexed:
    """Each of them begins with a piece, or an error."""
    return await anext(answers)
