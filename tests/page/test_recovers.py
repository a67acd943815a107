"""The engine in the page when the card is lost, memory runs out, or something never answers."""

import json
from pathlib import Path
from typing import Any

import onnx
import pytest
from playwright.sync_api import Page, Route, Worker
from tests.page.engines import QUESTION, Opened, ask, begin
from tests.page.little import little, variants, write_manifest

REMEMBER_DEVICE = """
const request = GPUAdapter.prototype.requestDevice;
GPUAdapter.prototype.requestDevice = async function (...words) {
  return (self.device = await request.apply(this, words));
};
"""

GET_STUCK = "MessagePort.prototype.postMessage = () => undefined;"
"""A worker that waits for a message of its own, between two tokens, and never gets it."""
AT_THE_FIFTH_TOKEN = """
const say = self.postMessage;
let tokens = 0;
self.postMessage = function (message, ...more) {
  say.call(self, message, ...more);
  if (message.kind === "text" && ++tokens === 5) { %s }
};
"""
LITTLE_MEMORY = """
const Real = WebAssembly.Memory;
WebAssembly.Memory = function (wanted) { return new Real({...wanted, maximum: wanted.initial}) };
"""
"""A heap that does not grow beyond the 16 MiB that it starts with."""
PASSED = "sprat.passed.2"
NEVER = {
    "adapter": "GPU.prototype.requestAdapter = () => new Promise(() => undefined);",
    "device": """
Object.defineProperty(GPUAdapter.prototype, "info", {get: () => ({vendor: "a real card"})});
GPUAdapter.prototype.requestDevice = () => new Promise(() => undefined);
""",
}


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
    begin(page, "webgpu")
    whole = ask(page, QUESTION, maxTokens=20, logprobs=True)
    breaks(page, "self.device.destroy()", REMEMBER_DEVICE)
    begin(page, "webgpu")
    reply = ask(page, QUESTION, maxTokens=20, logprobs=True)
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
    begin(page, "wasm", threads=2)
    whole = ask(page, QUESTION, maxTokens=20)
    patience = {"probing": 20_000, "loading": 60_000, "answering": 3_000}
    breaks(page, GET_STUCK)
    begin(page, "wasm", threads=2, patience=patience)
    assert ask(page, QUESTION, maxTokens=20)["text"] == whole["text"]
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


@pytest.mark.parametrize("threads", [1, 2])
def test_what_the_canary_found_holds_at_the_next_start_until_the_first_step_is_another(
    opened: Opened, threads: int
):
    page = opened()
    (first,) = start(page, threads)
    assert start(page, threads) == [first]
    doubted = [{**first, "step": [first["step"][0] + 1, *first["step"][1:]]}]
    page.evaluate(
        "([key, found]) => localStorage.setItem(key, JSON.stringify(found))", [PASSED, doubted]
    )
    (again,) = start(page, threads)
    assert again["step"] == first["step"]
    assert again["atMs"] > first["atMs"]


def start(page: Page, threads: int) -> list[dict[str, Any]]:
    """Open the engine and ask it; what is remembered of its canary then."""
    begin(page, "wasm", threads=threads)
    assert ask(page, QUESTION, maxTokens=2)["where"] == "wasm"
    return passes(page)


def passes(page: Page) -> list[dict[str, Any]]:
    return page.evaluate(f"JSON.parse(localStorage.getItem({PASSED!r}))")


def remember_device(route: Route) -> None:
    prefixed(route, REMEMBER_DEVICE)


def prefixed(route: Route, script: str) -> None:
    """The worker, with something done before it."""
    found = route.fetch()
    route.fulfill(response=found, body=script + found.text())


def breaks(page: Page, how: str, before: str = "") -> None:
    """The next worker breaks in the middle of its answer."""
    script = before + AT_THE_FIFTH_TOKEN % how
    page.route("**/worker-*.js", lambda route: prefixed(route, script), times=1)


def engine_of(page: Page) -> Worker:
    return [worker for worker in page.workers if "/worker-" in worker.url][-1]


def destroy(page: Page) -> None:
    engine_of(page).evaluate("self.device.destroy()")
