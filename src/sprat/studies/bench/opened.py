"""A benchmark from model names to its study's id: what the command line and a notebook share."""

from typing import TYPE_CHECKING, Any

import msgspec

from sprat.engines.base import Engine
from sprat.errors import EngineError, SpratError, UnsupportedRequest
from sprat.runs.store import Store
from sprat.settings import Settings
from sprat.studies.bench.plan import BenchPlan, Side, sides_of
from sprat.studies.bench.record import Record
from sprat.studies.bench.study import Bench, Progress

if TYPE_CHECKING:
    from sprat.models.progress import Progress as Fetching


class Opened(msgspec.Struct, frozen=True):
    """The sides, their weights in place, and what is recorded about each."""

    sides: tuple[Side, ...]
    identities: dict[str, dict[str, Any]]
    settings: Settings
    faults: dict[str, SpratError]
    """Sides that cannot be computed as asked, a missing provider say; the others are measured."""

    def engine(self, side: Side, reuse_prefix: bool) -> Engine:
        """A new engine for a side; nothing is loaded yet.

        Raises:
            SpratError: as `open_engine`.
        """
        from sprat.door import open_engine

        if side.name in self.faults:
            raise self.faults[side.name]
        return open_engine(side.model, _of(side, self.settings), reuse_prefix=reuse_prefix)


def open_sides(plan: BenchPlan, settings: Settings, fetching: "Fetching | None" = None) -> Opened:
    """Find, fetch, export and try every model before any is asked; blocks.

    Raises:
        UnknownModel: no model of that name.
        UsageError: a model that does not answer, a provider that nobody knows.
        ModelError: weights could not be fetched, verified, read or exported.
    """
    from sprat.door import open_engine
    from sprat.door.identity import identity

    sides = sides_of(plan, settings)
    identities: dict[str, dict[str, Any]] = {}
    faults: dict[str, SpratError] = {}
    for side in sides:
        own = _of(side, settings)
        try:
            open_engine(side.model, own, progress=fetching)  # starts nothing, but fetches and tries
            identities[side.name] = identity(side.model, own)
        except (EngineError, UnsupportedRequest) as fault:
            faults[side.name] = fault
    return Opened(sides, identities, settings, faults)


async def ask_sides(
    plan: BenchPlan,
    opened: Opened,
    store: Store,
    *,
    resume: str | None = None,
    progress: Progress | None = None,
) -> str:
    """Run the study and return its id.

    Raises:
        SpratError: as `Bench.run`.
    """
    from sprat.cost import Prices
    from sprat.measure.environment import describe_environment

    prices = Prices(opened.settings)
    bases = {side.model: prices.basis(side.model) for side in opened.sides}
    record = Record(
        plan,
        opened.sides,
        store,
        describe=lambda: {**describe_environment(providers=False), "prices": bases},
        identities=opened.identities,
        resume=resume,
    )
    return await Bench(plan, opened.sides, opened.engine, store, record, progress, prices).run()


def _of(side: Side, settings: Settings) -> Settings:
    if side.provider is None:
        return settings
    onnx = msgspec.structs.replace(settings.onnx, provider=side.provider)
    return msgspec.structs.replace(settings, onnx=onnx)
