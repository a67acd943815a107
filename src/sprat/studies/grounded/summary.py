"""From a stored study to a `GroundedEvaluation`. Nothing is asked, loaded or measured here."""

from collections.abc import Mapping, Sequence

from sprat.runs.statistics import percentile
from sprat.runs.store import Store
from sprat.runs.study import JUDGE, Study
from sprat.studies.comparison import QuestionSet
from sprat.studies.grounded import answers
from sprat.studies.grounded.agreement import kappa
from sprat.studies.grounded.answers import right
from sprat.studies.grounded.case import ROLE, Case, cases_of
from sprat.studies.grounded.citations import faithfulness
from sprat.studies.grounded.figures import mean
from sprat.studies.grounded.judge import ASPECTS, Aspect, Opinion, opinions
from sprat.studies.grounded.measures import measured, scores_of
from sprat.studies.grounded.notes import notes_of
from sprat.studies.grounded.plan import plan_of
from sprat.studies.grounded.result import (
    AnswerLine,
    GroundedEvaluation,
    Judged,
    RiskSpot,
    RiskSummary,
    Spent,
)
from sprat.studies.grounded.risk import Answer, risk_of
from sprat.studies.paths import paths_of
from sprat.studies.used import sum_of, used_by
from sprat.types import Run

Opinions = Mapping[Aspect, Mapping[str, Opinion]]


def summarise(store: Store, study_id: str) -> GroundedEvaluation:
    """Everything that a report shows, from the store alone.

    Raises:
        RunError: no such study, or it is none of answers from documents.
    """
    study = store.study(study_id)
    plan = plan_of(study)
    runs = list(store.runs(study_id))
    cases = cases_of(study.questions, runs)
    held: Opinions = {aspect: opinions(runs, aspect) for aspect in ASPECTS}
    scored = [(case.reply, answers.containing(case)) for case in cases if case.reply]
    return GroundedEvaluation(
        run=study.id,
        created=study.created,
        name=plan.name,
        questions=QuestionSet(study.questions_name, len(study.questions), study.questions_sha256),
        answerable=sum(question.kind == "answerable" for question in study.questions),
        unanswerable=sum(question.kind == "unanswerable" for question in study.questions),
        asked=len(cases),
        failed=sum(case.reply is None for case in cases),
        right=mean([_number(right(case)) for case in cases], seed=plan.seed),
        measures=measured(cases, seed=plan.seed),
        risk=_risk(cases, plan.seed),
        spent=_spent(cases, [run for run in runs if run.role == ROLE]),
        paths=paths_of(scored),
        judge=plan.judge,
        judged=tuple(
            _judged(aspect, cases, held[aspect], plan.seed) for aspect in ASPECTS if held[aspect]
        ),
        answers=tuple(_line(case, held) for case in cases),
        settings=study.settings,
        environment=study.environment,
        warnings=notes_of(study, cases, _judge_missing(study, cases, runs)),
        complete=len(cases) >= len(study.questions),
    )


def _number(value: bool | None) -> float | None:
    return None if value is None else float(value)


def _judge_missing(study: Study, cases: Sequence[Case], runs: Sequence[Run]) -> bool:
    """Whether a judge was planned, has something to judge, and has not said anything."""
    planned = any(model.role == JUDGE for model in study.models)
    claims = any(case.reply and case.text and not case.abstained for case in cases)
    return planned and claims and not any(run.role == JUDGE for run in runs)


def _risk(cases: Sequence[Case], seed: int) -> RiskSummary:
    known = [(case, good) for case in cases if (good := right(case)) is not None]
    found = risk_of([Answer(case.confidence, good) for case, good in known], seed=seed)
    return RiskSummary(
        calibrated=any(case.calibrated for case, _ in known),
        coverage=found.coverage,
        risk=found.risk,
        aurc=found.aurc,
        best_aurc=found.best,
        curve=tuple(RiskSpot(*spot) for spot in found.curve),
    )


def _spent(cases: Sequence[Case], runs: Sequence[Run]) -> Spent:
    seconds = [case.seconds for case in cases]
    rights = sum(bool(right(case)) for case in cases)
    replies = [case.reply for case in cases if case.reply]
    steps = [step for reply in replies for step in reply.steps]
    looks = [s.timing.answer_s for s in steps if s.role == "retrieve" and s.timing is not None]
    cost = sum_of([reply.cost_usd for reply in replies])
    used = used_by(runs)
    paid = [step.usage for step in steps if step.usage] or [reply.usage for reply in replies]
    return Spent(
        seconds_p50=percentile(seconds, 50),
        seconds_p95=percentile(seconds, 95),
        retrieve_p50_s=percentile(looks, 50),
        seconds_per_right=sum(seconds) / rights if rights else None,
        input_tokens=sum(usage.input_tokens for usage in paid),
        output_tokens=sum(usage.output_tokens for usage in paid),
        cost_usd=cost,
        cost_usd_per_right=cost / rights if rights and cost is not None else None,
        energy_joules=used.energy_joules,
        energy_source=used.energy_source,
    )


def _judged(
    aspect: Aspect, cases: Sequence[Case], held: Mapping[str, Opinion], seed: int
) -> Judged:
    """Its yes and no, beside what is known without it."""
    pairs = [(case, held[case.question.id]) for case in cases if case.question.id in held]
    gold = [_gold(aspect, case) for case, _ in pairs]
    both = [
        (bool(opinion.yes), bool(known))
        for (_, opinion), known in zip(pairs, gold, strict=True)
        if opinion.yes is not None and known is not None
    ]
    steady = [float(opinion.yes is not None) for _, opinion in pairs if not opinion.failed]
    return Judged(
        aspect=aspect,
        yes=mean([_number(opinion.yes) for _, opinion in pairs], seed=seed),
        undecided=sum(opinion.yes is None and not opinion.failed for _, opinion in pairs),
        failed=sum(opinion.failed for _, opinion in pairs),
        consistent=mean(steady, seed=seed),
        kappa=kappa([said for said, _ in both], [known for _, known in both], seed=seed),
        against="gold answers" if aspect == "same" else "the passages' words",
    )


def _gold(aspect: Aspect, case: Case) -> bool | None:
    if aspect == "same":
        return right(case)
    share = faithfulness(case)
    return None if share is None else share == 1


def _line(case: Case, held: Opinions) -> AnswerLine:
    one, reply = case.question, case.reply
    told = {a: held[a][one.id].yes for a in ASPECTS if one.id in held[a]}
    sources = [
        {
            "file": source.file,
            "page": source.page,
            "start": source.start,
            "end": source.end,
            "score": source.score,
            "number": source.number,
            "gold": bool(case.held[place]) if one.gold else None,
        }
        for place, source in enumerate(case.found)
    ]
    return AnswerLine(
        id=one.id,
        kind=one.kind,
        question=one.question,
        answers=one.answers,
        text=reply.text if reply else "",
        error=case.error,
        abstained=case.abstained,
        right=right(case),
        scores=scores_of(case),
        confidence=case.confidence,
        path=reply.path if reply else None,
        seconds=case.seconds,
        cost_usd=reply.cost_usd if reply else None,
        judged=dict(told),
        reviewed=one.reviewed,
        sources=tuple(sources),
    )
