"""The engine in the page against native ONNX Runtime on the same file, in every backend."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from playwright.sync_api import Browser, Page, Route, Worker
from tests.engines.tiny import TEMPLATE
from tests.page.conftest import Bundled, Serve
from tests.page.little import PROMPT, Native, little, variants, write_manifest
from tokenizers import Tokenizer

from sprat.models.template import ChatTemplate, read_template
from sprat.models.web_ready import web_folder
from sprat.settings import Settings
from sprat.types import Message

NAME = "smollm2-135m"
"""A name that the gateway knows; what is served under it is the little model."""
MANIFEST = f"api/web/models/{NAME}/manifest.json"
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
QUESTION = "the quick brown fox jumps over the lazy dog"
Opened = Callable[..., Page]

REMEMBER_DEVICE = """
const request = GPUAdapter.prototype.requestDevice;
GPUAdapter.prototype.requestDevice = async function (...words) {
  return (self.device = await request.apply(this, words));
};
"""

GET_STUCK = """
const post = MessagePort.prototype.postMessage;
MessagePort.prototype.postMessage = function (...words) {
  if (!self.stuck) post.apply(this, words);
};
"""
"""A worker that waits for a message of its own, between two tokens, and never gets it."""
LITTLE_MEMORY = """
const Real = WebAssembly.Memory;
WebAssembly.Memory = function (wanted) { return new Real({...wanted, maximum: wanted.initial}) };
"""
"""A heap that does not grow beyond the 16 MiB that it starts with."""
NEVER = {
    "adapter": "GPU.prototype.requestAdapter = () => new Promise(() => undefined);",
    "device": """
Object.defineProperty(GPUAdapter.prototype, "info", {get: () => ({vendor: "a real card"})});
GPUAdapter.prototype.requestDevice = () => new Promise(() => undefined);
""",
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return little(tmp_path_factory.mktemp("models") / "little")


@pytest.fixture(scope="module")
def native(model: Path) -> Native:
    return Native(model / "onnx/model.onnx")


@pytest.fixture
def opened(
    bundled: Bundled, page_gateway: Serve, webgpu_browser: Browser, fresh_page: Callable[..., Page],
    model: Path,
) -> Iterator[Opened]:  # fmt: skip
    """A function: a folder of a model, else the little one → a page with the engine."""

    @contextmanager
    def serve(folder: Path) -> Iterator[Page]:
        with page_gateway(page=bundled("engine.ts"), models={NAME: folder}, pull=True) as at:
            yield fresh_page(webgpu_browser, at.url, allow=("favicon", "A valid external Instance"))

    with_blocks: list[Any] = []

    def open_(folder: Path = model) -> Page:
        with_blocks.append(serve(folder))
        return with_blocks[-1].__enter__()

    yield open_
    for block in with_blocks:
        block.__exit__(None, None, None)


def begin(page: Page, backend: str, **options: Any) -> None:
    page.evaluate(
        "(options) => open_(options)", {"manifestUrl": MANIFEST, "backend": backend, **options}
    )


def ask(page: Page, text: str, stop_after: float | None = None, **more: Any) -> dict[str, Any]:
    question = {"messages": [{"role": "user", "content": text}], **more}
    call = "([question, after]) => ask(question, after ?? undefined)"
    return page.evaluate(call, [question, stop_after])


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


def test_a_lost_device_is_taken_again_and_the_question_with_it(opened: Opened):
    page = opened()
    page.route("**/worker-*.js", remember_device)
    begin(page, "webgpu")
    whole = ask(page, QUESTION, maxTokens=20)
    destroy(page)
    after = ask(page, QUESTION, maxTokens=20)
    assert (after["text"], after["where"]) == (whole["text"], "webgpu")
    assert any("taken away" in state.get("note", "") for state in page.evaluate("states()"))


def test_a_device_destroyed_in_the_middle_of_an_answer_is_told_and_the_answer_goes_on(
    opened: Opened,
):
    page = opened()
    page.route("**/worker-*.js", remember_device)
    begin(page, "webgpu")
    whole = ask(page, QUESTION, maxTokens=60, logprobs=True)
    begin(page, "webgpu")
    halfway(page, maxTokens=60, logprobs=True)
    destroy(page)
    reply = page.evaluate("cut")
    assert (reply["text"], reply["finish"]) == (whole["text"], whole["finish"])
    assert reply["usage"]["outputTokens"] == whole["usage"]["outputTokens"]
    ids = [[token["id"] for token in one["logprobs"]] for one in (whole, reply)]
    assert ids[0] == ids[1]
    states = page.evaluate("states()")
    assert "recovering" in [state["phase"] for state in states]
    assert "taken away" in states[-1]["note"]


def test_a_worker_that_hangs_in_the_middle_of_an_answer_is_replaced_and_the_answer_goes_on(
    opened: Opened,
):
    page = opened()
    page.route("**/worker-*.js", lambda route: prefixed(route, GET_STUCK))
    begin(page, "wasm", threads=2)
    whole = ask(page, QUESTION, maxTokens=60)
    patience = {"probing": 20_000, "loading": 60_000, "answering": 3_000}
    begin(page, "wasm", threads=2, patience=patience)
    halfway(page, maxTokens=60)
    engine_of(page).evaluate("self.stuck = true")
    assert page.evaluate("cut")["text"] == whole["text"]
    note = page.evaluate("states()")[-1]["note"]
    assert "has not moved for 3 seconds" in note
    assert "From here on the processor (WASM) computes in a plainer way" in note


def test_a_worker_without_enough_memory_is_replaced_by_one_in_a_plainer_way(
    opened: Opened, tmp_path: Path
):
    page = opened(heavy(tmp_path / "heavy"))
    page.route("**/worker-*.js", lambda route: prefixed(route, LITTLE_MEMORY), times=1)
    begin(page, "wasm", threads=2)
    assert ask(page, QUESTION, maxTokens=8)["usage"]["outputTokens"] > 0
    state = page.evaluate("states()")[-1]
    assert state["threads"] == 1
    assert "not enough memory" in state["note"]


def heavy(folder: Path) -> Path:
    """The little model with a graph larger than a heap that does not grow."""
    graph = little(folder) / "onnx/model.onnx"
    model = onnx.load(graph, load_external_data=False)
    model.doc_string = "x" * 24_000_000
    graph.write_bytes(model.SerializeToString())
    write_manifest(folder, variants(folder))
    return folder


@pytest.mark.parametrize("never", ["adapter", "device"])
def test_a_card_that_never_answers_is_waited_for_some_seconds_only(opened: Opened, never: str):
    page = opened()
    page.route("**/worker-*.js", lambda route: prefixed(route, NEVER[never]))
    begin(page, "auto")
    assert ask(page, QUESTION, maxTokens=4)["where"] == "wasm"
    load_ms = next(state["loadMs"] for state in page.evaluate("states()") if "loadMs" in state)
    assert load_ms > 3_000


def test_a_card_that_computes_wrongly_is_not_used_and_that_is_told(
    opened: Opened, model: Path, tmp_path: Path
):
    wrong = little(tmp_path / "wrong")
    found = variants(wrong)
    found[0]["canary"] = json.loads(json.dumps(found[0]["canary"]))
    found[0]["canary"]["top"][0]["logit"] += 1
    write_manifest(wrong, found)
    page = opened(wrong)
    begin(page, "webgpu")
    reply = ask(page, QUESTION, maxTokens=4)
    assert reply["where"] == "wasm"
    note = page.evaluate("states()")[-1]["note"]
    assert "does not compute what the model should say" in note
    assert "the processor (WASM) computes" in note


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


def remember_device(route: Route) -> None:
    prefixed(route, REMEMBER_DEVICE)


def prefixed(route: Route, script: str) -> None:
    """The worker, with something done before it."""
    found = route.fetch()
    route.fulfill(response=found, body=script + found.text())


def halfway(page: Page, **more: Any) -> None:
    """Ask, and wait for a few pieces; what comes of it is `cut`."""
    question = {"messages": [{"role": "user", "content": QUESTION}], **more}
    page.evaluate("(question) => { window.cut = ask(question) }", question)
    page.wait_for_function("() => shown() >= 3")


def engine_of(page: Page) -> Worker:
    return [worker for worker in page.workers if "/worker-" in worker.url][-1]


def destroy(page: Page) -> None:
    engine_of(page).evaluate("self.device.destroy()")
