"""A store, models and a gate → an engine that answers from documents."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from sprat.engines.base import Embedder, Engine
from sprat.errors import ModelError, PolicyError, UsageError
from sprat.settings import Settings

if TYPE_CHECKING:
    from sprat.models.progress import Progress
    from sprat.rag.answer import GroundedEngine
    from sprat.rag.gate import Gate, Which
    from sprat.rag.retrieve import Retriever
    from sprat.rag.store.base import Store

NAME = "documents"
DOCS = "docs:"
PASSAGES = 6


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What answers from documents, by names."""

    store: str | None = None
    """A folder or an address; None: the settings' own."""
    small: str | None = None
    """None, of either: that model is not asked; one of them must be."""
    large: str | None = None
    passages: int = PASSAGES
    """Found for a question."""
    name: str = NAME
    reuse_prefix: bool = False
    """As in `open_engine`."""


def open_grounded(
    settings: Settings,
    *,
    gate: "Gate | Path | str | None" = None,
    progress: "Progress | None" = None,
    wanted: Wanted | None = None,
    **names: object,
) -> "GroundedEngine":
    """The engine; its `aclose` closes the models, the embedder and the store too. Blocks.

    `names`: the fields of `Wanted`, one by one. `gate`: a file's, or None for the rules. Where the
    embedder cannot be had the documents are searched by words only, and `progress` says so.

    Raises:
        UnknownModel: no model of that name.
        UsageError: neither model is named.
        DocumentError: there is no store, or it cannot be used.
        PolicyError: the gate cannot be used, or was calibrated for other weights.
        ModelError: weights could not be fetched, verified, read or exported.
    """
    from sprat.cost import Prices
    from sprat.rag.answer import GroundedEngine

    wanted = wanted or msgspec.convert(names, Wanted)
    if not (wanted.small or wanted.large):
        raise UsageError("No model is named.", fix="Give --small MODEL, or --large MODEL.")
    decides = gate_of(gate)
    check_sides(decides, wanted, settings)
    parts = open_parts(wanted, settings, progress)
    engine = GroundedEngine(
        parts.finds,
        parts.small,
        parts.large,
        gate=decides,
        passages=wanted.passages,
        name=wanted.name,
        close=parts.aclose,
    )
    engine.price = Prices(settings).of
    return engine


def gate_of(gate: "Gate | Path | str | None") -> "Gate":
    """A gate, its file's, or the rules.

    Raises:
        PolicyError: the file cannot be used.
    """
    from sprat.rag.gate import Gate, read_gate

    if gate is None:
        return Gate()
    return read_gate(Path(gate).expanduser()) if isinstance(gate, str | Path) else gate


def check_sides(gate: "Gate", wanted: Wanted, settings: Settings) -> None:
    """Refuse models other than those that a gate was calibrated for. Blocks: it may fetch.

    Raises:
        PolicyError: a model has another name, other weights or another address.
        ModelError: a model's weights cannot be read.
    """
    from sprat.door.identity import identity
    from sprat.door.policy import same_weights

    sides: tuple[tuple[Which, str | None], ...] = (
        ("small", wanted.small),
        ("large", wanted.large),
    )
    named = [(gate.small if which == "small" else gate.large) for which, name in sides if name]
    if all(side.threshold is None for side in named):
        raise PolicyError(
            f"The gate {gate.name} never gives an answer of {wanted.small or wanted.large}.",
            fix="Name the other model too, or leave --gate out.",
        )
    for which, name in sides:
        side = gate.small if which == "small" else gate.large
        if not name or not side.identity:
            continue
        if not same_weights(side.identity, identity(name, settings)):
            raise PolicyError(
                f"The gate {gate.name} was calibrated for {side.model} as the {which} model: "
                f"{name} has other weights, or another address.",
                fix="Calibrate one for it: sprat calibrate --docs",
            )


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What answers and what finds, opened."""

    finds: "Retriever"
    small: Engine | None
    large: Engine | None
    embedder: Embedder | None
    store: "Store"

    async def aclose(self) -> None:
        """Close all of it. Safe to call twice."""
        for one in (self.small, self.large, self.embedder):
            if one is not None:
                await one.aclose()
        await asyncio.to_thread(self.store.close)


def open_parts(wanted: Wanted, settings: Settings, progress: "Progress | None") -> Parts:
    """Open the store, the models and the store's embedder. Blocks.

    Raises:
        SpratError: as `open_grounded`.
    """
    from sprat.door.opening import open_engine
    from sprat.rag.retrieve import Retriever
    from sprat.rag.store import open_store

    def opened(name: str | None) -> Engine | None:
        if not name:
            return None
        if name.strip().startswith(DOCS):
            raise UsageError(f"{name} answers from documents itself.", fix="Name a model.")
        return open_engine(name, settings, progress=progress, reuse_prefix=wanted.reuse_prefix)

    store = open_store(wanted.store or str(settings.documents_dir))
    try:
        small, large = opened(wanted.small), opened(wanted.large)
        embedder = _embedder(store, settings, progress)
    except BaseException:
        store.close()
        raise
    return Parts(
        finds=Retriever(store, embedder),
        small=small,
        large=large,
        embedder=embedder,
        store=store,
    )


def _embedder(store: "Store", settings: Settings, progress: "Progress | None") -> Embedder | None:
    from sprat.door.opening import open_embedder

    name = store.info().embedder
    if name is None:
        return None
    try:
        return open_embedder(name, settings, progress=progress)
    except ModelError as error:
        if progress:
            progress(f"Documents are searched by words only: {error}", 0, None)
        return None
