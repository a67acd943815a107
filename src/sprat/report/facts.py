"""What every report says about a comparison, before anyone decides how it looks."""

from typing import Literal, cast

import msgspec

from sprat.report import numbers
from sprat.runs.statistics import MIN_PAIRS
from sprat.studies.comparison import Answer, Comparison, ModelSummary, VerdictSummary

Outcome = Literal["both", "small", "large", "neither", "unscored"]
Tone = Literal["good", "bad", "open"]

DECISIONS: dict[str, tuple[str, Tone]] = {
    "good-enough": ("Good enough", "good"),
    "not-good-enough": ("Not good enough", "bad"),
    "inconclusive": ("Inconclusive", "open"),
}
OUTCOMES: dict[Outcome, str] = {
    "both": "both right",
    "small": "only small right",
    "large": "only large right",
    "neither": "both wrong",
    "unscored": "not scored",
}
KINDS = {
    "passage": "Answer from a passage",
    "summary": "Summarise",
    "extract": "Extract to JSON",
    "classify": "Classify",
    "arithmetic": "Arithmetic in words",
    "rewrite": "Rewrite to a format",
}


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """One model with its answers, by the question they answer."""

    summary: ModelSummary
    answers: dict[str, Answer]


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """Both answers to one question; None where a side was not asked (yet)."""

    id: str
    kind: str
    language: str
    prompt: str
    expected: object
    small: Answer | None
    large: Answer | None

    @property
    def outcome(self) -> Outcome:
        """Who was right."""
        small, large = (side.right if side else None for side in (self.small, self.large))
        if small is None or large is None:
            return "unscored"
        if small == large:
            return "both" if small else "neither"
        return "small" if small else "large"

    @property
    def troubled(self) -> bool:
        """One of the two failed or was cut off."""
        both = [answer for answer in (self.small, self.large) if answer]
        return any(answer.error or answer.finish == "length" for answer in both)


def sides(comparison: Comparison) -> tuple[Side, Side]:
    """Small, then large."""
    by_role = {model.role: model for model in comparison.models}
    small = by_role.get("small", comparison.models[0])
    large = by_role.get("large", comparison.models[-1])
    return _side(comparison, small), _side(comparison, large)


def _side(comparison: Comparison, model: ModelSummary) -> Side:
    mine = {answer.id: answer for answer in comparison.answers if answer.role == model.role}
    return Side(summary=model, answers=mine)


def pairs(comparison: Comparison) -> list[Pair]:
    """Every question with both answers, in the order in which they were first asked."""
    small, large = sides(comparison)
    first = {answer.id: answer for answer in reversed(comparison.answers)}
    order = dict.fromkeys(answer.id for answer in comparison.answers)
    return [_pair(first[id_], small.answers.get(id_), large.answers.get(id_)) for id_ in order]


def _pair(either: Answer, small: Answer | None, large: Answer | None) -> Pair:
    return Pair(
        id=either.id,
        kind=either.kind,
        language=either.language,
        prompt=either.prompt,
        expected=either.expected,
        small=small,
        large=large,
    )


def kind_name(kind: str) -> str:
    """A kind of question in words."""
    return KINDS.get(kind, kind.replace("_", " ").replace("-", " ").capitalize())


def headline(comparison: Comparison) -> tuple[str, Tone]:
    """The verdict in two words, and how it should feel."""
    if comparison.verdict is None:
        return ("No verdict: nothing was scored", "open")
    return DECISIONS[comparison.verdict.decision]


def sentence(comparison: Comparison) -> str:
    """The decision in one sentence: the study's own where it has one."""
    verdict = comparison.verdict
    if verdict is None:
        return "The texts stand side by side below; whether one will do is for you to judge."
    return verdict.why or evidence(comparison, verdict)


def evidence(comparison: Comparison, verdict: VerdictSummary) -> str:
    """The difference, its interval and the margin, in words."""
    small, large = (side.summary.name for side in sides(comparison))
    if verdict.difference is None:
        return f"{small} and {large} share no scored question, so they cannot be compared."
    asked = f"{verdict.n} paired question{'' if verdict.n == 1 else 's'}"
    return (
        f"{small} scored {_than(verdict.difference)} {large} on {asked} "
        f"({verdict.confidence:.0%} interval {numbers.points_range(verdict.low, verdict.high)}; "
        f"declared margin {numbers.margin(verdict.margin)})."
    )


def _than(difference: float) -> str:
    apart = numbers.apart(difference)
    return "the same as" if apart == "the same" else f"{apart} than"


def next_step(verdict: VerdictSummary | None) -> str:
    """What would settle an open verdict; empty when it is settled."""
    if verdict is None or verdict.decision != "inconclusive":
        return ""
    if verdict.n < MIN_PAIRS:
        return ""
    if verdict.n_needed:
        return f"About {verdict.n_needed:,} questions in all would settle it at this spread."
    return "No practical number of questions would settle it at this spread and margin."


def flat(values: object, name: str = "") -> list[tuple[str, str]]:
    """Nested settings as (name, words) lines; None is said to be not known."""
    if isinstance(values, dict):
        items = cast("dict[str, object]", values).items()
        return [pair for key, value in items for pair in flat(value, f"{name} {key}".strip())]
    if isinstance(values, list | tuple):
        if any(isinstance(value, dict) for value in cast("list[object]", values)):
            numbered = enumerate(cast("list[object]", values), 1)
            return [pair for n, value in numbered for pair in flat(value, f"{name} {n}")]
        return [(name, ", ".join(map(str, values)) or "none")]  # pyright: ignore[reportUnknownArgumentType] # any JSON
    if name.endswith("_bytes") and isinstance(values, int):
        return [(name.removesuffix("_bytes").replace("_", " "), numbers.size(values))]
    return [(name.replace("_", " "), "not known" if values is None else str(values))]
