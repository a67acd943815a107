"""What `sprat evaluate` does with its options: plans, studies asked in sight, answers rescored."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from sprat.cli.compare import ALTERNATIVES
from sprat.errors import RunError, UsageError
from sprat.questions import load
from sprat.questions.rubric import read_rubric
from sprat.runs.store import Store
from sprat.settings import Settings
from sprat.studies.asked import one_of
from sprat.studies.evaluation.opened import OpenJudge, open_model
from sprat.studies.evaluation.plan import EvaluatePlan, Judging, Wording, plan_of
from sprat.studies.evaluation.study import batch_of, evaluate, unfinished
from sprat.studies.judging.family import refuse_same_family
from sprat.studies.judging.study import Event as JudgeEvent

if TYPE_CHECKING:
    from sprat.cli.evaluate import Wanted

DEFAULT_SET = "everyday"


def evaluate_all(
    wanted: "Wanted", settings: Settings, store: Store, resume: str | None
) -> list[str]:
    """The studies of all models, one after the other, in the order named.

    Raises:
        UsageError: options that cannot be used.
        RunError: nothing to resume, or a model failed too often.
        QuestionError: the questions or the rubric cannot be used.
        SystemExit: Ctrl-C (130), after saying how to go on.
    """
    from sprat.cli.evaluating_anew import go_on, rescored

    if wanted.rescore is not None:
        return [rescored(wanted, settings, store)]
    begun: dict[str, str] = {}
    if resume is None:
        plans = _fresh_plans(wanted, store)
    else:
        first = unfinished(store) if resume == "latest" else store.find(resume)
        if first is None:
            raise RunError("No evaluation is unfinished.", fix="See: sprat runs list")
        if plan_of(store.study(first)).rescored_from is not None:
            return [go_on(first, settings, store)]
        begun = batch_of(store, first)
        plans = _resumed_plans(wanted, store, first)
    return [_ask(plan, settings, store, begun.get(plan.model)) for plan in plans]


def _fresh_plans(wanted: "Wanted", store: Store) -> list[EvaluatePlan]:
    from sprat.runs.study import new_study_id

    seed = wanted.seed or 0
    chosen = load(
        wanted.questions or DEFAULT_SET,
        limit=wanted.limit,
        seed=seed,
        kinds=_listed(wanted.kinds),
        languages=_listed(wanted.languages),
        shuffle_choices=wanted.shuffle_choices,
    )
    selection = {
        "limit": wanted.limit, "kinds": wanted.kinds, "languages": wanted.languages,
        "shuffle_choices": wanted.shuffle_choices or None,
    }  # fmt: skip
    plan = EvaluatePlan(
        model="",
        questions_name=chosen.name,
        questions=chosen.questions,
        seed=seed,
        wording=Wording(
            system=wanted.system,
            max_tokens=wanted.max_tokens,
            reasoning_effort=wanted.reasoning_effort,
            temperature=wanted.temperature or 0.0,
        ),
        logprobs=ALTERNATIVES if wanted.logprobs else None,
        rubric=rubric_named(wanted.rubric),
        judging=judging_of(wanted, store),
        selection={name: value for name, value in selection.items() if value is not None},
        batch=new_study_id() if len(wanted.models) > 1 else "",
        models=wanted.models if len(wanted.models) > 1 else (),
    )
    return [msgspec.structs.replace(plan, model=name) for name in wanted.models]


def judging_of(wanted: "Wanted", store: Store) -> Judging | None:
    """The judge that was asked for; None: there is to be none.

    Raises:
        RunError: no such study to hold the answers beside.
        UsageError: by its name alone it is of the family of a model named.
    """
    if wanted.judge is None:
        return None
    judged: list[tuple[str, dict[str, Any]]] = [(name, {}) for name in wanted.models]
    refuse_same_family((wanted.judge, {}), judged, allowed=wanted.same_family)
    against = None
    if wanted.against is not None:
        other = one_of(store, wanted.against)
        against = f"{other.study.id}:{other.model.role}"
    return Judging(model=wanted.judge, against=against, same_family=wanted.same_family)


def rubric_named(file: str | None) -> dict[str, str]:
    """What a study records of a rubric.

    Raises:
        UsageError: there is no such file.
        QuestionError: it cannot be used.
    """
    path = None if file is None else Path(file).expanduser()
    if path is not None and not path.is_file():
        raise UsageError(f"There is no file {file!r}.", fix="Check --rubric.")
    found = read_rubric(path)
    named = {"version": found.version, "sha256": found.sha256}
    return named if path is None else {**named, "file": str(path.absolute())}


def _resumed_plans(wanted: "Wanted", store: Store, first: str) -> list[EvaluatePlan]:
    """The plans as they began; what was typed now is refused where it differs."""
    before = plan_of(store.study(first))
    typed: dict[str, Any] = {
        "temperature": wanted.temperature, "system": wanted.system,
        "max_tokens": wanted.max_tokens, "reasoning_effort": wanted.reasoning_effort,
    }  # fmt: skip
    given = {name: value for name, value in typed.items() if value is not None}
    plan = msgspec.structs.replace(
        before,
        seed=before.seed if wanted.seed is None else wanted.seed,
        wording=msgspec.structs.replace(before.wording, **given),
        logprobs=ALTERNATIVES if wanted.logprobs else before.logprobs,
        judging=before.judging if wanted.judge is None else judging_of(wanted, store),
        rubric=before.rubric if wanted.rubric is None else rubric_named(wanted.rubric),
    )
    chosen = (wanted.questions, wanted.limit, wanted.kinds, wanted.languages)
    if wanted.shuffle_choices or any(one is not None for one in chosen):
        plan = _with_questions(plan, wanted)
    names = before.models or (before.model,)
    if unknown := [name for name in wanted.models if name not in names]:
        raise RunError(
            f"{first} is not of {unknown[0]}, but of {', '.join(names)}.",
            fix="Start anew without --resume.",
        )
    return [msgspec.structs.replace(plan, model=name) for name in names]


def _with_questions(plan: EvaluatePlan, wanted: "Wanted") -> EvaluatePlan:
    chosen = load(
        wanted.questions or DEFAULT_SET,
        limit=wanted.limit,
        seed=plan.seed,
        kinds=_listed(wanted.kinds or plan.selection.get("kinds")),
        languages=_listed(wanted.languages or plan.selection.get("languages")),
        shuffle_choices=wanted.shuffle_choices or bool(plan.selection.get("shuffle_choices")),
    )
    return msgspec.structs.replace(plan, questions_name=chosen.name, questions=chosen.questions)


def _ask(plan: EvaluatePlan, settings: Settings, store: Store, begun: str | None) -> str:
    """One model's study, asked in sight of the user."""
    from sprat.cli.evaluate_live import EvaluateLive
    from sprat.cli.progress import progress_bar

    if begun is not None and store.study(begun).status == "done":
        return begun
    live = EvaluateLive()
    try:
        with progress_bar() as fetching:
            opened = open_model(plan.model, settings, fetching)
        judge = None if plan.judging is None else open_judge(plan, plan.judging, settings)
        if judge is not None:
            judge.refuse(plan.model, opened.identity)
            measure(judge, store)
        with live:
            grade = None if judge is None else judge.grading(plan)
            return asyncio.run(
                evaluate(
                    plan, opened, store, resume=begun, progress=live.show, judge=grade
                )
            )  # fmt: skip
    except KeyboardInterrupt as stop:
        study = live.study or begun
        again = "No answer was asked for yet: type the same again."
        hint = f"Go on with: sprat evaluate --resume {study}" if study else again
        click.echo(f"Stopped. What was done is kept. {hint}", err=True)
        raise SystemExit(130) from stop


def open_judge(plan: EvaluatePlan, judging: Judging, settings: Settings) -> OpenJudge:
    """The judge, with the rubric that the plan names.

    Raises:
        RunError: the rubric is not the one that the study began with.
    """
    file = plan.rubric.get("file")
    rubric = read_rubric(Path(file) if file else None)
    if rubric.sha256 != plan.rubric.get("sha256"):
        raise RunError(
            f"The rubric {file or 'built in'} is not the one that the study began with.",
            fix="Start anew without --resume: grades by two rubrics are not mixed.",
        )
    return OpenJudge(judging, rubric, file, settings)


def measure(judge: OpenJudge, store: Store) -> None:
    """What the judge is worth is known before it grades; that takes long, so it is said."""
    from sprat.cli.judge_live import JudgeLive

    name = judge.judging.model

    def show(event: JudgeEvent) -> None:
        if event.what == "warming":
            click.echo(
                f"{name} was never measured as a judge: it grades the reference answers first, "
                "once. What is stopped goes on.",
                err=True,
            )
        live.show(event)

    with JudgeLive() as live:
        asyncio.run(judge.measure(store, show))


def _listed(text: str | None) -> list[str] | None:
    return None if text is None else [part.strip() for part in text.split(",") if part.strip()]
