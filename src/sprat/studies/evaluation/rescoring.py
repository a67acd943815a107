"""Stored answers scored anew, by today's scorers and rubric; no model is asked."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from sprat.errors import RunError
from sprat.questions.collection import fingerprint
from sprat.runs.store import Store
from sprat.runs.study import JUDGE, Study, new_study_id
from sprat.studies.asked import Asked, one_of
from sprat.studies.asking import own_verdict, side_of
from sprat.studies.evaluation.plan import KIND, ROLE, EvaluatePlan
from sprat.studies.evaluation.result import Recheck, Rescored
from sprat.studies.evaluation.study import graded
from sprat.studies.judging.grades import PAIR_REPEAT
from sprat.studies.tally import score_of
from sprat.types import Question, Run


def rescore(store: Store, source: Asked, plan: EvaluatePlan) -> str:
    """Record a new study of the same answers, scored by today's scorers; its id.

    `plan.questions` are the source's, some perhaps with another expected answer (`corrected`).
    A judge's opinions go along while the rubric is the same: the answers are what they were of.

    Raises:
        RunError: there are no answers.
    """
    if not source.runs:
        raise RunError(f"{source.study.id} has no answers.", fix="See: sprat runs list")
    study = new_study_id()
    questions = {question.id: question for question in plan.questions}
    runs = [_scored_anew(run, study, questions[run.question]) for run in source.runs]
    opinions = _opinions(store, source, plan, study)
    judges = [m for m in source.study.models if m.role == JUDGE and opinions]
    own = side_of(ROLE, source.model.name, source.model.identity, *source.model.sessions)
    store.add_study(
        Study(
            id=study,
            kind=KIND,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            questions_name=plan.questions_name,
            questions_sha256=fingerprint(plan.questions),
            questions=plan.questions,
            settings=plan.settings,
            environment=source.study.environment,
            models=(own, *judges),
        )
    )
    store.add_runs([*runs, *opinions])
    store.set_status(study, "done")
    return study


def corrected(
    stored: Sequence[Question], given: Sequence[Question]
) -> tuple[tuple[Question, ...], int]:
    """The stored questions with what is expected now, matched by id; and how many were given.

    Raises:
        RunError: a question is asked in other words now, or none of them was asked.
    """
    by_id = {question.id: question for question in given}
    known = [question for question in stored if question.id in by_id]
    if not known:
        raise RunError(
            "None of these questions was asked in that run.",
            fix="Give the file that it was asked from, with only the expected answers changed.",
        )
    for question in known:
        if by_id[question.id].messages != question.messages:
            raise RunError(
                f"{question.id!r} asks something else than it did: its answer cannot be scored.",
                fix="Leave the prompts as they were, or ask anew: sprat evaluate",
            )
    return tuple(by_id.get(question.id, question) for question in stored), len(known)


def rescored_of(store: Store, asked: Asked, plan: EvaluatePlan) -> Rescored | None:
    """What changed from the study whose answers these are; None: they were asked for."""
    if plan.rescored_from is None:
        return None
    source = one_of(store, plan.rescored_from)
    before = {run.question: run for run in source.runs}
    then = {question.id: question for question in source.study.questions}
    both = [(before[run.question], run) for run in asked.runs if run.question in before]
    return Rescored(
        run=plan.rescored_from,
        score_before=_mean([score_of(old) for old, _ in both]),
        score_now=_mean([score_of(new) for _, new in both]),
        corrected=tuple(q.id for q in asked.study.questions if then.get(q.id) != q),
        changed=tuple(_recheck(old, new) for old, new in both if score_of(old) != score_of(new)),
    )


def _scored_anew(run: Run, study: str, question: Question) -> Run:
    own = own_verdict(question, run.reply, run.error)
    moved = msgspec.structs.replace(
        run, study=study, role=ROLE, kind=question.kind, verdicts=(own,)
    )
    return graded(moved, question)


def _opinions(store: Store, source: Asked, plan: EvaluatePlan, study: str) -> list[Run]:
    """A judge's grades, not its pairs: those are of answers beside others."""
    before: dict[str, str] = source.study.settings.get("rubric") or {}
    if source.study.kind != KIND or before.get("sha256") != plan.rubric.get("sha256"):
        return []
    return [
        msgspec.structs.replace(run, study=study)
        for run in store.runs(source.study.id)
        if run.role == JUDGE and run.repeat < PAIR_REPEAT
    ]


def _recheck(old: Run, new: Run) -> Recheck:
    return Recheck(
        question=new.question,
        kind=new.kind,
        before=score_of(old),
        now=score_of(new),
        why_before=old.verdicts[0].why if old.verdicts else "",
        why_now=new.verdicts[0].why,
    )


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
