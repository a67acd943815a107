"""The embedder of endpoints against a server that does what it is told."""

import asyncio
import base64
import struct
from collections.abc import AsyncIterator

import pytest
from tests.engines.endpoint import QUICK
from tests.engines.stub_server import Step, Stub, failure, head

from sprat.engines.openai import Limits, OpenAIEmbedder
from sprat.errors import (
    ContextTooLong,
    EngineDied,
    EngineRefused,
    EngineTimeout,
    UnsupportedRequest,
)
from sprat.settings import Endpoint


def little(*numbers: float) -> bytes:
    return struct.pack(f"<{len(numbers)}f", *numbers)


def packed(*numbers: float) -> str:
    return base64.b64encode(little(*numbers)).decode()


def vectors(*said: object, **more: object) -> list[Step]:
    data = [{"object": "embedding", "index": at, "embedding": one} for at, one in enumerate(said)]
    return failure("200 OK", {"object": "list", "data": data, **more})


def embedder_of(stub: Stub, *, limits: Limits = QUICK, **fields) -> OpenAIEmbedder:
    return OpenAIEmbedder("there/mini", Endpoint(url=stub.url, **fields), "mini", limits=limits)


@pytest.fixture
async def embedder(stub: Stub) -> AsyncIterator[OpenAIEmbedder]:
    made = embedder_of(stub)
    yield made
    await made.aclose()
    await made.aclose()  # safe to call twice


async def test_texts_become_vectors_in_openais_words(stub: Stub, embedder: OpenAIEmbedder):
    usage = {"prompt_tokens": 5, "total_tokens": 5}
    stub.answers(vectors(packed(1.0, -0.5), packed(0.0, 2.0), usage=usage))
    got = await embedder.embed(["one", "two"], dimensions=2)
    assert stub.paths == ["/v1/embeddings"]
    assert stub.requests == [
        {"model": "mini", "input": ["one", "two"], "encoding_format": "base64", "dimensions": 2}
    ]
    assert got.vectors == (little(1.0, -0.5), little(0.0, 2.0))
    assert (got.dimensions, got.model) == (2, "there/mini")
    assert (got.usage.input_tokens, got.usage.counted_by) == (5, "engine")
    assert got.timing.answer_s > 0


async def test_a_list_of_numbers_is_the_same_as_base64(stub: Stub, embedder: OpenAIEmbedder):
    stub.answers(vectors([0.1, 1, -3.5]))
    got = await embedder.embed(["four chars"])
    assert got.vectors == (little(0.1, 1.0, -3.5),)
    # ten characters over four, rounded up
    assert (got.usage.input_tokens, got.usage.counted_by) == (3, "estimate")


async def test_vectors_come_in_the_order_of_their_numbers(stub: Stub, embedder: OpenAIEmbedder):
    data = [{"index": 1, "embedding": packed(2.0)}, {"index": 0, "embedding": packed(1.0)}]
    stub.answers(failure("200 OK", {"data": data}))
    assert (await embedder.embed(["a", "b"])).vectors == (little(1.0), little(2.0))


async def test_many_texts_go_in_batches_and_come_back_in_order(
    stub: Stub, embedder: OpenAIEmbedder
):
    def batch(start: int, count: int) -> list[Step]:
        said = [packed(float(n), 1.0) for n in range(start, start + count)]
        return vectors(*said, usage={"prompt_tokens": count})

    stub.answers(batch(0, 256), batch(256, 256), batch(512, 88))
    got = await embedder.embed([f"text {n}" for n in range(600)])
    assert [len(request["input"]) for request in stub.requests] == [256, 256, 88]
    assert stub.requests[2]["input"][-1] == "text 599"
    assert [struct.unpack("<2f", vector)[0] for vector in got.vectors] == list(range(600))
    assert got.usage.input_tokens == 600
    assert stub.connections == 1


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (vectors(packed(1.0)), "1 vectors for 2 texts"),
        (vectors(packed(1.0), packed(1.0, 2.0)), "no one length"),
        (vectors("", ""), "no one length"),
        (vectors(packed(float("nan")), packed(1.0)), "not finite"),
        (vectors([float("inf")], [1.0]), "no list of embeddings"),
        (vectors([1e300], [1.0]), "not finite"),
        (vectors("!!", packed(1.0)), "no base64"),
        (vectors("AAA=", packed(1.0)), "no whole float32s"),
        (vectors(["a"], [1.0]), "no list of embeddings"),
        (failure("200 OK", "hello"), "no list of embeddings"),
        (failure("200 OK", {"error": {"message": "out of\nmemory"}}), "out of memory"),
        (failure("200 OK", {}), "no embeddings"),
        (failure("200 OK", {"data": [{"index": 7, "embedding": [1]}] * 2}), "numbered"),
    ],
)
async def test_what_are_no_vectors_is_refused_in_one_line(
    stub: Stub, embedder: OpenAIEmbedder, answer: list[Step], why: str
):
    stub.answers(answer)
    with pytest.raises(EngineRefused, match=why) as caught:
        await embedder.embed(["a", "b"])
    assert "\n" not in str(caught.value)


async def test_dimensions_that_the_server_ignores_are_unsupported(
    stub: Stub, embedder: OpenAIEmbedder
):
    stub.answers(vectors([1, 2, 3]))
    with pytest.raises(UnsupportedRequest, match="vectors of 3 numbers, not of 2") as caught:
        await embedder.embed(["a"], dimensions=2)
    assert caught.value.param == "dimensions"


async def test_no_text_is_unsupported(embedder: OpenAIEmbedder):
    with pytest.raises(UnsupportedRequest, match="no text"):
        await embedder.embed([])


async def test_a_server_that_refuses_base64_is_asked_for_numbers_from_then_on(
    stub: Stub, embedder: OpenAIEmbedder
):
    no = failure("400 Bad", {"error": {"message": "Unknown field: encoding_format"}})
    stub.answers(no, vectors([1]))
    await embedder.embed(["a"])
    await embedder.embed(["a"])
    assert ["encoding_format" in r for r in stub.requests] == [True, False, False]


async def test_busy_servers_are_asked_again_and_too_long_texts_told_apart(
    stub: Stub, embedder: OpenAIEmbedder
):
    stub.answers(failure("503 Busy", "wait", "Retry-After: 0\r\n"), vectors([1]))
    assert (await embedder.embed(["a"])).dimensions == 1
    stub.answers(failure("400 Bad", {"error": "maximum context length is 512 tokens"}))
    with pytest.raises(ContextTooLong):
        await embedder.embed(["a"])


async def test_half_an_answer_and_silence_are_faults(stub: Stub):
    embedder = embedder_of(stub, limits=Limits(connect_s=1, silence_s=0.2, total_s=5))
    stub.answers([head(content_type="application/json", length=500), b'{"data": ['])
    with pytest.raises(EngineTimeout, match="after the last piece"):
        await embedder.embed(["a"])
    stub.answers([head(content_type="application/json", length=500), b'{"data": [', "cut"])
    with pytest.raises(EngineDied, match="middle of the answer"):
        await embedder.embed(["a"])
    await embedder.aclose()


async def test_the_key_is_never_shown(stub: Stub):
    embedder = embedder_of(stub, key="sk-very-secret")
    stub.answers(failure("200 OK", {"error": "sk-very-secret ran out"}))
    with pytest.raises(EngineRefused, match="ran out") as caught:
        await embedder.embed(["a"])
    await embedder.aclose()
    assert stub.headers[0]["authorization"] == "Bearer sk-very-secret"
    assert "sk-very-secret" not in str(caught.value)


async def test_cancelling_hangs_up(stub: Stub, embedder: OpenAIEmbedder):
    stub.answers([30.0])
    task = asyncio.create_task(embedder.embed(["a"]))
    await stub.asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(5):
        await stub.dropped.wait()


async def test_warming_up_embeds_one_word(stub: Stub, embedder: OpenAIEmbedder):
    stub.answers(vectors([1]))
    load = await embedder.warm()
    assert load.load_s is None
    assert load.warm_up_s is not None
    assert stub.requests[0]["input"] == ["ok"]
