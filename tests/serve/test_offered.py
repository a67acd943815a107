"""What is listed: names from here, and what endpoints say they have."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from tests.engines.stub_server import Step, Stub, head, stub_server
from tests.serve.running import At, gateway, serving

from sprat.serve.models import offered
from sprat.settings import Endpoint


@pytest.fixture
async def stub() -> AsyncIterator[Stub]:
    async with stub_server() as made:
        yield made


def listing(*names: str) -> list[Step]:
    raw = json.dumps({"data": [{"id": name} for name in names]}).encode()
    return [head(content_type="application/json", length=len(raw)), raw]


async def listed(at: At) -> list[str]:
    async with await at.get("/v1/models") as response:
        return [model["id"] for model in (await response.json())["data"]]


async def test_an_endpoints_models_are_listed_under_its_name(tmp_path: Path, stub: Stub):
    stub.answers(listing("small", "owner/large", "../etc/passwd", "no name"))
    async with gateway(serving(tmp_path, endpoints={"up": stub.url})) as at:
        names = await listed(at)
    assert {"echo", "up/small", "up/owner/large"} <= set(names)
    assert not [name for name in names if "passwd" in name or " " in name]


async def test_an_endpoint_is_asked_once_for_many_who_list(tmp_path: Path, stub: Stub):
    stub.answers([0.1, *listing("small")])
    async with gateway(serving(tmp_path, endpoints={"up": stub.url})) as at:
        lists = await asyncio.gather(*(listed(at) for _ in range(10)))
        assert all("up/small" in names for names in lists)
        assert "up/small" in await listed(at)
    assert len(stub.paths) == 1


async def test_an_endpoint_that_comes_up_is_soon_listed(
    tmp_path: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(offered, "_RETRIED_S", 0.0)
    stub.answers(listing(), listing("small"))
    async with gateway(serving(tmp_path, endpoints={"up": stub.url})) as at:
        assert "up/small" not in await listed(at)
        assert "up/small" in await listed(at)


async def test_an_endpoint_whose_key_is_not_set_says_so_when_asked_and_keeps_no_list_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    settings = serving(tmp_path)
    keyed = {"up": Endpoint(url="http://127.0.0.1:9/v1", key_env="NO_SUCH_KEY")}
    async with gateway(msgspec.structs.replace(settings, endpoints=keyed)) as at:
        assert "echo" in await listed(at)
        answer = await at.chat(model="up/small")
        assert "NO_SUCH_KEY" in answer["error"]["message"]
        assert at.gateway.ledger.outcomes["failed"] == 1


async def test_an_alias_shows_the_state_of_the_model_that_it_stands_for(tmp_path: Path):
    settings = serving(tmp_path)
    names = {**settings.serve.models, "parrot": settings.serve.models["echo"]}
    serve = msgspec.structs.replace(settings.serve, models=names)
    async with gateway(msgspec.structs.replace(settings, serve=serve)) as at:
        await at.chat(model="parrot")
        async with await at.get("/api/models") as response:
            states = {one["name"]: one["state"] for one in (await response.json())["models"]}
        assert (states["echo"], states["parrot"]) == ("loaded", "loaded")
        async with await at.post("/api/models/echo/unload", {}) as response:
            assert response.status == 200
        answer = await at.chat(model="parrot")
        assert answer["model"] == "parrot"


async def test_whoever_stands_behind_an_alias_owns_the_model(tmp_path: Path, stub: Stub):
    known = serving(tmp_path, endpoints={"up": stub.url}, models={"mine": "up/small"})
    async with gateway(known) as at:
        owners: list[str] = []
        for name in ("mine", "up/small", "echo"):
            async with await at.get(f"/v1/models/{name}") as response:
                owners.append((await response.json())["owned_by"])
    assert owners == ["up", "up", "sprat"]
