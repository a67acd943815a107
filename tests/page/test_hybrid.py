"""A policy in the page decides as the gateway's own, over the same file of weights."""

import asyncio
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Browser, Page, Request
from tests.page.conftest import Bundled, Serve
from tests.page.little import little
from tests.policies.made import script

from sprat.door import open_engine
from sprat.engines.base import ask
from sprat.policies.engine import PolicyEngine
from sprat.policies.features import OF_TOKENS
from sprat.policies.file import signed
from sprat.policies.logistic import Logistic
from sprat.policies.spec import Decision, Gates, Policy, Side
from sprat.settings import Settings
from sprat.types import ChatRequest, Message, Reply

NAME = "smollm2-135m"
"""A name that the gateway knows; what is served under it is the little model."""
MANIFEST = f"api/web/models/{NAME}/manifest.json"
LARGE = "It is the lazy dog."
WORDS = [
    "the",
    "quick",
    "brown",
    "fox",
    "jumps",
    "over",
    "the",
    "lazy",
    "dog",
    "and",
    "then",
    "it",
    "rests",
    "in",
    "the",
    "sun",
]
QUESTIONS = [" ".join(WORDS[at : at + 3 + at % 4]) + "?" for at in range(10)]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return little(tmp_path_factory.mktemp("models") / "little")


@pytest.fixture
def opened(
    bundled: Bundled, page_gateway: Serve, browser: Browser, fresh_page: Callable[..., Page],
    model: Path,
) -> Iterator[Page]:  # fmt: skip
    large = {"large": f'[[rule]]\ntext = "{LARGE}"\n'}
    with page_gateway(
        page=bundled("hybrid.ts"), models={NAME: model}, pull=True, scripts=large
    ) as at:
        yield fresh_page(browser, at.url, allow=("favicon",))


@pytest.fixture(scope="module")
def policy(model: Path) -> Policy:
    """One that keeps about half of what the little model says: its nonsense is unsure of itself."""
    features = tuple(name for name in OF_TOKENS if name not in {"sum", "log_length"})
    even = Policy(
        name="half",
        kind="cascade",
        small=Side(model="s"),
        large=Side(model="l"),
        decision=Decision(
            logistic=Logistic(
                features=features,
                centres=(0.0,) * len(features),
                scales=(1.0,) * len(features),
                weights=tuple(0.05 * (-1) ** at * (at + 1) for at in range(len(features))),
                bias=0.0,
            )
        ),
        sampling={"temperature": 0.0},
        certificate={"target_error": 0.1},
        gates=Gates(private=(r"\bsecret\b",)),
    )
    found = sorted(reply.steps[0].confidence or 0.0 for reply in natively(even, model))
    middle = round((found[4] + found[5]) / 2, 6)
    return signed(
        msgspec.structs.replace(
            even, decision=msgspec.structs.replace(even.decision, threshold=middle)
        )
    )


def request(text: str) -> ChatRequest:
    return ChatRequest(messages=(Message("user", text),), max_tokens=10)


def natively(policy: Policy, model: Path) -> list[Reply]:
    """What the policy makes of each question where Python runs it."""

    async def play() -> list[Reply]:
        small = open_engine(str(model.with_name("little-native")), Settings())
        engine = PolicyEngine(policy, small, script("l", {"text": LARGE}), name="policy:half")
        try:
            return [await ask(engine, request(text)) for text in QUESTIONS]
        finally:
            await engine.aclose()

    return ThreadPoolExecutor().submit(asyncio.run, play()).result()


def here(page: Page, policy: Policy, texts: list[str], **more: Any) -> dict[str, Any]:
    asks = [{"messages": [{"role": "user", "content": text}], "maxTokens": 10} for text in texts]
    words = {"manifest": MANIFEST, "policy": msgspec.json.encode(policy).decode(), "asks": asks}
    told = {"model": "large", "sha256": "0" * 64, "allow": True, **more}
    return page.evaluate("(words) => hybrid(words)", words | told)


def sent(page: Page) -> list[str]:
    """Bodies of what goes to a model, from now on."""
    bodies: list[str] = []

    def note(asked: Request) -> None:
        if "/v1/" in asked.url:
            bodies.append(asked.post_data or "")

    page.on("request", note)
    return bodies


def test_drafts_are_as_sure_and_go_the_same_way_as_where_python_decides(
    opened: Page, policy: Policy, model: Path
):
    found = here(opened, policy, QUESTIONS)
    assert "replies" in found, found
    wanted = natively(policy, model)
    for reply, native in zip(found["replies"], wanted, strict=True):
        assert (reply["path"], reply["text"]) == (native.path, native.text)
        assert reply["steps"][0]["confidence"] == pytest.approx(
            native.steps[0].confidence, abs=1e-3
        )
        assert reply["calibrated"] == native.steps[-1].calibrated
    assert {native.path for native in wanted} == {"accepted", "escalated"}


def test_what_is_sent_is_word_for_word_what_was_shown(opened: Page, policy: Policy):
    bodies = sent(opened)
    found = here(opened, policy, QUESTIONS)
    shown = [one["payload"] for one in found["seen"]]
    assert bodies == shown
    assert len(shown) == 5
    assert {one["to"] for one in found["seen"]} == {"/v1/chat/completions"}
    assert {one["text"] for one in found["replies"] if one["path"] == "escalated"} == {LARGE}
    assert json.loads(shown[0])["messages"][0]["content"] in QUESTIONS


def test_what_is_not_allowed_never_leaves_the_page(opened: Page, policy: Policy):
    bodies = sent(opened)
    found = here(opened, policy, QUESTIONS, allow=False)
    assert bodies == []
    assert {one["path"] for one in found["replies"]} == {"accepted", "degraded"}
    assert all(one["text"] and one["text"] != LARGE for one in found["replies"])


def test_what_is_private_is_not_even_asked_about(opened: Page, policy: Policy):
    bodies = sent(opened)
    found = here(opened, policy, [f"secret {text}" for text in QUESTIONS[:3]])
    assert (bodies, found["seen"]) == ([], [])
    assert {one["path"] for one in found["replies"]} == {"direct"}


@pytest.mark.parametrize(
    ("identity", "certified"),
    [({}, True), ({"weights_sha256": "0" * 64}, False)],
    ids=["any weights", "the same weights, computed otherwise"],
)
def test_only_what_was_calibrated_for_what_runs_is_certified(
    opened: Page, policy: Policy, identity: dict[str, str], certified: bool
):
    side = Side(model="s", identity=identity)
    found = here(opened, signed(msgspec.structs.replace(policy, small=side)), QUESTIONS)
    kept = [one for one in found["replies"] if one["path"] == "accepted"]
    assert len(kept) == 5
    assert {one["certified"] for one in kept} == {certified}
    told = "not calibrated for these weights (wasm-int8)" in kept[0]["steps"][0]["why"]
    assert told is not certified


def test_a_policy_of_other_weights_or_an_edited_one_is_refused(opened: Page, policy: Policy):
    side = Side(model="qwen", identity={"weights_sha256": "1" * 64})
    other = here(opened, signed(msgspec.structs.replace(policy, small=side)), QUESTIONS[:1])
    assert other["code"] == "policy"
    assert "calibrated for qwen with weights 111111111111" in other["message"]
    edited = msgspec.structs.replace(policy, probe_tokens=3)
    assert "edited after it was signed" in here(opened, edited, QUESTIONS[:1])["message"]
