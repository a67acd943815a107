"""What is told of a policy in replies, log, metrics and ledger is one sum."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.serve.policies import GOOD, keep, made, pair, policed
from tests.serve.running import At, gateway
from tests.serve.sse import events
from tests.serve.test_log import fields_of, logged
from tests.serve.test_metrics import scraped, value

from sprat.policies.spec import Fallback, Gates, Shadow
from sprat.serve.observe.figures import figures
from sprat.serve.observe.trace import attributes_of
from sprat.settings import Settings


async def several(at: At) -> list[dict[str, Any]]:
    """The `sprat` fields of answers by every path, streamed and whole, one of two answers."""
    asked = ["Something easy", "Something hard", "lengthy", "down"]
    found = [(await at.chat(content, GOOD))["sprat"] for content in asked]
    found += [events(await at.chat("Something hard", GOOD, stream=True))[-1]["sprat"]]
    found += [(await at.chat("Something hard", GOOD, n=2))["sprat"]]
    assert {one["path"] for one in found} == {"accepted", "escalated", "direct", "degraded"}
    return found


async def test_the_ledgers_sums_are_those_of_the_steps(tmp_path: Path):
    records: list[Any] = []
    async with policed(tmp_path) as at:
        at.gateway.ledger.listeners.append(records.append)
        told = await several(at)
        at.gateway.ledger.tell()
    ours = [figures(record) for record in records]
    for sprat, found in zip(told, ours, strict=True):
        spent = [step for step in sprat["steps"] if step["input_tokens"] is not None]
        assert found.path == sprat["path"]
        assert found.engines == tuple(step["engine"] for step in sprat["steps"])
        assert found.paid is not None
        for field in ("input_tokens", "output_tokens"):
            total = sum(step[field] for step in spent)
            assert total == sprat["paid"][field] == getattr(found.paid, field)
        assert found.cost_usd == pytest.approx(sprat["cost_usd"])
        assert found.cost_usd == pytest.approx(sum(step["cost_usd"] for step in sprat["steps"]))


async def test_metrics_count_answers_by_path_and_tokens_and_money_by_model(tmp_path: Path):
    async with policed(tmp_path) as at:
        told = await several(at)
        await at.chat("Something easy", "big")
        found = await scraped(at)
    answers = "sprat_policy_answers_total"
    assert value(found, answers, model=GOOD) == 7
    assert value(found, answers, path="accepted") == 1
    assert value(found, answers, path="escalated") == 4
    steps = [step for sprat in told for step in sprat["steps"]]
    for engine, more in (("good.small", 0), ("big", 5)):
        own = [step for step in steps if step["engine"] == engine and step["output_tokens"]]
        wrote = value(found, "sprat_engine_output_tokens_total", engine=engine)
        assert wrote == sum(step["output_tokens"] for step in own) + more
    spent = value(found, "sprat_engine_cost_usd_total")
    alone = (2 * 10 + 5 * 20) / 1e6
    assert spent == pytest.approx(sum(sprat["cost_usd"] for sprat in told) + alone)
    assert value(found, "sprat_output_tokens_total", model=GOOD) < sum(
        sprat["paid"]["output_tokens"] for sprat in told
    )  # as clients are told: of the kept answers


async def test_a_span_tells_the_path_the_models_and_the_cost(tmp_path: Path):
    records: list[Any] = []
    async with policed(tmp_path) as at:
        at.gateway.ledger.listeners.append(records.append)
        answer = await at.chat("Something hard", GOOD)
        await at.chat("Something hard", "big")
        at.gateway.ledger.tell()
    policy, alone = map(attributes_of, records)
    assert (policy["sprat.path"], policy["sprat.engines"]) == ("escalated", ["good.small", "big"])
    assert policy["sprat.cost_usd"] == pytest.approx(answer["sprat"]["cost_usd"])
    assert not {"sprat.path", "sprat.engines"} & alone.keys()


async def test_one_line_of_the_log_tells_the_path_the_models_and_the_cost(tmp_path: Path):
    async with policed_log(tmp_path) as (at, said):
        answer = await at.chat("Something hard", GOOD)
        (line,) = [line for line in said() if " request " in line]
    found = fields_of(line)
    assert (found["model"], found["path"]) == (GOOD, "escalated")
    assert found["engines"] == "good.small,big"
    assert float(found["cost_usd"]) == pytest.approx(answer["sprat"]["cost_usd"], rel=0.01)


async def test_an_edited_policy_is_a_warning_that_says_what_to_mend(tmp_path: Path):
    async with policed_log(tmp_path) as (at, said):
        path = at.gateway.policies.files.file(at.gateway.names.find(GOOD))
        path.write_text(path.read_text("utf-8").replace('"cascade"', '"fallback"'), "utf-8")
        await at.chat("Something hard", GOOD)
        (line,) = [line for line in said() if " request " in line]
    assert "warning" in line
    assert "code=policy_unusable" in line
    assert "edited after it was signed" in line


async def test_what_a_shadow_asks_beside_is_counted_too(tmp_path: Path):
    policy = made(tmp_path, "shadow", shadow=Shadow(share=1.0))
    async with policed(tmp_path, policy) as at:
        sprat = (await at.chat("Something hard", GOOD))["sprat"]
        (opened,) = at.gateway.policies.all
        await opened.engine.settled()
        found = await scraped(at)
        state = await states(at)
    assert [step["engine"] for step in sprat["steps"]] == ["good.small"]
    assert value(found, "sprat_engine_output_tokens_total", engine="big") == 5
    assert state["shadow"] == {
        "compared": 1, "disagreed": 1, "latest": 1, "skipped": 0, "running": 0
    }  # fmt: skip


async def test_a_shadow_takes_nobodys_place_in_the_line(tmp_path: Path):
    policy = made(tmp_path, "shadow", shadow=Shadow(share=1.0))
    async with policed(tmp_path, policy, places=1, queue=2) as at:
        (tmp_path / "big.toml").write_text('[[rule]]\ntext = "big"\nfirst_ms = 50', "utf-8")
        for number in range(3):
            await at.chat(f"Something easy {number}", GOOD)
        shadow = (await states(at))["shadow"]
        answers = await asyncio.gather(*(at.chat("me myself", "big") for _ in range(2)))
    assert (shadow["running"], shadow["skipped"]) == (1, 2)
    assert not [answer for answer in answers if "error" in answer]


async def states(at: At) -> dict[str, Any]:
    async with await at.get("/api/policies") as response:
        (state,) = (await response.json())["policies"]
    return state


async def test_the_list_of_policies_tells_how_each_fares_and_a_reset_begins_anew(tmp_path: Path):
    policy = made(tmp_path, fallback=Fallback(failures=1, cool_down_s=1000))
    async with policed(tmp_path, policy) as at:
        before = await states(at)
        await at.chat("down", GOOD)
        after = await states(at)
        async with await at.post("/api/policies/good/reset", {}) as response:
            reset = await response.json()
        again = (await at.chat("Something hard", GOOD))["sprat"]
        spent = await states(at)
    assert (before["name"], before["kind"], before["usable"]) == (GOOD, "cascade", True)
    assert before["large"] == {
        "model": "big", "away": False, "failures": 0, "left_alone_s": None, "last_error": None,
        "mute": False,
    }  # fmt: skip
    assert after["large"]["failures"] == 1
    assert after["large"]["left_alone_s"] > 900
    assert after["large"]["last_error"] == "The large one is down."
    assert (before["spent_usd"], after["spent_usd"]) == (None, 0.0)
    assert spent["spent_usd"] == pytest.approx(again["steps"][1]["cost_usd"])
    assert reset["large"]["failures"] == 0
    assert again["path"] == "escalated"


async def test_what_has_no_price_is_not_told_to_cost_nothing(tmp_path: Path):
    settings = msgspec.structs.replace(pair(tmp_path), cost=Settings().cost)
    keep(settings, made(tmp_path))
    async with gateway(settings) as at:
        sprat = (await at.chat("Something hard", GOOD))["sprat"]
        state = await states(at)
        found = await scraped(at)
    assert "cost_usd" not in sprat
    assert [step["cost_usd"] for step in sprat["steps"]] == [None, None]
    assert state["spent_usd"] is None
    assert value(found, "sprat_engine_cost_usd_total") == 0
    assert value(found, "sprat_engine_output_tokens_total") == 9


async def test_a_budget_for_a_model_without_a_price_is_refused(tmp_path: Path):
    settings = msgspec.structs.replace(pair(tmp_path), cost=Settings().cost)
    keep(settings, made(tmp_path, gates=Gates(budget_usd=0.5)))
    async with gateway(settings) as at:
        answer = await at.chat("Something hard", GOOD)
        state = await states(at)
    assert answer["error"]["code"] == "policy_unusable"
    assert "good has a budget, but big has no price here" in answer["error"]["message"]
    assert state["usable"] is False
    assert "no price here" in state["why"]


async def test_a_policy_that_cannot_be_used_is_listed_with_the_reason(tmp_path: Path):
    async with policed(tmp_path) as at:
        path = at.gateway.policies.files.file(at.gateway.names.find(GOOD))
        path.write_text("{}", "utf-8")
        state = await states(at)
    assert state["usable"] is False
    assert "not signed" in state["why"]
    assert str(tmp_path) not in state["why"]


async def test_only_policies_are_reset(tmp_path: Path):
    async with policed(tmp_path) as at:
        for name in ("echo", "nothing"):
            async with await at.post(f"/api/policies/{name}/reset", {}) as response:
                assert response.status == 404


async def test_a_cancelled_request_counts_what_its_models_wrote(tmp_path: Path):
    async with policed(tmp_path) as at:
        body = {"model": GOOD, "messages": [{"role": "user", "content": "linger"}], "stream": True}
        response = await at.post("/v1/chat/completions", body)
        await response.content.readline()
        response.close()
        await asyncio.wait_for(at.gateway.ledger.empty.wait(), 30)
        found = await scraped(at)
    assert value(found, "sprat_policy_answers_total") == 0
    assert value(found, "sprat_engine_output_tokens_total", engine="good.small") == 4
    assert value(found, "sprat_engine_output_tokens_total", engine="big") >= 1


async def cut(at: At, content: str, pieces: int) -> None:
    """A client that leaves after so many chunks of text."""
    body = {"model": GOOD, "messages": [{"role": "user", "content": content}], "stream": True}
    response = await at.post("/v1/chat/completions", body)
    while pieces:
        pieces -= (await response.content.readline()).startswith(b"data")
    response.close()
    await asyncio.wait_for(at.gateway.ledger.empty.wait(), 30)


async def test_a_request_that_was_cut_has_one_sum_everywhere(tmp_path: Path):
    records: list[Any] = []
    settings = pair(tmp_path)
    keep(settings, made(tmp_path, gates=Gates(budget_usd=1.0)))
    async with logged(tmp_path, settings=settings) as (at, said):
        at.gateway.ledger.listeners.append(records.append)
        await cut(at, "linger", 3)
        at.gateway.ledger.tell()
        found = await scraped(at)
        state = await states(at)
        (line,) = [line for line in said() if " request " in line]
    (trail,) = records[0].trails
    draft, large = trail.steps
    ours, log, span = figures(records[0]), fields_of(line), attributes_of(records[0])
    assert records[0].outcome == "cancelled"
    assert (draft.engine, large.engine) == ("good.small", "big")
    assert 2 <= large.usage.output_tokens < 8
    assert large.usage.counted_by == "estimate"
    assert ours.path == log["path"] == span["sprat.path"] == "escalated"
    assert log["engines"] == "good.small,big"
    assert span["sprat.engines"] == ["good.small", "big"]
    for step in trail.steps:
        for kind in ("input", "output"):
            counted = value(found, f"sprat_engine_{kind}_tokens_total", engine=step.engine)
            assert counted == getattr(step.usage, f"{kind}_tokens")
        counted = value(found, "sprat_engine_cost_usd_total", engine=step.engine)
        assert counted == pytest.approx(step.cost_usd)
    assert ours.paid is not None
    output = draft.usage.output_tokens + large.usage.output_tokens
    assert ours.paid.output_tokens == output == int(log["paid_output_tokens"])
    assert span["sprat.paid.output_tokens"] == output
    assert ours.cost_usd == pytest.approx(draft.cost_usd + large.cost_usd)
    assert state["spent_usd"] == pytest.approx(large.cost_usd)
    assert float(log["cost_usd"]) == pytest.approx(ours.cost_usd, rel=0.01)


async def test_a_draft_that_was_given_up_has_one_sum_in_reply_and_metrics(tmp_path: Path):
    async with policed(tmp_path, made(tmp_path, mode="probe", probe_tokens=2)) as at:
        sprat = (await at.chat("drag " + "x" * 400, GOOD))["sprat"]
        found = await scraped(at)
    assert sprat["path"] == "escalated"
    for kind in ("input", "output"):
        counted = value(found, f"sprat_engine_{kind}_tokens_total")
        assert counted == sprat["paid"][f"{kind}_tokens"]
    spent = value(found, "sprat_engine_cost_usd_total")
    assert spent == pytest.approx(sprat["cost_usd"])


@pytest.mark.parametrize(
    ("content", "kind", "path", "engines"),
    [
        ("drag", "cascade", None, ("good.small",)),
        ("drag", "shadow", "direct", ("good.small",)),
        ("lengthy linger", "cascade", "direct", ("good.small", "big")),
    ],
)
async def test_the_way_that_a_cut_request_was_on_is_told(
    tmp_path: Path, content: str, kind: Any, path: str | None, engines: tuple[str, ...]
):
    records: list[Any] = []
    async with policed(tmp_path, made(tmp_path, kind)) as at:
        at.gateway.ledger.listeners.append(records.append)
        body = {"model": GOOD, "messages": [{"role": "user", "content": content}]}
        asking = asyncio.create_task(at.post("/v1/chat/completions", body))
        async with asyncio.timeout(30):
            while engines[-1] not in {slot.served.name for slot in at.gateway.answering.slots}:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
            await asyncio.sleep(0.01)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await asyncio.wait_for(at.gateway.ledger.empty.wait(), 30)
        at.gateway.ledger.tell()
    found = figures(records[0])
    assert (records[0].outcome, found.path, found.engines) == ("cancelled", path, engines)


async def test_a_request_that_failed_tells_what_it_took(tmp_path: Path):
    records: list[Any] = []
    async with policed(tmp_path) as at:
        at.gateway.ledger.listeners.append(records.append)
        answer = await at.chat("lengthy down", GOOD)
        at.gateway.ledger.tell()
    assert "error" in answer
    assert figures(records[0]).engines == ("good.small", "big")
    assert figures(records[0]).path == "direct"


async def test_one_policy_serves_many_at_once_and_no_place_is_lost(tmp_path: Path):
    contents = ["Something easy", "Something hard", "lengthy", "down"] * 12
    ways = {"Something easy": "accepted", "Something hard": "escalated", "lengthy": "direct"}
    patient = made(tmp_path, fallback=Fallback(failures=1000))
    async with policed(tmp_path, patient, places=3) as at:
        answers = await asyncio.gather(*(at.chat(content, GOOD) for content in contents))
        slots = at.gateway.answering.slots
        assert [(slot.places.taken, slot.places.waiting) for slot in slots] == [(0, 0)] * 2
    for content, answer in zip(contents, answers, strict=True):
        assert answer["sprat"]["path"] == ways.get(content, "degraded")


def policed_log(folder: Path) -> Any:
    settings = pair(folder)
    keep(settings, made(folder))
    return logged(folder, settings=settings)
