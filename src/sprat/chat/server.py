"""Runs the chat: sets Chainlit up in a folder of ours, serves it, and stops it properly."""

import asyncio
import contextlib
import os
import re
import shutil
import socket
import webbrowser
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import uvicorn

from sprat.chat.desk import Desk
from sprat.chat.find import remove_uploads
from sprat.chat.root import chat_folder, make_root, signing_key, sweep, translate
from sprat.chat.wishes import Wishes
from sprat.errors import UsageError
from sprat.serve.guard.bind import is_loopback
from sprat.serve.guard.hosts import hosts_of
from sprat.settings import ServeSettings, Settings

if TYPE_CHECKING:
    from sprat.chat.guard import Application

_FOREIGN = re.compile(
    r"(?:CHAINLIT|SLACK|TEAMS|DISCORD|LITERAL|OAUTH|AUTH0)_|DATABASE_URL$|BUCKET_NAME$"
).match
"""Variables by which Chainlit would talk to somebody else's server, or keep the history there."""


class Sitting(msgspec.Struct, frozen=True, kw_only=True):
    """How a chat is served."""

    settings: Settings
    wishes: Wishes = Wishes()
    starters: tuple[tuple[str, str], ...] = ()
    password: str | None = None
    hosts: tuple[str, ...] = ()
    """What a browser may call it beside the loopback's own names: `box:8000`."""
    about: str = ""
    """What the page says of itself under "About", in Markdown."""


def require_chainlit() -> None:
    """Refuse before anything is opened or fetched.

    Raises:
        UsageError: the extra is not installed.
    """
    from importlib.util import find_spec

    if find_spec("chainlit") is None:
        raise UsageError("The chat needs Chainlit.", fix="pip install 'sprat[chat]'")


async def serve(
    desk: Desk, sitting: Sitting, bound: socket.socket, ready: Callable[[], None]
) -> None:
    """Serve at a bound socket until Ctrl-C; `ready` is called once connections are taken.

    The desk is closed at the end.

    Raises:
        SpratError: the chat's folder cannot be written, or its history not be read.
    """
    address, port = bound.getsockname()[:2]
    home = chat_folder(sitting.settings)
    sweep(home / "app")
    root = make_root(home / "app" / str(port), sitting.about)
    with _chainlit_in(root, signing_key(home, sitting.password)):
        from chainlit import server
        from chainlit.config import config

        from sprat.chat.app import App
        from sprat.chat.connecting import check_names
        from sprat.chat.history.attachments import Attachments
        from sprat.chat.history.database import Database
        from sprat.chat.history.layer import History
        from sprat.chat.page import add_addresses, stay_here
        from sprat.chat.stopping import make_stop_stop, one_configuration
        from sprat.chat.uploading import add_upload_addresses
    config.run.headless, config.run.host, config.run.port = True, address, port
    attachments, uploads = Attachments(home / "attachments"), home / "uploads"

    async def forgotten(thread: str) -> None:
        await app.forget(thread)
        await asyncio.to_thread(remove_uploads, uploads, thread)

    history = History(Database(home / "history.db"), attachments, forgotten)
    app = App(
        desk,
        history,
        uploads,
        wishes=sitting.wishes,
        starters=sitting.starters,
        password=sitting.password,
    )
    app.register()
    one_configuration()
    make_stop_stop()
    check_names()
    scripts = stay_here()
    add_addresses(history, attachments, desk.store)
    add_upload_addresses()
    server.app.router.lifespan_context = _lifespan(desk, history, root, ready)
    hosts = hosts_for(str(address), int(port), sitting.hosts)
    await _run(server.app, bound, hosts, scripts)


def open_page(url: str) -> None:
    """Show it to whoever sits here, where there is a browser."""
    with contextlib.suppress(webbrowser.Error):
        webbrowser.open(url)


@contextmanager
def _chainlit_in(root: Path, secret: str) -> Generator[None]:
    """Chainlit reads its folder, its secret and its variables when it is imported, and `.env` too.

    What the user's shell says about other Chainlit apps is not about this one.
    """
    for name in [name for name in os.environ if _FOREIGN(name)]:
        del os.environ[name]
    os.environ |= {
        "CHAINLIT_APP_ROOT": str(root),
        "CHAINLIT_AUTH_SECRET": secret,
        "CHAINLIT_AUTH_COOKIE_NAME": "sprat_chat",
        "CHAINLIT_ENV_FILE": str(root / "no.env"),
    }
    from importlib.util import find_spec

    found = find_spec("chainlit")
    if found is None or found.origin is None:
        raise UsageError("The chat needs Chainlit.", fix="pip install 'sprat[chat]'")
    translate(root, Path(found.origin).parent / "translations" / "en-US.json")
    yield


def _lifespan(
    desk: Desk,
    history: Any,  # noqa: ANN401
    root: Path,
    ready: Callable[[], None],
) -> Any:  # noqa: ANN401
    """In place of Chainlit's, which ends the whole process at the end, whatever runs."""

    @asynccontextmanager
    async def lifespan(_: object) -> AsyncGenerator[None]:
        warming = asyncio.create_task(desk.warm())
        asyncio.get_running_loop().call_soon(ready)
        try:
            yield
        finally:
            warming.cancel()
            await asyncio.gather(warming, return_exceptions=True)
            await desk.aclose()
            await history.close()
            await asyncio.to_thread(shutil.rmtree, root, ignore_errors=True)

    return lifespan


def hosts_for(address: str, port: int, allowed: tuple[str, ...]) -> frozenset[str] | None:
    """What a browser may call it; None: anything, for other machines call it as they like."""
    if not is_loopback(address):
        return None
    return hosts_of(ServeSettings(host=address, port=port, hosts=allowed), address, port)


async def _run(
    app: "Application", bound: socket.socket, hosts: frozenset[str] | None, scripts: list[str]
) -> None:
    from sprat.chat.caller import is_signed_in
    from sprat.chat.guard import Guard

    config = uvicorn.Config(
        Guard(app, hosts=hosts, scripts=scripts, knows=is_signed_in),
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=512,
        timeout_graceful_shutdown=2,
    )
    await uvicorn.Server(config).serve(sockets=[bound])
