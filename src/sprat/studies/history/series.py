"""Runs over time: the same model name on the same questions, each against the one before it.

One comparison of many is "significant" by chance alone, so the p-values of a series are adjusted
for their number. Why so, and why a speed needs more than a p-value: docs/runs.md.
"""

from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise
from typing import Any

import msgspec

from sprat.errors import RunError
from sprat.runs.store import Store
from sprat.runs.study import JUDGE, Status, StudyLine
from sprat.studies.asked import Asked, asked_of
from sprat.studies.bench.plan import KIND as BENCH
from sprat.studies.history.step import Step, flagged, step_between
from sprat.studies.judging.plan import KIND as JUDGED
from sprat.studies.tally import summarise_model
from sprat.types import ChatRequest, Run

LEVEL = 0.05
"""Of all changes of a series together: of 20 series in which nothing changed, one is flagged."""
MOST_STUDIES = 100
OTHERS = frozenset({BENCH, JUDGED})
"""Kinds of study that answer no questions for their own sake."""


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a series."""

    run: str
    role: str
    kind: str
    created: str
    """ISO 8601, UTC."""
    status: Status
    answers: int
    errors: int
    score: float | None
    """0..1; None: nothing is scored."""
    low: float | None
    high: float | None
    """The 95% interval of `score`."""
    seconds: float | None
    """Median of an answer."""
    joules: float | None
    """Per answer; None: not measured."""
    identity: dict[str, Any] = {}
    rescored_from: str | None = None
    """The run whose answers these are, scored anew; None: a model was asked."""
    step: Step | None = None
    """Against the run before; None: it is the first."""


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """The runs of one model name on one set of questions, the oldest first."""

    model: str
    questions: str
    sha256: str
    """The questions' fingerprint: another one is another series, whatever the name."""
    n_questions: int
    points: tuple[Point, ...]


class History(msgspec.Struct, frozen=True, kw_only=True):
    """The whole result, as `--json` writes it."""

    schema: int = 1
    level: float
    """Of the adjusted p-values of one series."""
    series: tuple[Series, ...]
    """Those with the most runs first."""
    left_out: int = 0
    """Older studies that were not read."""

    @property
    def regressions(self) -> int:
        """How many runs scored lower than the one before by more than chance does."""
        steps = [point.step for series in self.series for point in series.points]
        return sum(step is not None and step.score == "regression" for step in steps)


def history_of(
    store: Store,
    model: str | None = None,
    questions: str | None = None,
    *,
    level: float = LEVEL,
    most: int = MOST_STUDIES,
    most_answers: int | None = None,
) -> History:
    """Every series, or those of one model and of one set of questions (its name or fingerprint).

    Of the newest `most` studies, as far as they have no more than `most_answers` together.

    Raises:
        RunError: nothing of that kind is recorded.
    """
    lines = [line for line in store.studies() if _wanted(line, model, questions)]
    read = _newest(lines, most, most_answers)
    sides = [side for line in read for side in _sides(store, line, model, questions)]
    if not sides:
        raise _nothing(store, model, questions)
    found = [_series(group, level) for group in _grouped(sides)]
    found.sort(key=lambda one: (-len(one.points), one.model, one.questions))
    return History(level=level, series=tuple(found), left_out=len(lines) - len(read))


def _newest(lines: Sequence[StudyLine], most: int, most_answers: int | None) -> Sequence[StudyLine]:
    """At least one, however large."""
    together = list(accumulate(line.answers for line in lines[:most]))
    within = [n for n in together if most_answers is None or n <= most_answers]
    return lines[: max(1, len(within))]


def _wanted(line: StudyLine, model: str | None, questions: str | None) -> bool:
    named = model is None or model in line.models
    by_print = questions is not None and questions != line.questions_name
    return named and line.kind not in OTHERS and (not by_print or _is_print(questions))


def _is_print(questions: str | None) -> bool:
    """Whether this may be the beginning of a fingerprint."""
    return (
        questions is not None and len(questions) >= 6 and set(questions) <= set("0123456789abcdef")
    )


def _sides(
    store: Store, line: StudyLine, model: str | None, questions: str | None
) -> Iterable[Asked]:
    if line.answers == 0:
        return []
    sides = [_kept(side, line.status) for side in asked_of(store, line.id)]
    return [
        side
        for side in sides
        if side.model.role != JUDGE
        and model in {None, side.model.name}
        and (
            questions in {None, side.study.questions_name}
            or side.study.questions_sha256.startswith(questions or "")
        )
        and side.runs
    ]


def _kept(side: Asked, status: Status) -> Asked:
    """With how the study really stands (`Store.standing`), and only with what a series is made of.

    Many studies are held at once: log-probabilities and texts are nearly all of their size.
    """
    study = msgspec.structs.replace(side.study, status=status)
    return msgspec.structs.replace(side, study=study, runs=tuple(map(_lean, side.runs)))


def _lean(run: Run) -> Run:
    bare = msgspec.structs.replace(run, request=_NOTHING_ASKED)
    if run.reply is None:
        return bare
    timing = msgspec.structs.replace(run.reply.timing, chunks_ns=())
    reply = msgspec.structs.replace(
        run.reply, timing=timing, text="", reasoning="", logprobs=None, read=None, sources=()
    )
    return msgspec.structs.replace(bare, reply=reply)


_NOTHING_ASKED = ChatRequest(messages=())


def _grouped(sides: Iterable[Asked]) -> list[list[Asked]]:
    groups: dict[tuple[str, str], list[Asked]] = {}
    for side in sides:
        groups.setdefault((side.model.name, side.study.questions_sha256), []).append(side)
    return [sorted(group, key=lambda side: side.study.created) for group in groups.values()]


def _series(sides: Sequence[Asked], level: float) -> Series:
    steps = flagged([step_between(before, now) for before, now in pairwise(sides)], level)
    newest = sides[-1].study
    return Series(
        model=sides[0].model.name,
        questions=newest.questions_name,
        sha256=newest.questions_sha256,
        n_questions=len(newest.questions),
        points=tuple(_point(side, step) for side, step in zip(sides, [None, *steps], strict=True)),
    )


def _point(side: Asked, step: Step | None) -> Point:
    study = side.study
    questions = {question.id: question for question in study.questions}
    summary = summarise_model(side.model, side.runs, questions, study.settings.get("seed", 0))
    return Point(
        run=study.id,
        role=side.model.role,
        kind=study.kind,
        created=study.created,
        status=study.status,
        answers=len(side.runs),
        errors=summary.errors,
        score=summary.score,
        low=summary.score_low,
        high=summary.score_high,
        seconds=summary.answer_s.p50,
        joules=summary.energy_joules_per_answer,
        identity=side.model.identity,
        rescored_from=study.settings.get("rescored_from"),
        step=step,
    )


def _nothing(store: Store, model: str | None, questions: str | None) -> RunError:
    what = " and ".join(
        f"{word} {value!r}" for word, value in (("model", model), ("questions", questions)) if value
    )
    lines = [line for line in store.studies(50) if line.answers and line.kind not in OTHERS]
    known = dict.fromkeys(name for line in lines for name in line.models)
    if not what or not known:
        return RunError("No answers are recorded yet.", fix="Try: sprat compare")
    if model is None or model in known:
        known, word = dict.fromkeys(line.questions_name for line in lines), "Question sets"
    else:
        word = "Models"
    return RunError(
        f"No answers are recorded of {what}.",
        fix=f"{word} with some: {', '.join(list(known)[:6])}. See: sprat runs list",
    )
