import sqlite3
from pathlib import Path
from uuid import uuid4

import pytest

from sprat.chat.history.book import Book
from sprat.chat.history.database import Database
from sprat.chat.history.runs import Runs
from sprat.errors import RunError


@pytest.fixture
def database(tmp_path):
    opened = Database(tmp_path / "history.db")
    yield opened
    opened.close()


def step(thread, output="words", **more):
    return {
        "id": str(uuid4()),
        "threadId": thread,
        "type": "user_message",
        "name": "You",
        "output": output,
        "createdAt": None,
        **more,
    }


def test_what_was_written_is_there_after_a_restart(tmp_path):
    first = Database(tmp_path / "history.db")
    Book(first).put_user("anna", {"a": 1})
    user = Book(first).user("anna")
    Book(first).put_thread("t1", name="A question", user=user["id"], tags=["Small"])
    said = step("t1", "Ein größeres 🐟", metadata={"deep": {"er": [1, None]}}, tags=None)
    Book(first).put_step(said)
    first.close()
    again = Database(tmp_path / "history.db")
    thread = Book(again).thread("t1")
    again.close()
    assert thread["name"] == "A question"
    assert thread["userIdentifier"] == "anna"
    assert thread["tags"] == ["Small"]
    assert thread["steps"] == [{**said, "feedback": None}]


def test_a_user_is_known_once_and_keeps_the_identifier(database):
    book = Book(database)
    book.put_user("anna", {})
    before = book.user("anna")
    book.put_user("anna", {"new": True})
    assert book.user("anna") == {**before, "metadata": {"new": True}}
    assert book.user("berta") is None


def test_a_step_or_an_element_that_is_called_like_one_of_another_thread_changes_nothing_there(
    database,
):
    book = Book(database)
    said, shown = step("t1", "mine"), {"id": "e1", "threadId": "t1", "name": "mine"}
    book.put_step(said)
    book.put_element(shown)
    book.put_step({**said, "threadId": "t2", "output": "not mine"})
    book.put_element({**shown, "threadId": "t2", "name": "not mine"})
    thread = book.thread("t1")
    assert [one["output"] for one in thread["steps"]] == ["mine"]
    assert thread["elements"] == [shown]
    assert book.thread("t2")["steps"] == []


def test_steps_may_come_before_their_thread_and_change_later(database):
    book = Book(database)
    said = step("t1", "half")
    book.put_step(said)
    book.put_step({**said, "output": "whole"})
    assert [one["output"] for one in book.thread("t1")["steps"]] == ["whole"]
    assert book.author("t1") is None


def test_steps_stand_in_the_order_in_which_they_were_shown(database):
    book = Book(database)
    book.put_step(step("t1", "question", createdAt="2026-01-01T10:00:00.0Z"))
    book.put_step(step("t1", "search", createdAt="2026-01-01T10:00:02.0Z"))
    book.put_step(
        step("t1", "answer", createdAt="2026-01-01T10:00:01.0Z")
    )  # made before, shown after
    assert [one["output"] for one in book.thread("t1")["steps"]] == ["question", "search", "answer"]


def test_a_threads_metadata_is_merged_and_none_takes_out(database):
    book = Book(database)
    book.put_thread("t1", metadata={"a": 1, "b": 2})
    book.put_thread("t1", metadata={"b": None, "c": [3]})
    assert book.thread("t1")["metadata"] == {"a": 1, "c": [3]}
    book.put_thread("t1", name="  two\n lines  " + "x" * 200)
    assert book.thread("t1")["name"].startswith("two lines xxx")
    assert len(book.thread("t1")["name"]) == 80
    assert book.thread("t1")["metadata"] == {"a": 1, "c": [3]}


def test_threads_come_latest_first_page_by_page_and_only_ones_own(database):
    book = Book(database)
    for name in ("anna", "berta"):
        book.put_user(name, {})
    anna, berta = book.user("anna")["id"], book.user("berta")["id"]
    for number in range(7):
        book.put_thread(f"t{number}", name=str(number), user=anna)
    book.put_thread("other", name="other", user=berta)
    book.put_step(step("t2"))  # used again: it comes first now
    order = ["t2", "t6", "t5", "t4", "t3", "t1", "t0"]
    assert [one["id"] for one in book.threads(anna, 10)] == order
    assert [one["id"] for one in book.threads(anna, 3)] == order[:3]
    assert [one["id"] for one in book.threads(anna, 3, after="t5")] == order[3:6]
    assert [one["id"] for one in book.threads(berta, 10)] == ["other"]


def test_threads_are_found_by_their_words_and_by_what_was_thought_of_them(database):
    book, runs = Book(database), Runs(database)
    book.put_user("anna", {})
    anna = book.user("anna")["id"]
    for name, words in (("one", "100 % of it"), ("two", "nothing")):
        book.put_thread(name, name=name, user=anna)
        book.put_step(step(name, words, id=f"step {name}"))
    runs.put_feedback("step two", 0, thread="two", comment=None)
    assert [one["id"] for one in book.threads(anna, 9, words="100 % OF")] == ["one"]
    assert [one["id"] for one in book.threads(anna, 9, words="%")] == ["one"]
    assert [one["id"] for one in book.threads(anna, 9, feedback=0)] == ["two"]
    assert book.threads(anna, 9, feedback=1) == []


def test_feedback_stands_beside_the_run_that_it_is_about(database):
    book, runs = Book(database), Runs(database)
    book.put_step(step("t1", id="answer"))
    runs.put_run("answer", "t1", "small", {"request": {"q": 1}, "reply": {"text": "Paris"}})
    first = runs.put_feedback("answer", 0, thread="t1", comment="no")
    second = runs.put_feedback("answer", 1, thread="t1", comment="yes, after all")
    assert first == second
    assert list(runs.judged()) == [
        {
            "value": 1,
            "comment": "yes, after all",
            "model": "small",
            "request": {"q": 1},
            "reply": {"text": "Paris"},
        }
    ]
    assert book.thread("t1")["steps"][0]["feedback"] == {
        "id": first,
        "forId": "answer",
        "value": 1,
        "comment": "yes, after all",
    }
    assert runs.remove_feedback(first)
    assert not runs.remove_feedback(first)
    assert list(runs.judged()) == []


def test_a_removed_thread_leaves_nothing(database):
    book, runs = Book(database), Runs(database)
    book.put_step(step("t1", id="answer"))
    book.put_element({"id": "e1", "threadId": "t1", "name": "[1]", "props": {"a": 1}})
    runs.put_run("answer", "t1", "small", {})
    runs.put_feedback("answer", 1, thread="t1", comment=None)
    assert book.element("t1", "e1")["props"] == {"a": 1}
    assert book.element("t2", "e1") is None
    book.remove_thread("t1")
    for table in ("threads", "steps", "elements", "runs", "feedback"):
        assert database.rows(f"SELECT count(*) AS n FROM {table}")[0]["n"] == 0


def test_half_a_character_is_no_reason_to_lose_a_message(database):
    book = Book(database)
    book.put_step(step("t1", "half \ud83d"))
    assert book.thread("t1")["steps"][0]["output"] == "half ?"


def test_two_processes_may_write_at_once(tmp_path):
    one, two = Database(tmp_path / "history.db"), Database(tmp_path / "history.db")
    for number in range(20):
        Book(one if number % 2 else two).put_step(step("t1", str(number)))
    assert len(Book(one).thread("t1")["steps"]) == 20
    one.close()
    two.close()
    two.close()


def test_another_programs_database_is_left_alone(tmp_path: Path):
    file = tmp_path / "history.db"
    other = sqlite3.connect(file)
    other.execute("CREATE TABLE theirs (a)")
    other.commit()
    other.close()
    before = file.read_bytes()
    with pytest.raises(RunError, match=r"has format 0"):
        Database(file)
    assert file.read_bytes() == before


def test_a_history_of_a_later_version_says_so(tmp_path: Path):
    file = tmp_path / "history.db"
    Database(file).close()
    changed = sqlite3.connect(file)
    changed.execute("PRAGMA user_version = 99")
    changed.close()
    with pytest.raises(RunError, match=r"has format 99.*Upgrade Sprat"):
        Database(file)


def test_a_file_that_is_no_database_says_so(tmp_path: Path):
    file = tmp_path / "history.db"
    file.write_bytes(b"not a database at all, not even nearly" * 100)
    with pytest.raises(RunError, match="cannot be used"):
        Database(file)


def test_what_is_told_of_a_removed_thread_is_dropped_for_good(tmp_path):
    database = Database(tmp_path / "history.db")
    Book(database).put_step(step("t1", id="answer"))
    Book(database).remove_thread("t1")
    database.close()
    again = Database(tmp_path / "history.db")
    book, runs = Book(again), Runs(again)
    book.put_thread("t1", name="back", metadata={"a": 1})
    book.put_step(step("t1"))
    book.put_element({"id": "e1", "threadId": "t1"})
    runs.put_run("answer", "t1", "small", {})
    assert runs.put_feedback("answer", 1, thread="t1", comment=None) == ""
    for table in ("threads", "steps", "elements", "runs", "feedback"):
        assert again.rows(f"SELECT count(*) AS n FROM {table}")[0]["n"] == 0
    assert book.is_forgotten("t1")
    assert not book.is_forgotten("t2")
    book.put_step(step("t2"))
    assert book.thread("t2") is not None
    again.close()
