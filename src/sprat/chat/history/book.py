"""The history: users, and their threads of steps and elements."""

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import uuid4

import msgspec

from sprat.chat.history.database import (
    Body,
    Database,
    dumps,
    is_forgotten,
    loads,
    now,
    touch,
    whole,
)

_LONGEST_NAME = 80
_PAGE = 100
_THREADS = (
    "SELECT threads.*, identifier FROM threads LEFT JOIN users ON users.id = user "
    "WHERE {where} ORDER BY updated DESC, threads.id DESC LIMIT ?"
)


class Book:
    """Reads and writes the history's file. Calls block; several threads may call."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # Users

    def user(self, identifier: str) -> Body | None:
        """`{"id", "identifier", "createdAt", "metadata"}`; None: nobody of that name yet."""
        rows = self._database.rows("SELECT * FROM users WHERE identifier = ?", identifier)
        return next(
            (
                {
                    "id": row["id"],
                    "identifier": row["identifier"],
                    "createdAt": row["created"],
                    "metadata": loads(row["metadata"]),
                }
                for row in rows
            ),
            None,
        )

    def put_user(self, identifier: str, metadata: Mapping[str, Any]) -> None:
        """Know a user; one that is known gets the new metadata."""
        self._database.write(
            "INSERT INTO users VALUES (?, ?, ?, ?) "
            "ON CONFLICT (identifier) DO UPDATE SET metadata = excluded.metadata",
            str(uuid4()),
            identifier,
            now(),
            dumps(metadata),
        )

    # Threads

    def put_thread(
        self,
        thread: str,
        *,
        name: str | None = None,
        user: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        tags: Iterable[str] | None = None,
    ) -> None:
        """Make or change a thread: None leaves a field as it is; a None in `metadata` takes out."""
        with self._database.transaction() as connection:
            if not touch(connection, thread):
                return
            row = connection.execute(
                "SELECT metadata FROM threads WHERE id = ?", (thread,)
            ).fetchone()
            merged = loads(row[0]) | dict(metadata or {})
            kept = {key: value for key, value in merged.items() if value is not None}
            connection.execute(
                "UPDATE threads SET name = coalesce(?, name), user = coalesce(?, user), "
                "tags = coalesce(?, tags), metadata = ? WHERE id = ?",
                (
                    whole(" ".join(name.split())[:_LONGEST_NAME]) if name else None,
                    user,
                    None if tags is None else dumps(list(tags)),
                    dumps(kept),
                    thread,
                ),
            )

    def author(self, thread: str) -> str | None:
        """The identifier of the user whose thread it is."""
        rows = self._database.rows(
            "SELECT identifier FROM threads JOIN users ON users.id = user WHERE threads.id = ?",
            thread,
        )
        return next((str(row["identifier"]) for row in rows), None)

    def thread(self, thread: str) -> Body | None:
        """A thread with its steps as they came, each with its feedback, and its elements."""
        found = self._threads("threads.id = ?", (thread,), 1)
        if not found:
            return None
        judged = {
            row["step"]: _feedback(row)
            for row in self._database.rows("SELECT * FROM feedback WHERE thread = ?", thread)
        }
        steps = self._bodies("steps", thread, "rowid")
        for step in steps:
            step["feedback"] = judged.get(step["id"])
        return {**found[0], "steps": steps, "elements": self._bodies("elements", thread, "rowid")}

    def threads(
        self,
        user: str,
        most: int,
        *,
        after: str | None = None,
        words: str | None = None,
        feedback: int | None = None,
    ) -> list[Body]:
        """A user's threads, the latest first, without steps; those that come `after` a thread.

        `words`: only where a step says them; `feedback`: only where an answer was judged so.
        """
        where, values = ["user = ?"], [user]
        if after is not None:
            where.append("(updated, threads.id) < (SELECT updated, id FROM threads WHERE id = ?)")
            values.append(after)
        if words:
            where.append(
                "(instr(lower(coalesce(name, '')), lower(?)) OR EXISTS (SELECT 1 FROM steps "
                "WHERE thread = threads.id AND instr(lower(output), lower(?))))"
            )
            values += [words, words]
        if feedback is not None:
            where.append("EXISTS (SELECT 1 FROM feedback WHERE thread = threads.id AND value = ?)")
            values.append(str(int(feedback)))
        return self._threads(" AND ".join(where), tuple(values), min(most, _PAGE))

    def remove_thread(self, thread: str) -> None:
        """Forget a thread and everything in it, for good: what is told of it later is dropped."""
        with self._database.transaction() as connection:
            connection.execute("INSERT OR IGNORE INTO forgotten VALUES (?)", (thread,))
            connection.execute("DELETE FROM threads WHERE id = ?", (thread,))

    def is_forgotten(self, thread: str) -> bool:
        """Whether it was removed."""
        with self._database.transaction() as connection:
            return is_forgotten(connection, thread)

    # Steps, elements, runs, feedback

    def put_step(self, step: Body) -> None:
        """Keep a step, in place of what it was before; another thread's stays as it is.

        A browser names the step of what its user says.
        """
        thread, created = str(step["threadId"]), step.get("createdAt") or now()
        with self._database.transaction() as connection:
            if not touch(connection, thread):
                return
            connection.execute(
                "INSERT INTO steps VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE "
                "SET output = excluded.output, body = excluded.body "
                "WHERE steps.thread = excluded.thread",
                (step["id"], thread, created, whole(step.get("output") or ""), dumps(step)),
            )

    def remove_step(self, step: str) -> None:
        """Forget a step, what it came of, and what was thought of it."""
        with self._database.transaction() as connection:
            for table, key in (("steps", "id"), ("runs", "step"), ("feedback", "step")):
                connection.execute(f"DELETE FROM {table} WHERE {key} = ?", (step,))  # noqa: S608

    def put_element(self, element: Body) -> None:
        """Keep an element, in place of what it was before."""
        thread = str(element["threadId"])
        with self._database.transaction() as connection:
            if not touch(connection, thread):
                return
            connection.execute(
                "INSERT INTO elements VALUES (?, ?, ?) "
                "ON CONFLICT (id) DO UPDATE SET body = excluded.body "
                "WHERE elements.thread = excluded.thread",
                (element["id"], thread, dumps(element)),
            )

    def element(self, thread: str, element: str) -> Body | None:
        """One element of a thread."""
        rows = self._database.rows(
            "SELECT body FROM elements WHERE thread = ? AND id = ?", thread, element
        )
        return next((loads(row["body"]) for row in rows), None)

    def remove_element(self, element: str) -> None:
        """Forget an element."""
        self._database.write("DELETE FROM elements WHERE id = ?", element)

    def _threads(self, where: str, values: tuple[object, ...], most: int) -> list[Body]:
        rows = self._database.rows(
            _THREADS.format(where=where),
            *values,
            most,
        )
        return [_thread(row) for row in rows]

    def _bodies(self, table: str, thread: str, order: str) -> list[Body]:
        found = self._database.rows(
            f"SELECT body FROM {table} WHERE thread = ? ORDER BY {order}",  # noqa: S608
            thread,
        )
        return [loads(row["body"]) for row in found]


def _thread(row: sqlite3.Row) -> Body:
    return {
        "id": row["id"],
        "createdAt": row["created"],
        "name": row["name"],
        "userId": row["user"],
        "userIdentifier": row["identifier"],
        "tags": msgspec.json.decode(row["tags"], type=list[str]),
        "metadata": loads(row["metadata"]),
        "steps": [],
        "elements": [],
    }


def _feedback(row: sqlite3.Row) -> Body:
    return {
        "id": row["id"],
        "forId": row["step"],
        "value": row["value"],
        "comment": row["comment"],
    }
