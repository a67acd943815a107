"""The result of `sprat compare`, exactly as `--json` prints it. `None` is "not measured"."""

from typing import Any, Literal

import msgspec

from sprat.types import Path

Decision = Literal["good-enough", "not-good-enough", "inconclusive"]


class Percentiles(msgspec.Struct, frozen=True):
    """Seconds."""

    p50: float | None
    p95: float | None


class QuestionSet(msgspec.Struct, frozen=True, rename={"name": "set"}):
    """Which questions were asked, and a fingerprint of them."""

    name: str
    n: int
    sha256: str


class PathSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A policy's answers that came by one path. A first token is the first of the kept answer."""

    path: Path
    n: int
    share: float
    """Of the policy's answers, 0..1."""
    score: float | None
    ttft_s: Percentiles
    answer_s: Percentiles
    cost_usd: float | None
    """Of all attempts behind these answers; None: not priced."""
    input_tokens: int
    output_tokens: int
    """Of all attempts: discarded drafts are paid for."""


class ModelSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One model over all the questions. Errors stay in the denominator of `score`."""

    name: str
    role: str
    answered: int
    errors: int
    unscored: int
    score: float | None
    score_low: float | None
    score_high: float | None
    ttft_s: Percentiles
    answer_s: Percentiles
    decode_tokens_per_s: float | None
    chars_per_s: float | None
    input_tokens: int | None
    output_tokens: int | None
    cold_load_s: float | None
    peak_rss_bytes: int | None
    energy_joules: float | None
    energy_source: str | None
    cost_usd: float | None
    seconds_per_correct: float | None
    joules_per_correct: float | None = None
    truncated: int = 0
    """Answers cut off by their token limit."""
    right: int | None = None
    """Answers that count as right, by their scorer's own bar; None where nothing is scored."""
    answer_p99_s: float | None = None
    """None below 100 answers: it would be the maximum under another name."""
    energy_noise_joules: float | None = None
    """How far off `energy_joules` may be, at most."""
    energy_joules_per_token: float | None = None
    """All joules over all output tokens: reading the prompts is in it."""
    energy_joules_per_answer: float | None = None
    """All joules over the answers that came."""
    processor_s_per_answer: float | None = None
    """Mean seconds of processor time, over all cores, of the answers and errors."""
    gpu_memory_bytes: int | None = None
    """The most that the model's processes held on GPUs at the end of an answer."""
    gpu_memory_source: str | None = None
    """What told it, or why nothing did."""
    identity: dict[str, Any] = {}
    """Weights' sha256, export recipe, provider: what makes these answers this model's."""
    paths: tuple[PathSummary, ...] = ()
    """Of a policy: its answers by the way they came; tokens and cost are those of all attempts."""
    cost_basis: str | None = None
    """What its prices rest on, or why there are none; None for studies of earlier versions."""


class KindSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The same pair on one kind of question."""

    kind: str
    n: int
    small_score: float | None
    large_score: float | None
    difference: float | None
    low: float | None
    high: float | None
    """The paired interval of `difference`, as in the verdict."""


class VerdictSummary(msgspec.Struct, frozen=True, kw_only=True):
    """Is the small one good enough? Differences are small minus large, in score points of 0..1."""

    decision: Decision
    margin: float
    difference: float | None
    low: float | None
    high: float | None
    mcnemar_p: float | None
    small_only_right: int | None
    large_only_right: int | None
    both_right: int | None = None
    both_wrong: int | None = None
    n: int = 0
    """Pairs that both sides have a score for."""
    n_needed: int | None
    """Questions in all for a decision at this spread; None when decided or out of reach."""
    confidence: float = 0.95
    why: str = ""
    """The decision in one sentence."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One model's answer to one question."""

    id: str
    kind: str
    model: str
    role: str
    text: str | None
    score: float | None
    scorer: str
    why: str
    timing: dict[str, float | None]
    """`prepare_s, queue_s, load_s, ttft_s, decode_s, answer_s, total_s`."""
    usage: dict[str, Any]
    error: str | None
    finish: str | None = None
    prompt: str = ""
    expected: Any = None
    language: str = "en"
    right: bool | None = None
    """Whether it counts as right, by its scorer's own bar; None: unscored. An error is wrong."""
    position: int = 0
    """Place in the order asked."""
    cost_usd: float | None = None
    """None: not priced."""
    path: Path | None = None
    """How a policy came by it; None: no policy answered."""


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """The whole result."""

    schema: int = 1
    run: str
    created: str
    """ISO 8601, UTC."""
    environment: dict[str, Any]
    questions: QuestionSet
    models: tuple[ModelSummary, ...]
    verdict: VerdictSummary | None
    """None where nothing is scored: `--prompt` invents no verdict."""
    kinds: tuple[KindSummary, ...] = ()
    answers: tuple[Answer, ...] = ()
    settings: dict[str, Any] = {}
    """Seed, order, limit, threads, export recipe: what is needed to do it again."""
    warnings: tuple[str, ...] = ()
    complete: bool = True
    """False while questions are still unasked: an interrupted run can be resumed."""
