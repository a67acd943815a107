"""Some of the recorded studies, some answers of one: filtered, sorted and cut to a page by SQLite.

What a person typed reaches a statement only as a value; column names come from the tables below.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple

import msgspec

from sprat.runs.store import Store
from sprat.runs.study import Status, StudyLine
from sprat.types import Run

PAGE = 50
"""Lines on one page."""

StudyOrder = Literal["created", "kind", "questions", "status", "answers"]
AnswerOrder = Literal["position", "question", "score", "seconds", "tokens"]
Outcome = Literal["right", "wrong", "unscored", "error", "cut"]


Words = Annotated[str, msgspec.Meta(max_length=200, pattern=r"^[^\x00]*$")]
"""Without NUL, at which SQLite would cut a pattern short."""
Day = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
Number = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class StudyWish(msgspec.Struct, frozen=True, kw_only=True):
    """Which studies; None is "any"."""

    kind: Words | None = None
    model: Words | None = None
    """A part of the name of one of its models."""
    questions: Words | None = None
    """The name of the question set."""
    status: Status | None = None
    since: Day | None = None
    """The first day, `YYYY-MM-DD`, in UTC."""
    until: Day | None = None
    """The last day, itself included."""
    sort: StudyOrder = "created"
    descending: bool = True
    page: Number = 1


class AnswerWish(msgspec.Struct, frozen=True, kw_only=True):
    """Which answers of a study; None is "any"."""

    role: Words | None = None
    kind: Words | None = None
    outcome: Outcome | None = None
    text: Words | None = None
    """A part of the question's id, of what was asked, of the answer, or of the error."""
    sort: AnswerOrder = "position"
    descending: bool = False
    page: Number = 1


class StudyPage(NamedTuple):
    """One page of studies, and how many there are on all pages."""

    lines: list[StudyLine]
    total: int


class AnswerPage(NamedTuple):
    """One page of answers, and how many there are on all pages."""

    runs: list[Run]
    total: int


class Choices(NamedTuple):
    """What a filter can be set to, with how often each occurs."""

    kinds: Sequence[tuple[str, int]]
    roles: Sequence[tuple[str, int]] = ()
    questions: Sequence[tuple[str, int]] = ()


_Clause = tuple[str, tuple[object, ...]]

_NAME = "json_extract(body, '$.questions_name')"
_ANSWERS = "(SELECT count(*) FROM answers WHERE study = id)"
_STUDY_ORDERS: Mapping[StudyOrder, str] = {
    "created": "created", "kind": "kind", "questions": _NAME, "status": "status",
    "answers": _ANSWERS,
}  # fmt: skip
_ANSWER_ORDERS: Mapping[AnswerOrder, str] = {
    "position": "position", "question": "question", "score": "score", "seconds": "answer_s",
    "tokens": "output_tokens",
}  # fmt: skip


def study_page(store: Store, wish: StudyWish) -> StudyPage:
    """One page of the studies that are wanted."""
    where, values = _joined(_study_clauses(store, wish))
    total = store.rows(f"SELECT count(*) FROM studies{where}", values)[0][0]  # noqa: S608 - our own words
    way = "DESC" if wish.descending else "ASC"
    order = f"ORDER BY {_STUDY_ORDERS[wish.sort]} {way}, rowid {way}"
    values += (PAGE, PAGE * (wish.page - 1))
    return StudyPage(store.lines(f"{where} {order} LIMIT ? OFFSET ?", values), total)


def study_choices(store: Store) -> Choices:
    """The kinds and the question sets that there are studies of."""
    return Choices(
        kinds=_counted(store, "SELECT kind, count(*) FROM studies GROUP BY 1 ORDER BY 1"),
        questions=_counted(
            store,
            f"SELECT coalesce({_NAME}, '?'), count(*) FROM studies GROUP BY 1 ORDER BY 2 DESC, 1",  # noqa: S608 - our own words
        ),
    )


def answer_page(
    store: Store, study: str, wish: AnswerWish, right_at: Mapping[str, float]
) -> AnswerPage:
    """One page of a study's answers. `right_at`: scorer → the value from which it says right."""
    where, values = _joined(_answer_clauses(study, wish, right_at))
    way = "DESC" if wish.descending else "ASC"
    order = _ANSWER_ORDERS[wish.sort]
    rows = store.rows(
        f"SELECT rowid FROM answers{where}"  # noqa: S608 - our own words
        f" ORDER BY {order} IS NULL, {order} {way}, position, role, repeat",
        values,
    )
    # All of them, as numbers: counting and cutting apart would search all texts twice.
    shown = rows[PAGE * (wish.page - 1) : PAGE * wish.page]
    return AnswerPage(_runs(store, [row for (row,) in shown]), len(rows))


def answer_choices(store: Store, study: str) -> Choices:
    """The roles and the kinds of question among a study's answers."""
    counted = "SELECT {0}, count(*) FROM answers WHERE study = ? GROUP BY 1 ORDER BY min(position)"
    return Choices(
        kinds=_counted(store, counted.format("kind"), study),
        roles=_counted(store, counted.format("role"), study),
    )


def answers_to(store: Store, study: str, question: str, most: int) -> list[Run]:
    """What was answered to one question, by everybody: at most `most`, the first ones."""
    rows = store.rows(
        "SELECT body FROM answers WHERE study = ? AND question = ?"
        " ORDER BY role = 'judge', role = 'large', role, repeat LIMIT ?",
        (study, question, most),
    )
    return [store.decoded(body, Run) for (body,) in rows]


def recorded_state(store: Store) -> tuple[object, ...]:
    """What changes whenever a study is added or ends; none is ever removed."""
    return tuple(store.rows("SELECT count(*), max(rowid), total(status = 'done') FROM studies")[0])


def state_of(store: Store, study: str) -> tuple[object, ...]:
    """What changes whenever anything of a study does: a report of the same state is the same."""
    # Two statements: joined, the study's body would be read again for each of its answers.
    said = store.rows(
        "SELECT status, note, length(body),"
        " (SELECT group_concat(body) FROM models WHERE study = id) FROM studies WHERE id = ?",
        (study,),
    )
    answered = store.rows(
        "SELECT count(*), total(rowid), total(answer_s), total(score * rowid), count(error)"
        " FROM answers WHERE study = ?",
        (study,),
    )
    return (*said, *answered)


def _runs(store: Store, rows: Sequence[int]) -> list[Run]:
    """In this order: only what is shown is read whole, however much was sorted."""
    marks = ", ".join("?" * len(rows))
    found = store.rows(f"SELECT rowid, body FROM answers WHERE rowid IN ({marks})", tuple(rows))  # noqa: S608 - question marks
    bodies = dict(found)  # one that was withdrawn meanwhile is not there any more
    return [store.decoded(bodies[row], Run) for row in rows if row in bodies]


def _counted(store: Store, statement: str, *values: object) -> list[tuple[str, int]]:
    return [(name, n) for name, n in store.rows(statement, values)]


def _joined(clauses: Iterator[_Clause]) -> tuple[str, tuple[object, ...]]:
    found = list(clauses)
    where = " AND ".join(f"({words})" for words, _ in found)
    return (f" WHERE {where}" if where else ""), tuple(v for _, values in found for v in values)


def _study_clauses(store: Store, wish: StudyWish) -> Iterator[_Clause]:
    if wish.kind:
        yield "kind = ?", (wish.kind,)
    if wish.questions:
        yield f"coalesce({_NAME}, '?') = ?", (wish.questions,)
    if wish.model:
        part = _part(wish.model)
        yield "id IN (SELECT study FROM models WHERE name LIKE ? ESCAPE '\\')", (part,)
    if wish.since:
        yield "created >= ?", (wish.since,)
    if wish.until:
        yield "substr(created, 1, 10) <= ?", (wish.until,)
    if wish.status:
        yield _standing(store, wish.status)


def _standing(store: Store, status: Status) -> _Clause:
    """As `Store.standing` has it: what is recorded as running may have been killed."""
    if status == "done":
        return "status = 'done'", ()
    recorded = store.rows("SELECT id FROM studies WHERE status = 'running'")
    held = tuple(name for (name,) in recorded if store.standing(name, "running") == "running")
    marks = ", ".join("?" * len(held))
    if status == "running":
        return f"id IN ({marks})", held
    return f"status = 'stopped' OR (status = 'running' AND id NOT IN ({marks}))", held


def _answer_clauses(
    study: str, wish: AnswerWish, right_at: Mapping[str, float]
) -> Iterator[_Clause]:
    yield "study = ?", (study,)
    if wish.role:
        yield "role = ?", (wish.role,)
    if wish.kind:
        yield "kind = ?", (wish.kind,)
    if wish.outcome:
        yield _outcome(wish.outcome, right_at)
    if wish.text:
        yield _MENTIONS, (_part(wish.text),) * 5


_MENTIONS = (
    "question LIKE ? ESCAPE '\\' OR error LIKE ? ESCAPE '\\'"
    " OR json_extract(body, '$.reply.text') LIKE ? ESCAPE '\\'"
    " OR json_extract(body, '$.request.prompt') LIKE ? ESCAPE '\\'"
    " OR EXISTS (SELECT 1 FROM json_each(answers.body, '$.request.messages')"
    "  WHERE json_extract(value, '$.content') LIKE ? ESCAPE '\\')"
)


def _outcome(outcome: Outcome, right_at: Mapping[str, float]) -> _Clause:
    if outcome == "error":
        return "error IS NOT NULL", ()
    if outcome == "cut":
        return "json_extract(body, '$.reply.finish') = 'length'", ()
    if outcome == "unscored":
        return "error IS NULL AND score IS NULL", ()
    cases = " ".join("WHEN ? THEN ?" for _ in right_at)
    bar = f"CASE json_extract(body, '$.verdicts[0].scorer') {cases} END" if cases else "NULL"
    sign = ">=" if outcome == "right" else "<"
    values: tuple[Any, ...] = tuple(v for name, at in right_at.items() for v in (name, at - 1e-9))
    return f"error IS NULL AND score {sign} {bar}", values


def _part(text: str) -> str:
    """A pattern of LIKE for texts that hold `text` as it stands; ASCII letters of any case."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
