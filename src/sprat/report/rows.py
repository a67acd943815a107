"""The table of key numbers, small beside large, once for every report."""

from collections.abc import Callable
from typing import TypeVar

import msgspec

from sprat.report import numbers
from sprat.report.facts import kind_name, sides
from sprat.studies.comparison import Comparison, KindSummary, ModelSummary, PathSummary

Value = TypeVar("Value", int, float)


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One number of both models."""

    label: str
    small: str
    large: str
    compare: str = ""
    """Small against large in words; empty where they cannot be compared."""
    note: str = ""
    """What the number means, or why it is missing."""
    group: str = ""


def key_rows(comparison: Comparison) -> list[Row]:
    """Score, speed and resources of the pair; rows that neither side has are left out."""
    small, large = (side.summary for side in sides(comparison))
    rows = [*_quality(comparison, small, large), *_speed(small, large), *_resources(small, large)]
    return [row for row in rows if row is not None]


def kind_cells(kind: KindSummary) -> tuple[str, ...]:
    """One kind of question: its name, n, both scores, the difference, its interval."""
    return (
        kind_name(kind.kind),
        str(kind.n),
        numbers.score(kind.small_score),
        numbers.score(kind.large_score),
        numbers.points(kind.difference),
        numbers.points_range(kind.low, kind.high),
    )


PATH_COLUMNS = (
    "path", "n", "share", "score", "first token, median", "answer, median", "answer, p95",
    "tokens out", "cost",
)  # fmt: skip
"""Of the table of a policy's answers by path; the first is text, the rest are numbers."""


def path_cells(path: PathSummary) -> tuple[str, ...]:
    """One path of a policy, column by column."""
    return (
        path.path,
        str(path.n),
        numbers.score(path.share),
        numbers.score(path.score),
        numbers.seconds(path.ttft_s.p50),
        numbers.seconds(path.answer_s.p50),
        numbers.seconds(path.answer_s.p95),
        numbers.count(path.output_tokens),
        numbers.dollars(path.cost_usd),
    )


def policies(comparison: Comparison) -> list[ModelSummary]:
    """The sides that are policies."""
    return [model for model in comparison.models if model.paths]


PATHS_NOTE = (
    "Accepted: the draft was good enough. Escalated: the large model answered. Direct: who answers "
    "was settled beforehand. Degraded: the large model could not, and the draft was kept. Tokens "
    "and cost are those of all attempts, discarded drafts too."
)


def _quality(comparison: Comparison, small: ModelSummary, large: ModelSummary) -> list[Row | None]:
    return [
        _score_row(comparison, small, large),
        _right_row(small, large),
        _count_row("Errors", small.errors, large.errors, "counted as wrong"),
        _count_row("Not scored", *_unscored(comparison, small, large), "left out"),
        _count_row("Cut off", small.truncated, large.truncated, "reached the token limit"),
    ]


def _score_row(comparison: Comparison, small: ModelSummary, large: ModelSummary) -> Row | None:
    if small.score is None and large.score is None:
        return None
    verdict = comparison.verdict
    gap = numbers.apart(verdict.difference) if verdict else ""
    return Row(
        label="Score",
        small=_score_text(small),
        large=_score_text(large),
        compare=gap,
        note="mean over all questions, with its 95% interval; an error scores 0",
        group="Quality",
    )


def _score_text(model: ModelSummary) -> str:
    """A score with its interval: `62.5% (51.0 to 73.1)`."""
    between = numbers.score_range(model.score_low, model.score_high)
    return f"{numbers.score(model.score)} ({between})" if between else numbers.score(model.score)


def _right_row(small: ModelSummary, large: ModelSummary) -> Row | None:
    if small.right is None and large.right is None:
        return None
    return Row(
        label="Right",
        small=_right_text(small),
        large=_right_text(large),
        note="by the bar of each question's own scorer",
        group="Quality",
    )


def _right_text(model: ModelSummary) -> str:
    """`31 of 48`: right answers among those that could be scored, errors included."""
    if model.right is None:
        return numbers.NOT_MEASURED
    return f"{model.right} of {model.answered + model.errors - model.unscored}"


def _unscored(comparison: Comparison, small: ModelSummary, large: ModelSummary) -> tuple[int, int]:
    """Worth a word only where something could have been scored."""
    return (small.unscored, large.unscored) if comparison.verdict else (0, 0)


def _count_row(label: str, small: int, large: int, note: str) -> Row | None:
    if not small and not large:
        return None
    return Row(label=label, small=str(small), large=str(large), note=note, group="Quality")


def _speed(small: ModelSummary, large: ModelSummary) -> list[Row | None]:
    def latency(label: str, note: str, read: Callable[[ModelSummary], float | None]) -> Row:
        a, b = read(small), read(large)
        faster = numbers.times(a, b, "slower", "faster")
        return _row(label, numbers.seconds, (a, b), faster, note, "Speed")

    chars = (small.chars_per_s, large.chars_per_s)
    right = (small.seconds_per_correct, large.seconds_per_correct)
    p99 = (small.answer_p99_s, large.answer_p99_s)
    tokens = (small.decode_tokens_per_s, large.decode_tokens_per_s)
    return [
        latency("First token, median", "from sent to the first text", lambda m: m.ttft_s.p50),
        latency("First token, p95", "19 of 20 are faster", lambda m: m.ttft_s.p95),
        latency("Answer, median", "from sent to done", lambda m: m.answer_s.p50),
        latency("Answer, p95", "19 of 20 are faster", lambda m: m.answer_s.p95),
        _if_any("Answer, p99", numbers.seconds, p99, "slower", "faster", "Speed"),
        _row("Tokens", numbers.rate, tokens, "", _TOKENS_NOTE, "Speed"),
        _row("Characters", numbers.rate, chars, numbers.times(*chars, "faster", "slower"),
             "of answer text, from sent to done", "Speed"),
        _if_any("Seconds per right answer", numbers.seconds, right, "slower", "faster", "Speed"),
    ]  # fmt: skip


_TOKENS_NOTE = "after the first token; comparable only where both share a tokenizer"


def _resources(small: ModelSummary, large: ModelSummary) -> list[Row | None]:
    memory = (small.peak_rss_bytes, large.peak_rss_bytes)
    load = (small.cold_load_s, large.cold_load_s)
    energy = (small.energy_joules, large.energy_joules)
    each = (small.joules_per_correct, large.joules_per_correct)
    per_token = (small.energy_joules_per_token, large.energy_joules_per_token)
    per_answer = (small.energy_joules_per_answer, large.energy_joules_per_answer)
    gpu = (small.gpu_memory_bytes, large.gpu_memory_bytes)
    return [
        _row("Peak memory", numbers.size, memory, numbers.times(*memory, "more", "less"),
             "of the model's own process", "Resources"),
        _if_any("GPU memory", numbers.size, gpu),
        _row("Cold load", numbers.seconds, load, numbers.times(*load, "slower", "faster"),
             "start to ready; not part of any latency above", "Resources"),
        Row(label="Energy", small=_energy_text(small), large=_energy_text(large),
            compare=numbers.times(*energy, "more", "less"),
            note=small.energy_source or large.energy_source or "", group="Resources"),
        _if_any("Energy per token", numbers.joules, per_token),
        _if_any("Energy per answer", numbers.joules, per_answer),
        _if_any("Energy per right answer", numbers.joules, each),
        _cost_row(small, large),
        _row("Tokens in", numbers.count, (small.input_tokens, large.input_tokens), "", "",
             "Resources"),
        _row("Tokens out", numbers.count, (small.output_tokens, large.output_tokens), "", "",
             "Resources"),
    ]  # fmt: skip


def _cost_row(small: ModelSummary, large: ModelSummary) -> Row | None:
    costs = (small.cost_usd, large.cost_usd)
    row = _if_any("Cost", numbers.dollars, costs)
    if row is None:
        return None
    bases = dict.fromkeys(model.cost_basis for model in (small, large) if model.cost_basis)
    return msgspec.structs.replace(row, note="; ".join(bases))


def _energy_text(model: ModelSummary) -> str:
    """Joules with how far off they may be: `812 J (± 9.1 J at most)`."""
    noise = model.energy_noise_joules
    found = numbers.joules(model.energy_joules)
    return found if noise is None else f"{found} (± {numbers.joules(noise)} at most)"


def _row(
    label: str,
    write: Callable[[Value | None], str],
    values: tuple[Value | None, Value | None],
    compare: str,
    note: str,
    group: str,
) -> Row:
    small, large = (write(value) for value in values)
    return Row(label=label, small=small, large=large, compare=compare, note=note, group=group)


def _if_any(
    label: str,
    write: Callable[[Value | None], str],
    values: tuple[Value | None, Value | None],
    more: str = "more",
    less: str = "less",
    group: str = "Resources",
) -> Row | None:
    if values == (None, None):
        return None
    return _row(label, write, values, numbers.times(*values, more, less), "", group)
