"""Outcome logs: made of stored runs, joined, written and read."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from sprat.errors import RunError
from sprat.policies.checks import agreement, yes_probability
from sprat.policies.logfile import read_log, write_log
from sprat.policies.outcome import (
    Extra,
    LoggedModel,
    LoggedSet,
    Outcome,
    OutcomeLog,
    Reading,
    Tokens,
    tokens_of,
)
from sprat.policies.splits import groups_of
from sprat.policies.wording import together, wording_of
from sprat.types import Question, Reply, Run

__all__ = [
    "Extra",
    "LoggedModel",
    "LoggedSet",
    "Outcome",
    "OutcomeLog",
    "Reading",
    "Tokens",
    "join",
    "outcomes_of",
    "read_log",
    "write_log",
]


def outcomes_of(
    runs: Iterable[Run],
    questions: Sequence[Question],
    *,
    groups: Mapping[str, str] | None = None,
) -> list[Outcome]:
    """One outcome per question and model, of everything that was asked about it.

    A run with a `prediction` says what its model made of another one's draft: it belongs to the
    reading of that draft. One at a temperature above 0 is a second answer, drawn to be compared;
    one whose conversation goes on after the question asks whether the answer is right. Of several
    plain answers of a model to a question the first counts. Runs of other questions are left out.
    `groups` goes by question; None: `splits.groups_of`. Seconds are kept to a tenth of a
    millisecond.
    """
    known = {question.id: question for question in questions}
    shared = groups_of(questions) if groups is None else groups
    sides: dict[tuple[str, str], list[Run]] = {}
    for run in runs:
        if run.question in known:
            sides.setdefault((run.question, run.model), []).append(run)
    plain = {
        side: found
        for side, of in sides.items()
        if (found := _plain(of, known[side[0]])) is not None
    }
    outcomes: list[Outcome] = []
    for (asked, model), run in plain.items():
        question, others = known[asked], sides[asked, model]
        outcome = _outcome(run, question, shared.get(asked, asked))
        drafts = {side[1]: draft for side, draft in plain.items() if side[0] == asked}
        readings = _readings(
            others, {name: draft for name, draft in drafts.items() if name != model}
        )
        extra = _extra(run, others, question)
        outcomes.append(msgspec.structs.replace(outcome, readings=readings, extra=extra))
    return outcomes


def _plain(runs: Sequence[Run], question: Question) -> Run | None:
    found = (
        run
        for run in runs
        if run.request.prediction is None
        and not run.request.temperature
        and not _is_check(run, question)
    )
    return next(found, None)


def _outcome(run: Run, question: Question, group: str) -> Outcome:
    verdict = run.verdicts[0] if run.verdicts else None
    outcome = Outcome(
        question=question.id,
        kind=question.kind,
        group=group,
        wording=wording_of(question.messages),
        scorer=question.scorer,
        model=run.model,
        right=_right(run),
        score=None if verdict is None else verdict.value,
        error=run.error,
        answer_s=_tenths(run.elapsed_s or 0.0),
        energy_joules=run.resources.energy_joules if run.resources else None,
    )
    reply = run.reply
    return outcome if reply is None else msgspec.structs.replace(outcome, **_answered(reply))


def _answered(reply: Reply) -> dict[str, Any]:
    ttft_s = reply.timing.ttft_s
    return {
        "text": reply.text,
        "finish": reply.finish,
        "usage": reply.usage,
        "answer_s": _tenths(reply.timing.answer_s),
        "ttft_s": None if ttft_s is None else _tenths(ttft_s),
        "cost_usd": reply.cost_usd,
        "tokens": tokens_of(reply.logprobs, reply.text) if reply.logprobs else None,
    }


def _right(run: Run) -> bool | None:
    """An error of a scored question is wrong; None is "unscored"."""
    from sprat.questions.scorers import is_right

    if not run.verdicts or run.verdicts[0].value is None:
        return None
    return False if run.error is not None else is_right(run.verdicts[0])


def _readings(runs: Sequence[Run], drafts: dict[str, Run]) -> dict[str, Reading]:
    found: dict[str, Reading] = {}
    for name, draft in drafts.items():
        text = draft.reply.text if draft.reply else None
        of_draft = [run for run in runs if run.reply and _predicted(run) == text]
        read = next((run.reply for run in of_draft if _is_reading(run)), None)
        if read is not None and read.read is not None:
            exact = next((run.reply for run in of_draft if _is_exact(run)), None)
            found[name] = _reading(read, text or "", exact)
    return found


def _reading(read: Reply, draft: str, exact: Reply | None) -> Reading:
    ttft_s = exact.timing.ttft_s if exact else None
    return Reading(
        tokens=tokens_of(read.read or (), draft),
        usage=read.usage,
        answer_s=_tenths(read.timing.answer_s),
        exact_usage=exact.usage if exact else None,
        exact_s=_tenths(exact.timing.answer_s) if exact else None,
        exact_ttft_s=None if ttft_s is None else _tenths(ttft_s),
    )


def _predicted(run: Run) -> str | None:
    return run.request.prediction.text if run.request.prediction else None


def _is_reading(run: Run) -> bool:
    return run.request.prediction is not None and run.request.prediction.read_only


def _is_exact(run: Run) -> bool:
    prediction = run.request.prediction
    return prediction is not None and not prediction.read_only and not prediction.tolerance


def _extra(run: Run, others: Sequence[Run], question: Question) -> dict[str, Extra]:
    """What further requests told: the answers to them, and the feature that is made of each."""
    if run.reply is None:
        return {}
    found: dict[str, Extra] = {}
    drawn = next((o.reply for o in others if o.reply and o.request.temperature > 0), None)
    if drawn is not None:
        found["agreement"] = _asked(agreement(run.reply.text, drawn.text), drawn)
    check = next((o.reply for o in others if o.reply and _is_check(o, question)), None)
    chance = yes_probability(check) if check else None
    if check is not None and chance is not None:
        found["self_check"] = _asked(chance, check)
    return found


def _asked(value: float, reply: Reply) -> Extra:
    ttft_s = reply.timing.ttft_s
    return Extra(
        value=round(value, 6),
        text=reply.text,
        usage=reply.usage,
        answer_s=_tenths(reply.timing.answer_s),
        ttft_s=None if ttft_s is None else _tenths(ttft_s),
        top=reply.logprobs[0].top if reply.logprobs else (),
    )


def _is_check(run: Run, question: Question) -> bool:
    """Whether the conversation goes on after the question: with its answer, and a doubt."""
    said = run.request.messages
    return (
        len(said) > len(question.messages) and said[: len(question.messages)] == question.messages
    )


def join(logs: Sequence[OutcomeLog]) -> OutcomeLog:
    """Several logs as one; the newest one's environment and date. Groups that meet are one.

    Raises:
        RunError: a model is not the same everywhere, or answers a question twice; or one name
            stands for two questions.
    """
    models: dict[str, LoggedModel] = {}
    for model in (model for log in logs for model in log.models):
        if models.setdefault(model.name, model) != model:
            raise RunError(
                f"{model.name} is not the same model in all of these outcomes.",
                fix="Take those of one model at a time.",
            )
    last = max(logs, key=lambda log: log.created)
    joined = OutcomeLog(
        models=tuple(models.values()),
        sets=tuple(dict.fromkeys(part for log in logs for part in log.sets)),
        created=last.created,
        environment=last.environment,
        outcomes=_regrouped([outcome for log in logs for outcome in log.outcomes]),
    )
    for name in models:
        joined.of(name)
    return joined


def _regrouped(outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
    """What is the same question, or of one group, in several logs is so in the whole."""
    wordings: dict[str, str] = {}
    for one in outcomes:
        if one.wording and wordings.setdefault(one.question, one.wording) != one.wording:
            raise RunError(
                f"{one.question!r} is not the same question in all of these outcomes.",
                fix="Take those of one question set at a time.",
            )
    groups = together((one.question, one.group, one.wording) for one in outcomes)
    return tuple(msgspec.structs.replace(one, group=groups[one.question]) for one in outcomes)


def _tenths(seconds: float) -> float:
    """Seconds to a tenth of a millisecond."""
    return round(seconds, 4)
