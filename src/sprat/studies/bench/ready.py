"""One side made ready for one condition: opened, its prompts cut to length, warmed up."""

import itertools
import secrets
from collections.abc import Callable, Sequence

import msgspec

from sprat.engines.base import Engine, Load
from sprat.errors import UsageError
from sprat.measure.gpu import Growth, opened_gpu
from sprat.runs.study import Session
from sprat.studies.bench.drive import Asked, closed_loop, open_loop
from sprat.studies.bench.plan import BenchPlan, Setup, Side, setups_of
from sprat.studies.bench.prompts import Prompt, fitting_words, input_tokens, sized_prompt
from sprat.studies.bench.result import Condition
from sprat.studies.bench.settle import WarmUp, settle
from sprat.studies.metering import Counters
from sprat.types import Resources

Opener = Callable[[Side, bool], Engine]
"""Opens a side, with or without a cache of prompts' beginnings; nothing is loaded yet."""

NONCES = itertools.count(secrets.randbelow(1_000_000), 7919)
"""No prompt of this process begins like another; nor, most likely, like one of an earlier run."""


class Words:
    """How many words make a prompt of a length on each side, found once."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, int], int] = {}

    async def fit(self, side: Side, engine: Engine, tokens: int, condition: Condition) -> int:
        """Ask the engine, the first time.

        Raises:
            EngineError: it does not answer.
        """
        key = (side.name, tokens)
        if key not in self._found:
            self._found[key] = await fitting_words(
                tokens, lambda words: input_tokens(engine, words, condition, next(NONCES))
            )
        return self._found[key]


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """A side that may be asked."""

    side: Side
    engine: Engine | None
    """None in the cold condition: each request has one of its own."""
    open: Opener
    prompts: dict[int | None, Prompt]
    session: Session

    async def aclose(self) -> None:
        """Stop what runs."""
        if self.engine is not None:
            await self.engine.aclose()


async def make_ready(
    side: Side, condition: Condition, plan: BenchPlan, opener: Opener, words: Words
) -> Ready:
    """Open, load, cut the prompts, warm up. In the cold condition, close again.

    Raises:
        UsageError: this side has no such condition.
        SpratError: it cannot be loaded, or does not answer.
    """
    engine = opener(side, condition == "prefix-cached")
    try:
        with opened_gpu() as gpu:
            growth = Growth(gpu)
            load = await engine.warm()
            grown_bytes = growth.bytes()
        if condition == "cold":
            _refuse_foreign(engine)
        prompts = await _prompts(side, engine, condition, plan, words)
        warm_up = None if condition == "cold" else await _settled(engine, condition, plan, prompts)
    except BaseException:
        await engine.aclose()
        raise
    if condition == "cold":
        await engine.aclose()
    return Ready(
        side=side,
        engine=None if condition == "cold" else engine,
        open=opener,
        prompts=prompts,
        session=_session(load, warm_up, grown_bytes),
    )


async def ask_round(
    ready: Ready, setup: Setup, plan: BenchPlan, number: int, counters: Counters
) -> tuple[list[Asked], Resources | None]:
    """The requests of one round of one side, and what they used together."""
    prompt = ready.prompts[setup.prompt_tokens]
    requests = [
        prompt.request(next(NONCES), setup.output_tokens, plan.seed) for _ in range(setup.requests)
    ]
    engine = ready.engine or ready.open(ready.side, False)
    try:
        meter = counters.meter(engine, local=True if ready.engine is None else None)
        with meter.window() as window:
            if setup.rate_per_s is None:
                asked = await closed_loop(engine, requests, setup.concurrency or 1)
            else:
                seed = f"{plan.seed} {setup.id} {number}"  # the same arrivals for every side
                asked = await open_loop(engine, requests, setup.rate_per_s, seed)
    finally:
        if ready.engine is None:
            await engine.aclose()
    return asked, window.resources


def _refuse_foreign(engine: Engine) -> None:
    if not engine.pids:
        raise UsageError("Sprat does not start it, so it cannot be measured cold.")


async def _prompts(
    side: Side, engine: Engine, condition: Condition, plan: BenchPlan, words: Words
) -> dict[int | None, Prompt]:
    if plan.prompt is not None:
        return {None: Prompt(plan.prompt, condition, whole=False)}
    return {
        tokens: sized_prompt(await words.fit(side, engine, tokens, condition), condition)
        for tokens in plan.prompt_tokens
    }


async def _settled(
    engine: Engine, condition: Condition, plan: BenchPlan, prompts: dict[int | None, Prompt]
) -> WarmUp:
    """Warm up on what is asked first; in the prefix-cached condition each length once more."""
    first: Sequence[Setup] = setups_of(plan, condition)[:1]
    tokens = first[0].output_tokens
    prompt = prompts[first[0].prompt_tokens]
    warm_up = await settle(engine, lambda: prompt.request(next(NONCES), tokens, plan.seed))
    others = [p for p in prompts.values() if condition == "prefix-cached" and p is not prompt]
    for other in others:
        await closed_loop(engine, [other.request(next(NONCES), 1, plan.seed)], 1)
    return WarmUp(warm_up.requests + len(others), warm_up.stable)


def _session(load: Load, warm_up: WarmUp | None, gpu_grown_bytes: int | None) -> Session:
    return Session(
        cold_load_s=load.load_s,
        warm_up_s=load.warm_up_s,
        provider=load.provider,
        warm_up_requests=warm_up.requests if warm_up else None,
        stable=warm_up.stable if warm_up else None,
        gpu_grown_bytes=gpu_grown_bytes,
        nodes=load.nodes,
    )
