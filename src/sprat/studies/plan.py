"""What a comparison is going to do, fixed before the first question."""

import hashlib
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from sprat.errors import RunError
from sprat.questions.collection import fingerprint
from sprat.runs.study import Study
from sprat.types import Question

Side = Literal["small", "large"]
SIDES: tuple[Side, Side] = ("small", "large")
KIND = "compare"
DEFAULT_MARGIN = 0.05
"""Score points of 0..1: an evaluation of one model declares none of its own."""


class ComparePlan(msgspec.Struct, frozen=True, kw_only=True):
    """The same plan on the same weights gives the same answers in the same order."""

    small: str
    large: str
    questions_name: str
    questions: tuple[Question, ...]
    margin: float = DEFAULT_MARGIN
    """Score points (0..1) that small may be worse and still be good enough."""
    seed: int = 0
    """Of the order, of the resampling, and of every request."""
    selection: dict[str, Any] = {}
    """How `questions` were picked from the set: limit, kinds, languages."""
    logprobs: int | None = None
    """Alternatives kept with each token's log-probability; None: no log-probabilities are kept."""

    @property
    def questions_sha256(self) -> str:
        """A fingerprint of the questions, expected answers and scorers included."""
        return fingerprint(self.questions)

    @property
    def models(self) -> dict[Side, str]:
        """Model names by side."""
        return {"small": self.small, "large": self.large}

    @property
    def settings(self) -> dict[str, Any]:
        """What is stored with the study, so that it can be done again."""
        return {
            "margin": self.margin,
            "seed": self.seed,
            "order": "ABBA, shuffled by seed",
            "temperature": 0.0,
            "concurrency": 1,
            **({} if self.logprobs is None else {"logprobs": self.logprobs}),
            **self.selection,
        }


class Turn(msgspec.Struct, frozen=True):
    """One question to one side, at its place in the order."""

    position: int
    question: Question
    side: Side


def asking_order(questions: Sequence[Question], seed: int) -> tuple[Turn, ...]:
    """Shuffled questions, each asked of both sides before the next one: A B, B A, A B.

    So a machine that grows slower or warmer does it to both alike.
    """
    first = int(rank(seed, "which side begins")[0], 16) % 2
    turns: list[Turn] = []
    for place, question in enumerate(sorted(questions, key=lambda q: rank(seed, q.id))):
        flip = (place + first) % 2 == 1
        for side in reversed(SIDES) if flip else SIDES:
            turns.append(Turn(len(turns), question, side))
    return tuple(turns)


def plan_of(study: Study) -> ComparePlan:
    """The plan that a recorded study followed."""
    names = {model.role: model.name for model in study.models}
    shared = ComparePlan(small="", large="", questions_name="", questions=(), logprobs=0).settings
    return ComparePlan(
        small=names.get("small", ""),
        large=names.get("large", ""),
        questions_name=study.questions_name,
        questions=study.questions,
        margin=study.settings["margin"],
        seed=study.settings["seed"],
        logprobs=study.settings.get("logprobs"),
        selection={k: v for k, v in study.settings.items() if k not in shared},
    )


def refuse_difference(study: Study, plan: ComparePlan) -> None:
    """A study is only resumed as it began.

    Raises:
        RunError: naming the first thing that differs, with both values.
    """
    before, now = _essentials(plan_of(study)), _essentials(plan)
    for what, value in now.items():
        if before[what] != value:
            raise RunError(
                f"{study.id} cannot be resumed: its {what} is {before[what]}, not {value}.",
                fix="Resume without that option, or start anew without --resume.",
            )


def _essentials(plan: ComparePlan) -> dict[str, object]:
    return {
        "small model": plan.small,
        "large model": plan.large,
        "margin": plan.margin,
        "seed": plan.seed,
        "number of log-probabilities": plan.logprobs,
        "question set": plan.questions_name,
        **{name: plan.selection.get(name) for name in ("limit", "kinds", "languages")},
        "question fingerprint": plan.questions_sha256[:12],
    }


def rank(seed: int, text: str) -> str:
    """A shuffling key that is the same in every version of Python, unlike `random.shuffle`."""
    return hashlib.sha256(f"{seed}\0{text}".encode()).hexdigest()
