"""A judge's part in an evaluation: whether it may, its opinions of answers and of pairs."""

from collections.abc import Sequence

import msgspec

from sprat.engines.base import Engine
from sprat.questions.rubric import Rubric
from sprat.runs.store import Store
from sprat.runs.study import JUDGE, StudyModel
from sprat.studies.asked import Asked, one_of
from sprat.studies.asking import session_of, side_of
from sprat.studies.evaluation.plan import ROLE, EvaluatePlan
from sprat.studies.evaluation.result import JudgeView
from sprat.studies.judging.family import refuse_same_family
from sprat.studies.judging.grades import judge_study
from sprat.studies.judging.opinions import Told
from sprat.studies.judging.pairs import Pair, judge_pairs, preferences_of, win_rate
from sprat.studies.judging.plan import JudgePlan
from sprat.studies.judging.standing import standing_of
from sprat.studies.resume import refuse_other
from sprat.studies.tally import group_of
from sprat.types import Run


async def have_judged(
    store: Store,
    study_id: str,
    judge: StudyModel,
    engine: Engine,
    plan: JudgePlan,
    against: str | None,
    told: Told,
) -> None:
    """Have every answer graded, and held beside those of `against`; each opinion is kept at once.

    Raises:
        RunError: the judge failed too often in a row, or is not the one that began.
        EngineError: it could not be made ready.
    """
    study = store.study(study_id)
    before = next((model for model in study.models if model.role == JUDGE), None)
    if before is not None:
        refuse_other(study, before, judge.identity)
    session = session_of(await engine.warm())
    sessions = (*(before.sessions if before else ()), session)
    store.put_model(study_id, side_of(JUDGE, judge.name, judge.identity, *sessions))
    await judge_study(store, study_id, engine, plan, told)
    if against is not None:
        pairs = pairs_between(one_of(store, f"{study_id}:{ROLE}"), one_of(store, against))
        await judge_pairs(store, study_id, engine, plan, pairs, told)


def pairs_between(first: Asked, second: Asked) -> list[Pair]:
    """Both answers to each question that both were asked: the same id, and the same content."""
    mine = {run.question: run for run in first.runs if run.repeat == 0}
    theirs = {run.question: run for run in second.runs if run.repeat == 0}
    others = {question.id: question for question in second.study.questions}
    return [
        Pair(question, _text(mine[question.id]), _text(theirs[question.id]))
        for question in first.study.questions
        if question.id in mine
        and question.id in theirs
        and others[question.id].messages == question.messages
    ]


def judge_view(
    store: Store, asked: Asked, plan: EvaluatePlan, opinions: Sequence[Run]
) -> JudgeView | None:
    """What is to be known of the judge; None: there was none."""
    judge = next((model for model in asked.study.models if model.role == JUDGE), None)
    if judge is None:
        return None
    standing = standing_of(store, judge.identity, rubric_of(plan))
    headlines = standing.headlines if standing else {}
    view = JudgeView(
        model=judge.name,
        headlines=tuple(name for name, first in headlines.items() if first),
        measured=standing.study if standing else None,
        why=standing.why if standing else _unmeasured(judge.name),
        caveat=caveat_of(judge, asked.model),
    )
    against = plan.judging.against if plan.judging else None
    return view if against is None else _with_pairs(view, store, asked, against, opinions)


def caveat_of(judge: StudyModel, judged: StudyModel) -> str | None:
    """What is to be said of the two families; None: nothing."""
    sides = [(judged.name, judged.identity)]
    return refuse_same_family((judge.name, judge.identity), sides, allowed=True)


def rubric_of(plan: EvaluatePlan) -> Rubric:
    """By its fingerprint alone: the file may be gone, or another one."""
    return Rubric(
        version=plan.rubric.get("version", ""), sha256=plan.rubric.get("sha256", ""), dimensions=()
    )


def _with_pairs(
    view: JudgeView, store: Store, asked: Asked, against: str, opinions: Sequence[Run]
) -> JudgeView:
    pairs = pairs_between(asked, one_of(store, against))
    found = preferences_of(pairs, opinions)
    groups = {pair.question.id: group_of(pair.question) for pair in pairs}
    return msgspec.structs.replace(
        view,
        against=against,
        wins=win_rate(found, groups=[groups[one.question] for one in found]),
        undecided=len(pairs) - len(found),
        flipped=sum(one.flipped for one in found),
    )


def _unmeasured(judge: str) -> str:
    return f"{judge} was never measured against graded answers: sprat judge {judge}"


def _text(run: Run) -> str | None:
    return run.reply.text if run.reply else None
