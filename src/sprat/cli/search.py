"""`sprat search`: the passages that fit a question, and where they stand."""

import asyncio
import re
import sys
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

import click

from sprat.cli.context import settings_of
from sprat.cli.documents import embedder_option, store_option
from sprat.cli.output import check_target, printable, refuse_broken_text, write_json
from sprat.errors import ModelError, UsageError
from sprat.settings import Settings

if TYPE_CHECKING:
    from sprat.engines.base import Embedder
    from sprat.models.progress import Progress
    from sprat.rag.document import Found, Retrieved
    from sprat.rag.store import Store

_WORD = re.compile(r"\w+")
_LEAST_LETTERS = 3
"""Shorter words stand everywhere: they are not marked."""


@click.command(epilog='Example: sprat search "What is time to first token?"')
@click.argument("query")
@store_option
@embedder_option
@click.option("-n", "most", default=6, show_default=True, type=click.IntRange(1, 1000))
@click.option(
    "--json", "json_file", metavar="FILE", help="Write what was found as JSON; - for stdout."
)
@click.pass_context
def search(
    ctx: click.Context,
    query: str,
    store: str | None,
    embedder: str | None,
    most: int,
    json_file: str | None,
) -> None:
    """Find the passages of indexed documents that fit QUERY best."""
    check_target(json_file)
    refuse_broken_text(query, "The query")
    if not query.strip():
        raise UsageError("The query is empty.", fix='Try: sprat search "time to first token"')
    settings = settings_of(ctx)
    retrieved = _found(query, store or str(settings.documents_dir), embedder, most, settings)
    if json_file:
        write_json({"schema": 1, **_fields(retrieved)}, json_file)
    if json_file != "-":
        _print(retrieved)


def _fields(retrieved: "Retrieved") -> dict[str, object]:
    import msgspec

    return msgspec.structs.asdict(retrieved)


def _found(
    query: str, where: str, embedder: str | None, most: int, settings: Settings
) -> "Retrieved":
    from sprat.cli.progress import progress_bar
    from sprat.rag.store import open_store

    store = open_store(where)
    try:
        name = embedder or store.info().embedder
        with progress_bar() as bar:
            model = _opened(name, settings, bar) if name else None
        return asyncio.run(_find(query, store, model, most))
    finally:
        store.close()


def _opened(name: str, settings: Settings, bar: "Progress") -> "Embedder | None":
    from sprat.door import open_embedder

    try:
        return open_embedder(name, settings, progress=bar)
    except ModelError as error:
        bar(f"Words only, no vectors: {error}", 0, None)
        return None


async def _find(query: str, store: "Store", embedder: "Embedder | None", most: int) -> "Retrieved":
    from sprat.rag.retrieve import Retriever

    try:
        return await Retriever(store, embedder).find(query, most)
    finally:
        if embedder is not None:
            await embedder.aclose()


def _print(retrieved: "Retrieved") -> None:
    for number, found in enumerate(retrieved.found, 1):
        click.secho(f"{number}. {_place(found)}", bold=True)
        click.echo(f"{_marked(printable(found.passage.text), retrieved.query)}\n")
    if not retrieved.found:
        click.echo("Nothing fits.")
    click.echo(_times(retrieved), err=True)


def _place(found: "Found") -> str:
    """File, page, headings, and the score."""
    passage = found.passage
    page = f", page {passage.page}" if passage.page else ""
    heading = f" · {passage.heading}" if passage.heading else ""
    return f"{printable(_short(passage.file))}{page}{printable(heading)} ({found.score:.2f})"


def _short(file: str) -> str:
    """The file as one would name it from here."""
    path, here = PurePath(file), Path.cwd()
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else file


def _marked(text: str, query: str) -> str:
    """The text with the query's words marked, on a terminal."""
    words = {word.casefold() for word in _WORD.findall(query) if len(word) >= _LEAST_LETTERS}
    if not words or not (sys.stdout and sys.stdout.isatty()):
        return text
    return _WORD.sub(
        lambda found: (
            click.style(found[0], fg="yellow", bold=True)
            if found[0].casefold() in words
            else found[0]
        ),
        text,
    )


def _times(retrieved: "Retrieved") -> str:
    parts = [
        f"words {retrieved.lexical_s * 1000:.1f} ms",
        f"embedding {retrieved.embed_s * 1000:.1f} ms" if retrieved.embed_s else None,
        f"vectors {retrieved.dense_s * 1000:.1f} ms" if retrieved.dense_s else None,
    ]
    return f"[{' · '.join(part for part in parts if part)}]"
