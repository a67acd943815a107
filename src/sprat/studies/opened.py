"""A comparison from model names to its study's id: what the command line and the notebook share."""

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, NamedTuple

from sprat.engines.base import Engine
from sprat.runs.store import Store
from sprat.settings import Settings
from sprat.studies.compare import Progress, compare
from sprat.studies.plan import SIDES, ComparePlan, Side

if TYPE_CHECKING:
    from sprat.cost import Prices
    from sprat.models.progress import Progress as Fetching


class Opened(NamedTuple):
    """Both models, ready to be loaded, and what is recorded about them and the machine."""

    engines: dict[Side, Engine]
    identities: dict[Side, dict[str, Any]]
    environment: dict[str, Any]
    prices: "Prices | None" = None


def open_both(plan: ComparePlan, settings: Settings, fetching: "Fetching | None" = None) -> Opened:
    """Find, fetch and export both models before either is asked; blocks.

    Not inside the event loop: there Ctrl-C would end a download only when it is over.

    Raises:
        UnknownModel: no model of that name.
        UsageError: a model that does not answer.
        ModelError: weights could not be fetched, verified, read or exported.
    """
    from sprat.cost import Prices
    from sprat.door import open_engine
    from sprat.door.identity import identity
    from sprat.measure.environment import describe_environment
    from sprat.models.names import resolve_answering

    for side in SIDES:  # a name that means nothing is said before hundreds of megabytes are fetched
        resolve_answering(plan.models[side], settings)
    # Looked at before Sprat itself makes the machine busy.
    machine = describe_environment(providers=False)
    engines: dict[Side, Engine] = {
        side: open_engine(plan.models[side], settings, progress=fetching) for side in SIDES
    }
    identities: dict[Side, dict[str, Any]] = {
        side: identity(plan.models[side], settings) for side in SIDES
    }
    prices = Prices(settings)
    machine["prices"] = {plan.models[side]: prices.basis(plan.models[side]) for side in SIDES}
    return Opened(engines, identities, machine, prices)


async def ask_both(
    plan: ComparePlan,
    opened: Opened,
    store: Store,
    *,
    resume: str | None = None,
    progress: Progress | None = None,
) -> str:
    """Run the study, close both models, and return the study's id.

    Raises:
        RunError: as `compare`.
        EngineError: as `compare`.
    """
    try:
        return await compare(
            plan,
            opened.engines,
            store,
            resume=resume,
            progress=progress,
            identities=opened.identities,
            environment=opened.environment,
            prices=opened.prices,
        )
    finally:
        async with AsyncExitStack() as closing:  # each is closed, whatever another one raises
            for engine in opened.engines.values():
                closing.push_async_callback(engine.aclose)
