"""What may be resumed, and what of it is asked again."""

from collections.abc import Mapping
from typing import Any

import msgspec

from sprat.errors import RunError
from sprat.runs.store import Store
from sprat.runs.study import Session, Study, StudyModel
from sprat.studies.plan import KIND, SIDES, ComparePlan, Side, refuse_difference

Identities = Mapping[Side, dict[str, Any]]
"""What makes each side's answers its own: `door.identity`."""

MAX_STREAK = 5
"""After this many errors of one side in a row the study stops: the model is gone, not weak."""


def unfinished(store: Store, plan: ComparePlan | None = None) -> str | None:
    """The newest comparison that still has questions to ask; None when there is none.

    With a plan, only one that this plan would go on with.
    """
    lines = (line for line in store.studies() if line.kind == KIND and line.status != "done")
    return next((line.id for line in lines if plan is None or _fits(store, line.id, plan)), None)


def _fits(store: Store, study_id: str, plan: ComparePlan) -> bool:
    try:
        refuse_difference(store.study(study_id), plan)
    except RunError:
        return False
    return True


def is_finished(store: Store, study_id: str) -> bool:
    """Whether nothing is left to ask; such a study is marked as done."""
    total = len(SIDES) * len(store.study(study_id).questions)
    if len(store.answered(study_id)) < total:
        return False
    if any(outage(store, study_id, side) is not None for side in SIDES):
        return False
    store.set_status(study_id, "done")
    return True


def refuse_change(study: Study, plan: ComparePlan, identities: Identities) -> None:
    """Resume only what would have gone on like this anyway.

    Raises:
        RunError: the plan or a model differs from what the study began with.
    """
    refuse_difference(study, plan)
    for model in study.models:
        refuse_other(
            study, model, identities.get("small" if model.role == "small" else "large", {})
        )


def refuse_other(study: Study, model: StudyModel, now: Mapping[str, Any]) -> None:
    """A side goes on only as what it began as: the same weights, recipe, provider.

    Raises:
        RunError: naming the first thing that differs, with both values.
    """
    for what in sorted(model.identity.keys() | now.keys()):
        if now.get(what) != model.identity.get(what):
            raise RunError(
                f"{study.id} cannot be resumed: {what} of {model.name} was "
                f"{model.identity.get(what)}, and is {now.get(what)} now.",
                fix="Start anew without --resume.",
            )


def go_on(store: Store, study_id: str, sessions: Mapping[str, Session]) -> None:
    """Record that these sides, by role, are ready again; what an outage took is asked anew."""
    for model in store.study(study_id).models:
        if model.role in sessions:
            kept = (*model.sessions, sessions[model.role])
            store.put_model(study_id, msgspec.structs.replace(model, sessions=kept))
    for role in sessions:
        if (first := outage(store, study_id, role)) is not None:
            store.withdraw_errors(study_id, role, first)


def outage(store: Store, study_id: str, side: str) -> int | None:
    """Where the errors begin that ended a side's answers, if they were enough to stop the study.

    They were an outage, not answers: a resumed study asks them again.
    """
    first: int | None = None
    streak = 0
    for run in store.runs(study_id):
        if run.role != side:
            continue
        if run.error is None:
            first, streak = None, 0
        else:
            first, streak = (run.position if first is None else first), streak + 1
    return first if streak >= MAX_STREAK else None
