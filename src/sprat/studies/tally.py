"""One model over all its answers, from stored runs."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from sprat.runs.intervals import mean_interval
from sprat.runs.statistics import percentile
from sprat.runs.study import StudyModel
from sprat.studies.comparison import Answer, ModelSummary
from sprat.studies.paths import paths_of, percentiles
from sprat.studies.used import each, sum_of, used_by, with_growth
from sprat.types import Question, Reply, Run, Timing, Verdict

TRANSLATION = "translation-of:"
"""The tag of a question that is another one in another language."""


def summarise_model(
    model: StudyModel, runs: Sequence[Run], questions: Mapping[str, Question], seed: int
) -> ModelSummary:
    """All that is said about one side; every mean leaves out what was not measured."""
    replies = [run.reply for run in runs if run.reply]
    scored = [(run, value) for run in runs if (value := score_of(run)) is not None]
    scores = [value for _, value in scored]
    groups = [group_of(questions[run.question]) for run, _ in scored]
    interval = mean_interval(scores, 0, 1, groups=groups, seed=seed)
    right = [verdict for run in runs if (verdict := right_of(run)) is not None]
    seconds = sum(run.elapsed_s or 0.0 for run in runs)
    used = with_growth(used_by(runs), model.sessions)
    return ModelSummary(
        name=model.name,
        role=model.role,
        answered=len(replies),
        errors=sum(run.error is not None for run in runs),
        unscored=sum(score_of(run) is None for run in runs),
        score=sum(scores) / len(scores) if scores else None,
        score_low=interval.low if interval else None,
        score_high=interval.high if interval else None,
        ttft_s=percentiles([r.timing.ttft_s for r in replies]),
        answer_s=percentiles([r.timing.answer_s for r in replies]),
        answer_p99_s=percentile([r.timing.answer_s for r in replies], 99),
        decode_tokens_per_s=_median([r.decode_tokens_per_s for r in replies]),
        chars_per_s=_median([r.chars_per_s for r in replies]),
        input_tokens=sum(r.paid.input_tokens for r in replies) if replies else None,
        output_tokens=sum(r.paid.output_tokens for r in replies) if replies else None,
        cold_load_s=model.sessions[0].cold_load_s if model.sessions else None,
        cost_usd=sum_of([r.cost_usd for r in replies]),
        seconds_per_correct=seconds / sum(right) if any(right) else None,
        joules_per_correct=each(used.energy_joules, sum(right)),
        energy_joules_per_token=each(
            used.energy_joules, sum(reply.paid.output_tokens for reply in replies)
        ),
        energy_joules_per_answer=each(used.energy_joules, len(replies)),
        processor_s_per_answer=each(used.processor_s, len(runs)),
        truncated=sum(r.finish == "length" for r in replies),
        right=sum(right) if right else None,
        peak_rss_bytes=used.peak_rss_bytes,
        energy_joules=used.energy_joules,
        energy_noise_joules=used.energy_noise_joules,
        energy_source=used.energy_source,
        gpu_memory_bytes=used.gpu_memory_bytes,
        gpu_memory_source=used.gpu_memory_source,
        identity=model.identity,
        paths=paths_of([(run.reply, score_of(run)) for run in runs if run.reply]),
    )


def score_of(run: Run) -> float | None:
    """The score of one answer, 0..1; None is unscored. An error of a scored question is 0."""
    return run.verdicts[0].value if run.verdicts else None


def right_of(run: Run) -> bool | None:
    """Whether one answer counts as right; None is unscored."""
    from sprat.questions.scorers import is_right

    if run.error is not None:
        return None if score_of(run) is None else False
    return is_right(run.verdicts[0]) if run.verdicts else None


def group_of(question: Question) -> str:
    """Translations of one question share a group: they are not independent of each other."""
    marks = [tag.removeprefix(TRANSLATION) for tag in question.tags if tag.startswith(TRANSLATION)]
    return marks[0] if marks else question.id


def answer_of(run: Run, question: Question) -> Answer:
    """One stored run as a report shows it."""
    verdict = run.verdicts[0] if run.verdicts else Verdict(scorer=question.scorer, value=None)
    reply = run.reply
    return Answer(
        id=run.question,
        kind=run.kind,
        model=run.model,
        role=run.role,
        text=reply.text if reply else None,
        score=verdict.value,
        scorer=verdict.scorer,
        why=verdict.why,
        timing=timing_of(reply.timing) if reply else {},
        usage=usage_of(reply) if reply else {},
        error=run.error,
        finish=reply.finish if reply else None,
        prompt="\n\n".join(message.content for message in question.messages),
        expected=question.expected,
        language=question.language,
        right=right_of(run),
        position=run.position,
        cost_usd=reply.cost_usd if reply else None,
        path=reply.path if reply else None,
    )


def timing_of(timing: Timing) -> dict[str, float | None]:
    """The latency breakdown in seconds; None where the engine did not say."""
    return {
        "prepare_s": _between(timing.sent_ns, timing.prepared_ns),
        "queue_s": _between(timing.prepared_ns, timing.started_ns),
        "load_s": _between(timing.sent_ns, timing.loaded_ns),
        "ttft_s": timing.ttft_s,
        "decode_s": timing.decode_s,
        "answer_s": timing.answer_s,
        "total_s": timing.total_s,
    }


def usage_of(reply: Reply) -> dict[str, Any]:
    """Tokens in and out, and who counted them."""
    usage = reply.usage
    return {name: getattr(usage, name) for name in usage.__struct_fields__}


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _between(start_ns: int | None, end_ns: int | None) -> float | None:
    return None if start_ns is None or end_ns is None else max(0, end_ns - start_ns) / 1e9
