"""Which policies are offered, and what happens when a file changes while the gateway runs."""

import json
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.serve.policies import GOOD, keep, made, pair, policed
from tests.serve.running import At, gateway

from sprat.policies.file import write_policy
from sprat.policies.spec import Decision, Fallback, Side


async def offered(at: At) -> list[str]:
    async with await at.get("/v1/models") as response:
        found = (await response.json())["data"]
    assert all(one["owned_by"] == "sprat" for one in found if one["id"].startswith("policy:"))
    return [one["id"] for one in found]


async def error_of(at: At, path: str) -> tuple[int, dict[str, Any]]:
    async with await at.get(path) as response:
        return response.status, (await response.json()).get("error", {})


async def path_taken(at: At, content: str = "Something hard", model: str = GOOD) -> str:
    return (await at.chat(content, model))["sprat"]["path"]


def later(path: Path) -> None:
    """As if it had been written a moment later: file systems count in ticks."""
    stat = path.stat()
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 10_000_000))


async def test_a_kept_policy_is_a_model_of_the_list(tmp_path: Path):
    async with policed(tmp_path) as at:
        assert GOOD in await offered(at)
        assert (await error_of(at, f"/v1/models/{GOOD}"))[0] == 200


async def test_a_policy_in_any_place_is_served_under_a_name_of_the_settings(tmp_path: Path):
    write_policy(made(tmp_path, name="mine"), tmp_path / "mine.json")
    source = f"policy:{tmp_path / 'mine.json'}"
    async with policed(tmp_path, models={"ours": source}) as at:
        assert "ours" in await offered(at)
        assert await path_taken(at, model="ours") == "escalated"


@pytest.mark.parametrize(
    "name", ["policy:./good.json", "policy:../policies/good", "policy:policies/good", "policy:", ""]
)
async def test_a_client_cannot_name_a_file(tmp_path: Path, name: str):
    async with policed(tmp_path) as at:
        assert (await at.chat(model=name))["error"]["code"] in {"model_not_found", "invalid_value"}


async def test_a_name_that_is_nearly_one_is_told(tmp_path: Path):
    async with policed(tmp_path) as at:
        error = (await at.chat(model="policy:goud"))["error"]
    assert error["code"] == "model_not_found"
    assert GOOD in error["message"]


async def test_an_edited_policy_is_not_offered_and_whoever_asks_is_told_why(tmp_path: Path):
    async with policed(tmp_path) as at:
        path = at.gateway.policies.files.file(at.gateway.names.find(GOOD))
        path.write_text(path.read_text("utf-8").replace('"cascade"', '"fallback"'), "utf-8")
        later(path)
        assert GOOD not in await offered(at)
        status, error = await error_of(at, f"/v1/models/{GOOD}")
        assert (status, error["code"]) == (404, "policy_unusable")
        asked = (await at.chat(model=GOOD))["error"]
    assert asked == error
    assert "was edited after it was signed" in error["message"]
    assert str(tmp_path) not in error["message"]


async def test_a_policy_for_other_weights_is_not_offered(tmp_path: Path):
    little = f"scripted:{tmp_path / 'little.toml'}"
    side = Side(model=little, identity={"script_sha256": "0" * 64})
    async with policed(tmp_path, made(tmp_path, small=side)) as at:
        assert GOOD not in await offered(at)
        _, error = await error_of(at, f"/v1/models/{GOOD}")
        assert (await at.chat(model=GOOD))["error"] == error
    assert "calibrated for other weights of its small model, good.small" in error["message"]
    assert "sprat calibrate" in error["message"]


@pytest.mark.parametrize("model", ["no-such-model", "policy:good", "all-minilm-l6-v2"])
async def test_a_policy_without_its_models_is_not_offered(tmp_path: Path, model: str):
    async with policed(tmp_path, made(tmp_path, large=Side(model=model))) as at:
        assert GOOD not in await offered(at)
        assert (await at.chat(model=GOOD))["error"]["code"] == "policy_unusable"


async def test_a_file_that_was_written_anew_is_served_from_the_next_request_on(tmp_path: Path):
    never = made(tmp_path, decision=Decision(threshold=0.0))
    async with policed(tmp_path) as at:
        assert await path_taken(at) == "escalated"
        later(keep(pair(tmp_path), never))
        assert await path_taken(at) == "accepted"


async def test_a_policy_that_is_written_while_the_gateway_runs_is_found(tmp_path: Path):
    async with policed(tmp_path) as at:
        keep(pair(tmp_path), made(tmp_path, name="new"))
        assert "policy:new" in await offered(at)
        assert await path_taken(at, model="policy:new") == "escalated"


async def test_a_policy_whose_file_is_gone_is_no_model_any_more(tmp_path: Path):
    async with policed(tmp_path) as at:
        await path_taken(at)
        at.gateway.policies.files.file(at.gateway.names.find(GOOD)).unlink()
        assert (await at.chat(model=GOOD))["error"]["code"] == "model_not_found"
        assert GOOD not in await offered(at)


async def test_what_a_policy_remembers_lasts_from_request_to_request(tmp_path: Path):
    patient = Fallback(failures=2, cool_down_s=1000)
    async with policed(tmp_path, made(tmp_path, fallback=patient)) as at:
        steps = [(await at.chat("down", GOOD))["sprat"]["steps"] for _ in range(3)]
    assert [step[-1]["role"] for step in steps] == ["answer", "answer", "gate"]
    assert "left alone" in steps[-1][-1]["why"]


async def test_models_behind_a_policy_are_loaded_once_and_loaded_by_its_name(tmp_path: Path):
    async with policed(tmp_path) as at:
        async with await at.post(f"/api/models/{GOOD}/load", {}) as response:
            assert (await response.json())["state"] == "loaded"
        await at.chat(model="big")
        await path_taken(at)
        assert len(at.gateway.answering.slots) == 2
        async with await at.post(f"/api/models/{GOOD}/unload", {}) as response:
            assert response.status == 409
            assert "good.small, big" in (await response.json())["error"]["message"]


async def test_a_policy_can_be_loaded_at_the_start(tmp_path: Path):
    settings = pair(tmp_path)
    keep(settings, made(tmp_path))
    serve = msgspec.structs.replace(settings.serve, load=(GOOD,))
    async with gateway(msgspec.structs.replace(settings, serve=serve)) as at:
        for _ in range(100):
            async with await at.get("/readyz") as response:
                ready = json.loads(await response.text())
            if ready["ready"]:
                break
    assert ready == {"ready": True, "reasons": []}
