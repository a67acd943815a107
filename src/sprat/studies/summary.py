"""From a stored study to a `Comparison`. Nothing is asked, loaded or measured here."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from sprat.errors import RunError
from sprat.runs.statistics import MIN_PAIRS
from sprat.runs.store import Store
from sprat.runs.study import Study
from sprat.studies.comparison import Comparison, ModelSummary, QuestionSet, VerdictSummary
from sprat.studies.paired import kinds_of, paired_questions, pairs_of, verdict_of
from sprat.studies.plan import KIND
from sprat.studies.tally import answer_of, summarise_model
from sprat.studies.watching import busy_before, drift_of, watched_before
from sprat.types import Run

FEW = 30
"""Below this many pairs a report says that the interval is wide for a reason."""
MANY_TRUNCATED = 0.1
MANY_CACHED = 0.02


def summarise(store: Store, study_id: str) -> Comparison:
    """Everything that a report shows, from the store alone.

    Raises:
        RunError: no such study, or it is no comparison.
    """
    study = store.study(study_id)
    if study.kind != KIND:
        raise RunError(f"{study_id} is a study of kind {study.kind!r}, not a comparison.")
    runs = list(store.runs(study_id))
    questions = {question.id: question for question in study.questions}
    seed, margin = study.settings["seed"], study.settings["margin"]
    models = tuple(
        summarise_model(model, [run for run in runs if run.role == model.role], questions, seed)
        for model in study.models
    )
    bases: Mapping[str, str] = study.environment.get("prices", {})
    models = tuple(
        msgspec.structs.replace(model, cost_basis=bases.get(model.name)) for model in models
    )
    pairs = pairs_of(study.questions, runs)
    names = (models[0].name, models[-1].name)
    scored = any(question.scorer != "none" for question in study.questions)
    verdict = verdict_of(pairs, margin, seed, names) if scored else None
    complete = len(runs) >= len(study.models) * len(study.questions)
    return Comparison(
        run=study.id,
        created=study.created,
        environment=study.environment,
        questions=QuestionSet(study.questions_name, len(study.questions), study.questions_sha256),
        models=models,
        verdict=verdict,
        kinds=kinds_of(pairs, seed),
        answers=tuple(answer_of(run, questions[run.question]) for run in runs),
        settings=study.settings,
        warnings=warnings_of(study, models, verdict, runs, complete=complete),
        complete=complete,
    )


def warnings_of(
    study: Study,
    models: Sequence[ModelSummary],
    verdict: VerdictSummary | None,
    runs: Sequence[Run],
    *,
    complete: bool,
) -> tuple[str, ...]:
    """What a reader must know before believing the numbers."""
    found = [
        _interrupted(study, runs) if not complete else "",
        _few(verdict),
        *(line for model in models for line in _of_model(model)),
        _unscored_pairs(study, verdict) if complete else "",
        _other_tokenizers(runs, models),
        _estimated(runs),
        *(_cached(model, runs) for model in models),
        _resumed(study),
        _busy(study.environment),
        _on_battery(study.environment),
        drift_of(study.environment),
    ]
    return tuple(line for line in found if line)


def _interrupted(study: Study, runs: Sequence[Run]) -> str:
    total = len(study.models) * len(study.questions)
    why = f" ({study.note})" if study.note else ""
    return (
        f"Not finished{why}: {len(runs)} of {total} answers. "
        f"Go on with: sprat compare --resume {study.id}"
    )


def _few(verdict: VerdictSummary | None) -> str:
    if verdict is None or verdict.n >= FEW:
        return ""
    decides = ", too few for any decision" if verdict.n < MIN_PAIRS else ""
    return f"Only {paired_questions(verdict.n)}{decides}: the interval is wide for that reason."


def _of_model(model: ModelSummary) -> list[str]:
    lines: list[str] = []
    if model.errors:
        gain = ", which makes the other one look better" if model.role == "large" else ""
        lines.append(f"{model.name}: {model.errors} failed, counted as wrong{gain}.")
    if model.answered and model.truncated / model.answered > MANY_TRUNCATED:
        lines.append(
            f"{model.name}: {model.truncated} of {model.answered} answers were cut off by their "
            "token limit, so its score and its seconds are lower than they would be."
        )
    return lines


def _unscored_pairs(study: Study, verdict: VerdictSummary | None) -> str:
    left = len(study.questions) - verdict.n if verdict else 0
    return f"{left} questions have no score on both sides and are left out." if left else ""


def _other_tokenizers(runs: Sequence[Run], models: Sequence[ModelSummary]) -> str:
    """Different token counts of the same prompts betray different tokenizers or templates."""
    counts: dict[str, set[int]] = {}
    for run in runs:
        if run.reply:
            counts.setdefault(run.question, set()).add(run.reply.usage.input_tokens)
    rates = [model for model in models if model.decode_tokens_per_s is not None]
    if len(rates) < 2 or all(len(seen) < 2 for seen in counts.values()):
        return ""
    return (
        "The models cut text into tokens differently: compare characters per second and "
        "seconds per answer, not tokens per second."
    )


def _estimated(runs: Sequence[Run]) -> str:
    guessed = {r.model for r in runs if r.reply and r.reply.usage.counted_by == "estimate"}
    return f"Token counts of {', '.join(sorted(guessed))} are estimates." if guessed else ""


def _cached(model: ModelSummary, runs: Sequence[Run]) -> str:
    replies = [run.reply for run in runs if run.role == model.role and run.reply]
    cached = sum(reply.usage.cached_tokens for reply in replies)
    if not model.input_tokens or cached < MANY_CACHED * model.input_tokens:
        return ""
    return (
        f"{model.name}: {cached} of {model.input_tokens} prompt tokens were not computed but "
        "taken from a cache, so its first token comes sooner than for a new prompt."
    )


def _resumed(study: Study) -> str:
    times = max((len(model.sessions) for model in study.models), default=1) - 1
    if times < 1:
        return ""
    often = "once" if times == 1 else f"{times} times"
    return f"Resumed {often}: the cold load is that of the start."


def _busy(environment: Mapping[str, Any]) -> str:
    busy = busy_before(environment)
    return busy and (
        f"The machine was busy when the study began ({busy}): both sides were "
        "slowed alike, so trust the ratio of their times more than the seconds."
    )


def _on_battery(environment: Mapping[str, Any]) -> str:
    if environment.get("power") != "battery" or watched_before(environment):
        return ""
    return "The machine ran on battery, where it may compute more slowly."
