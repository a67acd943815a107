"""What a reader must know before believing the numbers of an evaluation."""

from collections.abc import Iterator, Sequence

from sprat.studies.asked import Asked
from sprat.studies.evaluation.result import EvaluatedModel
from sprat.studies.summary import FEW, MANY_TRUNCATED
from sprat.studies.watching import busy_before, drift_of


def warnings_of(model: EvaluatedModel, asked: Asked) -> tuple[str, ...]:
    """Of one model."""
    summary, budget = model.summary, model.budget
    scored = summary.answered + summary.errors - summary.unscored
    found = [
        _interrupted(model, asked),
        f"{summary.errors} failed, counted as wrong." if summary.errors else "",
        f"Only {scored} questions have a score: the interval is wide for that reason."
        if 0 < scored < FEW
        else "",
        f"{summary.unscored} answers have no score and are left out of it."
        if summary.unscored and scored
        else "",
        _cut(model) if budget.cut_off > MANY_TRUNCATED * budget.answered else "",
        *_ungraded(model),
        _judge(model),
        _estimated(asked),
        _busy(asked),
        drift_of(asked.study.environment),
    ]
    return tuple(line for line in found if line)


def warnings_of_all(models: Sequence[EvaluatedModel]) -> tuple[str, ...]:
    """Of several models in one table."""
    found: list[str] = []
    if len({model.questions.sha256 for model in models}) > 1:
        found.append("The models were not asked the same questions: compare no scores.")
    machines = {(m.environment.get("cpu"), m.environment.get("usable_cores")) for m in models}
    if len(machines) > 1:
        found.append("The models were asked on different machines: compare no seconds.")
    rated = [m for m in models if m.summary.decode_tokens_per_s is not None]
    if len(rated) > 1:
        found.append(
            "Models cut text into tokens differently: compare seconds per answer, not tokens per "
            "second. They were asked one after the other: for close seconds use sprat compare."
        )
    return tuple(found)


def _interrupted(model: EvaluatedModel, asked: Asked) -> str:
    if model.complete:
        return ""
    why = f" ({asked.study.note})" if asked.study.note else ""
    return (
        f"Not finished{why}: {len(asked.runs)} of {model.questions.n} answers. "
        f"Go on with: sprat evaluate --resume {model.run}"
    )


def _cut(model: EvaluatedModel) -> str:
    budget = model.budget
    thinking = f", {budget.cut_thinking} of them before they began to answer"
    return (
        f"{budget.cut_off} of {budget.answered} answers were cut off by their token limit"
        f"{thinking if budget.cut_thinking else ''}: the score is lower than it would be. "
        "Give more room: --max-tokens"
    )


def _ungraded(model: EvaluatedModel) -> Iterator[str]:
    """Answers without a grade, by whoever graded; a mean of the others says nothing of them."""
    n = model.summary.answered
    for one in model.grades:
        who = f"{one.by} gave no grade to" if one.both is not None else "the rule cannot tell of"
        if one.unscored:
            left = f"{one.unscored} of {n} answers: left out of the grade."
            yield f"{one.dimension}: {who} {left}"
        if one.unasked:
            yield (
                f"{one.dimension}: {one.by} was not asked about {one.unasked} answers yet. "
                f"Go on with: sprat evaluate --resume {model.run}"
            )


def _judge(model: EvaluatedModel) -> str:
    judge = model.judge
    if judge is None:
        return ""
    return judge.caveat or ""


def _estimated(asked: Asked) -> str:
    guessed = any(run.reply and run.reply.usage.counted_by == "estimate" for run in asked.runs)
    return "Token counts are estimates." if guessed else ""


def _busy(asked: Asked) -> str:
    busy = busy_before(asked.study.environment)
    return busy and f"The machine was busy when the study began ({busy}): the seconds are too many."
