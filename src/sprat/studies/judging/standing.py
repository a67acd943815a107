"""What a judge was last measured to be worth: whether a report may show its grades first."""

from collections.abc import Iterator, Mapping
from typing import Any

from sprat.questions.rubric import Rubric
from sprat.runs.store import Store
from sprat.runs.study import JUDGE, Study
from sprat.studies.judging.plan import KIND
from sprat.studies.judging.result import JudgeStanding
from sprat.studies.judging.summary import summarise


def standing_of(
    store: Store, judge_identity: Mapping[str, Any], rubric: Rubric
) -> JudgeStanding | None:
    """Of the latest finished measurement of that very judge and rubric; None: there is none.

    One of all answers goes before one of some (`--limit`). A judge without an identity is nobody.
    """
    found = list(_measured(store, dict(judge_identity), rubric))
    whole = [study for study in found if study.settings.get("limit") is None]
    chosen = next(iter(whole or found), None)
    if chosen is None:
        return None
    measure = summarise(store, chosen.id)
    return JudgeStanding(
        study=measure.run,
        judge=measure.judge,
        headlines={one.name: one.headline for one in measure.dimensions},
        reasons={one.name: one.why for one in measure.dimensions},
        headline=measure.headline,
        why=measure.why,
        dimensions=measure.dimensions,
    )


def _measured(store: Store, identity: dict[str, Any], rubric: Rubric) -> Iterator[Study]:
    """The newest first."""
    if not identity:
        return
    for line in store.studies():
        if line.kind != KIND or line.status != "done":
            continue
        study = store.study(line.id)
        same = any(m.role == JUDGE and m.identity == identity for m in study.models)
        if same and study.settings.get("rubric_sha256") == rubric.sha256:
            yield study
