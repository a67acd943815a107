"""A run makes the store say what the files say now, and does no more than that takes."""

import asyncio
import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.rag.embedding import TinyEmbedder
from tests.rag.papers import pdf

from sprat.errors import EngineDied, UsageError
from sprat.rag.index import Indexing, IndexReport, add, index
from sprat.rag.read import read_bytes
from sprat.rag.store import Store, open_store

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(str(tmp_path / "store"), create=True, embedder="tiny")
    yield opened
    opened.close()


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    for name in ("a.md", "b.md", "c.txt"):
        (folder / name).write_text(f"About the fish {name}.", encoding="utf-8")
    return folder


def counts(report: IndexReport) -> tuple[int, int, int, int, int]:
    return (
        report.added,
        report.changed,
        report.unchanged,
        report.removed,
        len(report.skipped),
    )


def name_of(file: str) -> str:
    return file.rsplit("/", 1)[-1]


async def test_unchanged_files_are_neither_read_nor_embedded_again(
    store: Store, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedder = TinyEmbedder()
    assert counts(await index([docs], store, embedder)) == (3, 0, 0, 0, 0)
    assert all(one.embedded for one in store.documents().values())
    embedder.texts.clear()
    monkeypatch.setattr("sprat.rag.index.document_of", None)
    (docs / "a.md").touch()
    assert counts(await index([docs], store, embedder)) == (0, 0, 3, 0, 0)
    assert embedder.texts == []


async def test_what_changed_is_replaced_and_what_is_gone_goes(store: Store, docs: Path) -> None:
    await index([docs], store, TinyEmbedder())
    (docs / "a.md").write_text("About birds now.", encoding="utf-8")
    (docs / "b.md").unlink()
    (docs / "d.md").write_text("A new one.", encoding="utf-8")
    assert counts(await index([docs], store, TinyEmbedder())) == (1, 1, 1, 1, 0)
    assert sorted(map(name_of, store.documents())) == ["a.md", "c.txt", "d.md"]
    found = store.passages([hit.key for hit in store.lexical("birds fish", 10)])
    assert {name_of(one.file): one.text for one in found.values()} == {
        "a.md": "About birds now.",
        "c.txt": "About the fish c.txt.",
    }


async def test_only_what_lies_below_the_paths_goes(store: Store, docs: Path) -> None:
    (docs / "docs2").mkdir()
    (docs / "docs2" / "e.md").write_text("Elsewhere.", encoding="utf-8")
    await index([docs], store, None)
    assert counts(await index([docs / "docs2"], store, None)) == (0, 0, 1, 0, 0)
    assert counts(await index([docs / "a.md"], store, None)) == (0, 0, 1, 0, 0)
    (docs / "a.md").unlink()
    assert counts(await index([docs / "a.md"], store, None, forget=True)) == (0, 0, 0, 1, 0)
    assert len(store.documents()) == 3


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="nothing is closed to it")
@pytest.mark.parametrize("rights", [0o000, 0o400])
async def test_what_lies_in_a_folder_that_cannot_be_looked_into_stays(
    store: Store, docs: Path, rights: int
) -> None:
    closed = docs / "closed"
    (closed / "deep").mkdir(parents=True)
    for file in ("e.md", "deep/f.md"):
        (closed / file).write_text("Elsewhere.", encoding="utf-8")
    await index([docs], store, None)
    (docs / "a.md").unlink()
    closed.chmod(rights)
    try:
        reports = [await index([path], store, None) for path in (docs, closed, closed / "deep")]
    finally:
        closed.chmod(0o700)
    assert sum(report.removed for report in reports) == 1
    assert sorted(map(name_of, store.documents())) == ["b.md", "c.txt", "e.md", "f.md"]
    assert all("Permission denied" in why for report in reports for _, why in report.skipped)
    assert all(report.skipped for report in reports)


async def test_a_folder_that_the_system_cannot_list_keeps_what_it_had(
    store: Store, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (docs / "drive").mkdir()
    (docs / "drive" / "e.md").write_text("Elsewhere.", encoding="utf-8")
    await index([docs], store, None)
    listed = os.scandir

    def broken(folder):
        if Path(folder).name == "drive":
            raise OSError(errno.EIO, "Input/output error")
        return listed(folder)

    monkeypatch.setattr("sprat.rag.read.walk.os.scandir", broken)
    report = await index([docs], store, None)
    assert counts(report) == (0, 0, 3, 0, 1)
    assert report.skipped[0][1].startswith("drive cannot be listed: Input/output error.")
    assert len(store.documents()) == 4


def unmount(folder: Path, mount_point_stays: bool) -> None:
    shutil.rmtree(folder)
    if mount_point_stays:
        folder.mkdir()


@pytest.mark.parametrize("mount_point_stays", [True, False])
async def test_a_drive_that_is_not_mounted_loses_nothing_unless_that_is_asked_for(
    store: Store, docs: Path, mount_point_stays: bool
) -> None:
    await index([docs], store, None)
    unmount(docs, mount_point_stays)
    report = await index([docs], store, None)
    assert counts(report) == (0, 0, 0, 0, 1)
    assert report.skipped[0][1].startswith("docs is not there, or is empty;")
    assert len(store.documents()) == 3
    assert counts(await index([docs], store, None, forget=True)) == (0, 0, 0, 3, 0)


async def test_a_bad_file_is_told_and_skipped_and_its_old_passages_go(
    store: Store, docs: Path
) -> None:
    await index([docs], store, TinyEmbedder())
    (docs / "a.md").write_bytes(b"\0\0\0")
    (docs / "z.pdf").write_bytes(pdf("secret", password="key"))
    report = await index([docs], store, TinyEmbedder())
    assert counts(report) == (0, 0, 2, 0, 2)
    assert [(name_of(file), why.split(".")[0]) for file, why in report.skipped] == [
        ("a.md", "a"),
        ("z.pdf", "z"),
    ]
    assert sorted(map(name_of, store.documents())) == ["b.md", "c.txt"]


async def test_a_fault_of_a_reader_ends_nothing(
    store: Store, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(document, *_):
        raise ZeroDivisionError

    monkeypatch.setattr("sprat.rag.index.chunk", broken)
    report = await index([docs], store, None)
    assert len(report.skipped) == 3
    assert "ZeroDivisionError" in report.skipped[0][1]


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="every name is Unicode there")
async def test_a_name_that_is_no_text_ends_nothing(store: Store, docs: Path) -> None:
    (docs / "\udcff.md").write_text("Fish.", encoding="utf-8")
    report = await index([docs], store, None)
    assert counts(report) == (3, 0, 0, 0, 1)
    assert report.skipped[0][1].startswith("?.md is not read: its name is no UTF-8.")


async def test_a_later_run_embeds_what_lacks_vectors(store: Store, docs: Path) -> None:
    await index([docs], store, None)
    assert not any(one.embedded for one in store.documents().values())
    assert counts(await index([docs], store, TinyEmbedder())) == (0, 3, 0, 0, 0)
    assert all(one.embedded for one in store.documents().values())
    assert counts(await index([docs], store, None)) == (0, 0, 3, 0, 0)


async def test_passages_are_cut_finer_for_a_model_that_reads_less(store: Store, docs: Path) -> None:
    (docs / "long.md").write_text("A sprat is a small fish. " * 100, encoding="utf-8")
    embedder = TinyEmbedder(most_chars=300)
    report = await index([docs], store, embedder)
    assert report.words_only == ()
    assert all(one.embedded for one in store.documents().values())
    assert max(map(len, embedder.texts)) <= 300


async def test_what_no_model_reads_is_kept_by_its_words(store: Store, docs: Path) -> None:
    report = await index([docs], store, TinyEmbedder(most_chars=3))
    assert [name_of(file) for file, _ in report.words_only] == ["a.md", "b.md", "c.txt"]
    assert store.lexical("fish", 10)


async def test_an_embedder_that_dies_ends_the_run_and_what_was_done_stays(
    store: Store, docs: Path
) -> None:
    class Dying(TinyEmbedder):
        async def embed(self, texts, **how):
            if len(self.texts) == 2:
                raise EngineDied("It went away.")
            return await super().embed(texts, **how)

    with pytest.raises(EngineDied):
        await index([docs], store, Dying())
    assert len(store.documents()) == 2
    assert counts(await index([docs], store, TinyEmbedder())) == (1, 0, 2, 0, 0)


async def test_a_run_that_is_cancelled_keeps_what_was_done(store: Store, docs: Path) -> None:
    class Slow(TinyEmbedder):
        async def embed(self, texts, **how):
            if self.texts:
                await asyncio.sleep(60)
            return await super().embed(texts, **how)

    task = asyncio.create_task(index([docs], store, Slow()))
    async with asyncio.timeout(10):
        while not store.documents():  # noqa: ASYNC110 - another thread fills it
            await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(store.documents()) == 1


async def test_progress_counts_files_and_bytes_up_to_all_of_them(store: Store, docs: Path) -> None:
    told: list[Indexing] = []
    await index([docs], store, TinyEmbedder(), progress=told.append)
    assert [one.bytes for one in told] == sorted(one.bytes for one in told)
    assert told[-1].bytes == told[-1].of_bytes == 3 * len("About the fish a.md.") + 1
    assert {one.of_files for one in told} == {3}


async def test_a_path_that_is_not_there_is_wrong_use(store: Store, docs: Path) -> None:
    with pytest.raises(UsageError, match="There is no"):
        await index([docs / "none"], store, None)


@pytest.mark.parametrize("kind", ["", "qdrant-edge:"])
@pytest.mark.parametrize("place", ["docs/kept", "docs", "."])
async def test_a_store_below_or_above_what_it_indexes_is_no_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, place: str
) -> None:
    if kind:
        pytest.importorskip("qdrant_edge")
    monkeypatch.chdir(tmp_path)
    store = open_store(f"{kind}{place}", create=True)
    (tmp_path / "docs").mkdir(exist_ok=True)
    for name in ("a.md", "b.md", "c.txt"):
        (tmp_path / "docs" / name).write_text(f"About {name}.", encoding="utf-8")
    for path in ("docs", ".") if place == "." else ("docs", "docs"):
        report = await index([Path(path)], store, None)
        assert report.added + report.unchanged == 3
        assert report.skipped == ()
    store.close()


async def test_an_upload_is_added_and_replaced(store: Store) -> None:
    assert await add(read_bytes("note.md", b"Fish."), store, TinyEmbedder()) == 1
    assert await add(read_bytes("note.md", b"Birds."), store, TinyEmbedder()) == 1
    assert store.text("note.md") == "Birds."
    assert store.documents()["note.md"].embedded


async def test_two_runs_at_once_leave_each_file_once(store: Store, docs: Path, tmp_path) -> None:
    other = open_store(str(tmp_path / "store"), create=True, embedder="tiny")
    await asyncio.gather(index([docs], store, TinyEmbedder()), index([docs], other, TinyEmbedder()))
    assert len(store.documents()) == 3
    assert store.info().passages == 3
    other.close()


def test_a_run_that_is_killed_leaves_a_store_that_opens_and_answers() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks/kills.py"), "--kills", "4", "--documents", "12"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "opened and answered each time" in done.stdout
