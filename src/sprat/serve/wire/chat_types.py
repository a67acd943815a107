"""Chat completions and their chunks, as they go over the wire.

Source: https://platform.openai.com/docs/api-reference/chat/object and …/chat-streaming
"""

from typing import Literal, NotRequired, TypedDict

import msgspec

from sprat.serve.wire.sprat import Sprat

Finished = Literal["stop", "length", "tool_calls", "content_filter"]


class TopLogprob(msgspec.Struct, frozen=True):
    """An alternative to a token."""

    token: str
    logprob: float
    bytes: tuple[int, ...] | None


class TokenInfo(msgspec.Struct, frozen=True):
    """A token and its log-probability."""

    token: str
    logprob: float
    bytes: tuple[int, ...] | None
    top_logprobs: tuple[TopLogprob, ...]


class Logprobs(msgspec.Struct, frozen=True):
    """One entry per token of the answer."""

    content: tuple[TokenInfo, ...]
    refusal: None = None


class Details(msgspec.Struct, frozen=True):
    """Of the prompt's tokens, those that were not computed again."""

    cached_tokens: int


class PredictionDetails(msgspec.Struct, frozen=True):
    """How many of the prediction's tokens the answer has, and has not."""

    accepted_prediction_tokens: int
    rejected_prediction_tokens: int
    """Not counted among `completion_tokens`."""


class Usage(msgspec.Struct, frozen=True):
    """Tokens in and out. `sprat.counted_by` says who counted."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: Details
    completion_tokens_details: PredictionDetails | msgspec.UnsetType = msgspec.UNSET
    """Where there was a prediction."""


class Called(TypedDict):
    """A function by name, and its arguments: JSON in a string."""

    name: str
    arguments: str


class Call(TypedDict):
    """A function that the model wants to be called."""

    id: str
    type: Literal["function"]
    function: Called


class CalledPart(TypedDict):
    """A piece of a call: first its name, then its arguments bit by bit."""

    name: NotRequired[str]
    arguments: NotRequired[str]


class CallPart(TypedDict):
    """What a chunk adds to the call at `index`; the first part says the rest."""

    index: int
    id: NotRequired[str]
    type: NotRequired[Literal["function"]]
    function: NotRequired[CalledPart]


class ReplyMessage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the assistant said."""

    role: Literal["assistant"]
    content: str | None
    refusal: None
    reasoning_content: str = ""
    """Thinking that the model showed apart from its answer; left out when there was none."""
    tool_calls: tuple[Call, ...] = ()


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """One of the answers."""

    index: int
    message: ReplyMessage
    logprobs: Logprobs | None
    finish_reason: Finished


class ChatCompletion(msgspec.Struct, frozen=True, kw_only=True):
    """A complete answer."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: tuple[Choice, ...]
    usage: Usage
    sprat: Sprat


class ChunkDelta(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What this chunk adds."""

    role: Literal["assistant"] | None = None
    content: str | None = None
    reasoning_content: str = ""
    tool_calls: tuple[CallPart, ...] = ()


class ChunkChoice(msgspec.Struct, frozen=True, kw_only=True):
    """The answer that a chunk belongs to."""

    index: int
    delta: ChunkDelta
    logprobs: Logprobs | None = None
    finish_reason: Finished | None = None


class Chunk(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One event of a stream."""

    id: str
    object: Literal["chat.completion.chunk"]
    created: int
    model: str
    choices: tuple[ChunkChoice, ...]
    usage: Usage | msgspec.UnsetType | None = msgspec.UNSET
    """With `include_usage`: null, and the count in the last chunk."""
    sprat: Sprat | None = None
    """In the chunk that ends an answer."""
