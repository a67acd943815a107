"""`sprat chat`: a chat in the browser, over models and documents."""

import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sprat.cli.chat_checks import check_models, check_names, check_password
from sprat.cli.context import settings_of
from sprat.cli.output import printable
from sprat.cli.provider import provider_option, with_provider
from sprat.errors import UsageError
from sprat.settings import Settings

if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable, Callable

    from sprat.chat.desk import Desk
    from sprat.chat.opened import Order
    from sprat.engines.base import Embedder
    from sprat.rag.store.base import Store

_SKIPPED = 3
"""Files that could not be read, told one by one."""


@click.command(epilog="Example: sprat chat --docs ./handbook")
@click.option(
    "--docs", multiple=True, metavar="PATH", type=click.Path(exists=True, path_type=Path),
    help="Answer from these files and folders, indexed first. Repeatable.",
)  # fmt: skip
@click.option("--store", metavar="DIR", help="Answer from an index: a folder or an address.")
@click.option("--model", help="Chat with this one model.")
@click.option("--small", help="The model that answers first.")
@click.option("--large", help="The model that is asked where the small one cannot.")
@click.option(
    "--embedder", metavar="MODEL",
    help="Turns texts into vectors [all-minilm-l6-v2]; none: words only.",
)  # fmt: skip
@click.option(
    "--gate", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="When an answer from documents is good enough: a file of sprat calibrate.",
)  # fmt: skip
@click.option("--passages", type=click.IntRange(1, 12), default=6, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="Elsewhere needs a password.")
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=8000, show_default=True,
    help="0 takes any free one.",
)  # fmt: skip
@click.option(
    "--allow-host", "hosts", multiple=True, metavar="HOST[:PORT]",
    help="A further name by which a browser may ask, a proxy's say. Repeatable.",
)  # fmt: skip
@click.option(
    "--password", envvar="SPRAT_CHAT_PASSWORD",
    help="Asked for in the browser. Better in the variable SPRAT_CHAT_PASSWORD: other users of "
    "this machine can see command lines.",
)  # fmt: skip
@click.option("--no-open", is_flag=True, help="Do not open the browser.")
@click.option(
    "--feedback", metavar="FILE",
    help="Write what was judged so far as JSON lines, and end; - for stdout.",
)  # fmt: skip
@provider_option
@click.pass_context
def chat(
    ctx: click.Context,
    docs: tuple[Path, ...],
    store: str | None,
    model: str | None,
    small: str | None,
    large: str | None,
    embedder: str | None,
    gate: Path | None,
    passages: int,
    host: str,
    port: int,
    hosts: tuple[str, ...],
    password: str | None,
    no_open: bool,
    feedback: str | None,
    provider: str | None,
) -> None:
    """Chat in the browser until Ctrl-C: with one model, with two, or over documents.

    Without --docs and --store it is a plain chat; files can be uploaded into it all the same.
    """
    from sprat.chat.server import require_chainlit

    settings = with_provider(settings_of(ctx), provider)
    if feedback:
        _write_feedback(settings, feedback)
        return
    require_chainlit()
    check_models(model, (small, large))
    check_password(host, password)
    check_names(hosts)
    order = _order(settings, docs, store, model, small, large, embedder, gate)
    bound = _bind(host, port)
    with bound:
        _serve(order, settings, bound, password, passages, hosts, open_browser=not no_open)


def _order(
    settings: Settings,
    docs: tuple[Path, ...],
    store: str | None,
    model: str | None,
    small: str | None,
    large: str | None,
    embedder: str | None,
    gate: Path | None,
) -> "Order":
    from sprat.chat.opened import Order

    return Order(
        small=model or small or settings.small,
        large=None if model else large or settings.large,
        docs=docs,
        store=store,
        embedder=None if embedder == "none" else embedder or "",
        gate=gate,
    )


def _bind(host: str, port: int) -> "socket.socket":
    from sprat.serve.port import CannotListen, bind
    from sprat.settings import ServeSettings

    try:
        return bind(ServeSettings(host=host, port=port))
    except CannotListen as error:
        fix = (error.fix or "").replace("sprat serve", "sprat chat")
        raise CannotListen(error.message, fix=fix or None) from error


def _serve(
    order: "Order",
    settings: Settings,
    bound: "socket.socket",
    password: str | None,
    passages: int,
    hosts: tuple[str, ...],
    *,
    open_browser: bool,
) -> None:
    import asyncio

    from sprat.chat.opened import open_models
    from sprat.cli.progress import progress_bar

    with progress_bar() as progress:
        models = open_models(order, settings, progress)

    async def sit() -> None:
        from sprat.chat.about import about
        from sprat.chat.opened import open_desk
        from sprat.chat.server import Sitting, open_page, serve
        from sprat.chat.starters import starters_of
        from sprat.chat.wishes import Wishes
        from sprat.serve.port import url_of

        desk = await open_desk(models, order, settings, _indexing(order))
        url = url_of(*bound.getsockname()[:2])
        sitting = Sitting(
            settings=settings,
            wishes=Wishes(passages=passages),
            starters=starters_of(desk.store) if desk.store else (),
            password=password,
            hosts=hosts,
            about=about(desk),
        )

        def ready() -> None:
            click.echo(f"The chat is at {url} (Ctrl-C stops it).\n{_what(desk)}")
            sys.stdout.flush()
            if open_browser:
                open_page(url)

        await serve(desk, sitting, bound, ready)

    with suppress(KeyboardInterrupt):
        asyncio.run(sit())


def _what(desk: "Desk") -> str:
    models = " and ".join(engine.name for engine in (desk.small, desk.large) if engine)
    if desk.store is None:
        return f"A plain chat with {models}; files can be uploaded into it."
    info = desk.store.info()
    return f"{models} over {info.documents} documents, {info.passages} passages."


def _indexing(order: "Order") -> "Callable[[Store, Embedder | None], Awaitable[None]]":
    """Index what the chat is started with; unchanged files cost nothing."""

    async def indexing(store: "Store", embedder: "Embedder | None") -> None:
        from sprat.cli.progress import progress_bar
        from sprat.rag.index import Indexing, index

        with progress_bar() as bar:

            def tell(at: Indexing) -> None:
                bar(f"Indexing {at.of_files:,} files", int(at.bytes), at.of_bytes)

            report = await index(order.docs, store, embedder, progress=tell)
        for file, why in report.skipped[:_SKIPPED]:
            click.echo(printable(f"Skipped {file}: {why}"), err=True)
        if (more := len(report.skipped) - _SKIPPED) > 0:
            click.echo(f"Skipped {more:,} more; see: sprat index", err=True)

    return indexing


def _write_feedback(settings: Settings, target: str) -> None:
    import msgspec

    from sprat.chat.history.database import Database
    from sprat.chat.history.runs import Runs
    from sprat.chat.root import chat_folder

    file = chat_folder(settings) / "history.db"
    if not file.is_file():
        raise UsageError(f"There is no chat history in {file}.", fix="Chat first: sprat chat")
    database = Database(file)
    try:
        lines = [msgspec.json.encode(one).decode() for one in Runs(database).judged()]
    finally:
        database.close()
    text = "".join(f"{line}\n" for line in lines)
    if target == "-":
        click.echo(text, nl=False)
    else:
        Path(target).write_text(text, "utf-8")
        click.echo(f"{len(lines)} judged answers are in {target}.", err=True)
