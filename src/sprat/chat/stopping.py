"""Chainlit's stop button, so that it stops whatever is under way."""

# Chainlit tells the types of its own things only in part.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

import asyncio
from collections.abc import Coroutine
from typing import Any

from chainlit import socket as handlers
from chainlit.config import ChainlitConfig, config
from chainlit.server import sio
from chainlit.session import WebsocketSession, ws_sessions_id

_UNSTOPPED = set[asyncio.Task[None]]()
_PATIENCE_S = 5.0
"""For an answer to end that was stopped."""


def make_stop_stop() -> None:
    """Take the place of two of Chainlit's own.

    Its `stop` adds a message of its own to the conversation; and of an edited question it does not
    know the task, so that nothing would stop the answer.
    """
    edited = handlers.edit_message

    async def stop(sid: str) -> None:
        session = WebsocketSession.get(sid)
        if session is not None and session.current_task is not None:
            session.current_task.cancel()

    async def edit_message(sid: str, payload: Any) -> None:  # noqa: ANN401 - Chainlit's
        WebsocketSession.require(sid).current_task = asyncio.current_task()
        await edited(sid, payload)

    sio.on("stop", stop)
    sio.on("edit_message", edit_message)


async def stop_all(thread: str) -> None:
    """End what is under way in a chat, on whatever pages it is open, and wait for that."""
    tasks = {
        session.current_task
        for session in list(ws_sessions_id.values())
        if session.thread_id == thread and session.current_task is not None
    } - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=_PATIENCE_S)


async def unstopped(work: Coroutine[Any, Any, None]) -> None:
    """Do it to its end, even where the stop button is pressed meanwhile."""
    task = asyncio.create_task(work)
    _UNSTOPPED.add(task)  # the event loop itself holds no task
    task.add_done_callback(_UNSTOPPED.discard)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise


def one_configuration() -> None:
    """No profile changes the configuration: Chainlit would look for that by a loop in a loop."""

    def get_config(self: WebsocketSession) -> ChainlitConfig:  # noqa: ARG001
        return config

    WebsocketSession.get_config = get_config
