"""The store: what was asked, of whom, and every answer, in one SQLite file.

Write-ahead logging, so that reports read while a study writes; one transaction per answer, so that
`kill -9` loses at most the answer under way. What is searched for has a column; the rest is JSON
in `body`, in the shapes of `sprat.types`.
"""

import sqlite3
from collections.abc import Generator, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Self, TypeVar

import msgspec

from sprat.errors import RunError
from sprat.runs.held import held, is_held
from sprat.runs.schema import open_database, unreadable
from sprat.runs.study import Status, Study, StudyLine, StudyModel
from sprat.types import Question, Run

_Shape = TypeVar("_Shape")


class _Body(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a study that nothing searches for."""

    questions_name: str
    questions_sha256: str
    questions: tuple[Question, ...]
    settings: dict[str, Any]
    environment: dict[str, Any]


class Store:
    """One open store. Not shared between threads; any number of processes may hold one.

    Raises:
        RunError: the file is missing (unless `create`), no store, or of another version.
    """

    def __init__(self, path: Path, *, create: bool = False) -> None:
        self.path = path
        self._db = open_database(path, create=create)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file. Safe to call twice."""
        self._db.close()

    # -- writing ---------------------------------------------------------------------------------

    def add_study(self, study: Study) -> None:
        """Record a study before its first question.

        Raises:
            RunError: a study of that id is there already.
        """
        body = msgspec.convert(study, _Body, from_attributes=True)
        row = (study.id, study.kind, study.created, study.status, study.note)
        with self._write():
            try:
                self._db.execute(
                    "INSERT INTO studies VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (*row, len(study.questions), _text(body)),
                )
            except sqlite3.IntegrityError as error:
                raise RunError(f"There is a study {study.id!r} already.") from error
            for model in study.models:
                self._put_model(study.id, model)

    def put_model(self, study: str, model: StudyModel) -> None:
        """Record or update one side of a study."""
        with self._write():
            self._put_model(study, model)

    def set_status(self, study: str, status: Status, note: str = "") -> None:
        """Say how a study stands."""
        with self._write():
            self._db.execute(
                "UPDATE studies SET status = ?, note = ? WHERE id = ?", (status, note, study)
            )

    def put_environment(self, study: str, environment: dict[str, Any]) -> None:
        """Replace what is recorded of the machine: more is known when a stretch is over."""
        self._put(study, "environment", environment)

    def put_settings(self, study: str, settings: dict[str, Any]) -> None:
        """Replace what the study does: one that is resumed may go on to more rounds, say."""
        self._put(study, "settings", settings)

    def add_run(self, run: Run) -> None:
        """Keep one answer, durably, before anything else happens.

        Raises:
            RunError: this question was answered by this side already.
        """
        self.add_runs((run,))

    def add_runs(self, runs: Sequence[Run]) -> None:
        """Keep several answers, all or none of them.

        Raises:
            RunError: one of these questions was answered by its side already.
        """
        with self._write():
            for run in runs:
                self._add_run(run)

    def hold(self, study: str) -> AbstractContextManager[None]:
        """Keep other processes from asking for the same study meanwhile.

        Raises:
            RunError: another process does already.
        """
        return held(self._lock_file(study), study)

    def withdraw_errors(self, study: str, role: str, from_position: int) -> int:
        """Forget a side's errors from a position on, so that they are asked again; how many."""
        with self._write():
            return self._db.execute(
                "DELETE FROM answers WHERE study = ? AND role = ? AND position >= ?"
                " AND error IS NOT NULL",
                (study, role, from_position),
            ).rowcount

    def withdraw(self, runs: Sequence[Run]) -> None:
        """Forget these answers and errors, all or none of them, so that they are asked again."""
        with self._write():
            self._db.executemany(
                "DELETE FROM answers WHERE study = ? AND question = ? AND role = ? AND repeat = ?",
                [(run.study, run.question, run.role, run.repeat) for run in runs],
            )

    # -- reading ---------------------------------------------------------------------------------

    def studies(self, limit: int | None = None) -> list[StudyLine]:
        """All studies, the newest first."""
        most = -1 if limit is None else limit
        return self.lines("ORDER BY created DESC, rowid DESC LIMIT ?", (most,))

    def lines(self, further: str, values: tuple[object, ...]) -> list[StudyLine]:
        """The studies that the rest of a statement names: `WHERE … ORDER BY … LIMIT …`."""
        rows = self.rows(
            "SELECT id, kind, created, status, json_extract(body, '$.questions_name'),"  # noqa: S608 - our own words
            " n_questions,"
            " (SELECT json_group_array(name) FROM (SELECT name FROM models WHERE study = id"
            "  ORDER BY role = 'large', role)),"
            " (SELECT count(*) FROM answers WHERE study = id)"
            f" FROM studies {further}",
            values,
        )
        return [
            StudyLine(
                id=row[0],
                kind=row[1],
                created=row[2],
                status=self.standing(row[0], row[3]),
                questions_name=row[4] or "?",
                n_questions=row[5],
                models=tuple(msgspec.json.decode(row[6], type=list[str])),
                answers=row[7],
            )
            for row in rows
        ]

    def standing(self, study: str, recorded: Status) -> Status:
        """`running` only while a process holds the study: `kill -9` leaves no time to say so."""
        return recorded if recorded != "running" or is_held(self._lock_file(study)) else "stopped"

    def find(self, wanted: str) -> str:
        """The id that `wanted` names: an id, a prefix that only one study has, or `latest`.

        Raises:
            RunError: no study, or more than one.
        """
        newest = "SELECT id FROM studies ORDER BY created DESC, rowid DESC"
        ids = [study for (study,) in self.rows(newest)]
        if not ids:
            raise RunError(f"No study is recorded in {self.path}.", fix="Try: sprat compare")
        if wanted == "latest":
            return ids[0]
        found = [wanted] if wanted in ids else [i for i in ids if wanted and i.startswith(wanted)]
        if len(found) == 1:
            return found[0]
        what = f"{len(found)} studies begin" if found else "No study begins"
        seen = f" ({', '.join(found[:4])})" if found else f" (the latest is {ids[0]})"
        raise RunError(f"{what} with {wanted[:60]!r}{seen}.", fix="See: sprat runs list")

    def study(self, study_id: str) -> Study:
        """One study, whole.

        Raises:
            RunError: there is none of that id.
        """
        found = self.rows(
            "SELECT kind, created, status, note, body FROM studies WHERE id = ?", (study_id,)
        )
        if not found:
            raise RunError(f"No study is called {study_id!r}.", fix="See: sprat runs list")
        row = found[0]
        body = self.decoded(row[4], _Body)
        return Study(
            id=study_id,
            kind=row[0],
            created=row[1],
            status=row[2],
            note=row[3],
            models=self._models(study_id),
            **{name: getattr(body, name) for name in body.__struct_fields__},
        )

    def runs(self, study_id: str) -> Iterator[Run]:
        """Every answer of a study, in the order asked."""
        rows = self.rows(
            "SELECT body FROM answers WHERE study = ? ORDER BY position, role, repeat", (study_id,)
        )
        for (body,) in rows:
            yield self.decoded(body, Run)

    def answered(self, study_id: str) -> set[tuple[str, str, int]]:
        """What needs no asking any more: (question, role, repeat)."""
        rows = self.rows("SELECT question, role, repeat FROM answers WHERE study = ?", (study_id,))
        return {(question, role, repeat) for question, role, repeat in rows}

    def rows(self, statement: str, values: tuple[object, ...] = ()) -> list[Any]:
        """What a statement that only reads finds.

        Raises:
            StoreError: the file is damaged.
        """
        # All at once: damage may show at any row.
        try:
            return self._db.execute(statement, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise unreadable(self.path, error) from error

    def decoded(self, body: str, shape: type[_Shape]) -> _Shape:
        """A row's JSON as the noun that it is.

        Raises:
            StoreError: it is none.
        """
        try:
            return msgspec.json.decode(body, type=shape)
        except msgspec.MsgspecError as error:
            raise unreadable(self.path, error) from error

    # -- within ----------------------------------------------------------------------------------

    def _lock_file(self, study: str) -> Path:
        return self.path.with_name(f"{self.path.name}.{study}.lock")

    def _models(self, study_id: str) -> tuple[StudyModel, ...]:
        rows = self.rows(
            "SELECT body FROM models WHERE study = ? ORDER BY role = 'large', role", (study_id,)
        )
        return tuple(self.decoded(body, StudyModel) for (body,) in rows)

    def _add_run(self, run: Run) -> None:
        score = run.verdicts[0].value if run.verdicts else None
        reply = run.reply
        try:
            self._db.execute(
                "INSERT INTO answers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(run.study, run.question, run.role, run.repeat, run.position),
                    *(run.model, run.kind, score, run.error),
                    reply.timing.answer_s if reply else None,
                    reply.usage.output_tokens if reply else None,
                    _text(run),
                ),
            )
        except sqlite3.IntegrityError as error:
            raise RunError(
                f"{run.role} answered {run.question!r} of {run.study} already: {error}."
            ) from error

    def _put(self, study: str, part: str, value: dict[str, Any]) -> None:
        with self._write():
            self._db.execute(
                "UPDATE studies SET body = json_set(body, ?, json(?)) WHERE id = ?",
                (f"$.{part}", _text(value), study),
            )

    def _put_model(self, study: str, model: StudyModel) -> None:
        self._db.execute(
            "INSERT INTO models VALUES (?, ?, ?, ?)"
            " ON CONFLICT (study, role) DO UPDATE SET name = excluded.name, body = excluded.body",
            (study, model.role, model.name, _text(model)),
        )

    @contextmanager
    def _write(self) -> Generator[None]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield
            self._db.execute("COMMIT")
        except BaseException as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            if isinstance(error, sqlite3.DatabaseError) and not isinstance(
                error, sqlite3.IntegrityError
            ):
                raise RunError(
                    f"{self.path} cannot be written: {error}.", fix=_fix(str(error))
                ) from error
            raise


def _fix(why: str) -> str:
    """What to do when the file cannot be written; every answer before this one is kept."""
    if "full" in why:
        return "Free some space, then go on with: sprat compare --resume"
    if "locked" in why:
        return "Another program holds it: stop that one, then: sprat compare --resume"
    return "Make it writable, or set SPRAT_HOME to another folder."


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()
