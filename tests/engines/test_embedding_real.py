"""The real embedding model (23 MB, fetched once) against ONNX Runtime called directly."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from tokenizers import Tokenizer

from sprat.door import open_embedder
from sprat.engines.base import Embedder
from sprat.errors import ContextTooLong
from sprat.models.catalog import catalog
from sprat.models.ready import ensure
from sprat.settings import Settings

pytestmark = pytest.mark.real

TEXTS = [
    "A cat sat on the mat.",
    "Stocks fell sharply on Monday after the central bank raised rates.",
    "Ce n'est pas la même chose; 東京 is the capital of Japan.",
    "harbour ships and rain " * 40,
    "x",
]


@pytest.fixture
async def embedder(real_settings: Settings) -> AsyncIterator[Embedder]:
    made = open_embedder("all-minilm-l6-v2", real_settings)
    yield made
    await made.aclose()


@pytest.fixture(scope="module")
def folder(real_settings: Settings) -> Path:
    return ensure(catalog()["all-minilm-l6-v2"], real_settings).folder


def directly(folder: Path, texts: Sequence[str]) -> np.ndarray:
    """Each text alone, as the model card computes it; nothing of Sprat's."""
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"))
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(256)
    rows: list[np.ndarray] = []
    for text in texts:
        ids = np.array([tokenizer.encode(text).ids], np.int64)
        ones = np.ones_like(ids)
        feeds = {"input_ids": ids, "attention_mask": ones, "token_type_ids": ones * 0}
        mean = session.run(None, feeds)[0][0].mean(axis=0)
        rows.append(mean / np.linalg.norm(mean))
    return np.array(rows)


def matrix(vectors: Sequence[bytes]) -> np.ndarray:
    return np.array([np.frombuffer(vector, "<f4") for vector in vectors], np.float64)


async def test_a_vector_is_what_the_model_gives_when_called_directly(embedder, folder):
    alone = [(await embedder.embed([text])).vectors[0] for text in TEXTS]
    cosines = (matrix(alone) * directly(folder, TEXTS)).sum(axis=1)
    assert cosines.min() > 1 - 1e-6


async def test_a_text_has_the_same_vector_among_others_as_alone(embedder, folder):
    """The weights are int8, the arithmetic is not: padding changes nothing but the rounding."""
    together = await embedder.embed(TEXTS * 4)
    cosines = (matrix(together.vectors) * np.tile(directly(folder, TEXTS), (4, 1))).sum(axis=1)
    assert cosines.min() > 1 - 1e-6
    assert together.dimensions == 384


async def test_vectors_have_length_one(embedder):
    lengths = np.linalg.norm(matrix((await embedder.embed(TEXTS)).vectors), axis=1)
    assert lengths == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(
    ("text", "near", "far"),
    [
        ("A man is playing a guitar.", "Someone plays an instrument.", "The stock market fell."),
        ("How do I reset my password?", "I forgot my login.", "The recipe needs two eggs."),
        ("The cat sleeps on the sofa.", "A kitten naps on a couch.", "Rockets reach orbit."),
        ("It rained all day.", "The weather was wet.", "He signed the contract."),
    ],
)
async def test_like_meaning_is_nearer_than_unlike(embedder, text: str, near: str, far: str):
    a, b, c = matrix((await embedder.embed([text, near, far])).vectors)
    assert a @ b > a @ c + 0.1


async def test_256_word_pieces_are_read_and_257_are_refused(embedder):
    assert (await embedder.embed(["word " * 254])).usage.input_tokens == 256
    with pytest.raises(ContextTooLong, match="Text 1 of 1 has 257 tokens"):
        await embedder.embed(["word " * 255])


async def test_a_cancelled_call_of_many_long_texts_stops_computing(embedder):
    await embedder.embed(["warm"])
    held = asyncio.ensure_future(embedder.embed(["harbour ships and rain " * 50] * 2_000))
    await asyncio.sleep(0.5)
    held.cancel()
    before = time.monotonic()
    await embedder.embed(["short"])
    assert time.monotonic() - before < 5  # all of it would take minutes
    await asyncio.gather(held, return_exceptions=True)
