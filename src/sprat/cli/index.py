"""`sprat index`: files in; what is new, changed or gone since the last time is told."""

import asyncio
from collections import defaultdict
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

import click

from sprat.cli.context import settings_of
from sprat.cli.documents import DEFAULT_EMBEDDER, embedder_option, held_by, store_option
from sprat.cli.output import check_target, printable, write_json
from sprat.errors import ModelError, UsageError, first_few
from sprat.settings import Settings

if TYPE_CHECKING:
    from sprat.engines.base import Embedder
    from sprat.models.progress import Progress
    from sprat.rag.index import Indexing, IndexReport
    from sprat.rag.store import Store, StoreInfo

SHOWN = 12
"""Kinds of skipped files that are shown."""


@click.command(epilog="Example: sprat index docs/")
@click.argument(
    "paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@store_option
@embedder_option
@click.option("--no-vectors", is_flag=True, help="Index words only, without a model.")
@click.option("--forget", is_flag=True, help="Forget what a PATH that is not there, or empty, had.")
@click.option("--rebuild", is_flag=True, help="Forget what the store holds, and read all again.")
@click.option(
    "--json", "json_file", metavar="FILE", help="Write what was done as JSON; - for stdout."
)
@click.pass_context
def index(
    ctx: click.Context,
    paths: tuple[Path, ...],
    store: str | None,
    embedder: str | None,
    no_vectors: bool,
    forget: bool,
    rebuild: bool,
    json_file: str | None,
) -> None:
    """Read documents, and keep them so that passages of them can be found.

    Files that did not change since the last time cost nothing; those that are gone from a PATH go.
    """
    check_target(json_file)
    if no_vectors and embedder:
        raise UsageError("--no-vectors and --embedder exclude each other.", fix="Leave one out.")
    settings = settings_of(ctx)
    where = store or str(settings.documents_dir)
    wanted = None if no_vectors else embedder or ""
    report, about = _run(paths, where, wanted, settings, forget=forget, rebuild=rebuild)
    if json_file:
        write_json({"schema": 1, "report": report, "store": about}, json_file)
    if json_file != "-":
        _print(report, about)


def _run(
    paths: tuple[Path, ...],
    where: str,
    embedder: str | None,
    settings: Settings,
    *,
    forget: bool,
    rebuild: bool,
) -> "tuple[IndexReport, StoreInfo]":
    """`embedder`: None for words only; empty: the one that the store has, or the usual one."""
    from sprat.cli.progress import progress_bar
    from sprat.rag.store import open_store

    with progress_bar() as bar:
        model = None
        if embedder is not None:
            name = embedder or held_by(where) or DEFAULT_EMBEDDER
            model = _opened(name, settings, bar, must=rebuild)
        if rebuild:
            _forget(paths, where)
        store = open_store(where, create=True, embedder=model.name if model else None)
        try:
            report = asyncio.run(_index(paths, store, model, bar, forget=forget))
            return report, store.info()
        finally:
            store.close()


def _opened(name: str, settings: Settings, bar: "Progress", *, must: bool) -> "Embedder | None":
    """Without the model's files, and without a network to fetch them, words do, unless `must`."""
    from sprat.door import open_embedder

    try:
        return open_embedder(name, settings, progress=bar)
    except ModelError as error:
        if must:
            raise
        bar(f"Words only, no vectors: {error} Later: run it again.", 0, None)
        return None


def _forget(paths: tuple[Path, ...], where: str) -> None:
    """Nothing is forgotten for a path that was mistyped, or a model that is not there."""
    from sprat.rag.store.drop import drop_store

    for path in paths:
        if not path.exists():
            raise UsageError(f"There is no {path}.", fix="Name a file or a folder.")
    drop_store(where)


async def _index(
    paths: tuple[Path, ...],
    store: "Store",
    embedder: "Embedder | None",
    bar: "Progress",
    *,
    forget: bool,
) -> "IndexReport":
    from sprat.rag.index import index as run

    def tell(at: "Indexing") -> None:
        bar(f"Indexing {_many(at.of_files, 'file')}", int(at.bytes), at.of_bytes)

    try:
        return await run(paths, store, embedder, forget=forget, progress=tell)
    finally:
        if embedder is not None:
            await embedder.aclose()


def _print(report: "IndexReport", about: "StoreInfo") -> None:
    counts = ("added", "changed", "unchanged", "removed")
    parts = [f"{getattr(report, name):,} {name}" for name in counts]
    rate = f", {report.passages / report.seconds:,.0f} passages/s" if report.passages else ""
    click.echo(f"{' · '.join(parts)} · {len(report.skipped):,} skipped")
    click.echo(f"{_many(report.passages, 'passage')} in {report.seconds:.2f} s{rate}")
    for line in (*_kinds(report.skipped, "Skipped"), *_kinds(report.words_only, "Words only")):
        click.echo(printable(line))
    vectors = f"vectors of {about.embedder}" if about.embedder else "words only, no vectors"
    documents, passages = _many(about.documents, "document"), _many(about.passages, "passage")
    click.echo(f"{about.place} holds {documents}, {passages}, {vectors}")


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _kinds(files: tuple[tuple[str, str], ...], title: str) -> list[str]:
    """Files that have the same reason share a line."""
    reasons: defaultdict[str, list[str]] = defaultdict(list)
    for file, why in files:
        name = PurePath(file).name
        reasons[why.removeprefix(f"{name} is ").removeprefix(name).strip()].append(name)
    lines = [
        f"{title}: {first_few(names, 1)}: {why}"
        for why, names in sorted(reasons.items(), key=lambda found: -len(found[1]))
    ]
    more = [f"… and {len(lines) - SHOWN} other reasons: see --json"] if lines[SHOWN:] else []
    return lines[:SHOWN] + more
