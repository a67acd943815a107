"""Options over environment over defaults: a plan."""

import math
import os
from collections.abc import Mapping
from typing import Any

import msgspec

from sprat.cli.output import refuse_broken_text
from sprat.errors import SettingsError, UsageError
from sprat.settings import Settings
from sprat.studies.bench.plan import BenchPlan
from sprat.studies.bench.result import Condition

MOST_ROUNDS = 10_000


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """The options as typed; None or empty: not typed."""

    models: tuple[str, ...]
    providers: tuple[str, ...]
    conditions: tuple[Condition, ...] | None
    prompt: str | None
    prompt_tokens: tuple[int, ...] | None
    output_tokens: tuple[int, ...] | None
    concurrency: tuple[int, ...] | None
    rates_per_s: tuple[float, ...]
    rounds: int | None
    requests: int | None
    precision: float | None
    budget_s: float | None
    cooldown_s: float | None
    stream: bool | None
    seed: int | None

    @property
    def typed(self) -> dict[str, Any]:
        """What was given, by the plan's names."""
        fields = {name: getattr(self, name) for name in self.__struct_fields__}
        return {name: value for name, value in fields.items() if value not in {None, ()}}


def fresh_plan(
    wanted: Wanted, settings: Settings, environ: Mapping[str, str] | None = None
) -> BenchPlan:
    """What is to be measured.

    With `--rate` and no `--concurrency`, only open loops.

    Raises:
        UsageError: options that exclude each other, or make no sense.
        SettingsError: a variable that makes no sense.
    """
    _refuse_nonsense(wanted)
    given = {**_from_environment(os.environ if environ is None else environ), **wanted.typed}
    if "prompt_tokens" in wanted.typed and "prompt" not in wanted.typed:
        given.pop("prompt", None)
    if wanted.rates_per_s and wanted.concurrency is None:
        given["concurrency"] = ()
    given.setdefault("models", (settings.small,))
    return BenchPlan(**given)


def resumed_plan(wanted: Wanted, before: BenchPlan) -> BenchPlan:
    """The plan as it began; more rounds, a new budget or another precision may be given.

    Raises:
        UsageError: another option differs from how the study began.
    """
    changes = wanted.typed
    for name, value in changes.items():
        if name not in {"rounds", "budget_s", "precision"} and getattr(before, name) != value:
            raise UsageError(
                f"This benchmark began with {name} {getattr(before, name)}, not {value}.",
                fix="Resume without that option, or start anew without --resume.",
            )
    return msgspec.structs.replace(before, **changes)


def _refuse_nonsense(wanted: Wanted) -> None:
    if wanted.prompt is not None and not wanted.prompt.strip():
        raise UsageError("--prompt is empty.", fix="Give it a text, or leave it out.")
    refuse_broken_text(wanted.prompt or "", "--prompt")
    if wanted.prompt is not None and wanted.prompt_tokens is not None:
        raise UsageError("--prompt and --prompt-tokens exclude each other.", fix="Leave one out.")
    if any(math.isnan(rate) for rate in wanted.rates_per_s):
        raise UsageError("--rate is not a number.", fix="Try: --rate 2")


def _from_environment(env: Mapping[str, str]) -> dict[str, Any]:
    """The workshop's variables; an empty one counts as not set.

    Raises:
        SettingsError: `BENCH_ROUNDS` is no count, or `BENCH_STREAM` neither 0 nor 1.
    """
    found: dict[str, Any] = {}
    models = tuple(part.strip() for part in env.get("BENCH_MODELS", "").split(",") if part.strip())
    if models:
        found["models"] = models
    if prompt := env.get("BENCH_PROMPT", "").strip():
        found["prompt"] = prompt
    if rounds := env.get("BENCH_ROUNDS", "").strip():
        found["rounds"] = _rounds(rounds)
    if stream := env.get("BENCH_STREAM", "").strip():
        if stream not in {"0", "1"}:
            raise SettingsError(f"BENCH_STREAM is {stream!r}.", fix="Set it to 1 or 0.")
        found["stream"] = stream == "1"
    return found


def _rounds(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MOST_ROUNDS):
        raise SettingsError(
            f"BENCH_ROUNDS is {text!r}, which is no count from 1 to {MOST_ROUNDS}.",
            fix="Set it to 3, say.",
        )
    return int(text)
