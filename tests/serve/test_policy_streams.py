"""Policies streamed: nothing before the decision, the same decision as whole, free when cut."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import openai
import pytest
from tests.serve.policies import GOOD, client, keep, made, pair, policed, roles
from tests.serve.running import At, gateway
from tests.serve.sse import events, joined

from sprat.policies.logistic import Logistic
from sprat.policies.spec import Decision, Fallback, Policy, Refine, Rules, Side, Verify
from sprat.settings import CostSettings

QUESTIONS = ("Something easy", "Something hard", "lengthy", "down")
BY_LENGTH = Decision(
    logistic=Logistic(
        features=("log_chars",), centres=(2.3,), scales=(0.1,), weights=(1.0,), bias=0.0
    )
)


def every_kind(folder: Path) -> dict[str, Policy]:
    return {
        "cascade": made(folder),
        "rules": made(folder, decision=Decision(), rules=Rules(min_chars=18)),
        "pre": made(folder, mode="pre", decision=BY_LENGTH),
        "probe": made(folder, mode="probe", probe_tokens=2),
        "refine": made(folder, "refine", refine=Refine(min_chars=20)),
        "fallback": made(folder, "fallback", rules=Rules(min_chars=18)),
        "shadow": made(folder, "shadow"),
        "exact": made(folder, "verify", verify=Verify(how="exact")),
        "accept": made(folder, "verify", verify=Verify(how="accept")),
    }


def decided(sprat: dict[str, Any]) -> tuple[str, list[Any], list[Any]]:
    """What must not depend on how the answer is sent."""
    confidences = [step["confidence"] for step in sprat["steps"]]
    return sprat["path"], roles(sprat), confidences


@pytest.mark.parametrize(
    "kind",
    ["cascade", "rules", "pre", "probe", "refine", "fallback", "shadow", "exact", "accept"],
)
async def test_streamed_and_whole_are_one_answer_by_one_way(tmp_path: Path, kind: str):
    policy = every_kind(tmp_path)[kind]
    async with policed(tmp_path, policy) as at:
        for content in QUESTIONS:
            whole = await at.chat(content, GOOD)
            at.gateway.policies.forget()  # breakers, budget: both are asked of a fresh one
            stream = events(await at.chat(content, GOOD, stream=True))
            at.gateway.policies.forget()
            assert joined(stream, 0, "content") == whole["choices"][0]["message"]["content"]
            assert decided(stream[-1]["sprat"]) == decided(whole["sprat"])


async def test_the_trace_comes_with_the_chunk_that_ends_the_answer(tmp_path: Path):
    async with policed(tmp_path) as at:
        stream = events(await at.chat("Something hard", GOOD, stream=True))
    assert [chunk for chunk in stream if "sprat" in chunk] == [stream[-1]]
    assert stream[-1]["choices"][0]["finish_reason"] == "stop"
    assert stream[-1]["sprat"]["path"] == "escalated"
    assert stream[-1]["sprat"]["paid"]["output_tokens"] == 9


@pytest.mark.parametrize("path", ["/v1/completions", "/v1/responses"])
async def test_the_other_apis_tell_the_same_trace(tmp_path: Path, path: str):
    asked = {"prompt": "Something hard"} if "comp" in path else {"input": "Something hard"}
    async with policed(tmp_path) as at:
        async with await at.post(path, {"model": GOOD, **asked}) as response:
            whole = (await response.json())["sprat"]
        async with await at.post(path, {"model": GOOD, "stream": True, **asked}) as response:
            last = events(await response.text())[-1]
    streamed = last["response"]["sprat"] if "response" in last else last["sprat"]
    assert decided(streamed) == decided(whole)
    assert whole["path"] == "escalated"


async def test_of_several_answers_every_attempt_is_told_and_paid(tmp_path: Path):
    async with policed(tmp_path) as at:
        answer = await at.chat("Something hard", GOOD, n=2)
    sprat = answer["sprat"]
    assert [step["choice"] for step in sprat["steps"]] == [0, 0, 1, 1]
    assert sprat["paid"]["output_tokens"] == 18
    assert sprat["cost_usd"] == pytest.approx(sum(step["cost_usd"] for step in sprat["steps"]))


async def test_while_nothing_is_decided_comments_keep_the_stream_awake(tmp_path: Path):
    async with policed(tmp_path, waiting_s=0.02) as at:
        text = await at.chat("drag", GOOD, stream=True)
        async with client(at) as openai_client:
            stream = await openai_client.chat.completions.create(
                model=GOOD, messages=[{"role": "user", "content": "drag"}], stream=True
            )
            said = [chunk.choices[0].delta.content or "" async for chunk in stream]
    comments, _, rest = text.partition("data: ")
    assert set(comments.split("\n\n")) == {": waiting", ""}
    assert ": waiting" not in rest
    assert "".join(said) == "A long and careful answer."


async def test_an_error_after_the_first_comment_is_an_event(tmp_path: Path):
    slow = '[[rule]]\nfirst_ms = 60\nerror = { kind = "died", after_chunks = 0 }'
    (tmp_path / "slow.toml").write_text(slow, "utf-8")
    broken = Side(model=f"scripted:{tmp_path / 'slow.toml'}")
    policy = made(tmp_path, small=broken, large=broken)
    async with policed(tmp_path, policy, waiting_s=0.02) as at:
        text = await at.chat("Something", GOOD, stream=True)
        whole = await at.chat("Something", GOOD)
    assert text.startswith(": waiting\n\n")
    last = text.rstrip().split("\n\n")[-1]
    assert '"code":"engine_died"' in last
    assert whole["error"]["code"] == "engine_died"
    assert "[DONE]" not in text


async def test_a_model_that_is_no_policy_is_never_kept_awake(tmp_path: Path):
    async with policed(tmp_path, waiting_s=0.01) as at:
        assert ": waiting" not in await at.chat("linger", "big", stream=True)


async def test_a_client_that_leaves_during_the_draft_frees_the_small_model(tmp_path: Path):
    async with policed(tmp_path) as at:
        asking = asyncio.create_task(_ask(at, "drag"))
        await _until(at, lambda: _answering(at) == {"good.small": 1})
        await _leave(at, asking)
        assert _answering(at) == {}
        assert at.gateway.ledger.outcomes["cancelled"] == 1
        assert len(at.gateway.answering.slots) == 1  # the large one was never asked


async def test_a_client_that_leaves_while_it_is_kept_awake_frees_the_small_model(tmp_path: Path):
    async with policed(tmp_path, waiting_s=0.02) as at:
        body = {"model": GOOD, "messages": [{"role": "user", "content": "drag"}], "stream": True}
        response = await at.post("/v1/chat/completions", body)
        assert await response.content.readline() == b": waiting\n"
        assert _answering(at) == {"good.small": 1}
        response.close()
        await asyncio.wait_for(at.gateway.ledger.empty.wait(), 30)
        assert _answering(at) == {}
        assert at.gateway.ledger.outcomes == {"completed": 0, "failed": 0, "cancelled": 1}


async def test_a_client_that_leaves_during_the_escalation_frees_the_large_model(tmp_path: Path):
    async with policed(tmp_path) as at, client(at) as openai_client:
        stream = await openai_client.chat.completions.create(
            model=GOOD, messages=[{"role": "user", "content": "linger"}], stream=True
        )
        await anext(aiter(stream))
        assert _answering(at) == {"big": 1}
        await stream.close()
        await asyncio.wait_for(at.gateway.ledger.empty.wait(), 30)
        await _until(at, lambda: not _answering(at))
        assert at.gateway.ledger.outcomes["cancelled"] == 1
        assert (await at.chat("Something hard", GOOD))["sprat"]["path"] == "escalated"


async def test_each_caller_stands_in_the_line_of_the_models_as_itself(tmp_path: Path):
    async with policed(tmp_path, places=1) as at:
        asking = [
            asyncio.create_task(at.chat("drag", GOOD, user=user)) for user in ("ann", "ann", "bob")
        ]
        await _until(at, lambda: _waiting(at) == {"ann", "bob"})
        answers = await asyncio.gather(*asking)
    waits = [answer["sprat"]["steps"][0]["waited_s"] for answer in answers]
    assert min(waits) < 0.1 < max(waits)
    assert all(answer["sprat"]["path"] == "escalated" for answer in answers)


async def test_a_time_limit_of_the_draft_goes_to_the_large_model(tmp_path: Path):
    limited = made(tmp_path, "fallback", fallback=Fallback(timeout_s=0.02))
    async with policed(tmp_path, limited) as at:
        sprat = (await at.chat("drag", GOOD))["sprat"]
    assert sprat["path"] == "escalated"
    assert "0.02 s" in sprat["steps"][0]["error"]


async def test_the_line_of_a_healthy_model_is_no_failure_of_it(tmp_path: Path):
    """Six at once, one place: who waits too long goes to the large model, the small one is well."""
    impatient = made(tmp_path, "fallback", fallback=Fallback(timeout_s=1, failures=1))
    async with policed(tmp_path, impatient, places=1) as at:
        (tmp_path / "little.toml").write_text(
            '[[rule]]\ntext = "fine answer"\nfirst_ms = 250', "utf-8"
        )
        answers = await asyncio.gather(*(at.chat("Something", GOOD) for _ in range(6)))
        after = await at.chat("Something", GOOD)
        (opened,) = at.gateway.policies.all
        assert opened.engine.standing.small.failures == 0
    paths = [answer["sprat"]["path"] for answer in [*answers, after]]
    late = [
        answer["sprat"]["steps"][0] for answer in answers if answer["sprat"]["path"] != "accepted"
    ]
    assert paths[0] == paths[-1] == "accepted"
    assert late
    assert all("was not free within 1 s" in step["error"] for step in late)


async def test_a_side_that_cannot_be_loaded_shows_clients_no_path(tmp_path: Path):
    async with policed(tmp_path) as at:
        (tmp_path / "little.toml").write_text("nonsense = 1", "utf-8")
        answer = await at.chat("Something easy", GOOD)
    assert answer["sprat"]["path"] == "escalated"
    assert answer["sprat"]["steps"][0]["error"] == "The model of good.small cannot be loaded."
    assert str(tmp_path) not in str(answer)


async def test_the_seconds_in_line_are_not_paid(tmp_path: Path):
    settings = msgspec.structs.replace(
        pair(tmp_path),
        cost=CostSettings(machine_usd=31_557_600.0, machine_years=1, busy_share=1.0),
    )  # a second costs a dollar
    serve = msgspec.structs.replace(settings.serve, places=1, queue_s=0.5)
    keep(settings, made(tmp_path))
    async with gateway(msgspec.structs.replace(settings, serve=serve)) as at:
        large = at.gateway.names.find("big")
        taken_ns = await at.gateway.answering.slot(large).places.take("someone")
        sprat = (await at.chat("Something hard", GOOD))["sprat"]
        at.gateway.answering.slot(large).places.give(taken_ns)
    waiting = sprat["steps"][1]
    assert "No place became free" in waiting["error"]
    assert waiting["cost_usd"] == 0
    assert sprat["cost_usd"] < 0.5


async def _ask(at: At, content: str) -> None:
    async with client(at) as openai_client:
        with pytest.raises(openai.APIError):
            await openai_client.chat.completions.create(
                model=GOOD, messages=[{"role": "user", "content": content}]
            )


async def _leave(at: At, asking: "asyncio.Task[None]") -> None:
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    await asyncio.wait_for(at.gateway.ledger.empty.wait(), 30)


async def _until(at: At, holds: Any) -> None:
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.005)


def _waiting(at: At) -> set[str]:
    return {caller for slot in at.gateway.answering.slots for caller in slot.places._line}


def _answering(at: At) -> dict[str, int]:
    slots = at.gateway.answering.slots
    return {slot.served.name: slot.places.taken for slot in slots if slot.places.taken}
