"""The store: nothing lost, nothing twice, and a clear line for a file that is no store."""

import contextlib
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import filelock
import msgspec
import pytest

from sprat.errors import RunError
from sprat.runs.schema import SCHEMA_VERSION
from sprat.runs.store import Store
from sprat.runs.study import Session, Study, StudyModel, new_study_id
from sprat.types import ChatRequest, Message, Question, Reply, Run, Timing, Usage, Verdict

QUESTION = Question(
    id="q1",
    kind="classify",
    messages=(Message("user", "Wie heißt du? 🐟"),),
    scorer="json",
    expected={"name": ["Jack", 1, None]},
    language="de",
)


def study(study_id="261122-070000-aaaa", **changes):
    whole = Study(
        id=study_id,
        kind="compare",
        created="2026-11-22T07:00:00+00:00",
        questions_name="everyday",
        questions_sha256="ab" * 32,
        questions=(QUESTION, msgspec.structs.replace(QUESTION, id="q2")),
        settings={"margin": 0.05, "seed": 1},
        environment={"cpu": "some"},
        models=(
            StudyModel(role="small", name="s", identity={"sha256": "cd"}, sessions=(Session(),)),
            StudyModel(role="large", name="l"),
        ),
    )
    return msgspec.structs.replace(whole, **changes)


def run(question="q1", role="small", position=0, **changes):
    whole = Run(
        study="261122-070000-aaaa",
        question=question,
        kind="classify",
        model="s",
        role=role,
        request=ChatRequest(messages=QUESTION.messages, seed=3),
        reply=Reply(
            text="Jack 🐟",
            finish="stop",
            usage=Usage(5, 2),
            timing=Timing(scheduled_ns=1, sent_ns=2, done_ns=2_000_000_002, chunks_ns=(5, 6)),
        ),
        verdicts=(Verdict(scorer="json", value=0.5, why="half"),),
        position=position,
    )
    return msgspec.structs.replace(whole, **changes)


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "new" / "runs.db", create=True) as opened:
        yield opened


def test_what_is_kept_comes_back_whole(store):
    store.add_study(study())
    store.add_run(run())
    assert store.study(study().id) == study()
    assert list(store.runs(study().id)) == [run()]
    assert store.answered(study().id) == {("q1", "small", 0)}


def test_another_process_sees_each_answer_at_once(store):
    store.add_study(study())
    with Store(store.path) as reader:
        store.add_run(run())
        assert len(list(reader.runs(study().id))) == 1
        store.add_run(run(role="large", position=1))
        assert [r.role for r in reader.runs(study().id)] == ["small", "large"]


def test_no_answer_is_kept_twice(store):
    store.add_study(study())
    store.add_run(run())
    with pytest.raises(RunError, match="small answered 'q1'"):
        store.add_run(run(position=9))
    store.add_run(run(repeat=1))
    assert len(list(store.runs(study().id))) == 2


def test_an_answer_to_no_study_is_refused(store):
    with pytest.raises(RunError):
        store.add_run(run())


def test_columns_can_be_asked_without_reading_the_bodies(store):
    store.add_study(study())
    store.add_run(run())
    store.add_run(run(role="large", position=1, reply=None, verdicts=(), error="gone"))
    with sqlite3.connect(store.path) as plain:
        rows = plain.execute(
            "SELECT role, score, error, answer_s, output_tokens FROM answers ORDER BY position"
        ).fetchall()
    plain.close()
    assert rows == [("small", 0.5, None, 2.0, 2), ("large", None, "gone", None, None)]


def test_the_file_uses_write_ahead_logging_and_carries_its_version(store):
    plain = sqlite3.connect(store.path)
    assert plain.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert plain.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    plain.close()


def test_a_study_is_found_by_id_prefix_and_latest(store):
    store.add_study(study("261122-070000-aaaa"))
    store.add_study(study("261122-080000-bbbb", created="2026-11-22T08:00:00+00:00"))
    assert store.find("latest") == "261122-080000-bbbb"
    assert store.find("261122-07") == "261122-070000-aaaa"
    assert store.find("261122-070000-aaaa") == "261122-070000-aaaa"
    with pytest.raises(RunError, match="2 studies begin with '2611'"):
        store.find("2611")
    for nothing in ("9", "", "%"):
        with pytest.raises(RunError, match="latest is 261122-080000-bbbb"):
            store.find(nothing)


def test_of_two_studies_in_one_second_the_later_one_is_the_latest(store):
    for study_id in ("261122-070000-bbbb", "261122-070000-aaaa"):
        store.add_study(study(study_id))
    assert store.find("latest") == "261122-070000-aaaa"


def test_the_list_has_the_newest_first(store):
    store.add_study(study("261122-070000-aaaa"))
    store.add_study(study("261122-080000-bbbb", created="2026-11-22T08:00:00+00:00"))
    store.add_run(run())
    new, old = store.studies()
    assert (new.id, new.answers, old.answers) == ("261122-080000-bbbb", 0, 1)
    assert old.models == ("s", "l")
    assert (old.n_questions, old.questions_name) == (2, "everyday")
    assert len(store.studies(limit=1)) == 1


def test_status_and_models_can_change(store):
    store.add_study(study())
    store.set_status(study().id, "stopped", "interrupted")
    more = StudyModel(role="small", name="s", sessions=(Session(), Session(cold_load_s=2.0)))
    store.put_model(study().id, more)
    after = store.study(study().id)
    assert (after.status, after.note, after.models[0]) == ("stopped", "interrupted", more)


def test_only_errors_from_a_place_on_are_withdrawn(store):
    store.add_study(study())
    store.add_run(run(position=4, reply=None, error="gone"))
    store.add_run(run("q2", position=6))
    assert store.withdraw_errors(study().id, "small", 5) == 0
    assert store.withdraw_errors(study().id, "large", 0) == 0
    assert store.withdraw_errors(study().id, "small", 4) == 1
    assert store.answered(study().id) == {("q2", "small", 0)}


def test_a_study_runs_only_while_a_process_holds_it(store):
    store.add_study(study())
    store.set_status(study().id, "running")
    with store.hold(study().id):
        assert store.studies()[0].status == "running"
    assert store.studies()[0].status == "stopped"


def test_one_process_at_a_time_asks_for_a_study(store):
    with store.hold("x"), pytest.raises(RunError, match="another process"), store.hold("x"):
        pass
    with store.hold("x"):
        pass
    assert [p.name for p in store.path.parent.iterdir() if "lock" in p.name] == []


def test_who_takes_a_study_the_moment_it_is_let_go_holds_it_alone(store, monkeypatch):
    release, taken = filelock.FileLock.release, contextlib.ExitStack()

    def release_and_let_another_in(lock, *rest, **more):
        monkeypatch.setattr(filelock.FileLock, "release", release)
        release(lock, *rest, **more)
        taken.enter_context(store.hold("x"))

    monkeypatch.setattr(filelock.FileLock, "release", release_and_let_another_in)
    with store.hold("x"):
        pass
    with taken, pytest.raises(RunError, match="another process"), store.hold("x"):
        pass


def test_ids_sort_by_time_and_are_short():
    assert new_study_id() < "99"
    assert len(new_study_id()) == 18
    assert new_study_id() != new_study_id()


def test_reading_where_nothing_is_recorded_names_the_next_command_and_makes_no_file(tmp_path):
    with pytest.raises(RunError, match="sprat compare"):
        Store(tmp_path / "runs.db")
    assert not (tmp_path / "runs.db").exists()


@pytest.mark.parametrize(("version", "advice"), [(99, "Upgrade Sprat"), (-1, "Move the file away")])
def test_a_file_of_another_version_is_refused_with_what_to_do(tmp_path, version, advice):
    file = tmp_path / "runs.db"
    Store(file, create=True).close()
    plain = sqlite3.connect(file)
    plain.execute(f"PRAGMA user_version = {version}")
    plain.close()
    with pytest.raises(RunError, match=f"{advice}"):
        Store(file)


def test_another_programs_database_is_left_as_it_is(tmp_path):
    file = tmp_path / "runs.db"
    plain = sqlite3.connect(file)
    plain.execute("CREATE TABLE bookmarks (url)")
    plain.commit()
    plain.close()
    before = file.read_bytes()
    with pytest.raises(RunError, match="something else"):
        Store(file, create=True)
    assert file.read_bytes() == before


def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path):
    file = tmp_path / "runs.db"
    file.write_bytes(b"GGUF" * 1000)
    with pytest.raises(RunError, match="cannot be read as recorded runs"):
        Store(file, create=True)
    assert file.read_bytes() == b"GGUF" * 1000


def test_a_full_disk_is_said_and_harms_nothing(store):
    store.add_study(study())
    store._db.execute("PRAGMA max_page_count = 1")  # SQLite then answers "database is full"
    long = run(error="x" * 100_000)
    with pytest.raises(RunError, match="full"):
        store.add_run(long)
    assert list(store.runs(study().id)) == []
    store._db.execute("PRAGMA max_page_count = 100000")
    store.add_run(long)
    assert list(store.runs(study().id)) == [long]


def _write_ten(path, study_id):
    with Store(path, create=True) as opened:
        opened.add_study(study(study_id))
        for place in range(10):
            opened.add_run(run(f"q{place}", position=place, study=study_id))


def test_several_processes_make_and_fill_one_file_at_once(tmp_path):
    file, ids = tmp_path / "runs.db", [f"study-{n}" for n in range(4)]
    writers = [subprocess.Popen([sys.executable, __file__, file, study_id]) for study_id in ids]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0, 0, 0]
    with Store(file) as opened:
        assert sorted(line.id for line in opened.studies()) == ids
        assert all(line.answers == 10 for line in opened.studies())


if __name__ == "__main__":
    _write_ten(Path(sys.argv[1]), sys.argv[2])


def test_damage_within_is_one_line_with_what_to_do(tmp_path):
    path = tmp_path / "runs.db"
    with Store(path, create=True) as store:
        store.add_study(study())
        store.add_run(run())
    with sqlite3.connect(path) as database:
        database.execute("UPDATE answers SET body = '{}'")
    with Store(path) as store, pytest.raises(RunError, match=r"cannot be read.*Move it away"):
        list(store.runs(study().id))
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    with Store(path) as store, pytest.raises(RunError, match=r"malformed.*Move it away"):
        store.studies()


def test_a_home_that_cannot_be_is_one_line(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(RunError, match=r"cannot be opened.*SPRAT_HOME"):
        Store(tmp_path / "file" / "runs.db", create=True)
    (tmp_path / "runs.db").mkdir()
    with pytest.raises(RunError, match=r"cannot be opened.*SPRAT_HOME"):
        Store(tmp_path / "runs.db", create=True)


def test_whoever_only_looks_keeps_nobody_from_going_on(store):
    """A list of studies takes each lock for a moment; a browser may ask for one at any time."""
    store.add_study(study())
    file = store.path.with_name(f"{store.path.name}.{study().id}.lock")
    glance = filelock.FileLock(file, thread_local=False)
    glance.acquire()
    looked = threading.Timer(0.1, glance.release)
    looked.start()
    with store.hold(study().id):
        assert store.standing(study().id, "running") == "running"
    looked.join()
