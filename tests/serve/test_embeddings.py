"""`/v1/embeddings`, over the wire; the official package reads it."""

import asyncio
import base64
import struct
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import openai
import pytest
from tests.serve.recording import embeds
from tests.serve.running import At, gateway, serving

from sprat.settings import Settings

MINILM = "all-minilm-l6-v2"


async def embed(at: At, model: str = MINILM, **fields: Any) -> Any:
    async with await at.post("/v1/embeddings", {"model": model, **fields}) as response:
        return await response.json()


async def test_each_text_has_its_vector_in_order(at: At):
    embeds(at)
    answer = await embed(at, input=["one", "three"])
    assert [entry["index"] for entry in answer["data"]] == [0, 1]
    assert [entry["embedding"][0] for entry in answer["data"]] == [3.0, 5.0]
    assert answer["data"][0]["embedding"][1] == struct.unpack("f", struct.pack("f", 0.1))[0]
    assert answer["usage"] == {"prompt_tokens": 8, "total_tokens": 8}
    assert answer["object"] == "list"
    assert answer["sprat"]["model"] == MINILM
    assert answer["sprat"]["timing"]["total_s"] > 0


async def test_base64_is_of_little_endian_floats(at: At):
    embeds(at)
    answer = await embed(at, input="four", encoding_format="base64")
    numbers = struct.unpack("<3f", base64.b64decode(answer["data"][0]["embedding"]))
    assert numbers == pytest.approx((4, 0.1, -1))


async def test_texts_and_dimensions_reach_the_model(at: At):
    fake = embeds(at)
    await embed(at, input="four", dimensions=3)
    assert (fake.texts, fake.dimensions) == (["four"], 3)


async def test_a_model_at_an_endpoint_may_embed(tmp_path: Path):
    settings = serving(tmp_path, endpoints={"far": "http://127.0.0.1:9/v1"})
    async with gateway(settings) as at:
        embeds(at, "far/some-embedder")
        answer = await embed(at, "far/some-embedder", input="x")
    assert answer["sprat"]["model"] == "far/some-embedder"


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"input": ""}, "input"),
        ({"input": []}, "input"),
        ({"input": ["a", ""]}, "input[1]"),
        ({"input": [1, 2]}, "input[0]"),
        ({"input": ["x"] * 2049}, "input"),
        ({"input": "x", "dimensions": 0}, "dimensions"),
        ({"input": "x", "encoding_format": "hex"}, "encoding_format"),
        ({"input": "x", "model": "echo"}, "model"),
        ({"input": "x", "stream": True}, "stream"),
        ({}, "input"),
    ],
)
async def test_what_cannot_be_honoured_is_named(at: At, fields: dict[str, Any], named: str):
    answer = await embed(at, **fields)
    assert answer["error"]["param"] == named
    assert answer["error"]["type"] == "invalid_request_error"


async def test_an_embedding_model_is_not_asked_for_an_answer(at: At):
    answer = await at.chat(model=MINILM)
    assert answer["error"]["param"] == "model"
    assert "/v1/embeddings" in answer["error"]["message"]


async def test_the_ledger_counts_embeddings_too(at: At):
    embeds(at)
    await embed(at, input="x")
    await embed(at, input="")
    assert at.gateway.ledger.outcomes == {"completed": 1, "failed": 1, "cancelled": 0}


async def test_the_official_client_reads_vectors(at: At):
    embeds(at)
    async with openai.AsyncOpenAI(base_url=f"{at.url}/v1", api_key="none") as client:
        answer = await client.embeddings.create(model=MINILM, input=["one", "three"])
    assert [round(entry.embedding[0]) for entry in answer.data] == [3, 5]


async def test_a_long_list_does_not_hold_up_others(at: At):
    """Writing 2,048 vectors of 384 numbers is some 60 ms of work, in turns."""
    import array

    from sprat.serve.embedding import _written  # pyright: ignore[reportPrivateUsage]
    from sprat.serve.wire.embeddings import EmbeddingBody

    fake = embeds(at)
    embedded = await fake.embed(["x"] * 2048)
    vector = array.array("f", [0.123456] * 384).tobytes()
    embedded = type(embedded)(
        vectors=(vector,) * 2048, dimensions=384, usage=embedded.usage, timing=embedded.timing
    )
    writing = asyncio.create_task(_written(embedded, EmbeddingBody(model=MINILM, input="x")))
    turns = 0
    while not writing.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 20


@pytest.fixture
async def real(tmp_path: Path, real_settings: Settings) -> AsyncIterator[At]:
    async with gateway(serving(tmp_path, base=real_settings)) as here:
        yield here


@pytest.mark.real
async def test_like_texts_have_like_vectors(real: At):
    texts = ["A cat sat on the mat.", "A kitten sits on a rug.", "The rate of interest rose."]
    started = time.monotonic()
    answer = await embed(real, input=texts)
    assert "error" not in answer, answer
    cat, kitten, rate = (entry["embedding"] for entry in answer["data"])
    assert len(cat) == 384
    assert dot(cat, cat) == pytest.approx(1, abs=1e-4)
    assert dot(cat, kitten) > dot(cat, rate) + 0.2
    assert answer["sprat"]["timing"]["load_s"] > 0
    assert answer["sprat"]["timing"]["total_s"] <= time.monotonic() - started


def dot(left: list[float], right: list[float]) -> float:
    return sum(a * b for a, b in zip(left, right, strict=True))
