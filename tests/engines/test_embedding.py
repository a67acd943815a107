"""The local embedder, over a model of ten words: order, refusals, cancelling, crashes, turns."""

import asyncio
import random
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from tests.engines.tiny_embedding import WIDTH, WORDS, build, table

from sprat.door import open_embedder, open_engine
from sprat.engines.embedding import OnnxEmbedder
from sprat.engines.embedding.job import STEP_TOKENS, Job, batches
from sprat.engines.embedding.wire import Embed, Embedded, Options
from sprat.engines.embedding.worker import Worker
from sprat.engines.worker.wire import Cancel, Fault
from sprat.errors import (
    BadWeights,
    ContextTooLong,
    EngineDied,
    UnknownModel,
    UnsupportedRequest,
    UsageError,
)
from sprat.settings import Endpoint, Settings


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("embedding") / "model")


@pytest.fixture
async def embedder(folder: Path) -> AsyncIterator[OnnxEmbedder]:
    made = OnnxEmbedder("tiny", folder, threads=1)
    yield made
    await made.aclose()


def expected(text: str) -> np.ndarray:
    """The mean of the words' vectors, [CLS] and [SEP] among them, divided by its length."""
    numbers = [WORDS.index(word) for word in ("[CLS]", *text.split(), "[SEP]")]
    mean = table()[numbers].mean(axis=0)
    return mean / np.linalg.norm(mean)


def sentences(count: int, seed: int = 0) -> list[str]:
    draw = random.Random(seed)
    return [" ".join(draw.choices(WORDS[4:], k=draw.randint(1, 40))) for _ in range(count)]


def read(vector: bytes) -> np.ndarray:
    return np.frombuffer(vector, "<f4")


async def test_vectors_are_the_mean_of_the_words_and_come_in_the_order_of_the_texts(embedder):
    texts = sentences(300)
    found = await embedder.embed(texts)
    assert found.dimensions == WIDTH
    for text, vector in zip(texts, found.vectors, strict=True):
        assert read(vector) == pytest.approx(expected(text), abs=1e-6)


async def test_tokens_are_counted_by_the_tokenizer_with_its_own_two_and_no_padding(embedder):
    usage = (await embedder.embed(["the fox", "the quick brown fox jumps over the fox"])).usage
    assert (usage.input_tokens, usage.output_tokens) == (4 + 10, 0)
    assert usage.counted_by == "tokenizer"


async def test_what_the_tokenizer_file_would_cut_off_is_read(embedder):
    """The file says "at most 6 tokens": that is its maker's choice for another use."""
    long, cut = "the quick brown fox jumps over", "the quick brown fox"
    both = (await embedder.embed([long, cut])).vectors
    assert read(both[0]) != pytest.approx(read(both[1]), abs=1e-3)


async def test_the_first_call_says_that_it_waited_for_the_model(embedder):
    first = (await embedder.embed(["fox"])).timing
    second = (await embedder.embed(["fox"])).timing
    assert first.load_s
    assert first.load_s > 0
    assert second.load_s is None
    assert second.prepared_ns
    assert second.started_ns
    assert second.sent_ns <= second.prepared_ns <= second.started_ns <= second.done_ns


@pytest.mark.parametrize("empty", ["", "  \n"])
async def test_an_empty_text_is_refused_with_its_number(embedder, empty: str):
    with pytest.raises(UnsupportedRequest, match="Text 2 of 3 is empty") as refused:
        await embedder.embed(["fox", empty, "fox"])
    assert refused.value.param == "input"


async def test_no_text_at_all_is_refused(embedder):
    with pytest.raises(UnsupportedRequest, match="no text"):
        await embedder.embed([])


async def test_a_text_that_is_too_long_is_refused_with_its_number_and_its_count(embedder):
    assert len((await embedder.embed(["fox " * 254])).vectors) == 1
    with pytest.raises(ContextTooLong, match=r"Text 2 of 2 has 257 tokens; the model reads 256\."):
        await embedder.embed(["fox", "fox " * 255])


async def test_a_text_of_megabytes_is_refused_without_reading_all_of_it(embedder):
    await embedder.warm()
    before = time.monotonic()
    with pytest.raises(ContextTooLong, match="more than 512 tokens"):
        await embedder.embed(["fox " * 2_000_000])
    assert time.monotonic() - before < 10


async def test_white_space_of_megabytes_does_not_make_a_short_text_long(embedder):
    found = await embedder.embed(["fox" + " " * 200_000 + "over"])
    assert read(found.vectors[0]) == pytest.approx(expected("fox over"), abs=1e-6)


async def test_other_dimensions_are_refused_and_its_own_are_not(embedder):
    assert (await embedder.embed(["fox"], dimensions=WIDTH)).dimensions == WIDTH
    with pytest.raises(UnsupportedRequest, match=r"no vectors of 3 dimensions.* have 8") as refused:
        await embedder.embed(["fox"], dimensions=3)
    assert refused.value.param == "dimensions"


async def test_half_a_character_is_refused_and_the_next_call_is_answered(embedder):
    with pytest.raises(UnsupportedRequest):
        await embedder.embed(["fox \ud800"])
    assert (await embedder.embed(["fox"])).vectors


async def test_many_calls_at_once_each_get_their_own_vectors(embedder):
    calls = [sentences(20, seed=n) for n in range(40)]
    for texts, found in zip(calls, await asyncio.gather(*map(embedder.embed, calls)), strict=True):
        for text, vector in zip(texts, found.vectors, strict=True):
            assert read(vector) == pytest.approx(expected(text), abs=1e-6)
    assert len(embedder.pids) == 1


async def test_a_cancelled_call_leaves_the_worker_free_for_the_next(embedder):
    await embedder.warm()
    held = asyncio.ensure_future(embedder.embed(sentences(20_000)))
    await asyncio.sleep(0.05)
    held.cancel()
    with pytest.raises(asyncio.CancelledError):
        await held
    assert read((await embedder.embed(["fox"])).vectors[0]) == pytest.approx(expected("fox"))


async def test_a_killed_worker_fails_its_calls_and_the_next_starts_another(embedder):
    await embedder.warm()
    (first,) = embedder.pids
    held = [asyncio.ensure_future(embedder.embed(sentences(5000))) for _ in range(3)]
    await _all_taken(embedder, 3)  # a call that it never read would be asked of the next one
    psutil.Process(first).kill()
    for error in await asyncio.gather(*held, return_exceptions=True):
        assert isinstance(error, EngineDied)
    assert (await embedder.embed(["fox"])).vectors
    assert embedder.pids != (first,)


async def test_a_call_that_a_dead_worker_never_read_is_asked_of_the_next(embedder):
    await embedder.warm()
    (first,) = embedder.pids
    psutil.Process(first).kill()  # and nobody here has heard of it yet
    assert (await embedder.embed(["fox"])).vectors
    assert embedder.pids != (first,)


async def _all_taken(embedder: OnnxEmbedder, count: int) -> None:
    process = embedder._keeper._process
    assert process is not None
    async with asyncio.timeout(30):
        while len(process._answers) < count or process._untaken:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.001)


async def test_closing_ends_the_worker_and_can_be_done_twice(embedder):
    await embedder.warm()
    (pid,) = embedder.pids
    await embedder.aclose()
    await embedder.aclose()
    assert embedder.pids == ()
    assert not psutil.pid_exists(pid)


async def test_a_folder_without_a_model_says_what_is_wrong(tmp_path: Path):
    made = OnnxEmbedder("none", tmp_path)
    with pytest.raises(BadWeights, match="no embedding model that can be loaded"):
        await made.warm()
    assert made.pids == ()


def test_a_short_call_does_not_wait_for_a_long_one_and_a_cancelled_one_is_forgotten(folder: Path):
    worker = Worker(Options(folder=str(folder), threads=1))
    worker.receive(Embed(1, tuple(sentences(2_000))))
    worker.receive(Embed(2, ("fox",)))
    said = [message for _ in range(4) for message in worker.step()]
    assert [m.id for m in said if isinstance(m, Embedded)] == [2]
    assert not worker.idle
    worker.receive(Cancel(1))
    assert worker.idle


def test_a_call_that_breaks_the_model_does_not_end_the_others(folder: Path, monkeypatch):
    worker = Worker(Options(folder=str(folder), threads=1))
    worker.receive(Embed(1, ("fox",)))
    worker.receive(Embed(2, ("fox",)))
    step = Job.step
    monkeypatch.setattr(Job, "step", lambda job, m: 1 / 0 if job.id == 1 else step(job, m))
    said = [message for _ in range(3) for message in worker.step()]
    assert [m.id for m in said if isinstance(m, Fault)] == [1]
    assert [m.id for m in said if isinstance(m, Embedded)] == [2]


def test_batches_hold_every_text_once_and_no_more_than_a_step():
    lengths = [random.Random(5).randint(3, 256) for _ in range(500)]
    made = batches(lengths)
    assert sorted(place for batch in made for place in batch) == list(range(500))
    for batch in made:
        assert len(batch) * max(lengths[place] for place in batch) <= STEP_TOKENS


def test_the_parent_loads_none_of_the_heavy_packages():
    code = (
        "import sys, sprat.engines.embedding, sprat.engines.worker.keeper;"
        "print([m for m in ('numpy', 'onnxruntime', 'tokenizers', 'psutil') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_model_that_answers_does_not_embed():
    with pytest.raises(UsageError, match="smollm2-135m answers; it does not embed"):
        open_embedder("smollm2-135m", Settings())


def test_a_model_that_embeds_does_not_answer(settings: Settings):
    with pytest.raises(UsageError, match="turns texts into vectors; it does not answer"):
        open_engine("all-minilm-l6-v2", settings)
    assert not settings.models_dir.exists()


def test_an_endpoint_embeds_under_its_name():
    settings = Settings(endpoints={"there": Endpoint(url="http://127.0.0.1:9/v1")})
    embedder = open_embedder("there/some-model", settings)
    assert (embedder.name, embedder.pids) == ("there/some-model", ())


def test_an_unknown_name_is_said_with_the_nearest_one():
    with pytest.raises(UnknownModel, match="all-minilm-l6-v2"):
        open_embedder("all-minilm-l6", Settings())
