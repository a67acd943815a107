"""Chainlit's way in by its socket, for names that are identifiers only."""

# Chainlit tells the types of its own things only in part.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from typing import Any, cast

from chainlit import socket as handlers
from chainlit.server import sio

from sprat.chat.places import is_id


def check_names() -> None:
    """Take the place of Chainlit's `connect`: a browser names its session and its chat itself.

    Chainlit makes folders of such names, and removes them: one that is a path would be any folder.
    """
    connect = handlers.connect

    async def checked(sid: str, environ: Any, auth: Any) -> Any:  # noqa: ANN401 - Chainlit's
        if not may_connect(auth):
            raise ConnectionRefusedError("names that are none")
        return await connect(sid, environ, auth)

    sio.on("connect", checked)


def may_connect(auth: object) -> bool:
    """Whether a session, and a chat if one is named, are called by identifiers."""
    if not isinstance(auth, dict):
        return False
    told = cast("dict[str, object]", auth)
    session, thread = told.get("sessionId"), told.get("threadId")
    return _names(session) and (not thread or _names(thread))


def _names(value: object) -> bool:
    return isinstance(value, str) and is_id(value)
