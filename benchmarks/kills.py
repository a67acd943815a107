"""`kill -9` at random moments while documents are indexed: does the store open and answer?

python benchmarks/kills.py [--kills 200] [--documents 40] [--seed 1]

Before each kill every document is written anew. After it, each is in the store as it was before or
as it is now, whole; its words find it, and the vector of each of its passages is its own.
"""

import argparse
import asyncio
import hashlib
import random
import signal
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sprat.engines.base import Load
from sprat.rag.chunk import chunk, worded
from sprat.rag.index import index
from sprat.rag.read import read_file
from sprat.rag.store import Store, open_store
from sprat.types import Embedded, Timing, Usage

DIMENSIONS = 32


class HashEmbedder:
    """A vector for each text from its hash: no model, but every text has one of its own."""

    name = "hash"
    pids: tuple[int, ...] = ()

    async def embed(self, texts, *, dimensions=None, kind="passage"):
        """One vector for each text."""
        return Embedded(
            vectors=tuple(map(vector, texts)),
            dimensions=DIMENSIONS,
            usage=Usage(0, 0),
            timing=Timing(scheduled_ns=0, sent_ns=0, done_ns=0),
        )

    async def warm(self):
        """Nothing to load."""
        return Load(load_s=None)

    async def aclose(self):
        """Nothing to free."""


def vector(text: str) -> bytes:
    """Of length about 1, and nearly at a right angle to every other text's."""
    signs = (1.0 if byte & 1 else -1.0 for byte in hashlib.sha256(text.encode()).digest())
    return struct.pack(f"<{DIMENSIONS}f", *(sign / DIMENSIONS**0.5 for sign in signs))


def write(folder: Path, documents: int, version: int, chance: random.Random) -> None:
    for number in range(documents):
        words = " ".join(f"word{chance.randrange(5000)}" for _ in range(chance.randrange(20, 900)))
        text = f"# Document{number} version{version}\n\n{words}.\n"
        (folder / f"{number}.md").write_text(text, encoding="utf-8")


def run(folder: Path, where: Path, say=lambda _: None) -> None:
    """What is killed."""
    store = open_store(str(where), create=True, embedder="hash", dimensions=DIMENSIONS)
    say("begun")
    asyncio.run(index([folder], store, HashEmbedder()))
    say("done")
    store.close()


def killed(folder: Path, where: Path, after_s: float) -> bool:
    """Start an indexing process and kill it; whether it had not ended by itself."""
    command = [sys.executable, __file__, "--run", str(folder), str(where)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "begun\n"
        time.sleep(after_s)
        if process.poll() is None:
            process.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
        process.wait()
        return "done" not in process.stdout.read()


def check(folder: Path, where: Path, before: dict[str, str]) -> int:
    """How many documents are as they are now; the others are as they were before, or not there."""
    store = open_store(str(where))
    try:
        now = 0
        for file, held in store.documents().items():
            current = read_file(Path(file))
            text = store.text(file)
            assert text in {current.text, before.get(file)}, f"{file} is neither old nor new"
            now += text == current.text
            _check_found(store, file, text or "", held.passages)
        assert store.info().documents <= len(list(folder.iterdir()))
        return now
    finally:
        store.close()


def _check_found(store: Store, file: str, text: str, count: int) -> None:
    title = text.split(maxsplit=2)[1]
    hits = store.lexical(title, 1_000)
    own = {k: p for k, p in store.passages([h.key for h in hits]).items() if p.file == file}
    assert own, f"{title} is not found"
    assert len(own) <= count
    for key, passage in own.items():
        assert text[passage.start : passage.end] == passage.text
        nearest = store.dense(vector(worded(passage)), 1)[0]
        assert nearest.key == key, f"{file} has another's vector"
        assert nearest.score > 0.999


def kill(kills: int, documents: int, seed: int) -> None:
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as place:
        folder, where = Path(place) / "docs", Path(place) / "store"
        folder.mkdir()
        write(folder, documents, 0, chance)
        begun = time.perf_counter()
        run(folder, where)
        whole_s = time.perf_counter() - begun
        cut = 0
        for version in range(1, kills + 1):
            before = {file: _text(where, file) for file in _files(where)}
            write(folder, documents, version, chance)
            cut += killed(folder, where, chance.uniform(0, whole_s))
            now = check(folder, where, before)
            print(f"kill {version}: {now} of {documents} documents were done", flush=True)
        run(folder, where)
        assert check(folder, where, {}) == documents
        _compare(folder, where)
    print(f"{kills} kills, {cut} of them while it worked; the store opened and answered each time.")


def _compare(folder: Path, where: Path) -> None:
    """In the end it holds what one made in one go would hold."""
    store = open_store(str(where))
    expected = sum(len(chunk(read_file(file))) for file in folder.iterdir())
    assert store.info().passages == expected
    store.close()


def _files(where: Path) -> list[str]:
    store = open_store(str(where))
    files = list(store.documents())
    store.close()
    return files


def _text(where: Path, file: str) -> str:
    store = open_store(str(where))
    text = store.text(file)
    store.close()
    return text or ""


if __name__ == "__main__":
    if sys.argv[1:2] == ["--run"]:
        run(Path(sys.argv[2]), Path(sys.argv[3]), lambda word: print(word, flush=True))
        sys.exit()
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kills", type=int, default=200)
    options.add_argument("--documents", type=int, default=40)
    options.add_argument("--seed", type=int, default=1)
    kill(**vars(options.parse_args()))
