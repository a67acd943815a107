"""What a chat is started with: models, documents and their index, opened one after the other."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from sprat.chat.desk import Desk, Watch
from sprat.chat.find import Finder
from sprat.chat.root import chat_folder
from sprat.chat.wishes import Wishes
from sprat.engines.base import Embedder, Engine
from sprat.errors import DocumentError, ModelError, SpratError
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
    embedder: str | None = ""
    """Empty: the index's own, or the usual one; None: documents are searched by words only."""
    gate: Path | None = None


class Models(msgspec.Struct, frozen=True, kw_only=True):
    """The models of a chat: fetched, not loaded yet."""

    small: Engine
    large: Engine | None
    embedder: Embedder | None

    async def aclose(self) -> None:
        """Free all of them."""
        for model in (self.small, self.large, self.embedder):
            if model is not None:
                await model.aclose()


def open_models(order: Order, settings: Settings, progress: "Progress") -> Models:
    """Fetch what is missing. Blocks, outside the event loop: there Ctrl-C would wait for its end.

    Raises:
        SpratError: as `open_engine` and `open_embedder`.
    """
    from sprat.door import open_engine

    large = None
    small = open_engine(order.small, settings, progress=progress, reuse_prefix=True)
    if order.large is not None:
        large = open_engine(order.large, settings, progress=progress, reuse_prefix=True)
    return Models(small=small, large=large, embedder=_embedder(order, settings, progress))


def _embedder(order: Order, settings: Settings, progress: "Progress") -> Embedder | None:
    """The usual one may be missing, on a machine without a network say; one asked for may not."""
    from sprat.door import open_embedder

    name = order.embedder
    if name == "":
        name = _of_index(order) if order.store and not order.docs else EMBEDDER
    if name is None:
        return None
    try:
        return open_embedder(name, settings, progress=progress)
    except ModelError as error:
        if order.embedder:
            raise
        progress(f"Documents are searched by words only: {error}", 0, None)
        return None


def _of_index(order: Order) -> str | None:
    """The model whose vectors an index holds; None: words only."""
    from sprat.rag.store import open_store

    store = open_store(order.store or "")
    try:
        return store.info().embedder
    finally:
        store.close()


async def open_desk(
    models: Models,
    order: Order,
    settings: Settings,
    index: Callable[[Store, Embedder | None], Awaitable[None]],
) -> Desk:
    """Open the documents; `index` is called where there are some to index first.

    Raises:
        SpratError: an index that cannot be opened; the models are closed then.
    """
    try:
        store = await _indexed(models, order, settings, index)
        gates = await asyncio.to_thread(gates_for, order, settings)
        policies = await asyncio.to_thread(policies_for, models.small, models.large, settings)
        return Desk(
            models.small,
            models.large,
            store=store,
            embedder=models.embedder,
            finder=_finder(store, models.embedder),
            grounds=grounds_with(gates),
            gates=[gate.name for gate in gates],
            policies=policies,
        )
    except BaseException:
        await models.aclose()
        raise


async def _indexed(
    models: Models,
    order: Order,
    settings: Settings,
    index: Callable[[Store, Embedder | None], Awaitable[None]],
) -> Store | None:
    """The store with everything in it; one that the chat keeps for itself is mended otherwise."""
    try:
        store = await _store(order, settings, models.embedder)
        if store is not None and order.docs:
            await index(store, models.embedder)
    except DocumentError as error:
        if order.store is not None or "--rebuild" not in (error.fix or ""):
            raise
        fix = f"Remove {own_store(order.docs, settings)}, and start again."
        raise DocumentError(error.message, fix=fix) from error
    return store


def own_store(docs: Sequence[Path], settings: Settings) -> Path:
    """The index of a chat over these paths: the same ones find it again at the next start."""
    names = "\n".join(sorted(str(path.resolve()) for path in docs))
    return chat_folder(settings) / "documents" / hashlib.sha256(names.encode()).hexdigest()[:16]


def grounds_with(gates: "Sequence[Gate]") -> Callable[..., Engine]:
    """Makes engines that answer from documents, by the gate that is wished for, else the first."""
    by_name = {gate.name: gate for gate in reversed(gates)}

    def grounds(
        finder: Finder, small: Engine | None, large: Engine | None, wishes: Wishes, watch: Watch
    ) -> Engine:
        from sprat.rag.answer import GroundedEngine

        gate, most = by_name.get(wishes.policy, gates[0]), wishes.passages
        return GroundedEngine(finder, small, large, gate=gate, passages=most, watch=watch)

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
        except SpratError:
            continue
    return found


async def _store(order: Order, settings: Settings, embedder: Embedder | None) -> Store | None:
    if order.store is None and not order.docs:
        return None
    from sprat.rag.store import open_store

    where = order.store or str(own_store(order.docs, settings))
    if not order.docs:
        return await asyncio.to_thread(open_store, where)
    return await asyncio.to_thread(
        open_store,
        where,
        create=True,
        embedder=embedder.name if embedder else None,
    )


def _finder(store: Store | None, embedder: Embedder | None) -> Finder | None:
    if store is None:
        return None
    from sprat.rag.retrieve import Retriever

    return Retriever(store, embedder)


def gates_for(order: Order, settings: Settings) -> "list[Gate]":
    """Those about these models: the one that was asked for, the rules, and those kept here.

    Blocks. Of those kept here a damaged one is left out.

    Raises:
        PolicyError: the gate that was asked for cannot be used.
    """
    from sprat.rag.gate import Gate

    found = [Gate()] if order.gate is None else [_gate(order.gate, order, settings), Gate()]
    for file in sorted(settings.gates_dir.glob("*.gate.json")):
        with suppress(SpratError):
            found.append(_gate(file, order, settings))
    names = [gate.name for gate in found]
    return [gate for at, gate in enumerate(found) if gate.name not in names[:at]]


def _gate(file: Path, order: Order, settings: Settings) -> "Gate":
    from sprat.door.grounded import Wanted, check_sides, gate_of

    gate = gate_of(file)
    check_sides(gate, Wanted(small=order.small, large=order.large), settings)
    return gate
