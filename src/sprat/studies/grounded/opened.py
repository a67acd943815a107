"""From a plan to what it asks: the documents indexed, the engine and the judge opened."""

import asyncio
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from sprat.engines.base import Engine
from sprat.runs.study import JUDGE
from sprat.settings import Settings
from sprat.studies.grounded.case import ROLE
from sprat.studies.grounded.papers import Indexing, index_papers, store_of
from sprat.studies.grounded.places import placed
from sprat.studies.grounded.plan import GroundedPlan
from sprat.studies.grounded.question import Paper, as_question, from_question
from sprat.studies.grounded.study import Identities, Opened

if TYPE_CHECKING:
    from sprat.models.progress import Progress as Fetching


class Prepared(NamedTuple):
    """A plan that can be asked."""

    plan: GroundedPlan
    """With what stands around each gold place."""
    where: str | None
    """The store; None: the settings' own."""


async def prepare(
    plan: GroundedPlan,
    papers: Sequence[Paper],
    settings: Settings,
    embedder: str,
    told: Indexing | None = None,
) -> Prepared:
    """Index the documents that came along, in a store of their own; look up every gold place.

    Raises:
        DocumentError: the store cannot be used.
        ModelError: the embedding model could not be fetched.
        QuestionError: a gold place that is not in the store.
    """
    where: str | None = plan.options.get("store")
    if papers and not where:
        where = await _indexed(plan, papers, settings, embedder, told)
    return Prepared(await asyncio.to_thread(_with_places, plan, where, settings), where)


async def _indexed(
    plan: GroundedPlan,
    papers: Sequence[Paper],
    settings: Settings,
    embedder: str,
    told: Indexing | None,
) -> str:
    folder = store_of(papers, settings)
    name = embedder if plan.options.get("vectors", True) else None
    if name is None:
        folder = folder.with_name(f"{folder.name}-words")
    await index_papers(papers, folder, settings, embedder_name=name, told=told)
    return str(folder)


def _with_places(plan: GroundedPlan, where: str | None, settings: Settings) -> GroundedPlan:
    from sprat.rag.store import open_store

    store = open_store(where or str(settings.documents_dir))
    try:
        found = placed([from_question(one) for one in plan.questions], store)
    finally:
        store.close()
    pairs = zip(found, plan.questions, strict=True)
    questions = tuple(as_question(one, before.max_tokens) for one, before in pairs)
    return msgspec.structs.replace(plan, questions=questions)


def open_all(
    plan: GroundedPlan, where: str | None, settings: Settings, fetching: "Fetching | None" = None
) -> Opened:
    """Open the engine over the documents; the judge is found now and opened when it is needed.

    Raises:
        UnknownModel: no model of that name.
        DocumentError: there is no store, or it cannot be used.
        ModelError: weights could not be fetched, verified, read or exported.
    """
    from sprat.cost import Prices
    from sprat.door import open_engine
    from sprat.door.grounded import open_grounded
    from sprat.measure.environment import describe_environment
    from sprat.models.names import resolve_answering

    judge = plan.judge
    if judge:  # a name that means nothing is said before everything is asked
        resolve_answering(judge, settings)
    machine = describe_environment(providers=False)
    options = plan.options
    engine = open_grounded(
        settings,
        store=where,
        small=options["small"],
        large=options["large"],
        gate=options["gate"],
        progress=fetching,
        passages=options["passages"],
    )

    async def opened_judge() -> Engine:
        return await asyncio.to_thread(lambda: open_engine(judge or "", settings))

    return Opened(
        engine=engine,
        judge=opened_judge if judge else None,
        identities=_identities(plan, where, settings),
        environment=machine,
        prices=Prices(settings),
    )


def _identities(plan: GroundedPlan, where: str | None, settings: Settings) -> Identities:
    """The models' weights, the gate's file, and the documents as they are indexed now."""
    from sprat.door.identity import identity
    from sprat.models.disk import sha256_of

    sides = {side: plan.options[side] for side in ("small", "large") if plan.options.get(side)}
    found: dict[str, Any] = {side: identity(name, settings) for side, name in sides.items()}
    found |= _documents(where, settings)
    if gate := plan.options.get("gate"):
        found["gate_sha256"] = sha256_of(Path(gate).expanduser())
    judge = {JUDGE: identity(plan.judge, settings)} if plan.judge else {}
    return {ROLE: found, **judge}


def _documents(where: str | None, settings: Settings) -> dict[str, Any]:
    from sprat.rag.store import open_store

    store = open_store(where or str(settings.documents_dir))
    try:
        info, documents = store.info(), store.documents()
    finally:
        store.close()
    told = "".join(f"{one.sha256} {file}\n" for file, one in sorted(documents.items()))
    return {
        "documents_sha256": hashlib.sha256(told.encode()).hexdigest(),
        "passages": info.passages,
        "embedder": info.embedder,
    }
