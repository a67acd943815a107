"""SQLite files that know of which version they are: runs, the chat's history, documents."""

import sqlite3


def make(
    database: sqlite3.Connection, schema: str, version: int, application: int | None = None
) -> None:
    """Make the tables of `schema` in an empty file: all of them, or none, whoever else tries.

    `application`: whose file it is, for other programs (SQLite's `application_id`).

    Raises:
        sqlite3.DatabaseError: it cannot be written, or another process writes for too long.
    """
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("BEGIN IMMEDIATE")
    try:
        if version_of(database) == 0:  # else another process made it meanwhile
            for statement in schema.split(";"):
                database.execute(statement)
            if application is not None:
                database.execute(f"PRAGMA application_id = {application}")
            database.execute(f"PRAGMA user_version = {version}")
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise


def version_of(database: sqlite3.Connection) -> int:
    """The version that it was made with; 0: by nobody of ours."""
    return int(database.execute("PRAGMA user_version").fetchone()[0])


def has_tables(database: sqlite3.Connection) -> bool:
    """Whether there is anything in it: a file with tables and no version is another program's."""
    return bool(database.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0])
