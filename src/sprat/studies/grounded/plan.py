"""What an evaluation is going to do, fixed before the first question."""

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec

from sprat.errors import RunError
from sprat.questions.collection import fingerprint
from sprat.runs.study import Study
from sprat.studies.grounded.case import ROLE
from sprat.types import Question

KIND = "grounded"


class GroundedPlan(msgspec.Struct, frozen=True, kw_only=True):
    """The same plan on the same documents and weights gives the same answers in the same order."""

    name: str
    """What answers, in the words of a report: `smollm2-135m, then qwen2.5-coder-1.5b`."""
    questions_name: str
    questions: tuple[Question, ...]
    """Made by `question.as_question`."""
    seed: int = 0
    """Of the order, of the resampling, and of every request."""
    judge: str | None = None
    """The model that judges the answers; None: nobody does."""
    options: dict[str, Any] = {}
    """What was asked how: store, models, gate, passages, file and choice of the questions."""

    @property
    def settings(self) -> dict[str, Any]:
        """What is stored with the study, so that it can be done again."""
        judge = {} if self.judge is None else {"judge": self.judge}
        return {"seed": self.seed, "temperature": 0.0, "concurrency": 1, **judge, **self.options}


def plan_of(study: Study) -> GroundedPlan:
    """The plan that a recorded study followed.

    Raises:
        RunError: it is no evaluation of grounded answers.
    """
    if study.kind != KIND:
        raise RunError(
            f"{study.id} is a study of kind {study.kind!r}, not of answers from documents.",
            fix="See: sprat runs list",
        )
    own = GroundedPlan(name="", questions_name="", questions=(), judge="").settings
    return GroundedPlan(
        name=next(model.name for model in study.models if model.role == ROLE),
        questions_name=study.questions_name,
        questions=study.questions,
        seed=study.settings["seed"],
        judge=study.settings.get("judge"),
        options={name: value for name, value in study.settings.items() if name not in own},
    )


def refuse_difference(study: Study, plan: GroundedPlan) -> None:
    """A study is only resumed as it began.

    Raises:
        RunError: naming the first thing that differs, with both values.
    """
    before, now = _essentials(plan_of(study)), _essentials(plan)
    for what in before.keys() | now.keys():
        if before.get(what) != now.get(what):
            raise RunError(
                f"{study.id} cannot be resumed: its {what} is {before.get(what)}, "
                f"not {now.get(what)}.",
                fix="Resume without that option, or start anew without --resume.",
            )


def asking_order(questions: Sequence[Question], seed: int) -> list[Question]:
    """Shuffled by the seed: the questions of one document do not all come in a row."""

    def rank(question: Question) -> str:
        return hashlib.sha256(f"{seed}\0{question.id}".encode()).hexdigest()

    return sorted(questions, key=rank)


def _essentials(plan: GroundedPlan) -> dict[str, object]:
    return {**plan.settings, "question fingerprint": fingerprint(plan.questions)[:12]}
