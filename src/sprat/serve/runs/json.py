"""Recorded studies and answers as the gateway's JSON has them: a page of a list at a time."""

from typing import Any

import msgspec

from sprat.report.browse.outcome import bars, outcome_of
from sprat.runs.browse import PAGE, AnswerWish, StudyWish, answer_page, study_page
from sprat.runs.store import Store
from sprat.runs.study import Status, StudyLine, StudyModel
from sprat.studies.tally import timing_of, usage_of
from sprat.types import Path, Question, Run, Verdict


class RecordedStudies(msgspec.Struct, frozen=True, kw_only=True):
    """One page of the recorded studies."""

    schema: int = 1
    total: int
    """On all pages."""
    page: int
    per_page: int = PAGE
    runs: tuple[StudyLine, ...]


class RecordedStudy(msgspec.Struct, frozen=True, kw_only=True):
    """What a study asked, of whom, and how it stands."""

    schema: int = 1
    id: str
    kind: str
    created: str
    """ISO 8601, UTC."""
    status: Status
    note: str
    """Why it stopped."""
    answers: int
    questions_name: str
    questions_sha256: str
    questions: tuple[Question, ...]
    settings: dict[str, Any]
    environment: dict[str, Any]
    models: tuple[StudyModel, ...]


class RecordedAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What one model answered to one question, once."""

    question: str
    kind: str
    model: str
    role: str
    repeat: int
    position: int
    """Place in the order asked."""
    outcome: str | None
    """`right`, `wrong`, `unscored` or `error`; None: scored by what knows no right and wrong."""
    score: float | None
    """0 to 1; None: unscored."""
    text: str | None
    error: str | None
    finish: str | None
    verdicts: tuple[Verdict, ...]
    """The question's own scorer first; then the rubric's grades, `rule/…`."""
    timing: dict[str, float | None]
    """`prepare_s, queue_s, load_s, ttft_s, decode_s, answer_s, total_s`."""
    usage: dict[str, Any]
    cost_usd: float | None
    energy_joules: float | None
    path: Path | None
    """How a policy came by it; None: no policy answered."""


class RecordedAnswers(msgspec.Struct, frozen=True, kw_only=True):
    """One page of a study's answers."""

    schema: int = 1
    run: str
    total: int
    """On all pages."""
    page: int
    per_page: int = PAGE
    answers: tuple[RecordedAnswer, ...]


def no_studies(wish: StudyWish) -> RecordedStudies:
    """Of a machine where nothing was ever recorded."""
    return RecordedStudies(total=0, page=wish.page, runs=())


def studies(store: Store, wish: StudyWish) -> RecordedStudies:
    """The studies that are wanted."""
    found = study_page(store, wish)
    return RecordedStudies(total=found.total, page=wish.page, runs=tuple(found.lines))


def study(store: Store, wanted: str) -> RecordedStudy:
    """One study; `wanted` is its id, the beginning of one, or `latest`.

    Raises:
        RunError: there is none.
    """
    one = store.study(store.find(wanted))
    fields = {name: getattr(one, name) for name in one.__struct_fields__}
    fields["status"] = store.standing(one.id, one.status)
    return RecordedStudy(answers=len(store.answered(one.id)), **fields)


def answers(store: Store, wanted: str, wish: AnswerWish) -> RecordedAnswers:
    """The answers that are wanted.

    Raises:
        RunError: there is no such study.
    """
    run, right_at = store.find(wanted), bars()
    found = answer_page(store, run, wish, right_at)
    kept = tuple(_answer(one, right_at) for one in found.runs)
    return RecordedAnswers(run=run, total=found.total, page=wish.page, answers=kept)


def _answer(run: Run, right_at: dict[str, float]) -> RecordedAnswer:
    reply = run.reply
    return RecordedAnswer(
        question=run.question,
        kind=run.kind,
        model=run.model,
        role=run.role,
        repeat=run.repeat,
        position=run.position,
        outcome=outcome_of(run, right_at),
        score=run.verdicts[0].value if run.verdicts else None,
        text=reply.text if reply else None,
        error=run.error,
        finish=reply.finish if reply else None,
        verdicts=run.verdicts,
        timing=timing_of(reply.timing) if reply else {},
        usage=usage_of(reply) if reply else {},
        cost_usd=reply.cost_usd if reply else None,
        energy_joules=run.resources.energy_joules if run.resources else None,
        path=reply.path if reply else None,
    )
