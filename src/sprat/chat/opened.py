"""What a chat is started with: models, documents and their index, opened one after the other."""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from sprat.chat.desk import Desk, Watch
from sprat.chat.find import Finder
from sprat.chat.root import chat_folder
from sprat.engines.base import Embedder, Engine
from sprat.errors import PolicyError, SpratError
from sprat.rag.store.base import Store
from sprat.settings import Settings

if TYPE_CHECKING:
    from sprat.models.progress import Progress
    from sprat.policies.spec import Policy
    from sprat.rag.gate import Gate

EMBEDDER = "all-minilm-l6-v2"


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What the chat is to be opened with."""

    small: str
    large: str | None
    """None: one model answers."""
    docs: tuple[Path, ...] = ()
    store: str | None = None
    """A folder or an address; None: with `docs` one of the chat's own, else no documents."""
    embedder: str | None = EMBEDDER
    """None: documents are searched by words only."""
    gate: Path | None = None


def open_desk(
    order: Order,
    settings: Settings,
    progress: "Progress",
    indexed: Callable[[Store, Embedder | None], Any],
) -> Desk:
    """Open everything; what was opened is closed again where something cannot be.

    Blocks. `indexed` is called with the store when there are documents to index.

    Raises:
        SpratError: a model or an index that cannot be opened.
    """
    from sprat.door import open_engine

    closing = AsyncExitStack()
    try:
        small = open_engine(order.small, settings, progress=progress, reuse_prefix=True)
        closing.push_async_callback(small.aclose)
        large = None
        if order.large is not None:
            large = open_engine(order.large, settings, progress=progress, reuse_prefix=True)
            closing.push_async_callback(large.aclose)
        embedder = _embedder(order, settings, progress)
        if embedder is not None:
            closing.push_async_callback(embedder.aclose)
        store = _store(order, settings, embedder)
        if store is not None and order.docs:
            indexed(store, embedder)
        return Desk(
            small,
            large,
            store=store,
            embedder=embedder,
            finder=_finder(store, embedder),
            grounds=grounds_with(_gate(order)),
            policies=policies_for(small, large, settings),
        )
    except BaseException:
        asyncio.run(closing.aclose())
        raise


def own_store(docs: Sequence[Path], settings: Settings) -> Path:
    """The index of a chat over these paths: the same ones find it again at the next start."""
    names = "\n".join(sorted(str(path.resolve()) for path in docs))
    return chat_folder(settings) / "documents" / hashlib.sha256(names.encode()).hexdigest()[:16]


def grounds_with(gate: "Gate | None") -> Callable[..., Engine]:
    """Makes engines that answer from documents, by this gate; None: by its own rules."""

    def grounds(
        finder: Finder, small: Engine, large: Engine | None, passages: int, watch: Watch
    ) -> Engine:
        from sprat.rag.answer import GroundedEngine
        from sprat.rag.gate import Gate

        return GroundedEngine(
            finder, small, large, gate=gate or Gate(), passages=passages, watch=watch
        )

    return grounds


def policies_for(small: Engine, large: Engine | None, settings: Settings) -> "list[Policy]":
    """The policy files kept here that are about these two models; a damaged one is left out."""
    from sprat.door.policy import check_sides
    from sprat.policies.file import read_policy

    found: list[Policy] = []
    if large is None or not settings.policies_dir.is_dir():
        return found
    for file in sorted(settings.policies_dir.glob("*.json")):
        try:
            policy = read_policy(file)
            if (policy.small.model, policy.large.model) == (small.name, large.name):
                check_sides(policy, settings)
                found.append(policy)
        except (PolicyError, SpratError):
            continue
    return found


def _embedder(order: Order, settings: Settings, progress: "Progress") -> Embedder | None:
    from sprat.door import open_embedder

    if order.embedder is None:
        return None
    return open_embedder(order.embedder, settings, progress=progress)


def _store(order: Order, settings: Settings, embedder: Embedder | None) -> Store | None:
    from sprat.rag.store import open_store

    if order.store is None and not order.docs:
        return None
    where = order.store or str(own_store(order.docs, settings))
    if not order.docs:
        return open_store(where)
    dimensions = None
    if embedder is not None:
        dimensions = asyncio.run(_dimensions(embedder))
    return open_store(
        where,
        create=True,
        embedder=embedder.name if embedder else None,
        dimensions=dimensions,
    )


async def _dimensions(embedder: Embedder) -> int:
    return (await embedder.embed(["dimensions"])).dimensions


def _finder(store: Store | None, embedder: Embedder | None) -> Finder | None:
    from sprat.rag.retrieve import Retriever

    return None if store is None else Retriever(store, embedder)


def _gate(order: Order) -> "Gate | None":
    from sprat.rag.gate import read_gate

    return None if order.gate is None else read_gate(order.gate)
