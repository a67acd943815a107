"""What is said of runs over time, before anyone decides how it looks."""
# ruff: noqa: RUF001 - real minus and times signs, on purpose

from typing import Literal, NamedTuple

from sprat.report import numbers
from sprat.report.history.compare_rows import signed
from sprat.studies.history.series import History, Point, Series
from sprat.studies.history.step import Step

Tone = Literal["good", "bad", "open", "off"]
COLUMNS = ("run", "answers", "score", "95% interval", "median", "energy", "against the run before")


class Said(NamedTuple):
    """What changed, in a few words."""

    words: str
    tone: Tone


def point_cells(point: Point) -> tuple[str, ...]:
    """A run's figures: all columns but the last."""
    return (
        point.run if point.status == "done" else f"{point.run} ({point.status})",
        f"{point.answers:,}",
        "not scored" if point.score is None else numbers.score(point.score),
        numbers.score_range(point.low, point.high),
        numbers.seconds(point.seconds),
        numbers.joules(point.joules),
    )


def said_of(point: Point) -> list[Said]:
    """What changed against the run before: score, seconds, the model behind the name."""
    step = point.step
    found = [Said("the first", "off")] if step is None else [_score(step), *_time(step)]
    if point.rescored_from:
        found.append(Said(f"the answers of {point.rescored_from}, scored anew", "open"))
    if step is not None and step.other_model:
        found.append(Said("another model under this name", "open"))
    return found


def _score(step: Step) -> Said:
    by = "" if step.difference is None else f" {numbers.points(step.difference)} points"
    p = f", {_p(step.p_adjusted)}" if step.p_adjusted is not None else ""
    words = {
        "regression": f"▼ regression:{by}{p}",
        "improvement": f"▲ improvement:{by}{p}",
        "no evidence": f"no evidence:{by}{p}",
        "too few": f"too few scored questions ({step.n})",
    }
    tones: dict[str, Tone] = {"regression": "bad", "improvement": "good"}
    return Said(words[step.score], tones.get(step.score, "off"))


def _time(step: Step) -> list[Said]:
    if step.time in {"slower", "faster"} and step.times:
        times, p = max(step.times, 1 / step.times), _p(step.p_time_adjusted)
        tone: Tone = "bad" if step.time == "slower" else "good"
        return [Said(f"{times:.2f}× {step.time}, {p}", tone)]
    if step.time == "not comparable" and step.why_not_time:
        return [Said(f"seconds not compared: {step.why_not_time}", "off")]
    return []


def _p(value: float | None) -> str:
    shown = numbers.probability(value)
    return f"p {shown}" if shown.startswith("<") else f"p = {shown}"


def opening(history: History) -> str:
    """The whole in a sentence."""
    steps = [p.step for series in history.series for p in series.points if p.step is not None]
    runs = sum(len(series.points) for series in history.series)
    better = sum(step.score == "improvement" for step in steps)
    slower = sum(step.time == "slower" for step in steps)
    parts = [
        f"{numbers.counted(runs, 'run')} in {len(history.series)} series",
        numbers.counted(history.regressions, "regression"),
        numbers.counted(better, "improvement"),
        f"{slower} became slower" if slower else "",
    ]
    return ", ".join(part for part in parts if part) + "."


def title_of(series: Series) -> str:
    """Which model, which questions."""
    n = series.n_questions
    return f"{series.model} on {series.questions}, {numbers.counted(n, 'question')}"


def latest_change(series: Series) -> str:
    """Score of the first and the last run, in words; empty unless both have every answer."""
    first, last = series.points[0], series.points[-1]
    if len(series.points) < 2 or first.score is None or last.score is None:
        return ""
    if min(first.answers, last.answers) < series.n_questions:
        return ""
    return (
        f"From {numbers.score(first.score)} to {numbers.score(last.score)} over "
        f"{len(series.points)} runs ({signed(100 * (last.score - first.score), 1)} points)."
    )


def method(history: History) -> str:
    """How changes are told from chance."""
    return (
        "Each run is held against the one before it on the same questions (same fingerprint), by a "
        f"two-sided randomisation test, adjusted for their number within a series (Holm 1979) at "
        f"{history.level:g}. Seconds are compared only on the same machine with the same settings, "
        "and a change is called one from a tenth on."
    )
