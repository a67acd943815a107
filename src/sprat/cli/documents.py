"""What every command over documents asks: which store, and which embedding model."""

import click

from sprat.errors import DocumentError

DEFAULT_EMBEDDER = "all-minilm-l6-v2"

store_option = click.option(
    "--store",
    metavar="DIR",
    help="Where it is kept: a folder, qdrant-edge:FOLDER, or a Qdrant server's address. "
    "[documents/ beside the recorded runs]",
)
embedder_option = click.option(
    "--embedder",
    metavar="MODEL",
    help=f"What turns texts into vectors. [the store's own, or {DEFAULT_EMBEDDER}]",
)


def held_by(where: str) -> str | None:
    """The embedder whose vectors a store holds; None: it has none, or is not there yet."""
    from sprat.rag.store import open_store

    try:
        store = open_store(where)
    except DocumentError:
        return None
    try:
        return store.info().embedder
    finally:
        store.close()
