"""`sprat evaluate --rescore`: stored answers scored anew; a judge grades what it has not yet."""

import asyncio
from typing import TYPE_CHECKING

import click
import msgspec

from sprat.cli.evaluating import judging_of, measure, open_judge, rubric_named
from sprat.errors import RunError
from sprat.questions import load
from sprat.runs.store import Store
from sprat.runs.study import JUDGE, StudyModel
from sprat.settings import Settings
from sprat.studies.asked import Asked, one_of
from sprat.studies.evaluation.opened import OpenJudge
from sprat.studies.evaluation.plan import EvaluatePlan, Wording, plan_of
from sprat.studies.evaluation.rescoring import corrected, rescore

if TYPE_CHECKING:
    from sprat.cli.evaluate import Wanted


def rescored(wanted: "Wanted", settings: Settings, store: Store) -> str:
    """A new study of stored answers; a judge that may not grade them is refused before it.

    Raises:
        RunError: no such answers, or none that can be scored anew.
        UsageError: the judge is of the model's family.
    """
    source = one_of(store, wanted.rescore or "")
    plan = _plan(wanted, source, store)
    judge = _judge(plan, settings, source.model)
    study = rescore(store, source, plan)
    if judge is not None:
        _grade(judge, plan, store, study)
    return study


def go_on(study: str, settings: Settings, store: Store) -> str:
    """The judge grades what is left of a rescored study; there is nothing else to be done.

    Raises:
        UsageError: the judge is of the model's family.
    """
    recorded = store.study(study)
    plan = plan_of(recorded)
    model = next(one for one in recorded.models if one.role != JUDGE)
    judge = _judge(plan, settings, model)
    if judge is not None and recorded.status != "done":
        _grade(judge, plan, store, study)
    return study


def _plan(wanted: "Wanted", source: Asked, store: Store) -> EvaluatePlan:
    then, questions = source.study.settings, source.study.questions
    if "seed" not in then or not questions:
        raise RunError(
            f"The answers of {source.study.id} cannot be scored anew: it is a study of kind "
            f"{source.study.kind!r}.",
            fix="Name an evaluation or a comparison: sprat runs list",
        )
    if wanted.questions is not None:
        questions, given = corrected(questions, load(wanted.questions).questions)
        click.echo(f"{given} of {len(questions)} questions are in {wanted.questions}.", err=True)
    kept = {name: then[name] for name in Wording.__struct_fields__ if name in then}
    return EvaluatePlan(
        model=source.model.name,
        questions_name=source.study.questions_name,
        questions=questions,
        seed=then["seed"],
        wording=msgspec.convert(kept, Wording),
        logprobs=then.get("logprobs"),
        rubric=rubric_named(wanted.rubric),
        judging=judging_of(wanted, store),
        rescored_from=f"{source.study.id}:{source.model.role}",
    )


def _judge(plan: EvaluatePlan, settings: Settings, model: StudyModel) -> OpenJudge | None:
    if plan.judging is None:
        return None
    judge = open_judge(plan, plan.judging, settings)
    judge.refuse(model.name, model.identity)
    return judge


def _grade(judge: OpenJudge, plan: EvaluatePlan, store: Store, study: str) -> None:
    from sprat.cli.evaluate_live import EvaluateLive
    from sprat.studies.standing import standing

    try:
        with store.hold(study), standing(store, study):
            measure(judge, store)
            with EvaluateLive() as live:
                asyncio.run(judge.grading(plan)(store, study, live.show))
    except KeyboardInterrupt as stop:
        hint = f"Go on with: sprat evaluate --resume {study}"
        click.echo(f"Stopped. What was done is kept. {hint}", err=True)
        raise SystemExit(130) from stop
