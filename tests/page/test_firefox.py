"""The page in Firefox, where one is installed: the native tokens, and a start from what is kept."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from tests.page.conftest import Bundled, Serve
from tests.page.engines import MANIFEST, NAME, QUESTION
from tests.page.firefox import Firefox, NotHere, firefox
from tests.page.little import Native
from tests.page.test_engine import rendered

FIRST_STARTS = 3
"""With threads that began while files were written, every second one never ended."""
START = f"open_({json.dumps({'manifestUrl': MANIFEST, 'backend': 'wasm'})})"
ASK = f"""ask({{
  messages: [{{role: "user", content: {json.dumps(QUESTION)}}}], maxTokens: 12, logprobs: true
}})"""


@contextmanager
def visitor(profile: Path) -> Iterator[Firefox]:
    """A Firefox that has been nowhere yet; the test is skipped where there is none."""
    with ExitStack() as opened:
        try:
            found = opened.enter_context(firefox(profile))
        except NotHere as why:
            pytest.skip(str(why))
        yield found


def answer(page: Firefox) -> list[int]:
    """The tokens that the page answers with."""
    page.evaluate(START)
    reply = page.evaluate(ASK)
    assert "logprobs" in reply, reply
    return [token["id"] for token in reply["logprobs"]]


def weights(page: Firefox) -> list[str]:
    """What was asked for of the weights since the last look."""
    found = [url for url in page.requests if "/onnx/" in url]
    page.requests.clear()
    return found


def test_a_first_start_gives_the_native_tokens_and_the_next_one_starts_from_what_is_kept(
    tmp_path: Path, bundled: Bundled, page_gateway: Serve, model: Path
):
    native = Native(model / "onnx/model.onnx")
    tokens, _ = native.sing(rendered(model, QUESTION), 12)
    with page_gateway(page=bundled("engine.ts"), models={NAME: model}, pull=True) as at:
        for i in range(FIRST_STARTS):
            with visitor(tmp_path / f"profile-{i}") as page:
                page.goto(at.url)
                assert page.evaluate("crossOriginIsolated")
                first = answer(page)
                assert first == tokens[: len(first)]
                assert weights(page)
                page.reload()
                assert answer(page) == first
                assert weights(page) == []
                assert [said for said in page.complaints if "favicon" not in said] == []
