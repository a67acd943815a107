"""What each answer came of, and what its reader thought of it."""

from collections.abc import Iterator
from uuid import uuid4

from sprat.chat.history.database import Body, Database, dumps, is_forgotten, loads, touch


class Runs:
    """Keeps requests with their replies, and feedback with both."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put_run(self, step: str, thread: str, model: str, run: Body) -> None:
        """Keep what an answer came of: the request, and the whole reply or the error."""
        with self._database.transaction() as connection:
            if not touch(connection, thread):
                return
            connection.execute(
                "INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?)",
                (step, thread, model, dumps(run)),
            )

    def put_feedback(
        self, step: str, value: int, *, thread: str | None, comment: str | None
    ) -> str:
        """Keep what a user thinks of a step; its identifier, empty where it is gone."""
        with self._database.transaction() as connection:
            row = connection.execute("SELECT thread FROM steps WHERE id = ?", (step,)).fetchone()
            of = row[0] if row else thread
            if of is None or is_forgotten(connection, of):
                return ""
            connection.execute(
                "INSERT INTO feedback VALUES (?, ?, ?, ?, ?) ON CONFLICT (step) DO UPDATE "
                "SET value = excluded.value, comment = excluded.comment",
                (str(uuid4()), step, of, value, comment),
            )
            found = connection.execute("SELECT id FROM feedback WHERE step = ?", (step,)).fetchone()
        return str(found[0])

    def remove_feedback(self, feedback: str) -> bool:
        """Forget it; whether there was any."""
        return self._database.write("DELETE FROM feedback WHERE id = ?", feedback) > 0

    def judged(self) -> Iterator[Body]:
        """Every answer that was judged, oldest first: `{"value", "comment", "model", …the run}`."""
        rows = self._database.rows(
            "SELECT value, comment, model, runs.body FROM feedback "
            "JOIN runs ON runs.step = feedback.step ORDER BY feedback.rowid"
        )
        for row in rows:
            told = {"value": row["value"], "comment": row["comment"], "model": row["model"]}
            yield {**told, **loads(row["body"])}
