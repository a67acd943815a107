"""Outcomes to work on: from recorded studies, or from a log; and the questions that they answer."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from sprat.errors import QuestionError, RunError
from sprat.policies.outcomes import (
    LoggedModel,
    LoggedSet,
    Outcome,
    OutcomeLog,
    join,
    outcomes_of,
    read_log,
)
from sprat.policies.wording import wording_of
from sprat.runs.store import Store
from sprat.runs.study import JUDGE, Study
from sprat.studies.evaluation.plan import KIND as EVALUATE
from sprat.studies.plan import KIND
from sprat.types import Message, Question

SUFFIX = ".jsonl.gz"
"""How a log's name ends; anything else names a recorded study."""
BUILT_IN = "everyday"
_OTHERS = "Give the questions that were asked, or leave --questions out."
ROOM = 1_000_000
"""Tokens: how many an answer could have is not in a log, and none that is there is to be cut."""


class Recorded(NamedTuple):
    """Outcomes, and their questions in the order of the log."""

    log: OutcomeLog
    questions: tuple[Question, ...]
    worded: bool
    """False: only the questions' names are known, so what a prompt tells is not."""

    @property
    def set_name(self) -> str:
        """The sets' names."""
        return ", ".join(dict.fromkeys(part.name for part in self.log.sets)) or "outcomes"


def recorded(
    sources: Sequence[str], store: Store | None, worded_by: Sequence[Question] = ()
) -> Recorded:
    """Join logs (`FILE.jsonl.gz`) and recorded studies (their ids, or the beginning of one).

    `worded_by` are the questions of a log, which holds only their names.

    Raises:
        RunError: a source that is not there, no comparison, or does not fit the others.
        QuestionError: a question of a log that is not among `worded_by`.
    """
    parts = [_one(source, store, worded_by) for source in sources]
    if len(parts) == 1:
        return parts[0]
    questions = {question.id: question for part in parts for question in part.questions}
    log = join([part.log for part in parts])
    return Recorded(log, tuple(questions.values()), all(part.worded for part in parts))


def _one(source: str, store: Store | None, worded_by: Sequence[Question]) -> Recorded:
    if is_log(source):
        return of_log(read_log(Path(source)), worded_by)
    if store is None:
        raise RunError(f"{source!r} is no outcome log.", fix=f"Name a file that ends in {SUFFIX}.")
    return of_study(store, store.find(source))


def is_log(source: str) -> bool:
    """Whether it names a file rather than a recorded study."""
    return source.endswith(SUFFIX) or Path(source).is_file()


def of_study(store: Store, study_id: str) -> Recorded:
    """The outcomes of one comparison, or of one evaluation.

    Raises:
        RunError: it is neither, its answers are to other words than the questions', or there are
            none.
    """
    study = store.study(study_id)
    _refuse_other(study)
    runs = (run for run in store.runs(study_id) if run.role != JUDGE)
    outcomes = outcomes_of(runs, study.questions)
    if not outcomes:
        command = "sprat evaluate" if study.kind == EVALUATE else "sprat compare"
        raise RunError(f"{study_id} has no answers yet.", fix=f"{command} --resume {study_id}")
    return Recorded(_log(study, outcomes), study.questions, worded=True)


def _refuse_other(study: Study) -> None:
    if study.kind not in (KIND, EVALUATE):
        raise RunError(
            f"{study.id} is a {study.kind}: it has no outcomes.",
            fix="Record some: sprat compare --logprobs",
        )
    for option in ("system", "temperature"):
        if study.settings.get(option):
            raise RunError(
                f"{study.id} was asked with --{option} {study.settings[option]}: a policy would "
                "not ask so, so its answers are no outcomes.",
                fix=f"Record some without: sprat evaluate --logprobs, and no --{option}",
            )


def _log(study: Study, outcomes: Sequence[Outcome]) -> OutcomeLog:
    names = dict.fromkeys(model.name for model in study.models if model.role != JUDGE)
    identities = {model.name: model.identity for model in study.models}
    return OutcomeLog(
        models=tuple(LoggedModel(name=name, identity=identities[name]) for name in names),
        sets=(LoggedSet(name=study.questions_name, sha256=study.questions_sha256),),
        created=study.created,
        environment=study.environment,
        outcomes=tuple(outcomes),
    )


def of_log(log: OutcomeLog, worded_by: Sequence[Question] = ()) -> Recorded:
    """A log and its questions: those given, the built-in set's, or stand-ins with only a name.

    Raises:
        QuestionError: a question of the log that is not among those given, or in other words.
    """
    asked = {outcome.question: outcome for outcome in log.outcomes}
    given = worded_by or (_built_in() if {part.name for part in log.sets} == {BUILT_IN} else ())
    known = {question.id: question for question in given}
    if not known:
        return Recorded(
            log,
            tuple(_stand_in(o.question, o.kind, o.scorer) for o in asked.values()),
            worded=False,
        )
    missing = [name for name in asked if name not in known]
    if missing:
        raise QuestionError(
            f"The log holds {missing[0]!r}, which is not among the questions given.",
            fix=_OTHERS,
        )
    refuse_other_words(log, known)
    return Recorded(log, tuple(known[name] for name in asked), worded=True)


def refuse_other_words(log: OutcomeLog, known: Mapping[str, Question]) -> None:
    """A name is not enough: rows without one are q0001 and so on in every file.

    Raises:
        QuestionError: a question was asked in other words.
    """
    for one in log.outcomes:
        if one.wording and one.wording != wording_of(known[one.question].messages):
            raise QuestionError(
                f"The log's {one.question!r} is another question than the one given.", fix=_OTHERS
            )


def _built_in() -> Iterable[Question]:
    from sprat.questions.loading import everyday

    return everyday()


def _stand_in(name: str, kind: str, scorer: str) -> Question:
    """A log has the answers, not the questions: its name is enough to look them up by."""
    said = Message(role="user", content=name)
    return Question(id=name, kind=kind, scorer=scorer, messages=(said,), max_tokens=ROOM)
