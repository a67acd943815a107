"""The two addresses by which Chainlit takes and gives an upload before it belongs to a chat."""

# Chainlit tells the types of its own things only in part.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

import asyncio
from pathlib import Path
from typing import Any

from chainlit import server
from chainlit.auth import get_current_user
from chainlit.session import WebsocketSession
from fastapi import Depends, HTTPException, UploadFile
from fastapi.responses import Response
from fastapi.routing import APIRoute

from sprat.chat.find import MOST_BYTES, MOST_DOCUMENTS
from sprat.chat.saved import saved

ADDRESS = "/project/file"
MOST_HELD = 2 * MOST_DOCUMENTS
"""Files of one page: those that it sends, and those that it takes back before."""
MOST_HELD_BYTES = 2 * MOST_BYTES


def add_upload_addresses() -> None:
    """Before Chainlit's own: no file is empty, no page brings them without end, none is shown."""
    one_by_one = asyncio.Lock()

    async def take(
        session_id: str,
        file: UploadFile,
        ask_parent_id: str | None = None,
        user: Any = Depends(get_current_user),  # noqa: ANN401, B008 - FastAPI's way
    ) -> Response:
        session = _session(session_id, user)
        async with one_by_one:
            _check_room(session, file)
            return await server.upload_file(user, session_id, file, ask_parent_id)

    def give(
        file_id: str,
        session_id: str,
        user: Any = Depends(get_current_user),  # noqa: ANN401, B008
    ) -> Response:
        held = _session(session_id, user).files.get(file_id)
        if held is None or not Path(held["path"]).is_file():
            raise HTTPException(404)
        return saved(Path(held["path"]), held["type"], held["name"])

    server.app.router.routes[:0] = [
        APIRoute(ADDRESS, take, methods=["POST"]),
        APIRoute(f"{ADDRESS}/{{file_id}}", give, methods=["GET"]),
    ]


def _session(name: str, user: Any) -> WebsocketSession:  # noqa: ANN401 - Chainlit's
    """A user's own page; anybody else's is none."""
    found = WebsocketSession.get_by_id(name)
    whose = found.user if found is not None else None
    if found is None or whose is None or user is None or whose.identifier != user.identifier:
        raise HTTPException(404, "There is no such page.")
    return found


def _check_room(session: WebsocketSession, file: UploadFile) -> None:
    if not file.size:
        raise HTTPException(400, f"{file.filename or 'The file'} is empty.")
    held = sum(int(one["size"]) for one in session.files.values())
    if len(session.files) >= MOST_HELD or held + file.size > MOST_HELD_BYTES:
        raise HTTPException(413, "This chat has taken enough files. Start a new one.")
