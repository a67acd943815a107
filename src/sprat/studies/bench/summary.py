"""From a stored study to a `BenchResult`. Nothing is asked, loaded or measured here."""

from collections.abc import Sequence

import msgspec

from sprat.runs.store import Store
from sprat.studies.bench.cells import cells_of, side_of
from sprat.studies.bench.kept import Kept
from sprat.studies.bench.notes import degraded, unmeasured_of, warnings_of
from sprat.studies.bench.plan import Setup, all_setups, plan_of
from sprat.studies.bench.result import BenchResult, Request
from sprat.studies.bench.times import request_of, whole
from sprat.studies.bench.workshop import workshop_lines
from sprat.studies.watching import DURING
from sprat.types import Run

ASIDE = ("end", DURING)
"""What is kept with the environment of the beginning, and shown apart from it."""


def summarise(store: Store, study_id: str) -> BenchResult:
    """Everything that a report shows, from the store alone.

    Raises:
        RunError: no such study, or it is no benchmark.
    """
    study = store.study(study_id)
    plan, runs = plan_of(study), list(store.runs(study_id))
    runs = runs if plan.stream else [whole(run) for run in runs]
    study = msgspec.structs.replace(study, status=store.standing(study.id, study.status))
    kept, setups = Kept(plan, runs), all_setups(plan)
    cells = tuple(cell for setup in setups for cell in cells_of(study, plan, kept, setup))
    by_role = {model.role: model for model in study.models}
    names: list[str] = study.settings["sides"]
    bases: dict[str, str] = study.environment.get("prices", {})
    sides = tuple(
        side_of(
            by_role[name],
            [run for run in runs if run.role == name],
            plan.seed,
            bases.get(by_role[name].name),
        )
        for name in names
    )
    begin = {key: value for key, value in study.environment.items() if key not in ASIDE}
    return BenchResult(
        run=study.id,
        created=study.created,
        degraded=degraded(study, plan, kept),
        environment=begin,
        environment_end=study.environment.get("end"),
        sides=sides,
        cells=cells,
        unmeasured=unmeasured_of(study, plan),
        workshop=workshop_lines(kept, setups, names),
        settings=study.settings,
        warnings=warnings_of(study, plan, kept, cells, sides),
        complete=study.status == "done",
        requests=tuple(_requests(kept, setups, names, _first_ns(runs))),
    )


def _requests(
    kept: Kept,
    setups: Sequence[Setup],
    sides: Sequence[str],
    first_ns: int,
) -> list[Request]:
    rows: list[Request] = []
    for setup in setups:
        for side in sides:
            for number, runs in kept.rounds(setup.id, side).items():
                rows += [request_of(run, number, first_ns) for run in runs]
    return sorted(rows, key=lambda row: row.position)


def _first_ns(runs: Sequence[Run]) -> int:
    """When the first answered request was due."""
    replies = (run.reply for run in runs)
    return next((reply.timing.scheduled_ns for reply in replies if reply), 0)
