"""The result of `sprat bench`, exactly as `--json` prints it. `None` is "not measured".

A *side* is a model with the provider that computes it; a *cell* is one side under one condition,
one length of prompt and of answer, and one load. Definitions: docs/metrics.md, "A benchmark".
"""

from typing import Any, Literal

import msgspec

from sprat.studies.comparison import PathSummary

Condition = Literal["cold", "warm", "prefix-cached"]
EndedBy = Literal["precision", "rounds", "budget", "interrupted"]


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """One figure over the requests of a cell that have it; errors have none."""

    n: int
    """Requests that have the figure."""
    p50: float
    p50_low: float | None
    p50_high: float | None
    """95% interval of the median, rounds resampled whole; None below 3 rounds."""
    p90: float
    p95: float
    p99: float | None
    """None below 100 requests: it would be the maximum under another name."""
    mean: float


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """One figure over whole rounds, with its 95% interval; None below 3 rounds."""

    value: float
    low: float | None
    high: float | None


class Phases(msgspec.Struct, frozen=True, kw_only=True):
    """Mean seconds of each phase of a request; they follow one another and add up to `total_s`.

    None where the engine does not say; its time is then in the next phase that is known.
    """

    send_s: float | None
    """Scheduled to sent: the load generator's own delay, and refused attempts."""
    load_s: float | None
    """Waiting for the model to load."""
    prepare_s: float | None
    """The prompt rendered and cut into tokens."""
    queue_s: float | None
    """Prepared to the engine's first step."""
    first_token_s: float | None
    """The prompt computed, up to the first token."""
    decode_s: float | None
    """First token to last."""
    finish_s: float | None
    """Last token to done."""


class Energy(msgspec.Struct, frozen=True, kw_only=True):
    """Joules of the rounds of a cell, idle baseline excluded; cold ones include the load."""

    joules: float | None
    noise_joules: float | None
    """How far off `joules` may be."""
    joules_per_token: float | None
    """Over output tokens."""
    joules_per_answer: float | None
    source: str | None
    """The counter read, or why there is none."""


class Ratio(msgspec.Struct, frozen=True, kw_only=True):
    """This cell's figure over the first side's in the same cell, rounds resampled in pairs."""

    metric: str
    """The name of a figure of `Cell`."""
    value: float
    low: float | None
    high: float | None


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """One side under one condition and one load."""

    id: str
    """The same for all sides: `warm/in128/out64/c1`, or `…/r2` for two arrivals a second."""
    side: str
    condition: Condition
    prompt_tokens: int | None
    """The length asked for; None for a prompt of the user's own."""
    output_tokens: int
    """The length asked for."""
    concurrency: int | None
    """Workers of a closed loop; None in an open one."""
    rate_per_s: float | None
    """Mean arrivals per second of an open loop; None in a closed one."""
    rounds: int
    requests: int
    """Errors included."""
    errors: int
    ended_by: EndedBy
    """What ended the repetitions; `interrupted` for a study that was stopped, or runs."""
    input_tokens: float | None
    """Median of the engine's own count; a policy's is that of all its attempts."""
    real_output_tokens: float | None
    """Median of the engine's own count; as above."""
    cached_tokens: float | None
    """Median of the input tokens that were not computed again."""
    pieces: float | None
    """Median of the pieces in which an answer came; fewer than its tokens: several at a time."""
    counted_by: str | None
    """`engine`, `tokenizer` or `estimate`; the weakest where they differ."""
    ttft_s: Spread | None
    """First token, from sent."""
    scheduled_ttft_s: Spread | None
    """First token, from scheduled."""
    inter_token_s: Spread | None
    decode_tokens_per_s: Spread | None
    answer_s: Spread | None
    """Sent to done."""
    total_s: Spread | None
    """Scheduled to done."""
    chars_per_s: Spread | None
    tokens_per_s: Estimate | None
    """Output tokens of all requests of a round over the round's seconds."""
    requests_per_s: Estimate | None
    """Answers of a round over the round's seconds."""
    phases: Phases
    backlog_grows: bool | None
    """Whether requests arrived faster than they were answered; None in a closed loop."""
    energy: Energy
    processor_s_per_answer: float | None
    """Seconds of processor time of the engine's processes, over all cores."""
    peak_rss_bytes: int | None
    gpu_memory_bytes: int | None
    against: str | None = None
    """The side that `ratios` compare with; None for that side itself."""
    ratios: tuple[Ratio, ...] = ()


class SideSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One side over the whole study."""

    name: str
    """The model, with its provider where several are compared: `smollm2-135m@webgpu`."""
    model: str
    provider: str | None
    """What computed, as the engine says; None for an endpoint."""
    nodes: dict[str, int] | None
    """How many of the graph's operators each provider computes; None where it cannot be told."""
    cold_load_s: Spread | None
    """Seconds from "start the worker" to "ready", over every start of it that was measured."""
    warm_up_requests: int | None
    """Requests asked before the first that counts."""
    stable: bool | None
    """Whether the warm-up ended because its times had settled; None without a warm-up."""
    requests: int
    errors: int
    peak_rss_bytes: int | None
    gpu_memory_bytes: int | None
    gpu_memory_source: str | None
    """What told it, or why nothing did."""
    energy: Energy
    """Of one condition: warm, or the only one; several without warm are not pooled: null."""
    identity: dict[str, Any] = {}
    """Weights' sha256, export recipe, provider: what makes these times this model's."""
    cost_usd_per_answer: float | None = None
    """Mean, under the condition of `energy`; of a policy, of all attempts. None: not priced."""
    cost_basis: str | None = None
    """What that rests on, or why there is no price."""
    paths: tuple[PathSummary, ...] = ()
    """Of a policy, under the same condition: its answers by the way they came, without a score."""


class Unmeasured(msgspec.Struct, frozen=True, kw_only=True):
    """A side, or a condition of it, that could not be measured, and why."""

    side: str
    condition: Condition | None
    """None: the whole side."""
    why: str


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One request, as a row of `--csv`; seconds. A failed one has no times and no tokens."""

    position: int
    """Place in the order of the study."""
    cell: str
    side: str
    round: int
    at_s: float | None = None
    """When it was due, after the first answered request of the study; None from another boot on."""
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    counted_by: str | None = None
    send_s: float | None = None
    load_s: float | None = None
    prepare_s: float | None = None
    queue_s: float | None = None
    first_token_s: float | None = None
    decode_s: float | None = None
    finish_s: float | None = None
    """The seven phases, as in `Phases`."""
    ttft_s: float | None = None
    scheduled_ttft_s: float | None = None
    inter_token_s: float | None = None
    answer_s: float | None = None
    total_s: float | None = None
    chars: int | None = None
    energy_joules: float | None
    """An equal share of its round's."""
    finish: str | None = None
    error: str | None


class WorkshopLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One model with the field names of the workshop's benchmark script, over its warm requests.

    Source: microsoft/edgeai-for-beginners, Workshop/samples/session03/benchmark_oss_models.py
    """

    alias: str
    latency_avg: float
    latency_p95: float
    tokens_per_sec_avg: float | None
    """As there: tokens in and out together, over the seconds of the whole answer."""
    rounds: int
    first_token_latency_avg: float | None = None
    """Left out with `--no-stream`."""


class BenchResult(msgspec.Struct, frozen=True, kw_only=True):
    """The whole result."""

    schema: int = 1
    kind: Literal["bench"] = "bench"
    run: str
    created: str
    """ISO 8601, UTC."""
    degraded: tuple[str, ...]
    """Why the figures are worth less than they seem: the machine drifted. Empty: it did not."""
    environment: dict[str, Any]
    """The machine at the beginning."""
    environment_end: dict[str, Any] | None
    """The same at the end; None while the study runs, and where it was stopped or killed."""
    sides: tuple[SideSummary, ...]
    cells: tuple[Cell, ...]
    """By condition, lengths and load; within that in the order of `sides`."""
    unmeasured: tuple[Unmeasured, ...] = ()
    workshop: tuple[WorkshopLine, ...] = ()
    settings: dict[str, Any] = {}
    """Grid, rounds, budget, precision, seed: what is needed to do it again."""
    warnings: tuple[str, ...] = ()
    complete: bool = True
    """False for a study that was stopped and can be resumed, or that still runs."""
    requests: tuple[Request, ...] = ()
