"""A response: the object and what is in it.

Source: https://platform.openai.com/docs/api-reference/responses/object
"""

from typing import Any, Literal

import msgspec

from sprat.serve.wire.chat_types import TokenInfo
from sprat.serve.wire.sprat import Sprat
from sprat.types import Reply

Progress = Literal["in_progress", "completed", "incomplete"]
Status = Literal["in_progress", "completed", "incomplete", "failed"]


class OutputText(msgspec.Struct, frozen=True, kw_only=True, tag="output_text"):
    """The text of a message."""

    text: str
    annotations: tuple[()] = ()
    logprobs: tuple[TokenInfo, ...] = ()
    """One entry per token, where `include` asks for it."""


class ReasoningText(msgspec.Struct, frozen=True, tag="reasoning_text"):
    """What a model thought before it answered."""

    text: str


class OutputMessage(msgspec.Struct, frozen=True, kw_only=True, tag="message"):
    """What the assistant said."""

    id: str
    status: Progress
    role: Literal["assistant"] = "assistant"
    content: tuple[OutputText, ...] = ()


class OutputReasoning(msgspec.Struct, frozen=True, kw_only=True, tag="reasoning"):
    """What the assistant thought."""

    id: str
    status: Progress
    summary: tuple[()] = ()
    content: tuple[ReasoningText, ...] = ()


class OutputCall(msgspec.Struct, frozen=True, kw_only=True, tag="function_call"):
    """A function that the assistant wants to be called."""

    id: str
    call_id: str
    """What its `function_call_output` must name."""
    name: str
    arguments: str
    """JSON in a string."""
    status: Progress


OutputItem = OutputMessage | OutputReasoning | OutputCall
Part = OutputText | ReasoningText


class Incomplete(msgspec.Struct, frozen=True):
    """Why an answer was cut off."""

    reason: Literal["max_output_tokens", "content_filter"]


class Fault(msgspec.Struct, frozen=True):
    """Why there is no answer."""

    code: str
    message: str


class InputDetails(msgspec.Struct, frozen=True):
    """Of the input tokens."""

    cached_tokens: int
    """Not computed again."""
    cache_write_tokens: Literal[0] = 0
    """None is charged for being kept."""


class OutputDetails(msgspec.Struct, frozen=True):
    """Of the output tokens."""

    reasoning_tokens: int | None
    """Null where the model thought: engines count thinking and answer together."""


class ResponseUsage(msgspec.Struct, frozen=True):
    """Tokens in and out. `sprat.counted_by` says who counted."""

    input_tokens: int
    input_tokens_details: InputDetails
    output_tokens: int
    output_tokens_details: OutputDetails
    total_tokens: int


class FormatShown(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The shape that was asked for."""

    type: str
    name: str | None = None
    schema: dict[str, Any] | None = None
    description: str | None = None
    strict: bool | None = None


class TextShown(msgspec.Struct, frozen=True):
    """How the text was asked for."""

    format: FormatShown


class ReasoningShown(msgspec.Struct, frozen=True):
    """How much thinking was asked for."""

    effort: str | None
    summary: None = None


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """An answer, and what it was asked with. Nothing of it is kept."""

    id: str
    object: Literal["response"] = "response"
    created_at: int
    """Seconds since 1970."""
    status: Status
    completed_at: int | None = None
    error: Fault | None = None
    incomplete_details: Incomplete | None = None
    model: str
    output: tuple[OutputItem, ...] = ()
    usage: ResponseUsage | None = None
    instructions: str | None = None
    max_output_tokens: int | None = None
    metadata: dict[str, str]
    parallel_tool_calls: bool
    reasoning: ReasoningShown
    temperature: float
    text: TextShown
    tool_choice: str | dict[str, str]
    tools: tuple[dict[str, Any], ...]
    top_logprobs: int
    top_p: float
    user: str | None = None
    safety_identifier: str | None = None
    background: Literal[False] = False
    previous_response_id: None = None
    service_tier: Literal["default"] = "default"
    store: Literal[False] = False
    truncation: Literal["disabled"] = "disabled"
    sprat: Sprat | msgspec.UnsetType = msgspec.UNSET
    """Once the answer has ended."""


def usage_of(reply: Reply) -> ResponseUsage:
    """The reply's tokens."""
    counts = reply.usage
    return ResponseUsage(
        input_tokens=counts.input_tokens,
        input_tokens_details=InputDetails(counts.cached_tokens),
        output_tokens=counts.output_tokens,
        output_tokens_details=OutputDetails(None if reply.reasoning else 0),
        total_tokens=counts.input_tokens + counts.output_tokens,
    )


def incomplete_of(reply: Reply) -> Incomplete | None:
    """Why the reply was cut off; None when it was not."""
    if reply.finish in {"length", "cancelled"}:
        return Incomplete("max_output_tokens")
    return Incomplete("content_filter") if reply.finish == "content_filter" else None
