"""What is said of evaluations, in words and cells: one place for terminal, page and Markdown."""

from collections.abc import Callable, Sequence

import msgspec

from sprat.report import numbers
from sprat.report.facts import kind_name
from sprat.studies.comparison import ModelSummary
from sprat.studies.evaluation.change import Change
from sprat.studies.evaluation.result import (
    EvaluatedModel,
    Evaluation,
    Graded,
    MarkedAnswer,
    Rescored,
    Slice,
)
from sprat.studies.grounded.figures import Figure

NONE = numbers.NOT_MEASURED
DECISIONS = {
    "regression": "Regression",
    "improvement": "Improvement",
    "no evidence": "No evidence of a change",
    "too few": "Too few questions to tell",
}


class Row(msgspec.Struct, frozen=True):
    """One figure of every model."""

    label: str
    cells: tuple[str, ...]
    note: str = ""
    group: str = ""


def rescored_line(again: Rescored) -> str:
    """What scoring stored answers anew has changed."""
    corrected = f"{numbers.counted(len(again.corrected), 'question')} corrected; "
    changed = f"{numbers.counted(len(again.changed), 'score')} changed."
    return f"{corrected if again.corrected else ''}{changed}"


def headline(found: Evaluation) -> str:
    """What it comes to, in a few words."""
    first, *others = found.models
    if others:
        return f"{len(found.models)} models on {numbers.counted(first.questions.n, 'question')}"
    score = first.summary.score
    return "Nothing was scored" if score is None else f"Score {numbers.score(score)}"


def sentences(found: Evaluation) -> list[str]:
    """One for each model."""
    return [_sentence(model) for model in found.models]


def _sentence(model: EvaluatedModel) -> str:
    summary = model.summary
    asked = summary.answered + summary.errors
    start = f"{model.name}, on {asked} questions from {model.questions.name}"
    took = f"An answer takes {numbers.seconds(summary.answer_s.p50)} (median)."
    if summary.score is None:
        return f"{start}: nothing has a score. {took}"
    between = numbers.score_range(summary.score_low, summary.score_high)
    return f"{start}: {numbers.score(summary.score)} (95% interval {between}). {took}"


def rows(found: Evaluation) -> list[Row]:
    """Every figure, a column for each model; rows that no model has are left out."""
    every = [*_quality(found), *_grades(found), *_room(found), *_speed(found), *_spent(found)]
    return [row for row in every if any(cell != NONE for cell in row.cells)]


def _quality(found: Evaluation) -> list[Row]:
    return [
        _row(found, "Score", lambda m: numbers.score(m.score), "Quality"),
        _row(
            found, "95% interval", lambda m: numbers.score_range(m.score_low, m.score_high),
            "Quality",
        ),
        _row(found, "Right answers", _right, "Quality", "by each scorer's own bar"),
        _row(found, "Failed", lambda m: numbers.count(m.errors), "Quality", "counted as wrong"),
    ]  # fmt: skip


def _right(summary: ModelSummary) -> str:
    scored = summary.answered + summary.errors - summary.unscored
    return NONE if summary.right is None else f"{summary.right} of {scored}"


def _grades(found: Evaluation) -> list[Row]:
    """The one that is shown first in each dimension, then the other."""
    dimensions = dict.fromkeys(one.dimension for m in found.models for one in m.grades)
    return [row for dimension in dimensions for row in _dimension(found, dimension)]


def _dimension(found: Evaluation, dimension: str) -> list[Row]:
    first = tuple(_grade(_shown(model, dimension)) for model in found.models)
    second = tuple(_grade(_other(model, dimension)) for model in found.models)
    who = ", ".join(dict.fromkeys(_by(_shown(model, dimension)) for model in found.models))
    whose = ", ".join(
        dict.fromkeys(
            _by(one) for model in found.models if (one := _other(model, dimension)) is not None
        )
    )
    name = dimension.capitalize()
    shown = [Row(name, first, f"1 to 5, {who}", "Rubric")]
    if whose:
        shown.append(Row(f"{name}, besides", second, f"1 to 5, {whose}", "Rubric"))
    return shown


def _shown(model: EvaluatedModel, dimension: str) -> Graded | None:
    """The judge's only where it agrees with graded answers as well as the rule does."""
    mine = [one for one in model.grades if one.dimension == dimension]
    judge = model.judge is not None and dimension in model.judge.headlines
    by_rule = [one for one in mine if one.by == "rule"]
    by_judge = [one for one in mine if one.by != "rule"]
    order = [*by_judge, *by_rule] if judge else [*by_rule, *by_judge]
    return order[0] if order else None


def _other(model: EvaluatedModel, dimension: str) -> Graded | None:
    shown = _shown(model, dimension)
    rest = [one for one in model.grades if one.dimension == dimension and one is not shown]
    return rest[0] if rest else None


def _by(one: Graded | None) -> str:
    if one is None:
        return "nobody"
    return "by rule" if one.by == "rule" else f"by {one.by}"


def _grade(one: Graded | None) -> str:
    figure = one.grade if one else Figure(None)
    if figure.value is None or figure.low is None or figure.high is None:
        return NONE
    return f"{figure.value:.2f} ({figure.low:.1f} to {figure.high:.1f})"


def _room(found: Evaluation) -> list[Row]:
    def budget(label: str, write: Callable[[EvaluatedModel], str], note: str = "") -> Row:
        return Row(label, tuple(write(model) for model in found.models), note, "Room")

    return [
        budget("Cut off", lambda m: _of(m.budget.cut_off, m.budget.answered), "by a token limit"),
        budget(
            "… while thinking",
            lambda m: numbers.count(m.budget.cut_thinking) if m.budget.cut_off else NONE,
            "no answer had begun",
        ),
        budget(
            "Thinking, tokens",
            lambda m: _two(m.budget.reasoning_tokens_p50, m.budget.reasoning_tokens_p95),
            "p50, p95; as the engine says",
        ),
        budget(
            "Thinking, characters",
            lambda m: _two(m.budget.reasoning_chars_p50, m.budget.reasoning_chars_p95),
            "p50, p95",
        ),
        budget(
            "Tokens of an answer",
            lambda m: _two(m.budget.output_tokens_p50, m.budget.output_tokens_p95),
            "p50, p95",
        ),
    ]


def _of(part: int, whole: int) -> str:
    return f"{part} of {whole}" if whole else NONE


def _two(first: float | None, second: float | None) -> str:
    if first is None:
        return NONE
    return f"{first:,.0f}, {second:,.0f}" if second is not None else f"{first:,.0f}"


def _speed(found: Evaluation) -> list[Row]:
    return [
        _row(found, "First token, median", lambda m: numbers.seconds(m.ttft_s.p50), "Speed"),
        _row(found, "Answer, median", lambda m: numbers.seconds(m.answer_s.p50), "Speed"),
        _row(found, "Answer, p95", lambda m: numbers.seconds(m.answer_s.p95), "Speed"),
        _row(
            found, "Seconds per right answer", lambda m: numbers.seconds(m.seconds_per_correct),
            "Speed",
        ),
    ]  # fmt: skip


def _spent(found: Evaluation) -> list[Row]:
    return [
        _row(found, "Peak memory", lambda m: numbers.size(m.peak_rss_bytes), "Spent"),
        _row(found, "Cold load", lambda m: numbers.seconds(m.cold_load_s), "Spent"),
        _row(found, "Energy", lambda m: numbers.joules(m.energy_joules), "Spent"),
        _row(
            found, "Energy per right answer", lambda m: numbers.joules(m.joules_per_correct),
            "Spent",
        ),
        _row(found, "Cost", lambda m: numbers.dollars(m.cost_usd), "Spent"),
        _row(found, "Tokens in", lambda m: numbers.count(m.input_tokens), "Spent"),
        _row(found, "Tokens out", lambda m: numbers.count(m.output_tokens), "Spent"),
    ]  # fmt: skip


def _row(
    found: Evaluation, label: str, write: Callable[[ModelSummary], str], group: str, note: str = ""
) -> Row:
    return Row(label, tuple(write(model.summary) for model in found.models), note, group)


def slice_rows(found: Evaluation, which: str) -> list[Row]:
    """Scores by kind (`kinds`) or by language (`languages`), a column for each model."""
    parts: list[tuple[Slice, ...]] = [getattr(model, which) for model in found.models]
    names = dict.fromkeys(one.name for mine in parts for one in mine)
    return [
        Row(
            kind_name(name) if which == "kinds" else name,
            tuple(_slice(next((s for s in mine if s.name == name), None)) for mine in parts),
        )
        for name in names
    ]


def _slice(one: Slice | None) -> str:
    if one is None or one.score.value is None:
        return NONE
    between = numbers.score_range(one.score.low, one.score.high)
    return f"{numbers.score(one.score.value)} ({between}), n {one.score.n}"


def not_measured(found: Evaluation) -> list[str]:
    """Why there is no energy or no cost: said once for all who have the same reason."""
    said: list[str] = []
    for model in found.models:
        summary = model.summary
        if summary.energy_joules is None and summary.energy_source:
            why = summary.energy_source.removeprefix("unavailable: ")
            said.append(f"Energy is not measured: {why}.")
        if summary.cost_usd is None and summary.cost_basis:
            said.append(f"No cost: {summary.cost_basis}.")
    return list(dict.fromkeys(line.replace("..", ".") for line in said))


def judge_lines(model: EvaluatedModel) -> list[str]:
    """What is to be known of the judge: its standing, its doubts, its pairs."""
    judge = model.judge
    if judge is None:
        return []
    where = f" (measured in {judge.measured})" if judge.measured else ""
    lines = [f"Judge {judge.model}: {judge.why}{where}"]
    flips = sum(one.flipped or 0 for one in model.grades if one.by == judge.model)
    of = sum(one.both or 0 for one in model.grades if one.by == judge.model)
    if of:
        lines.append(f"The order of the scale alone changed {flips} of its {of} grades.")
    if judge.wins is not None and judge.wins.rate is not None:
        wins = judge.wins
        between = numbers.score_range(wins.low, wins.high)
        lines.append(
            f"Beside {judge.against}: preferred in {numbers.score(wins.rate)} of {wins.n} pairs "
            f"(95% interval {between}; {wins.wins} won, {wins.losses} lost, {wins.ties} ties, "
            f"{judge.flipped} of them decided by the order alone; {judge.undecided} not told)."
        )
    return lines


def change_lines(change: Change) -> list[str]:
    """Against the baseline: what it comes to, and what else to know."""
    lines = [change.why]
    if change.low is not None and change.high is not None:
        level = 1 - 2 * change.significance
        lines.append(
            f"Difference {numbers.points(change.difference)} points "
            f"({level:.0%} interval {numbers.points_range(change.low, change.high)}); "
            f"one-sided p {numbers.probability(change.p_worse)}, significance "
            f"{change.significance:g}."
        )
    left = [
        (len(change.changed_questions), "asked something else before"),
        (change.only_before, "are not asked any more"),
        (change.only_now, "are new"),
        (change.unscored, "have no score on one side"),
    ]
    if told := [f"{n} {why}" for n, why in left if n]:
        lines.append(f"Left out: {', '.join(told)}.")
    lines += [_pace(change)] if change.pace.times is not None else []
    if change.differs:
        lines.append(f"Not the same: {'; '.join(change.differs[:6])}.")
    return lines


def _pace(change: Change) -> str:
    pace = change.pace
    if pace.other_machine:
        return f"Seconds are not compared: {pace.other_machine}."
    return (
        f"An answer took {numbers.seconds(pace.before_s)} (median), now "
        f"{numbers.seconds(pace.now_s)}: {pace.times:.2f} times as long "
        f"(95% interval {pace.low:.2f} to {pace.high:.2f})."
    )


def worst(found: Evaluation, model: EvaluatedModel) -> list[MarkedAnswer]:
    """A model's answers, what one would look at first: failed, lowest score, lowest grades."""
    mine = [answer for answer in found.answers if answer.run == model.run]
    return sorted(mine, key=_badness)


def _badness(marked: MarkedAnswer) -> tuple[bool, float, float, str]:
    answer = marked.answer
    grades = [grade for grade in marked.grades.values() if grade is not None]
    score = 2.0 if answer.score is None else answer.score
    return (answer.error is None, score, sum(grades) / len(grades) if grades else 9, answer.id)


def is_bad(marked: MarkedAnswer) -> bool:
    """Failed, or not right."""
    return marked.answer.error is not None or marked.answer.right is False


def grade_line(grades: dict[str, float | None]) -> str:
    """As `coherence 4, factuality 3.5, conciseness 5`."""
    return ", ".join(
        f"{name} {NONE if grade is None else f'{grade:.1f}'.removesuffix('.0')}"
        for name, grade in grades.items()
    )


def columns(found: Evaluation) -> Sequence[str]:
    """The models' names; of one evaluated twice each with its run."""
    names = [model.name for model in found.models]
    if len(set(names)) == len(names):
        return names
    return [f"{model.name} ({model.run})" for model in found.models]


def notices(found: Evaluation) -> list[str]:
    """What a reader must know: of all models once, of one with its name."""
    several = len(found.models) > 1
    lines = list(found.warnings)
    for model in found.models:
        for line in model.warnings:
            shared = all(line in other.warnings for other in found.models)
            lines.append(line if shared or not several else f"{model.name}: {line}")
    return list(dict.fromkeys(lines))
