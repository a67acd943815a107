"""Chainlit's page without what it would load from elsewhere, and the addresses that we add."""

# Chainlit tells the types of its own things only in part.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

from chainlit import server
from chainlit.auth import get_current_user
from fastapi import Depends, HTTPException
from fastapi.responses import Response
from fastapi.routing import APIRoute

from sprat.chat.history.attachments import PREFIX, Attachments
from sprat.chat.history.layer import History
from sprat.chat.places import DOCUMENTS, SOURCES
from sprat.chat.root import source_element
from sprat.chat.saved import saved
from sprat.rag.store.base import Store

_ELSEWHERE = re.compile(r"<link[^>]*href=\"https?://[^>]*>\s*")
_SCRIPT = re.compile(r"src=\"(/assets/index-[\w-]+\.js)\"")
_OPENS_ITSELF = re.compile(r"[\w$]+\(\{title:([\w$]+)\[\1\.length-1\]\.name,elements:\1\}\)")
"""Where Chainlit's script opens all sources of a chat as soon as there is one: on a telephone they
would cover the answer that they belong to."""
_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def stay_here() -> list[str]:
    """Take every address elsewhere out of Chainlit's page; the hashes of its inline scripts."""
    original = server.get_html_template

    def page(root_path: str) -> str:
        return _ELSEWHERE.sub("", original(root_path))

    server.get_html_template = page
    return [_hash(script) for script in _INLINE.findall(page(""))]


def quiet_script() -> tuple[str, str] | None:
    """The address of Chainlit's script, and the script without that; None: it does not do it."""
    found = _SCRIPT.search(server.get_html_template(""))
    file = Path(server.build_dir + found[1]) if found else None
    if found is None or file is None or not file.is_file():
        return None
    script, count = _OPENS_ITSELF.subn("void 0", file.read_text("utf-8"))
    return (found[1], script) if count == 1 else None


def _hash(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def add_addresses(history: History, attachments: Attachments, store: Store | None) -> None:
    """Our addresses, before Chainlit's own, whose last one takes all that is left."""
    element = source_element()

    async def source() -> Response:
        return Response(element, media_type="text/jsx")

    async def attachment(
        thread: str,
        element: str,
        user: Any = Depends(get_current_user),  # noqa: ANN401, B008 - FastAPI's way
    ) -> Response:
        if user is None or await history.get_thread_author(thread) != user.identifier:
            raise HTTPException(404)
        file, kept = attachments.find(thread, element), await history.get_element(thread, element)
        if file is None or kept is None:
            raise HTTPException(404)
        return saved(file, kept.get("mime"), str(kept.get("name") or element))

    def document(
        file: str,
        user: Any = Depends(get_current_user),  # noqa: ANN401, B008
    ) -> Response:
        held = store.documents().get(file) if store is not None and user is not None else None
        if held is None or held.media != "pdf" or not Path(file).is_file():
            raise HTTPException(404)
        return saved(Path(file), "application/pdf", Path(file).name)

    routes = server.app.router.routes
    if quiet := quiet_script():
        address, script = quiet

        async def main_script() -> Response:
            kept = {"cache-control": "private, max-age=3600"}
            return Response(script, media_type="application/javascript", headers=kept)

        routes.insert(0, APIRoute(address, main_script, methods=["GET"]))
    routes[:0] = [
        APIRoute(f"{SOURCES}/{{name}}", source, methods=["GET"]),
        APIRoute(f"{PREFIX}/{{thread}}/{{element}}", attachment, methods=["GET"]),
        APIRoute(DOCUMENTS, document, methods=["GET"]),
    ]
