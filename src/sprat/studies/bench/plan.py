"""What a benchmark is going to do, fixed before the first request."""

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec

from sprat.errors import RunError
from sprat.runs.study import Study
from sprat.settings import Settings
from sprat.studies.bench.result import Condition
from sprat.types import Question

KIND = "bench"
OPEN_FACTOR = 4
"""An open loop asks so many times what one worker of a closed loop asks in a round."""


class BenchPlan(msgspec.Struct, frozen=True, kw_only=True):
    """The same plan on the same machine asks the same requests in the same order."""

    models: tuple[str, ...]
    providers: tuple[str, ...] = ()
    """For local models; none: the one of the settings."""
    conditions: tuple[Condition, ...] = ("warm",)
    prompt: str | None = None
    """A prompt of the user's own, in place of the lengths."""
    prompt_tokens: tuple[int, ...] = (128,)
    output_tokens: tuple[int, ...] = (64,)
    concurrency: tuple[int, ...] = (1,)
    """Workers of a closed loop; none: only open loops."""
    rates_per_s: tuple[float, ...] = ()
    """Mean arrivals per second of open loops."""
    rounds: int = 50
    """At most; fewer once every interval is narrow enough."""
    requests: int = 4
    """Of each worker in a round."""
    precision: float = 0.05
    """Half the interval of a median over the median, below which it is narrow enough."""
    budget_s: float = 120.0
    """Of asking and cooling down, over all conditions; the first round is always finished."""
    cooldown_s: float = 0.5
    """Rest before another side is asked."""
    stream: bool = True
    """Whether first tokens are reported; answers are streamed in any case."""
    seed: int = 0
    """Of the order, the arrivals, the nonces and the resampling."""


class Side(msgspec.Struct, frozen=True):
    """A model, and the provider that is to compute it; None: that of the settings, or none."""

    name: str
    model: str
    provider: str | None = None


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """One condition, one length of prompt and answer, one load."""

    condition: Condition
    prompt_tokens: int | None
    output_tokens: int
    concurrency: int | None = None
    rate_per_s: float | None = None
    requests: int
    """In a round, over all workers."""

    @property
    def id(self) -> str:
        """Its name in the store and in reports: `warm/in128/out64/c1`."""
        prompt = "own" if self.prompt_tokens is None else f"in{self.prompt_tokens}"
        load = f"c{self.concurrency}" if self.concurrency else f"r{self.rate_per_s:g}"
        return f"{self.condition}/{prompt}/out{self.output_tokens}/{load}"


def sides_of(plan: BenchPlan, settings: Settings) -> tuple[Side, ...]:
    """Every model, a local one once per provider; a name given twice counts once.

    Raises:
        UnknownModel: no model of that name.
        UsageError: a model that does not answer.
        UnsupportedRequest: no provider of that name.
    """
    from sprat.engines.onnx.providers import checked
    from sprat.models.names import Local, resolve_answering

    providers = tuple(checked(name) for name in plan.providers)
    sides: list[Side] = []
    for model in plan.models:
        local = isinstance(resolve_answering(model, settings), Local)
        if local and providers:
            sides += [Side(f"{model}@{name}", model, name) for name in providers]
        else:
            sides.append(Side(model, model))
    return tuple(dict.fromkeys(sides))


def setups_of(plan: BenchPlan, condition: Condition) -> tuple[Setup, ...]:
    """The grid of one condition. A cold start is one request alone: it has no other load."""
    prompts = (None,) if plan.prompt is not None else plan.prompt_tokens
    lengths = [(prompt, output) for prompt in prompts for output in plan.output_tokens]
    if condition == "cold":
        loads: list[tuple[int | None, float | None, int]] = [(1, None, 1)]
    else:
        loads = [(n, None, n * plan.requests) for n in plan.concurrency]
        loads += [(None, rate, OPEN_FACTOR * plan.requests) for rate in plan.rates_per_s]
    return tuple(
        Setup(
            condition=condition,
            prompt_tokens=prompt,
            output_tokens=output,
            concurrency=workers,
            rate_per_s=rate,
            requests=requests,
        )
        for prompt, output in lengths
        for workers, rate, requests in loads
    )


def all_setups(plan: BenchPlan) -> tuple[Setup, ...]:
    """The grid of every condition."""
    return tuple(setup for one in plan.conditions for setup in setups_of(plan, one))


def round_order(
    setups: Sequence[Setup], sides: Sequence[Side], number: int, seed: int
) -> list[tuple[Setup, tuple[Side, ...]]]:
    """The setups of one round, shuffled by seed; the sides forth in one round, back in the next.

    So a machine that grows slower or warmer does it to all alike.
    """
    first = int(_rank(seed, "which side begins")[0], 16) % 2
    turned = tuple(reversed(sides)) if (number + first) % 2 else tuple(sides)
    shuffled = sorted(setups, key=lambda setup: _rank(seed, f"{number} {setup.id}"))
    return [(setup, turned) for setup in shuffled]


def questions_of(plan: BenchPlan) -> tuple[Question, ...]:
    """What the store lists: one line per setup, whose prompts differ from request to request."""
    return tuple(
        Question(
            id=setup.id,
            kind=setup.condition,
            messages=(),
            scorer="none",
            max_tokens=setup.output_tokens,
        )
        for setup in all_setups(plan)
    )


def settings_of(plan: BenchPlan, sides: Sequence[Side]) -> dict[str, Any]:
    """What is stored with the study, so that it can be done again."""
    return {**msgspec.to_builtins(plan), "sides": [side.name for side in sides]}


def plan_of(study: Study) -> BenchPlan:
    """The plan that a recorded study followed.

    Raises:
        RunError: it is no benchmark.
    """
    if study.kind != KIND:
        raise RunError(f"{study.id} is a study of kind {study.kind!r}, not a benchmark.")
    return msgspec.convert(study.settings, BenchPlan)


def _rank(seed: int, text: str) -> str:
    """A shuffling key that is the same in every version of Python, unlike `random.shuffle`."""
    return hashlib.sha256(f"{seed}\0{text}".encode()).hexdigest()
