"""Policies through the gateway, asked by the official client: each trace shows the right path."""

from pathlib import Path
from typing import Any

import msgspec
import openai
import pytest
from tests.serve.policies import GOOD, WEATHER, client, keep, made, pair, policed, roles
from tests.serve.running import At, gateway

from sprat.policies.spec import Gates, Side
from sprat.settings import Endpoint


async def asked(at: At, content: str, model: str = GOOD, **fields: Any) -> Any:
    async with client(at) as openai_client:
        return await openai_client.chat.completions.create(
            model=model, messages=[{"role": "user", "content": content}], **fields
        )


async def traced(at: At, content: str, model: str = GOOD, **fields: Any) -> tuple[str, dict]:
    """The text and the `sprat` field."""
    answer = await asked(at, content, model, **fields)
    return answer.choices[0].message.content, answer.sprat


async def test_a_draft_that_is_good_enough_is_the_answer(tmp_path: Path):
    async with policed(tmp_path) as at:
        text, sprat = await traced(at, "Something easy")
    assert (text, sprat["path"]) == ("Short and sure.", "accepted")
    assert roles(sprat) == [("draft*", "good.small")]
    (draft,) = sprat["steps"]
    assert draft["calibrated"] is True
    assert draft["confidence"] > 0.5
    assert draft["seconds"] >= 0


async def test_a_doubtful_draft_is_paid_for_and_the_large_model_answers(tmp_path: Path):
    async with policed(tmp_path) as at:
        answer = await asked(at, "Something hard")
    sprat = answer.sprat
    assert answer.choices[0].message.content == "A long and careful answer."
    assert sprat["path"] == "escalated"
    assert roles(sprat) == [("draft", "good.small"), ("answer*", "big")]
    draft, kept = sprat["steps"]
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (2, 5)
    assert sprat["paid"] == {"input_tokens": 4, "output_tokens": 9, "cached_tokens": 0}
    assert draft["cost_usd"] == pytest.approx((2 * 1 + 4 * 2) / 1e6)
    assert kept["cost_usd"] == pytest.approx((2 * 10 + 5 * 20) / 1e6)
    assert sprat["cost_usd"] == pytest.approx(draft["cost_usd"] + kept["cost_usd"])


async def test_nothing_of_a_discarded_draft_nor_a_path_of_this_machine_is_told(tmp_path: Path):
    async with policed(tmp_path) as at:
        answer = await asked(at, "Something hard")
        degraded = await asked(at, "down")
        with pytest.raises(openai.APIStatusError) as failed:
            await asked(at, "lengthy and down")
    said = answer.model_dump_json() + degraded.model_dump_json() + failed.value.response.text
    assert "Perhaps" not in answer.model_dump_json()
    assert str(tmp_path) not in said
    assert ".toml" not in said


async def test_a_conversation_with_tools_goes_to_one_model_the_whole_loop_long(tmp_path: Path):
    async with policed(tmp_path) as at, client(at) as openai_client:
        first = await asked(at, "How is the weather?", tools=WEATHER)
        (call,) = first.choices[0].message.tool_calls
        loop = await openai_client.chat.completions.create(
            model=GOOD,
            messages=[
                {"role": "user", "content": "Something easy"},
                {"role": "assistant", "tool_calls": [call.model_dump()]},
                {"role": "tool", "tool_call_id": call.id, "content": "Rain."},
            ],
        )
    for answer in (first, loop):
        assert answer.sprat["path"] == "direct"
        assert roles(answer.sprat) == [("gate", "big"), ("answer*", "big")]
        assert answer.sprat["steps"][0]["why"].startswith("tools")


async def test_what_is_too_long_for_the_small_model_is_the_large_ones(tmp_path: Path):
    async with policed(tmp_path) as at:
        text, sprat = await traced(at, "Something lengthy")
    assert (text, sprat["path"]) == ("A long and careful answer.", "direct")
    assert roles(sprat) == [("draft", "good.small"), ("answer*", "big")]
    assert sprat["steps"][0]["error"] == "The prompt does not fit."


async def test_while_the_large_model_is_down_the_draft_is_kept_and_the_trace_says_why(
    tmp_path: Path,
):
    async with policed(tmp_path) as at:
        text, sprat = await traced(at, "down")
    assert (text, sprat["path"]) == ("Perhaps so, perhaps not.", "degraded")
    assert roles(sprat) == [("draft*", "good.small"), ("answer", "big")]
    assert sprat["steps"][1]["error"] == "The large one is down."
    assert sprat["cost_usd"] > 0


async def test_what_is_private_never_goes_away_from_this_machine(tmp_path: Path):
    """No test may ask another machine: what is not private fails there, and the draft is kept."""
    away = Side(model="cloud/large")
    gates = Gates(private=("(?i)secret",))
    settings = msgspec.structs.replace(
        pair(tmp_path), endpoints={"cloud": Endpoint(url="http://models.invalid:9/v1")}
    )
    keep(settings, made(tmp_path, gates=gates, large=away))
    async with gateway(settings) as at:
        text, private = await traced(at, "A secret, and hard")
        _, other = await traced(at, "Something hard")
    assert (text, private["path"]) == ("Perhaps so, perhaps not.", "direct")
    assert roles(private) == [("gate", "good.small"), ("answer*", "good.small")]
    assert private["steps"][0]["why"].startswith("private")
    assert other["path"] == "degraded"
    assert roles(other)[1] == ("answer", "cloud/large")


async def test_a_budget_that_is_used_up_leaves_the_small_model_alone(tmp_path: Path):
    gates = Gates(budget_usd=1e-4)
    async with policed(tmp_path, made(tmp_path, gates=gates)) as at:
        _, first = await traced(at, "Something hard")
        text, second = await traced(at, "Something hard")
    assert first["path"] == "escalated"
    assert (text, second["path"]) == ("Perhaps so, perhaps not.", "direct")
    assert roles(second) == [("gate", "good.small"), ("answer*", "good.small")]
    assert "budget is used up" in second["steps"][0]["why"]
