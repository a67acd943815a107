"""The retriever: both signals at once, one list, copies left out."""

import asyncio
import math
import struct
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.rag.store.samples import cut, document

from sprat.engines.base import Load, TextKind
from sprat.errors import ContextTooLong, DocumentError, UnsupportedRequest
from sprat.rag.retrieve import Retriever
from sprat.rag.store import Store, open_store
from sprat.types import Embedded, Timing, Usage

MEANINGS = {"dog": 0, "hound": 0, "puppy": 0, "cat": 1, "kitten": 1, "boat": 2, "ship": 2}


class Meaning:
    """An embedder that knows which words mean the same; refuses what real ones refuse."""

    name = "meaning"
    pids: tuple[int, ...] = ()
    context_words = 150

    def __init__(self) -> None:
        self.asked: list[tuple[str, TextKind]] = []

    async def embed(
        self, texts: Sequence[str], *, dimensions: int | None = None, kind: TextKind = "passage"
    ) -> Embedded:
        self.asked += [(text, kind) for text in texts]
        for text in texts:
            if not text.strip():
                raise UnsupportedRequest("empty")
            if len(text.split()) > self.context_words:
                raise ContextTooLong("too long")
        return Embedded(
            vectors=tuple(map(vector_of, texts)),
            dimensions=4,
            usage=Usage(1, 0),
            timing=Timing(scheduled_ns=0, sent_ns=0, done_ns=0),
        )

    async def warm(self) -> Load:
        return Load(load_s=None)

    async def aclose(self) -> None:
        pass


def vector_of(text: str) -> bytes:
    numbers = [0.0, 0.0, 0.0, 0.1]
    for word in text.lower().split():
        if (at := MEANINGS.get(word.strip(".,?"))) is not None:
            numbers[at] += 1
    length = math.hypot(*numbers)
    return struct.pack("<4f", *(number / length for number in numbers))


@pytest.fixture
def store(tmp_path: Path):
    made = open_store(str(tmp_path), create=True, embedder="meaning", dimensions=4)
    yield made
    made.close()


def keep(store: Store, file: str, text: str, *, vectors: bool = True) -> None:
    of = document(file, text)
    passages = cut(of)
    store.put(of, passages, [vector_of(one.text) for one in passages] if vectors else None)


async def test_what_means_the_same_is_found_without_its_word(store: Store):
    keep(store, "a", "A hound barks at night")
    keep(store, "b", "A kitten sleeps all day")
    found = (await Retriever(store, Meaning()).find("puppy")).found
    assert found[0].passage.file == "a"
    assert found[0].lexical is None
    assert found[0].dense == pytest.approx(1, abs=0.1)


async def test_what_both_find_comes_before_what_one_finds(store: Store):
    keep(store, "words", "The dog of the harbour master is a boat, they say")
    keep(store, "both", "A dog barks")
    keep(store, "meaning", "A hound barks")
    found = (await Retriever(store, Meaning()).find("dog barks")).found
    assert found[0].passage.file == "both"
    scores = [one.score for one in found]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


async def test_without_an_embedder_words_decide_and_it_says_so(store: Store):
    keep(store, "a", "A hound barks", vectors=False)
    keep(store, "b", "A dog sleeps", vectors=False)
    retrieved = await Retriever(store, None).find("the dog")
    assert [one.passage.file for one in retrieved.found] == ["b"]
    assert retrieved.found[0].dense is None
    assert (retrieved.embed_s, retrieved.dense_s) == (None, None)
    assert retrieved.lexical_s > 0
    assert 0 < retrieved.found[0].score <= 1


async def test_a_store_of_words_is_searched_by_words_whoever_asks(tmp_path: Path):
    store = open_store(str(tmp_path), create=True)
    keep(store, "a", "A dog barks", vectors=False)
    embedder = Meaning()
    retrieved = await Retriever(store, embedder).find("dog")
    assert retrieved.found[0].passage.file == "a"
    assert retrieved.embed_s is None
    assert embedder.asked == []
    store.close()


async def test_another_embedders_vectors_are_not_compared(store: Store):
    keep(store, "a", "A dog barks")
    other = Meaning()
    other.name = "other"
    with pytest.raises(DocumentError, match=r"meaning.*other"):
        await Retriever(store, other).find("dog")


async def test_the_question_is_embedded_as_a_question(store: Store):
    keep(store, "a", "A dog barks")
    embedder = Meaning()
    retrieved = await Retriever(store, embedder).find("Which dog?")
    assert embedder.asked == [("Which dog?", "query")]
    assert retrieved.query == "Which dog?"
    assert retrieved.embed_s is not None
    assert retrieved.dense_s is not None


async def test_near_copies_are_left_out(store: Store):
    line = "The dog of the harbour master barks at every ship that comes in at night"
    for n in range(5):
        keep(store, f"copy{n}", line.replace("at night", "at night" if n % 2 else "At Night!"))
    keep(store, "other", "Another dog sleeps")
    found = (await Retriever(store, Meaning()).find("dog harbour")).found
    assert len(found) == 2
    assert found[0].passage.file.startswith("copy")
    assert found[1].passage.file == "other"


async def test_no_more_than_asked_for(store: Store):
    for n in range(9):
        keep(store, f"{n}", f"Dog number {n} has {n * 7} bones and lives in house {n + 100}")
    assert len((await Retriever(store, Meaning()).find("dog", most=4)).found) == 4


@pytest.mark.parametrize("query", ["", "   ", "?!", "🐶" * 300, "dog " * 30_000, '"dog" AND ('])
async def test_any_text_is_a_question(store: Store, query: str):
    keep(store, "a", "A dog barks")
    retrieved = await Retriever(store, Meaning()).find(query)
    if "dog" in query:
        assert retrieved.found[0].passage.file == "a"


async def test_a_question_that_is_given_up_leaves_nothing_behind(store: Store):
    keep(store, "a", "A dog barks")

    class Slow(Meaning):
        async def embed(self, texts, *, dimensions=None, kind="passage"):
            await asyncio.sleep(60)
            raise AssertionError

    asking = asyncio.create_task(Retriever(store, Slow()).find("dog"))
    await asyncio.sleep(0.05)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert store.lexical("dog", 1)
