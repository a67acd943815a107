"""From names to what is measured: the answers and the rubric read, the judge opened."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from sprat.engines.base import Engine
from sprat.questions.rubric import read_rubric, reference_answers
from sprat.runs.study import JUDGE, Study
from sprat.settings import Settings
from sprat.studies.judging.plan import MAX_TOKENS, JudgePlan
from sprat.studies.judging.scored import scored_of, some_of
from sprat.studies.judging.study import Measured

if TYPE_CHECKING:
    from sprat.models.progress import Progress as Fetching

BUILT_IN = "reference answers"


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What a measurement was asked for in; None: the default."""

    judge: str
    answers_file: str | None = None
    """Absolute; None: the built-in ones."""
    rubric_file: str | None = None
    limit: int | None = None
    seed: int = 0
    max_tokens: int = MAX_TOKENS


class Opened(NamedTuple):
    """A judge ready to be loaded, and what is recorded about it and the machine."""

    engine: Engine
    identity: dict[str, Any]
    environment: dict[str, Any]


def measured(choice: Choice, before: Study | None = None) -> Measured:
    """The answers and the rubric that a choice means.

    `before` is what is resumed: it goes on with its own answers, whatever the file holds today.

    Raises:
        QuestionError: a file of answers or a rubric that cannot be read.
    """
    rubric = read_rubric(_path(choice.rubric_file))
    if before is not None and _same_answers(choice, choice_of(before)):
        name, answers = before.questions_name, scored_of(before)
    else:
        name = Path(choice.answers_file).name if choice.answers_file else BUILT_IN
        every = reference_answers(_path(choice.answers_file))
        answers = some_of(every, choice.limit, choice.seed)
    selection = {
        name: value
        for name in ("answers_file", "rubric_file", "limit")
        if (value := getattr(choice, name)) is not None
    }
    return Measured(
        judge=choice.judge,
        plan=JudgePlan(rubric=rubric, seed=choice.seed, max_tokens=choice.max_tokens),
        answers_name=name,
        answers=answers,
        selection=selection,
    )


def choice_of(study: Study) -> Choice:
    """What a recorded measurement was asked for in."""
    settings = study.settings
    return Choice(
        judge=next(model.name for model in study.models if model.role == JUDGE),
        answers_file=settings.get("answers_file"),
        rubric_file=settings.get("rubric_file"),
        limit=settings.get("limit"),
        seed=settings["seed"],
        max_tokens=settings["max_tokens"],
    )


def open_judge(name: str, settings: Settings, fetching: "Fetching | None" = None) -> Opened:
    """Find, fetch and export the judge; blocks. What answers share of a prompt it reads once.

    Raises:
        UnknownModel: no model of that name.
        UsageError: a model that does not answer.
        ModelError: weights could not be fetched, verified, read or exported.
    """
    from sprat.door import open_engine
    from sprat.door.identity import identity
    from sprat.measure.environment import describe_environment
    from sprat.models.names import resolve_answering

    resolve_answering(name, settings)
    machine = describe_environment(providers=False)
    engine = open_engine(name, settings, progress=fetching, reuse_prefix=True)
    return Opened(engine, identity(name, settings), machine)


def _same_answers(one: Choice, other: Choice) -> bool:
    return all(
        getattr(one, name) == getattr(other, name) for name in ("answers_file", "limit", "seed")
    )


def _path(name: str | None) -> Path | None:
    return None if name is None else Path(name)
