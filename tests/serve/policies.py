"""A gateway with policies over scripted models, for the tests around it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import openai
from tests.serve.running import At, gateway, serving

from sprat.policies.file import write_policy
from sprat.policies.logistic import Logistic
from sprat.policies.spec import Decision, Kind, Policy, Side
from sprat.settings import CostSettings, Settings, TokenPrice

SMALL = """
[[rule]]
contains = "easy"
text = "Short and sure."
logprobs = [-0.01, -0.01, -0.01]

[[rule]]
contains = "drag"
text = "I wonder about that one."
logprobs = [-3.0, -3.0, -3.0, -3.0, -3.0]
gap_ms = 40

[[rule]]
contains = "lengthy"
error = { kind = "too-long", message = "The prompt does not fit." }

[[rule]]
text = "Perhaps so, perhaps not."
logprobs = [-3.0, -3.0, -3.0, -3.0]
"""
LARGE = """
[[rule]]
contains = "linger"
text = "one two three four five six seven eight"
gap_ms = 40

[[rule]]
contains = "down"
error = { kind = "died", message = "The large one is down." }
read = [-0.01, -0.01, -0.01, -0.01, -0.01]

[[rule]]
contains = "weather"
tool_calls = [{ id = "call_1", function = { name = "weather", arguments = "{}" } }]
finish = "tool_calls"

[[rule]]
contains = "easy"
text = "A long and careful answer."
read = [-0.01, -0.01, -0.01, -0.01, -0.01]

[[rule]]
text = "A long and careful answer."
read = [-3.0, -3.0, -3.0, -3.0, -3.0]
"""
SURE = Logistic(features=("mean",), centres=(-1.0,), scales=(0.25,), weights=(1.0,), bias=0.0)
"""Sure of answers whose tokens are likely (mean log-probability above -1), unsure of others."""
GOOD = "policy:good"
WEATHER = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}]


def pair(folder: Path) -> Settings:
    """Settings with two models: `big`, which has a name, and one that is only a file."""
    (folder / "little.toml").write_text(SMALL, "utf-8")
    prices = {
        f"scripted:{folder / 'little.toml'}": TokenPrice(1, 2),
        f"scripted:{folder / 'big.toml'}": TokenPrice(10, 20),
    }
    base = Settings(home=str(folder), cost=CostSettings(models=prices))
    return serving(folder, {"big": LARGE}, base=base)


def made(folder: Path, kind: Kind = "cascade", name: str = "good", **fields: Any) -> Policy:
    """A policy over the two."""
    sides = {
        "small": Side(model=f"scripted:{folder / 'little.toml'}"),
        "large": Side(model=f"scripted:{folder / 'big.toml'}"),
    }
    decision = Decision(logistic=SURE)
    return Policy(name=name, kind=kind, **({"decision": decision, **sides} | fields))


def keep(settings: Settings, policy: Policy) -> Path:
    """Write it where `policy:NAME` is looked for."""
    path = settings.policies_dir / f"{policy.name}.json"
    write_policy(policy, path)
    return path


@asynccontextmanager
async def policed(
    folder: Path, *policies: Policy, models: dict[str, str] | None = None, **fields: Any
) -> AsyncIterator[At]:
    """A gateway with these policies; without any with the cascade `good`."""
    settings = pair(folder)
    for policy in policies or (made(folder),):
        keep(settings, policy)
    serve = msgspec.structs.replace(
        settings.serve, models=settings.serve.models | (models or {}), **fields
    )
    async with gateway(msgspec.structs.replace(settings, serve=serve)) as at:
        yield at


def client(at: At) -> openai.AsyncOpenAI:
    """The official client."""
    return openai.AsyncOpenAI(base_url=f"{at.url}/v1", api_key="any", max_retries=0)


def roles(sprat: dict[str, Any]) -> list[tuple[str, str]]:
    """Who was asked for what; the kept one with a star."""
    return [(step["role"] + "*" * step["kept"], step["engine"]) for step in sprat["steps"]]
