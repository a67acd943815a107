"""A judge's grades of the answers of a study, each asked for with the scale shown both ways."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import NamedTuple

from sprat.engines.base import Engine
from sprat.errors import RunError
from sprat.questions.rubric import Dimension, Grade
from sprat.runs.store import Store
from sprat.runs.study import JUDGE, Study
from sprat.studies.judging.opinions import Manner, Told, Turn, ask_opinions, manner_of, shaped
from sprat.studies.judging.plan import JudgePlan
from sprat.studies.judging.prompt import GRADE_PATTERN, grade_prompt
from sprat.studies.judging.reading import ALTERNATIVES, as_grade, grade_verdict, rounded
from sprat.types import ChatRequest, Message, Question, Run

ORDERS = (False, True)
"""The grades from 1 to 5, and from 5 to 1."""
PAIR_REPEAT = 100
"""Opinions from this `repeat` on are of pairs; a rubric has far fewer dimensions."""


class ToGrade(NamedTuple):
    """One answer that a judge is to grade."""

    id: str
    """Of the question, as the study's runs have it."""
    question: Question
    text: str


class Both(NamedTuple):
    """One answer's grades in one dimension, 1 to 5, by the order in which the scale was shown."""

    up: float | None
    down: float | None

    @property
    def grade(self) -> float | None:
        """Their mean; None: one of them is not there, and one alone has the bias of its order."""
        return None if self.up is None or self.down is None else (self.up + self.down) / 2

    @property
    def flipped(self) -> bool | None:
        """Whether the order alone changed the rounded grade; None: not both are there."""
        if self.up is None or self.down is None:
            return None
        return abs(rounded(self.up) - rounded(self.down)) >= 1


async def judge_study(
    store: Store, study_id: str, judge: Engine, plan: JudgePlan, told: Told
) -> None:
    """Have every answer of a study graded in every dimension; each opinion is kept at once.

    What is graded already is not asked again, so it goes on where it was stopped. Answers that
    failed say nothing, so they are not judged: whoever shows grades counts them as missing. The
    study must have one answering side.

    Raises:
        RunError: the judge failed too often in a row, or several models answered in the study.
    """
    await judge_answers(
        answers_of(store, store.study(study_id)), judge, store, study_id, plan, told
    )


async def judge_answers(
    answers: Sequence[ToGrade],
    judge: Engine,
    store: Store,
    study: str,
    plan: JudgePlan,
    told: Told,
) -> None:
    """As `judge_study`, for these answers.

    Raises:
        RunError: the judge failed too often in a row.
    """
    if not answers:
        return
    manner = await manner_of(judge, GRADE_PATTERN, ALTERNATIVES)
    turns = list(_turns(answers, plan, manner))
    await ask_opinions(turns, judge, store, study, told, command=plan.command)


def answers_of(store: Store, study: Study) -> list[ToGrade]:
    """What there is to grade: every answer that came, in the order asked.

    Raises:
        RunError: several models answered; a judge's opinions would be of nobody knows whom.
    """
    questions = {question.id: question for question in study.questions}
    sides = [model.role for model in study.models if model.role != JUDGE]
    if len(sides) != 1:
        raise RunError(f"{study.id} has {len(sides)} answering sides; a judge grades one.")
    return [
        ToGrade(run.question, questions[run.question], run.reply.text)
        for run in store.runs(study.id)
        if run.role == sides[0] and run.reply is not None and run.repeat == 0
    ]


def grades_of(runs: Iterable[Run]) -> dict[str, dict[str, Grade]]:
    """By question and dimension, what both orders come to; only where both were asked."""
    held = both_of(runs)
    return {
        question: {
            dimension: Grade(dimension=dimension, value=both.grade, by=judge, why=_why(both))
            for dimension, (both, judge) in found.items()
        }
        for question, found in held.items()
    }


def both_of(runs: Iterable[Run]) -> dict[str, dict[str, tuple[Both, str]]]:
    """By question and dimension: the grades of both orders, and who gave them."""
    found: dict[tuple[str, str], dict[bool, Run]] = {}
    for run in runs:
        if run.role == JUDGE and run.repeat < PAIR_REPEAT:
            found.setdefault((run.question, run.kind), {})[bool(run.repeat % 2)] = run
    told: dict[str, dict[str, tuple[Both, str]]] = {}
    for (question, dimension), by_order in found.items():
        if len(by_order) == len(ORDERS):
            both = Both(*(_grade(by_order[order]) for order in ORDERS))
            told.setdefault(question, {})[dimension] = both, by_order[False].model
    return told


def _grade(run: Run) -> float | None:
    value = run.verdicts[0].value if run.reply else None
    return None if value is None else as_grade(value)


def _why(both: Both) -> str:
    if both.up is None or both.down is None:
        return "no grade came in one of both orders"
    return f"{both.up:.2f} with the grades from 1 to 5, {both.down:.2f} from 5 to 1"


def _turns(answers: Sequence[ToGrade], plan: JudgePlan, manner: Manner) -> Iterable[Turn]:
    """All answers in one dimension and order before the next: what they share is read once."""
    for place, dimension in enumerate(plan.dimensions):
        for flipped in ORDERS:
            for answer in answers:
                yield Turn(
                    question=answer.id,
                    kind=dimension.name,
                    repeat=2 * place + flipped,
                    request=_request(answer, dimension, plan, manner, flipped=flipped),
                    read=partial(grade_verdict, dimension.name, flipped=flipped),
                )


def _request(
    answer: ToGrade, dimension: Dimension, plan: JudgePlan, manner: Manner, *, flipped: bool
) -> ChatRequest:
    prompt = grade_prompt(dimension, answer.question, answer.text, seed=plan.seed, flipped=flipped)
    request = ChatRequest(
        messages=(Message(role="user", content=prompt),),
        max_tokens=plan.max_tokens,
        seed=plan.seed,
    )
    return shaped(request, manner, GRADE_PATTERN, ALTERNATIVES)
