"""Made studies in a store: one model, the same questions, a study a day."""

import random
from collections.abc import Mapping

import msgspec
from tests.studies.evaluation.made import a_side

from sprat.runs.store import Store
from sprat.studies.asked import Asked

NAMES = tuple(f"q{n:03d}" for n in range(40))
HERE = {"cpu": "some", "machine": "x86_64", "usable_cores": 2, "memory_bytes": 8}


def scored(share: float, seed: int, names: tuple[str, ...] = NAMES) -> dict[str, float | None]:
    """That share of right answers, the same ones but for a few that `seed` turns."""
    easy = {name: place / len(names) for place, name in enumerate(names)}
    turned = set(random.Random(seed).sample(names, 2))
    return {name: float((easy[name] < share) != (name in turned)) for name in names}


def keep(store: Store, side: Asked, day: int, sha256: str = "0" * 64) -> str:
    """Record a side as a study of that day of January."""
    name = f"2601{day:02d}-070000-abcd"
    study = msgspec.structs.replace(
        side.study, id=name, created=f"2026-01-{day:02d}T07:00:00+00:00", questions_sha256=sha256,
        kind="evaluate" if side.study.kind == "evaluate" else side.study.kind,
    )  # fmt: skip
    store.add_study(study)
    store.add_runs([msgspec.structs.replace(run, study=name) for run in side.runs])
    return name


def day(store: Store, at: int, scores: Mapping[str, float | None], **more: object) -> str:
    """One study of the model `tiny` that scored so."""
    return keep(store, a_side(scores, environment=HERE, **more), at)  # type: ignore[arg-type]
