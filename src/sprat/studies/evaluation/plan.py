"""What an evaluation is going to do, fixed before the first question."""

from collections.abc import Sequence
from typing import Any

import msgspec

from sprat.errors import RunError
from sprat.questions.collection import fingerprint
from sprat.runs.study import Study
from sprat.studies.plan import rank
from sprat.types import ChatRequest, Message, Question

KIND = "evaluate"
ROLE = "model"
"""The role of the one side that answers."""
_SEEDS = 2**31


class Wording(msgspec.Struct, frozen=True, kw_only=True):
    """What is laid over the questions when they are asked; None leaves them as they are."""

    system: str | None = None
    """Said before the question, and before a system message of its own."""
    max_tokens: int | None = None
    reasoning_effort: str | None = None
    """In the endpoint's own word; only endpoints take it."""
    temperature: float = 0.0


class Judging(msgspec.Struct, frozen=True, kw_only=True):
    """A model that grades the answers."""

    model: str
    against: str | None = None
    """RUN:ROLE whose answers these are held beside, in pairs; None: no pairs are judged."""
    same_family: bool = False
    """Whether it may be of the judged model's own family."""


class EvaluatePlan(msgspec.Struct, frozen=True, kw_only=True):
    """The same plan on the same weights gives the same answers in the same order."""

    model: str
    questions_name: str
    questions: tuple[Question, ...]
    seed: int = 0
    """Of the order, of the resampling, and of every request."""
    wording: Wording = Wording()
    logprobs: int | None = None
    """Alternatives kept with each token's log-probability; None: none are kept."""
    rubric: dict[str, str] = {}
    """`version` and `sha256` of the rubric; `file` of one's own."""
    judging: Judging | None = None
    """None: no model judges, only the rule."""
    selection: dict[str, Any] = {}
    """How `questions` were picked and made: limit, kinds, languages, shuffled choices."""
    batch: str = ""
    """The same for models that were named in one command, of which this is one."""
    models: tuple[str, ...] = ()
    """All of them, in the order named."""
    rescored_from: str | None = None
    """The study whose answers were scored anew; None: they were asked for."""

    @property
    def settings(self) -> dict[str, Any]:
        """What is stored with the study, so that it can be done again."""
        chosen: dict[str, Any] = {
            "system": self.wording.system,
            "max_tokens": self.wording.max_tokens,
            "reasoning_effort": self.wording.reasoning_effort,
            "logprobs": self.logprobs,
            "rubric": self.rubric or None,
            "judging": None if self.judging is None else msgspec.to_builtins(self.judging),
            "selection": self.selection or None,
            "batch": self.batch or None,
            "models": list(self.models) or None,
            "rescored_from": self.rescored_from,
        }
        return {
            "seed": self.seed,
            "temperature": self.wording.temperature,
            "concurrency": 1,
            **{name: value for name, value in chosen.items() if value is not None},
        }


def plan_of(study: Study) -> EvaluatePlan:
    """The plan that a recorded evaluation followed.

    Raises:
        RunError: it is a study of another kind.
    """
    if study.kind != KIND:
        raise RunError(
            f"{study.id} is a study of kind {study.kind!r}, not an evaluation.",
            fix="See: sprat runs list",
        )
    settings = study.settings
    judging = settings.get("judging")
    return EvaluatePlan(
        model=next(model.name for model in study.models if model.role == ROLE),
        questions_name=study.questions_name,
        questions=study.questions,
        seed=settings["seed"],
        wording=msgspec.convert(
            {name: settings[name] for name in Wording.__struct_fields__ if name in settings},
            Wording,
        ),
        logprobs=settings.get("logprobs"),
        rubric=settings.get("rubric", {}),
        judging=None if judging is None else msgspec.convert(judging, Judging),
        selection=settings.get("selection", {}),
        batch=settings.get("batch", ""),
        models=tuple(settings.get("models", ())),
        rescored_from=settings.get("rescored_from"),
    )


def refuse_difference(study: Study, plan: EvaluatePlan) -> None:
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


def asking_order(questions: Sequence[Question], seed: int) -> tuple[Question, ...]:
    """Shuffled by the seed, so that a machine that grows slower does it to every kind alike."""
    return tuple(sorted(questions, key=lambda question: rank(seed, question.id)))


def request_for(question: Question, plan: EvaluatePlan) -> ChatRequest:
    """What is sent.

    Greedy answers get the study's seed. Drawn ones get a seed for each question, so that two
    questions of one wording are not answered with the same luck.
    """
    wording = plan.wording
    drawn = wording.temperature > 0
    return ChatRequest(
        messages=_worded(question.messages, wording.system),
        max_tokens=wording.max_tokens or question.max_tokens,
        response_format=question.response_format,
        temperature=wording.temperature,
        seed=int(rank(plan.seed, question.id)[:12], 16) % _SEEDS if drawn else plan.seed,
        reasoning_effort=wording.reasoning_effort,
        logprobs=plan.logprobs,
    )


def _worded(messages: tuple[Message, ...], system: str | None) -> tuple[Message, ...]:
    """With the words before: of two system messages many templates know only the first."""
    if system is None:
        return messages
    first, *rest = messages
    if first.role == "system":
        return (Message(role="system", content=f"{system}\n\n{first.content}"), *rest)
    return (Message(role="system", content=system), *messages)


def _essentials(plan: EvaluatePlan) -> dict[str, object]:
    settings = {name: value for name, value in plan.settings.items() if name != "batch"}
    selection = settings.pop("selection", {})
    return {
        "model": plan.model,
        "question set": plan.questions_name,
        **settings,
        **selection,
        "question fingerprint": fingerprint(plan.questions)[:12],
    }
