"""The engine in the page against native ONNX Runtime on the same file, in every backend."""

from pathlib import Path

import numpy as np
import pytest
from tests.engines.tiny import TEMPLATE
from tests.page.engines import MANIFEST, QUESTION, Opened, ask, begin
from tests.page.little import PROMPT, Native
from tokenizers import Tokenizer

from sprat.models.template import ChatTemplate, read_template
from sprat.models.web_ready import web_folder
from sprat.settings import Settings
from sprat.types import Message

WAYS = {
    "webgpu": {"backend": "webgpu", "variant": "webgpu-f32", "build": "jspi", "threads": 1},
    "webgpu, no JSPI": {
        "backend": "webgpu", "variant": "webgpu-f32", "build": "asyncify", "threads": 1,
    },
    "wasm, 1 thread": {"backend": "wasm", "variant": "wasm-int8", "build": "plain", "threads": 1},
    "wasm, 2 threads": {"backend": "wasm", "variant": "wasm-int8", "build": "plain", "threads": 2},
}  # fmt: skip
CUTS: list[list[int]] = [[], [20], [1, 2, 9]]
"""Where a prompt is cut. SwiftShader has four lanes, and WebGPU's attention for more than 31 tokens
is wrong there: so nothing longer is read whole (docs/decisions/providers.md)."""


@pytest.fixture(scope="module")
def native(model: Path) -> Native:
    return Native(model / "onnx/model.onnx")


def rendered(model: Path, text: str) -> list[int]:
    prompt = ChatTemplate(TEMPLATE).render([Message(role="user", content=text)])
    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    return tokenizer.encode(prompt, add_special_tokens=False).ids


@pytest.mark.parametrize("way", WAYS)
def test_every_backend_computes_what_native_onnx_runtime_computes(
    opened: Opened, native: Native, way: str
):
    page = opened()
    tokens, logits = native.sing(PROMPT, 8)
    cuts = [cut for cut in CUTS if cut or WAYS[way]["backend"] == "wasm"]
    call = "([manifest, way, prompt, cuts]) => compute(manifest, way, prompt, cuts, 8)"
    songs = page.evaluate(call, [MANIFEST, WAYS[way], PROMPT, cuts])
    assert isinstance(songs, list), songs
    for cut, song in zip(cuts, songs, strict=True):
        assert song["tokens"] == tokens, cut
        assert np.abs(np.array(song["logits"]) - logits).max() < 1e-3, cut


@pytest.mark.parametrize("way", ["webgpu", "wasm, 1 thread"])
def test_a_cache_that_grows_in_the_middle_of_an_answer_has_kept_what_was_read(
    opened: Opened, native: Native, way: str
):
    page = opened()
    prompt = (PROMPT * 8)[:252]  # room is made for 256 tokens, then for twice as many
    tokens, logits = native.sing(prompt, 8)
    call = "([manifest, way, prompt, cuts]) => compute(manifest, way, prompt, cuts, 8)"
    songs = page.evaluate(call, [MANIFEST, WAYS[way], prompt, [list(range(28, 252, 28))]])
    assert isinstance(songs, list), songs
    assert songs[0]["tokens"] == tokens
    assert np.abs(np.array(songs[0]["logits"]) - logits).max() < 1e-3


@pytest.mark.parametrize("backend", ["webgpu", "wasm"])
def test_an_answer_is_the_native_one_with_the_native_log_probabilities(
    opened: Opened, model: Path, native: Native, backend: str
):
    page = opened()
    begin(page, backend)
    reply = ask(page, QUESTION, maxTokens=12, logprobs=True)
    assert "text" in reply, reply
    prompt = rendered(model, QUESTION)
    tokens, logits = native.sing(prompt, reply["usage"]["outputTokens"])
    assert [token["id"] for token in reply["logprobs"]] == tokens
    assert reply["usage"]["inputTokens"] == len(prompt)
    assert reply["where"] == backend
    for token, row in zip(reply["logprobs"], logits, strict=True):
        sure = row - np.log(np.exp(row - row.max()).sum()) - row.max()
        assert abs(token["logprob"] - sure[token["id"]]) < 1e-3
        others = np.sort(np.delete(sure, token["id"]))[::-1][:5]
        assert np.abs(np.array(token["top"]) - others).max() < 1e-3


@pytest.mark.parametrize("backend", ["webgpu", "wasm"])
def test_a_second_turn_reads_only_what_is_new_and_answers_as_if_it_had_read_all(
    opened: Opened, model: Path, backend: str
):
    page = opened()
    reference = "the fox rests in the sun " * 4
    begin(page, backend)
    first = ask(page, reference + "where?", maxTokens=8)
    second = ask(page, reference + "who then?", maxTokens=8)
    begin(page, backend)
    fresh = ask(page, reference + "who then?", maxTokens=8)
    assert first["usage"]["cachedTokens"] == fresh["usage"]["cachedTokens"] == 0
    assert second["usage"]["cachedTokens"] > 0.7 * len(rendered(model, reference))
    assert (second["text"], second["usage"]["outputTokens"]) == (
        fresh["text"], fresh["usage"]["outputTokens"],
    )  # fmt: skip


@pytest.mark.parametrize("backend", ["webgpu", "wasm"])
def test_an_interrupt_is_heard_between_two_steps_and_the_next_question_works(
    opened: Opened, backend: str
):
    page = opened()
    begin(page, backend)
    whole = ask(page, QUESTION, maxTokens=8)
    cut = ask(page, QUESTION, stop_after=3, maxTokens=400)
    assert cut["finish"] == "cancelled"
    assert cut["usage"]["outputTokens"] < 200
    assert ask(page, QUESTION, maxTokens=8)["text"] == whole["text"]


def test_a_seed_gives_the_same_answer_again_and_in_every_backend(opened: Opened):
    page = opened()
    words = {"maxTokens": 10, "temperature": 1.5, "topP": 0.9}
    texts = []
    for backend in ("webgpu", "wasm"):
        begin(page, backend)
        texts += [ask(page, QUESTION, seed=3, **words)["text"] for _ in range(2)]
    assert len(set(texts)) == 1
    assert ask(page, QUESTION, seed=4, **words)["text"] != texts[0]


REFERENCE = (
    "The Kestrel Point lighthouse was built in 1874 by the engineer Ada Marsh. It is 31 metres "
    "high, painted red and white, and its light is seen from 22 sea miles away. The last keeper "
    "left it in 1986. Since then it has been open to visitors from May to September."
)
PROMPTS = (
    "What is the capital of France?",
    "Write one sentence about the sea.",
    "Name the days of the week in order.",
    "What is 12 + 7?",
    "Why is the sky blue?",
)
ABOUT = (
    "Who built the lighthouse?",
    "How high is it?",
    "When did the last keeper leave?",
    "What colour is it?",
    "When is it open?",
)


@pytest.mark.real
def test_smollm2_answers_as_natively_with_and_without_a_pasted_text(opened: Opened):
    folder = web_folder("smollm2-135m", Settings())
    native, template = Native(folder / "onnx/model_quantized.onnx"), read_template(folder)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    page = opened(folder)
    begin(page, "wasm", threads=2)
    other: list[object] = []
    for text in (*PROMPTS, *(f"{REFERENCE}\n\n{question}" for question in ABOUT)):
        prompt = template.render([Message(role="user", content=text)])
        ids = tokenizer.encode(prompt, add_special_tokens=False).ids
        tokens, _ = native.sing(ids, 8)
        reply = ask(page, text, maxTokens=8, logprobs=True)
        found = [token["id"] for token in reply.get("logprobs", [])]
        if found != tokens[: len(found)] or not found:
            other.append((text, tokens, found, reply.get("message")))
    assert other == []
