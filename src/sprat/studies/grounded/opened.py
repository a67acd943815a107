"""From a plan to what it asks: the documents indexed, the engine and the judge opened."""

import asyncio
from collections.abc import Sequence
from typing import Any

from sprat.engines.base import Engine
from sprat.settings import Settings
from sprat.studies.grounded.case import ROLE
from sprat.studies.grounded.papers import Indexing, index_papers, store_of
from sprat.studies.grounded.plan import JUDGE, GroundedPlan
from sprat.studies.grounded.question import Paper
from sprat.studies.grounded.study import Identities, Opened


async def prepare(
    plan: GroundedPlan,
    papers: Sequence[Paper],
    settings: Settings,
    embedder: str,
    told: Indexing | None = None,
) -> str | None:
    """Where the passages are: the plan's store; of documents that came along a store of their own.

    Raises:
        DocumentError: the store cannot be used.
        ModelError: the embedding model could not be fetched.
    """
    store: str | None = plan.options.get("store")
    if not papers or store:
        return store
    folder = store_of(papers, settings)
    name = embedder if plan.options.get("vectors", True) else None
    if name is None:
        folder = folder.with_name(f"{folder.name}-words")
    await index_papers(papers, folder, settings, embedder_name=name, told=told)
    return str(folder)


def open_all(plan: GroundedPlan, where: str | None, settings: Settings) -> Opened:
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
        passages=options["passages"],
    )

    async def opened_judge() -> Engine:
        return await asyncio.to_thread(lambda: open_engine(judge or "", settings))

    return Opened(
        engine=engine,
        judge=opened_judge if judge else None,
        identities=_identities(plan, settings),
        environment=machine,
        prices=Prices(settings),
    )


def _identities(plan: GroundedPlan, settings: Settings) -> Identities:
    from sprat.door.identity import identity

    sides = {side: plan.options[side] for side in ("small", "large") if plan.options.get(side)}
    found: dict[str, Any] = {side: identity(name, settings) for side, name in sides.items()}
    judge = {JUDGE: identity(plan.judge, settings)} if plan.judge else {}
    return {ROLE: found, **judge}
