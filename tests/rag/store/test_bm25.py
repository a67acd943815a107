"""BM25 as SQLite sums it, against the formula written out over the same words."""

import math
import random
from collections import Counter
from pathlib import Path

import pytest

from sprat.rag.document import Document, Passage
from sprat.rag.store import open_store, words
from sprat.rag.store.bm25 import K1, B

VOCABULARY = [f"word{n}" for n in range(40)]


def sample(seed: int) -> list[str]:
    """Passages of different lengths, some words frequent and some rare."""
    draw = random.Random(seed)
    weights = [1 / (1 + n) for n in range(len(VOCABULARY))]
    return [" ".join(draw.choices(VOCABULARY, weights, k=draw.randint(3, 60))) for _ in range(80)]


def written_out(texts: list[str], query: list[str]) -> dict[int, float]:
    """The share of the most that BM25 could be, by the docstring of `bm25.best`."""
    bags = [Counter(text.split()) for text in texts]
    lengths = [sum(bag.values()) for bag in bags]
    average = sum(lengths) / len(lengths)
    holds = {word: sum(word in bag for bag in bags) for word in query}
    idf = {word: math.log(1 + (len(texts) - n + 0.5) / (n + 0.5)) for word, n in holds.items() if n}
    most = sum(idf.values()) * (K1 + 1)
    return {
        place: sum(
            idf[word] * bag[word] * (K1 + 1) / (bag[word] + K1 * (1 - B + B * length / average))
            for word in idf
            if bag[word]
        )
        / most
        for place, (bag, length) in enumerate(zip(bags, lengths, strict=True))
    }


@pytest.mark.parametrize("seed", range(5))
def test_it_is_the_formula(tmp_path: Path, seed: int):
    texts = sample(seed)
    store = open_store(str(tmp_path), create=True)
    whole, at, passages = "\n".join(texts), 0, list[Passage]()
    for text in texts:
        passages.append(Passage(file="a", start=at, end=at + len(text), text=text))
        at += len(text) + 1
    made = Document(file="a", title="a", sha256="0", bytes=1, media="text", text=whole)
    store.put(made, passages, None)
    query = random.Random(seed).sample(VOCABULARY, 5)
    hits = store.lexical(" ".join(query), 999)
    expected = written_out(texts, query)
    assert {hit.key - 1: hit.score for hit in hits} == pytest.approx(
        {place: score for place, score in expected.items() if score > 0}, abs=1e-9
    )
    store.close()


def test_words_of_asking_are_looked_for_only_where_there_is_no_other(tmp_path: Path):
    store = open_store(str(tmp_path), create=True)
    for name, text in (("who", "Who did what"), ("cod", "Cod is a fish")):
        made = Document(file=name, title=name, sha256="0", bytes=1, media="text", text=text)
        store.put(made, [Passage(file=name, start=0, end=len(text), text=text)], None)
    assert [hit.key for hit in store.lexical("who did the cod", 9)] == [2]
    assert [hit.key for hit in store.lexical("who did", 9)] == [1]
    store.close()


def test_a_word_in_too_many_passages_is_left_out_if_a_rarer_one_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(words, "MOST_ROWS", 10)
    store = open_store(str(tmp_path), create=True)
    for n in range(30):
        text = f"harbour {'zebra' if n == 7 else 'lion'} {n}"
        made = Document(file=str(n), title="", sha256="0", bytes=1, media="text", text=text)
        store.put(made, [Passage(file=str(n), start=0, end=len(text), text=text)], None)
    assert len(store.lexical("harbour zebra", 99)) == 1
    assert len(store.lexical("harbour", 99)) == 30
    store.close()
