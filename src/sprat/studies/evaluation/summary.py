"""From stored evaluations to an `Evaluation`. Nothing is asked, loaded or measured here."""

from collections.abc import Mapping, Sequence

import msgspec

from sprat.runs.store import Store
from sprat.runs.study import JUDGE, Study
from sprat.studies.asked import Asked, asked_of
from sprat.studies.comparison import QuestionSet
from sprat.studies.evaluation.figures import budget_of, judge_graded, rule_graded, slices
from sprat.studies.evaluation.grading import rule_grade
from sprat.studies.evaluation.held import held_against
from sprat.studies.evaluation.judged import judge_view
from sprat.studies.evaluation.notes import warnings_of, warnings_of_all
from sprat.studies.evaluation.plan import ROLE, EvaluatePlan, plan_of
from sprat.studies.evaluation.regression import compare_sides
from sprat.studies.evaluation.rescoring import rescored_of
from sprat.studies.evaluation.result import EvaluatedModel, Evaluation, MarkedAnswer
from sprat.studies.judging.grades import grades_of
from sprat.studies.tally import answer_of
from sprat.types import Run


def summarise(store: Store, study_id: str) -> Evaluation:
    """One evaluation, from the store alone.

    Raises:
        RunError: no such study, or it is no evaluation.
    """
    return summarise_all(store, (study_id,))


def summarise_all(store: Store, studies: Sequence[str]) -> Evaluation:
    """Several models' evaluations as one, each beside its baseline if it was held against one.

    Raises:
        RunError: no such study, or one is no evaluation.
    """
    found = [_evaluated(store, store.study(name)) for name in studies]
    models = tuple(model for model, _ in found)
    return Evaluation(
        models=models,
        answers=tuple(answer for _, answers in found for answer in answers),
        warnings=warnings_of_all(models),
    )


def _evaluated(store: Store, study: Study) -> tuple[EvaluatedModel, list[MarkedAnswer]]:
    plan = plan_of(study)
    (asked,) = asked_of(store, f"{study.id}:{ROLE}")
    opinions = [run for run in store.runs(study.id) if run.role == JUDGE]
    model = _model(store, asked, plan, opinions)
    if held := held_against(store, study):
        change = compare_sides(held.baseline, asked, significance=held.significance, seed=plan.seed)
        model = msgspec.structs.replace(model, change=change)
    warnings = warnings_of(model, asked)
    return msgspec.structs.replace(model, warnings=warnings), _marked(asked, opinions)


def _model(
    store: Store, asked: Asked, plan: EvaluatePlan, opinions: Sequence[Run]
) -> EvaluatedModel:
    study, runs = asked.study, asked.runs
    questions = {question.id: question for question in study.questions}
    prices: Mapping[str, str] = study.environment.get("prices", {})
    summary = msgspec.structs.replace(asked.summary(), cost_basis=prices.get(asked.model.name))
    by_rule = rule_graded(runs, questions, plan.seed)
    by_judge = judge_graded(runs, opinions, questions, plan.seed)
    return EvaluatedModel(
        run=study.id,
        created=study.created,
        summary=summary,
        questions=QuestionSet(study.questions_name, len(study.questions), study.questions_sha256),
        grades=by_rule + by_judge,
        kinds=slices(runs, questions, lambda question: question.kind, plan.seed),
        languages=slices(runs, questions, lambda question: question.language, plan.seed),
        budget=budget_of(runs, plan.wording.max_tokens),
        judge=judge_view(store, asked, plan, opinions),
        rescored=rescored_of(store, asked, plan),
        settings=study.settings,
        environment=study.environment,
        complete=len(runs) >= len(study.questions),
    )


def _marked(asked: Asked, opinions: Sequence[Run]) -> list[MarkedAnswer]:
    questions = {question.id: question for question in asked.study.questions}
    judged = grades_of(opinions)
    return [
        MarkedAnswer(
            run=asked.study.id,
            answer=answer_of(run, questions[run.question]),
            grades=_grades(run),
            judged={name: one.value for name, one in judged.get(run.question, {}).items()},
            reasoning_chars=len(run.reply.reasoning) if run.reply else 0,
            notes=_notes(run),
        )
        for run in asked.runs
    ]


def _grades(run: Run) -> dict[str, float | None]:
    names = [one.scorer.partition("/")[2] for one in run.verdicts[1:] if "/" in one.scorer]
    return {name: rule_grade(run, name) for name in names}


def _notes(run: Run) -> dict[str, str]:
    """What cost points; nothing is said of a full grade."""
    found = ((one.scorer.partition("/")[2], one) for one in run.verdicts[1:])
    return {name: one.why for name, one in found if name and one.why and one.value != 1.0}
