"""The nouns. Everything that crosses a room of the house is one of these.

All are frozen `msgspec.Struct`s: cheap to make, and the same bytes in the worker's pipe, in the
store and in `--json`. A field's unit is in its name; `None` always means "not known", never zero.
"""

from typing import Any, Literal

import msgspec

Role = Literal["system", "user", "assistant", "tool"]
Finish = Literal["stop", "length", "tool_calls", "content_filter", "cancelled"]
CountedBy = Literal["engine", "tokenizer", "estimate"]


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """One turn of a conversation."""

    role: Role
    content: str = ""
    name: str | None = None
    tool_calls: tuple[dict[str, Any], ...] = ()
    tool_call_id: str | None = None


class ResponseFormat(msgspec.Struct, frozen=True, omit_defaults=True):
    """A shape that the answer must have, enforced while decoding where the engine can."""

    kind: Literal["json_object", "json_schema", "regex"]
    schema: dict[str, Any] | None = None
    """The JSON schema, for `json_schema`."""
    pattern: str | None = None
    """The regular expression, for `regex`."""


class Prediction(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What the answer will probably be: another model's draft, say. Read in one go, not decoded."""

    text: str
    tolerance: float = 0.0
    """In nats. 0: a token is kept only where it is the model's own choice, so that the answer is
    token for token the one without a prediction. t > 0: while the model thinks it at most t less
    likely (logarithm of the probability) than its own choice; from the first token that is worse it
    decodes by itself, and keeps to its own choices."""
    read_only: bool = False
    """Nothing is generated: the reply is empty but for `read`."""


class ChatRequest(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One question to an engine."""

    messages: tuple[Message, ...]
    model: str = ""
    """Only read by engines that hold several models."""
    prompt: str | None = None
    """A text to go on with as it stands, without a chat template; `messages` is empty then."""
    max_tokens: int | None = 256
    """None: as many as the model has room for."""
    temperature: float = 0.0
    """0 is greedy: the same answer every time on the same machine."""
    top_p: float = 1.0
    seed: int | None = None
    stop: tuple[str, ...] = ()
    """Generation ends before any of these; they are not part of the text."""
    presence_penalty: float = 0.0
    """Taken off the logit of every token that the answer already holds, -2 to 2."""
    frequency_penalty: float = 0.0
    """Taken off a token's logit for each time that the answer holds it, -2 to 2."""
    logit_bias: dict[int, float] = {}
    """Added to the logits of these token numbers, -100 to 100."""
    response_format: ResponseFormat | None = None
    tools: tuple[dict[str, Any], ...] = ()
    """Functions that may be called: `{"type": "function", "function": {"name", …}}`."""
    tool_choice: str | None = None
    """`auto` (what None means too), `none`, `required`, or `function:NAME` for that one."""
    parallel_tool_calls: bool = True
    """False: at most one call in an answer."""
    reasoning_effort: str | None = None
    """How long to think, in the endpoint's own word; only endpoints take it."""
    ignore_end: bool = False
    """Go on after end-of-text up to `max_tokens`, so that answers to be timed are of one length; an
    engine that cannot stops where the model does, and its `Usage` says so."""
    logprobs: int | None = None
    """None: none. k >= 0: the chosen token's log-probability and k alternatives."""
    prediction: Prediction | None = None
    """Only greedy answers of local models can use it; others refuse it."""
    scheduled_ns: int | None = None
    """When a load generator meant to send this (monotonic ns); None is "now"."""


class TokenLogprob(msgspec.Struct, frozen=True, omit_defaults=True):
    """One generated token and how likely the model thought it (natural logarithm)."""

    token: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()


class Delta(msgspec.Struct, frozen=True, omit_defaults=True):
    """A piece of an answer as it arrives."""

    text: str = ""
    reasoning: str = ""
    """Thinking shown apart from the answer."""
    tokens: int | None = None
    """How many tokens this piece holds; None when the engine does not say."""
    logprobs: tuple[TokenLogprob, ...] = ()
    tool_calls: tuple[dict[str, Any], ...] = ()
    """Parts of calls: `{"index", "id"?, "type"?, "function": {"name"?, "arguments"?}}`; parts of
    one index are one call, its arguments joined."""


class Usage(msgspec.Struct, frozen=True):
    """Tokens that went in and came out."""

    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0
    """Of the input tokens, how many were not computed again."""
    counted_by: CountedBy = "engine"
    accepted_prediction_tokens: int = 0
    """Of the output tokens, how many stood in the request's `prediction`."""
    rejected_prediction_tokens: int = 0
    """Of the prediction's tokens, how many the answer does not have."""
    reasoning_tokens: int | None = None
    """Of the output tokens, how many were thinking; None: the engine does not say."""


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """When each thing happened, in monotonic nanoseconds. Definitions: docs/metrics.md.

    Stamps are taken where the caller can see them: `first_token_ns` is when the first non-empty
    content or reasoning piece reached the caller, not when the model computed it.
    """

    scheduled_ns: int
    sent_ns: int
    prepared_ns: int | None = None
    """The prompt was rendered and turned into tokens."""
    started_ns: int | None = None
    """The engine began to compute: the queue ended."""
    loaded_ns: int | None = None
    """The model became ready, when this request had to wait for it; None when it was ready."""
    first_token_ns: int | None = None
    first_answer_ns: int | None = None
    """The first piece that is not reasoning."""
    last_token_ns: int | None = None
    done_ns: int
    chunks_ns: tuple[int, ...] = ()
    """One stamp per non-empty piece."""

    @property
    def ttft_s(self) -> float | None:
        """Time to first token, seconds: first non-empty piece minus sent."""
        return _seconds(self.sent_ns, self.first_token_ns)

    @property
    def first_answer_s(self) -> float | None:
        """Seconds from sent to the first piece that is not reasoning."""
        return _seconds(self.sent_ns, self.first_answer_ns)

    @property
    def load_s(self) -> float | None:
        """Seconds that this request waited for the model to load; None when it was ready."""
        return _seconds(self.sent_ns, self.loaded_ns)

    @property
    def answer_s(self) -> float:
        """Seconds from sent to done."""
        return (self.done_ns - self.sent_ns) / 1e9

    @property
    def total_s(self) -> float:
        """Seconds from scheduled to done: what a queue in front of the engine costs is in it."""
        return (self.done_ns - self.scheduled_ns) / 1e9

    @property
    def decode_s(self) -> float | None:
        """Seconds from the first token to the last."""
        return _seconds(self.first_token_ns, self.last_token_ns)

    def inter_token_s(self, output_tokens: int) -> float | None:
        """Mean seconds between tokens, (last - first) / (n - 1).

        None for n < 2, and for an answer that came in one piece: its tokens have no gaps.
        """
        if output_tokens < 2 or not self.decode_s:
            return None
        return self.decode_s / (output_tokens - 1)

    def decode_tokens_per_s(self, output_tokens: int) -> float | None:
        """Tokens per second after the first: the inverse of `inter_token_s`."""
        gap = self.inter_token_s(output_tokens)
        return 1 / gap if gap else None


def _seconds(start_ns: int | None, end_ns: int | None) -> float | None:
    return None if start_ns is None or end_ns is None else (end_ns - start_ns) / 1e9


Path = Literal["accepted", "escalated", "direct", "degraded"]
"""How a policy came by its answer: the small model's draft was good enough; it was not, and the
large one answered; who answers was chosen beforehand; the large one gave no answer, and the small
one's is kept: the draft, or what it answered where there was none."""


class Source(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A passage of a document that an answer rests on, or was looked for in."""

    file: str
    """As it was indexed: an absolute path, or the name of an upload."""
    start: int
    """Where the passage begins in the document's text, in characters."""
    end: int
    text: str
    """The document's text from `start` to `end`, exactly."""
    score: float
    """How well it fits the question, 0 to 1: `rag.fuse`."""
    page: int | None = None
    """From 1; None: the document has no pages."""
    heading: str = ""
    """The headings above it, from the outermost, joined by ` > `."""
    number: int | None = None
    """The `[n]` by which the answer cites it; None: it was found, not cited."""
    quote: tuple[int, int] | None = None
    """Where in the document's text the words stand that the answer quotes."""


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One attempt behind a reply. Discarded drafts are kept too: they were paid for."""

    role: str
    """`draft`, `answer`, `refine`, `read`, `check`, `sample`, `shadow`, `gate`, `retry`, …"""
    engine: str
    why: str = ""
    """Why this was tried, or why its result was kept or not: one line."""
    usage: Usage | None = None
    timing: Timing | None = None
    cost_usd: float | None = None
    kept: bool = False
    """Whether the reply's text is this attempt's."""
    confidence: float | None = None
    """The probability, 0..1, that it is right, as the policy judged it; None: not judged."""
    calibrated: bool = False
    """Whether that was learned from labelled answers; else it follows a rule."""
    text: str | None = None
    """What was answered, where it was not kept."""
    finish: Finish | None = None
    error: str | None = None
    """Why there was no answer: one line."""


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What an engine answered, once. The last thing that every stream yields."""

    text: str
    finish: Finish
    usage: Usage
    timing: Timing
    model: str = ""
    reasoning: str = ""
    tool_calls: tuple[dict[str, Any], ...] = ()
    logprobs: tuple[TokenLogprob, ...] | None = None
    steps: tuple[Step, ...] = ()
    """Attempts. Of a policy all of them, the kept one too; of an engine those before the reply."""
    cost_usd: float | None = None
    """Of all attempts; None: the price of one of them is not known."""
    answered: bool | None = None
    """Of an answer from documents: whether they say it. None: nothing was asked of documents."""
    sources: tuple[Source, ...] = ()
    """The passages behind it: the cited ones first, then what else was found, best first."""
    path: Path | None = None
    """How a policy came by it; None: no policy answered."""
    read: tuple[TokenLogprob, ...] | None = None
    """The prediction's tokens and how likely each is to this model, where that was asked for."""

    @property
    def paid(self) -> Usage:
        """The tokens of all attempts; `usage` is that of the kept one."""
        spent = [step.usage for step in self.steps if step.usage is not None]
        if not any(step.kept for step in self.steps):
            return self.usage
        return Usage(
            input_tokens=sum(usage.input_tokens for usage in spent),
            output_tokens=sum(usage.output_tokens for usage in spent),
            cached_tokens=sum(usage.cached_tokens for usage in spent),
            counted_by=self.usage.counted_by,
        )

    @property
    def decode_tokens_per_s(self) -> float | None:
        """Tokens per second after the first."""
        return self.timing.decode_tokens_per_s(self.usage.output_tokens)

    @property
    def chars_per_s(self) -> float | None:
        """Characters of the answer per second from sent to done: comparable across tokenizers."""
        return len(self.text) / self.timing.answer_s if self.timing.answer_s > 0 else None


class Embedded(msgspec.Struct, frozen=True, kw_only=True):
    """Texts as vectors."""

    vectors: tuple[bytes, ...]
    """One per text, in order: `dimensions` little-endian float32 each; of length 1 (L2) from a
    model on this machine, as the server gave them from an endpoint."""
    dimensions: int
    usage: Usage
    timing: Timing
    model: str = ""


class Question(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One question, what a right answer is, and how that is judged."""

    id: str
    kind: str
    """The kind of work: `passage`, `summary`, `extract`, `classify`, `arithmetic`, `rewrite`…"""
    messages: tuple[Message, ...]
    scorer: str
    """The name of a scorer in `sprat.questions.scorers`; `none` compares texts only."""
    expected: Any = None
    """What the scorer compares with; its shape is the scorer's business."""
    max_tokens: int = 256
    language: str = "en"
    response_format: ResponseFormat | None = None
    tags: tuple[str, ...] = ()


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """A scorer's opinion of one answer."""

    scorer: str
    value: float | None
    """0 (wrong) to 1 (right); None is "unscored": left out and counted, never 0."""
    answer: str | None = None
    """What the scorer read as the answer."""
    why: str = ""


class Resources(msgspec.Struct, frozen=True, kw_only=True):
    """What an engine used while it worked. None is "no counter could be read"."""

    peak_rss_bytes: int | None = None
    """Peak resident memory of the worker's process tree."""
    processor_s: float | None = None
    """Seconds of processor time of the worker's process tree, over all cores."""
    energy_joules: float | None = None
    """Above idle. Noise may take one answer's below zero; over many it cancels."""
    energy_noise_joules: float | None = None
    """How far off `energy_joules` may be: what the idle draw wavers, and the counter's steps."""
    energy_source: str | None = None
    """The counter read, or why there is none."""
    gpu_memory_bytes: int | None = None
    """Memory of the worker's process tree on all GPUs, when the answer was done."""
    gpu_memory_source: str | None = None
    """What told it, or why nothing did."""


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One question answered once by one model."""

    study: str
    """The identifier of the study it belongs to."""
    question: str
    """The question's identifier."""
    kind: str
    model: str
    role: str
    """`small`, `large`, or whatever the study calls this side."""
    request: ChatRequest
    reply: Reply | None = None
    error: str | None = None
    """One line; exactly one of `reply` and `error` is set."""
    verdicts: tuple[Verdict, ...] = ()
    resources: Resources | None = None
    repeat: int = 0
    position: int = 0
    """Place in the order in which the study asked."""
    elapsed_s: float | None = None
    """From asking to the reply or the error: a failure costs time too."""
