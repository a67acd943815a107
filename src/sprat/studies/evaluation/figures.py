"""The numbers of one evaluation, from its runs: grades, slices, budgets."""

from collections.abc import Callable, Mapping, Sequence
from statistics import median

import msgspec

from sprat.questions.rubric import DIMENSIONS, RULE
from sprat.runs.intervals import mean_interval
from sprat.runs.statistics import percentile
from sprat.studies.evaluation.grading import rule_grade
from sprat.studies.evaluation.result import Budget, Graded, Slice
from sprat.studies.grounded.figures import Figure
from sprat.studies.judging.grades import PAIR_REPEAT, both_of
from sprat.studies.tally import group_of, right_of, score_of
from sprat.types import Question, Run

Questions = Mapping[str, Question]
LOWEST, HIGHEST = 1.0, 5.0


def rule_graded(runs: Sequence[Run], questions: Questions, seed: int) -> tuple[Graded, ...]:
    """The rule's grades by dimension; empty where nothing was graded."""
    found: list[Graded] = []
    for dimension in DIMENSIONS:
        grades = {run.question: rule_grade(run, dimension) for run in runs}
        if any(grade is not None for grade in grades.values()):
            found.append(_graded(dimension, RULE, grades, questions, seed))
    return tuple(found)


def judge_graded(
    runs: Sequence[Run], opinions: Sequence[Run], questions: Questions, seed: int
) -> tuple[Graded, ...]:
    """The judge's grades by dimension; what it was not asked about yet is counted, and left out."""
    held = both_of(opinions)
    dimensions = dict.fromkeys(run.kind for run in opinions if run.repeat < PAIR_REPEAT)
    judge = next((run.model for run in opinions), "")
    found: list[Graded] = []
    for dimension in dimensions:
        both = {q: by_name[dimension][0] for q, by_name in held.items() if dimension in by_name}
        grades = {question: one.grade for question, one in both.items()}
        # A failure says nothing to judge; left out, it would flatter.
        grades |= {run.question: LOWEST for run in runs if run.error}
        flips = [one.flipped for one in both.values() if one.flipped is not None]
        found.append(
            msgspec.structs.replace(
                _graded(dimension, judge, grades, questions, seed),
                unasked=sum(run.reply is not None and run.question not in both for run in runs),
                both=len(flips),
                flipped=sum(flips),
            )
        )
    return tuple(found)


def _graded(
    dimension: str,
    by: str,
    grades: Mapping[str, float | None],
    questions: Questions,
    seed: int,
) -> Graded:
    known = {question: value for question, value in grades.items() if value is not None}
    groups = [group_of(questions[question]) for question in known]
    return Graded(
        dimension=dimension,
        by=by,
        grade=_mean(list(known.values()), groups, (LOWEST, HIGHEST), seed),
        unscored=len(grades) - len(known),
    )


def slices(
    runs: Sequence[Run], questions: Questions, name: Callable[[Question], str], seed: int
) -> tuple[Slice, ...]:
    """The scores by what `name` says of a question, in the set's order."""
    names = dict.fromkeys(name(question) for question in questions.values())
    parts = ((one, [r for r in runs if name(questions[r.question]) == one]) for one in names)
    return tuple(_slice(one, mine, questions, seed) for one, mine in parts if mine)


def _slice(name: str, runs: Sequence[Run], questions: Questions, seed: int) -> Slice:
    scored = [(run, value) for run in runs if (value := score_of(run)) is not None]
    groups = [group_of(questions[run.question]) for run, _ in scored]
    return Slice(
        name=name,
        score=_mean([value for _, value in scored], groups, (0.0, 1.0), seed),
        right=sum(bool(right_of(run)) for run, _ in scored),
        asked=len(runs),
    )


def _mean(
    values: Sequence[float], groups: Sequence[str], ends: tuple[float, float], seed: int
) -> Figure:
    interval = mean_interval(values, *ends, groups=groups, seed=seed)
    if interval is None:
        return Figure(None)
    return Figure(sum(values) / len(values), interval.low, interval.high, len(values))


def budget_of(runs: Sequence[Run], limit: int | None) -> Budget:
    """What the room for the answers was spent on."""
    replies = [run.reply for run in runs if run.reply]
    cut = [reply for reply in replies if reply.finish == "length"]
    tokens = [float(reply.paid.output_tokens) for reply in replies]
    told = [
        float(reply.usage.reasoning_tokens)
        for reply in replies
        if reply.usage.reasoning_tokens is not None
    ]
    thinking = [float(len(reply.reasoning)) for reply in replies if reply.reasoning]
    return Budget(
        limit=limit,
        answered=len(replies),
        cut_off=len(cut),
        cut_thinking=sum(not reply.text.strip() for reply in cut),
        thought=len(thinking),
        output_tokens_p50=median(tokens) if tokens else None,
        output_tokens_p95=percentile(tokens, 95),
        reasoning_tokens_p50=median(told) if told else None,
        reasoning_tokens_p95=percentile(told, 95),
        reasoning_chars_p50=median(thinking) if thinking else None,
        reasoning_chars_p95=percentile(thinking, 95),
    )
