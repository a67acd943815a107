"""The store of one folder: the contract, and what only it can do and suffer."""

import contextlib
import errno
import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.rag.store.contract import Opener, StoreContract, put
from tests.rag.store.samples import BREAD, around, cut, document, vector

from sprat.errors import DocumentError
from sprat.rag.store import open_store
from sprat.rag.store.drop import drop_store
from sprat.rag.store.faults import explained


class TestSqlite(StoreContract):
    """The contract."""

    @pytest.fixture
    def opener(self, tmp_path: Path) -> Opener:
        def opened(*, create=False, embedder="tiny", dimensions=4):
            return open_store(
                str(tmp_path / "store"), create=create, embedder=embedder, dimensions=dimensions
            )

        return opened


# -- a folder that is not what it should be ------------------------------------------------------


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """A store of one document, closed."""
    folder = tmp_path / "store"
    store = open_store(str(folder), create=True, embedder="tiny", dimensions=4)
    put(store, document())
    store.close()
    return folder


def asked(folder: Path) -> None:
    with contextlib.closing(open_store(str(folder))) as store:
        store.dense(around(1)[0], 1)


def refusal(folder: Path) -> str:
    """What opening or asking says: one line."""
    with pytest.raises(DocumentError) as caught:
        asked(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("version", [0, 1, 7])
def test_another_programs_database_is_left_alone(tmp_path: Path, version: int):
    with contextlib.closing(sqlite3.connect(tmp_path / "passages.db")) as other:
        other.execute("CREATE TABLE theirs (x)")
        other.commit()
        other.execute(f"PRAGMA user_version = {version}")
    assert "another program's. Give another --store." in refusal(tmp_path)
    for touch in (
        lambda: open_store(str(tmp_path), create=True),
        lambda: drop_store(str(tmp_path)),
    ):
        with pytest.raises(DocumentError, match="another program's"):
            touch()
    with contextlib.closing(sqlite3.connect(tmp_path / "passages.db")) as other:
        assert other.execute("SELECT count(*) FROM theirs").fetchone() == (0,)


def test_what_is_no_database_says_how_to_make_it_again(filled: Path):
    (filled / "passages.db").write_bytes(b"no database at all " * 1000)
    for left in filled.glob("passages.db-*"):
        left.unlink()
    assert "--rebuild" in refusal(filled)


@pytest.mark.parametrize(("found", "fix"), [(99, "Upgrade"), (-1, "--rebuild")])
def test_another_format_says_what_to_do(filled: Path, found: int, fix: str):
    with contextlib.closing(sqlite3.connect(filled / "passages.db")) as database:
        database.execute(f"PRAGMA user_version = {found}")
    said = refusal(filled)
    assert f"format {found}" in said
    assert fix in said


@pytest.mark.parametrize("left", [0, 3, 20])
def test_vectors_that_are_cut_off_are_noticed(filled: Path, left: int):
    with (filled / "vectors.f32").open("r+b") as file:
        file.truncate(left)
    assert "--rebuild" in refusal(filled)


def test_vectors_that_are_gone_are_noticed(filled: Path):
    (filled / "vectors.f32").unlink()
    assert "vectors.f32" in refusal(filled)


def test_a_file_where_the_folder_should_be_is_said(tmp_path: Path):
    (tmp_path / "store").write_text("a file")
    with pytest.raises(DocumentError) as caught:
        open_store(str(tmp_path / "store"), create=True)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (sqlite3.OperationalError("no such module: fts5"), "Full-text search is missing"),
        (sqlite3.OperationalError("database or disk is full"), "Free some space"),
        (sqlite3.OperationalError("database is locked"), "Another program writes"),
        (sqlite3.OperationalError("attempt to write a readonly database"), "must be writable"),
        (sqlite3.DatabaseError("database disk image is malformed"), "--rebuild"),
        (OSError(errno.ENOSPC, "No space left on device"), "Free some space"),
        (OSError(errno.EROFS, "Read-only file system"), "must be writable"),
    ],
)
def test_each_trouble_is_one_line_with_its_fix(error: Exception, words: str):
    said = str(explained(Path("/x/passages.db"), error))
    assert words in said
    assert "\n" not in said


def test_a_full_disk_leaves_what_was_there(filled: Path, monkeypatch: pytest.MonkeyPatch):
    store = open_store(str(filled), create=True, embedder="tiny")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(DocumentError, match="Free some space"):
        put(store, document("/docs/bread.md", BREAD), first=8)
    monkeypatch.undo()
    assert list(store.documents()) == ["/docs/fish.md"]
    put(store, document("/docs/bread.md", BREAD), first=8)
    assert len(store.dense(around(1)[0], 9)) == 4
    store.close()


# -- forgetting all ------------------------------------------------------------------------------


def test_what_is_forgotten_while_others_have_it_open_goes_on_as_an_empty_store(filled: Path):
    with contextlib.closing(open_store(str(filled), create=True, embedder="tiny")) as other:
        old = [hit.key for hit in other.lexical("chips", 5)]
        drop_store(str(filled))
        assert other.documents() == {}
        assert other.lexical("chips", 5) == other.dense(around(1)[0], 5) == []
        with contextlib.closing(open_store(str(filled), create=True, embedder="tiny")) as rebuilt:
            put(other, document("/docs/bread.md", BREAD))
            assert list(rebuilt.documents()) == ["/docs/bread.md"]
            assert len(rebuilt.dense(around(1)[0], 5)) == 2
            assert rebuilt.passages(old) == {}
    sound(filled)


def test_a_store_is_made_again_with_another_model_and_those_who_have_it_open_say_so(filled: Path):
    with contextlib.closing(open_store(str(filled), create=True, embedder="tiny")) as other:
        drop_store(str(filled))
        longer = open_store(str(filled), create=True, embedder="longer", dimensions=8)
        longer.put(document(), cut(document()), [vector(*[1] * 8), vector(*[2, *[0] * 7])])
        assert longer.dense(vector(*[1] * 8), 1)[0].score == pytest.approx(1)
        longer.close()
        with pytest.raises(DocumentError, match="holds vectors of longer"):
            put(other, document("/docs/bread.md", BREAD))


@pytest.mark.parametrize(
    "harm",
    ["UPDATE sqlite_schema SET sql = 'nonsense'", "DROP TABLE meta", "PRAGMA user_version=-1"],
)
def test_what_is_damaged_or_of_another_format_is_removed(filled: Path, harm: str):
    with contextlib.closing(sqlite3.connect(filled / "passages.db")) as database:
        database.execute("PRAGMA writable_schema = ON")
        database.execute(harm)
        database.commit()
    drop_store(str(filled))
    assert not list(filled.iterdir())


def test_what_another_one_writes_to_is_not_removed(filled: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sprat.rag.store.schema.BUSY_S", 0.05)
    with contextlib.closing(sqlite3.connect(filled / "passages.db")) as writing:
        writing.execute("BEGIN IMMEDIATE")
        with pytest.raises(DocumentError, match="Another program writes"):
            drop_store(str(filled))
    assert (filled / "passages.db").exists()


# -- several processes ---------------------------------------------------------------------------

WRITER = """
import math, struct, sys
from sprat.rag.document import Document, Passage
from sprat.rag.store import open_store

store = open_store(sys.argv[1], create=True, embedder="tiny", dimensions=4)
print("ready", flush=True)
for n in range(int(sys.argv[3])):
    text, file = f"Bread rises by yeast. Wild yeast is fed {n}", f"/docs/{sys.argv[2]}-{n % 40}.md"
    document = Document(file=file, title="T", sha256="ab", bytes=1, media="text", text=text)
    passages = [
        Passage(file=file, start=start, end=end, text=text[start:end])
        for start, end in ((0, 20), (22, len(text)))
    ]
    angle = n * math.pi / 64
    vector = struct.pack("<4f", math.cos(angle), math.sin(angle), 0, 0)
    store.put(document, passages, [vector, vector])
    print(n, flush=True)
store.close()
"""


def writer(folder: Path, name: str, count: int) -> subprocess.Popen[str]:
    """A process that keeps so many documents, every forty of them in place of the forty before."""
    called = [sys.executable, "-c", WRITER, str(folder), name, str(count)]
    running = subprocess.Popen(called, stdout=subprocess.PIPE, text=True)
    assert running.stdout is not None
    assert running.stdout.readline() == "ready\n"
    return running


def sound(folder: Path) -> int:
    """Whether everything in the store hangs together; how many documents it has."""
    store = open_store(str(folder), create=True, embedder="tiny")
    try:
        held = store.documents()
        hits = store.lexical("yeast", 9_999)
        near = store.dense(around(1)[0], 9_999)
        passages = sum(one.passages for one in held.values())
        assert store.info().passages == passages == len(near)
        assert len(hits) == 2 * len(held)
        for key, passage in store.passages([hit.key for hit in (*hits, *near)]).items():
            assert store.text(passage.file)[passage.start : passage.end] == passage.text, key
        with contextlib.closing(sqlite3.connect(folder / "passages.db")) as database:
            database.execute("INSERT INTO words (words, rank) VALUES ('integrity-check', 1)")
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return len(held)
    finally:
        store.close()


def test_two_processes_write_while_a_third_reads(tmp_path: Path):
    folder = tmp_path / "store"
    writers = [writer(folder, name, 30) for name in "ab"]
    store = open_store(str(folder))
    while any(one.poll() is None for one in writers):
        for hit in store.dense(around(1)[0], 5):
            assert hit.score <= 1.00001
        for passage in store.passages([hit.key for hit in store.lexical("yeast", 5)]).values():
            assert "yeast" in passage.text
    store.close()
    assert [one.wait(30) for one in writers] == [0, 0]
    for one in writers:
        assert one.stdout is not None
        one.stdout.close()
    assert sound(folder) == 60


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
@pytest.mark.parametrize("seed", range(3))
def test_a_writer_that_is_killed_leaves_a_store_that_answers(tmp_path: Path, seed: int):
    folder, told = tmp_path / "store", 0
    running = writer(folder, "k", 10_000)
    assert running.stdout is not None
    time.sleep(random.Random(seed).uniform(0.02, 0.4))
    running.kill()
    told = len(running.stdout.read().splitlines())
    running.wait(10)
    running.stdout.close()
    assert sound(folder) >= min(told, 40)  # what was said to be kept is kept
