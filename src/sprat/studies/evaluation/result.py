"""What evaluations found. Reports and `--json` show exactly this; None: not measured."""

from typing import Any

import msgspec

from sprat.studies.comparison import Answer, ModelSummary, QuestionSet
from sprat.studies.evaluation.change import Change
from sprat.studies.grounded.figures import Figure
from sprat.studies.judging.pairs import WinRate


class Graded(msgspec.Struct, frozen=True, kw_only=True):
    """All answers in one dimension of the rubric, by one who grades."""

    dimension: str
    by: str
    """`rule`, or the judge's name."""
    grade: Figure
    """Mean, 1 to 5; a failure counts 1, like the empty answer that it is."""
    unscored: int
    """Answers that could not be graded: left out."""
    unasked: int = 0
    """Of a judge: answers that it was not asked about yet, in both orders: left out."""
    both: int | None = None
    """Of a judge: answers that it graded in both orders of the scale."""
    flipped: int | None = None
    """Of these, the ones whose rounded grade the order alone changed."""


class Slice(msgspec.Struct, frozen=True, kw_only=True):
    """The questions of one kind, or of one language."""

    name: str
    score: Figure
    """0 to 1; failures are 0."""
    right: int
    """Answers that count as right, of `score.n`."""
    asked: int


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """What the room for an answer was spent on."""

    limit: int | None
    """`--max-tokens`; None: each question's own."""
    answered: int
    cut_off: int
    """Answers that ended at their token limit."""
    cut_thinking: int
    """Of these, the ones that had not begun to answer: all of it was thinking, or blank."""
    thought: int
    """Answers with thinking before them, as far as the engine shows it apart."""
    output_tokens_p50: float | None
    output_tokens_p95: float | None
    reasoning_tokens_p50: float | None
    reasoning_tokens_p95: float | None
    """Of the answers whose engine tells how many tokens were thinking; None: none does."""
    reasoning_chars_p50: float | None
    reasoning_chars_p95: float | None
    """Of the answers with thinking; None: there is none."""


class JudgeView(msgspec.Struct, frozen=True, kw_only=True):
    """Who else graded, and how far to believe it."""

    model: str
    headlines: tuple[str, ...]
    """Dimensions in which it agrees with graded answers as well as the rule: shown first there."""
    measured: str | None
    """The study that measured it; None: it never was, so the rule is shown first."""
    why: str
    """Why it is shown first, or is not."""
    caveat: str | None
    """What is to be said of its family; None: nothing."""
    against: str | None = None
    """RUN:ROLE whose answers it held these beside."""
    wins: WinRate | None = None
    """Of these answers over the others; None: no pairs were judged."""
    undecided: int = 0
    """Pairs that it could not tell: left out."""
    flipped: int = 0
    """Pairs that only the order decided: ties."""


class Recheck(msgspec.Struct, frozen=True, kw_only=True):
    """A stored answer whose score is another one now."""

    question: str
    kind: str
    before: float | None
    now: float | None
    why_before: str
    why_now: str


class Rescored(msgspec.Struct, frozen=True, kw_only=True):
    """Answers that were scored anew, not asked for."""

    run: str
    """RUN:ROLE where they were asked for."""
    score_before: float | None
    score_now: float | None
    corrected: tuple[str, ...]
    """Questions whose expected answer is another one now."""
    changed: tuple[Recheck, ...]


class EvaluatedModel(msgspec.Struct, frozen=True, kw_only=True):
    """One model over all the questions."""

    run: str
    created: str
    """ISO 8601, UTC."""
    summary: ModelSummary
    questions: QuestionSet
    grades: tuple[Graded, ...]
    """The rule's, then the judge's, by dimension."""
    kinds: tuple[Slice, ...]
    languages: tuple[Slice, ...]
    budget: Budget
    judge: JudgeView | None = None
    rescored: Rescored | None = None
    change: Change | None = None
    """Against the baseline; None: there is none."""
    settings: dict[str, Any] = {}
    environment: dict[str, Any] = {}
    warnings: tuple[str, ...] = ()
    complete: bool = True

    @property
    def name(self) -> str:
        """The model, as it was typed."""
        return self.summary.name


class MarkedAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One answer and everything that was said of it."""

    run: str
    answer: Answer
    grades: dict[str, float | None]
    """The rule's, 1 to 5, by dimension."""
    judged: dict[str, float | None] = {}
    """The judge's."""
    reasoning_chars: int = 0
    notes: dict[str, str] = {}
    """What cost points, by dimension."""


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """One or several models on one set of questions."""

    schema: int = 1
    models: tuple[EvaluatedModel, ...]
    answers: tuple[MarkedAnswer, ...]
    warnings: tuple[str, ...] = ()
    """What concerns all of them; each model has its own beside."""
