"""What chat completions and text completions are both asked with."""

from typing import Literal

import msgspec

from sprat.serve.wire.fields import (
    Bias,
    Caller,
    Choices,
    ModelName,
    Penalty,
    Seed,
    Share,
    Stops,
    StopString,
    Temperature,
    refuse,
)
from sprat.types import ChatRequest


class StreamOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How to stream."""

    include_usage: bool | None = None
    """A last chunk counts the tokens."""
    include_obfuscation: Literal[False] | None = None
    """No chunk is padded here."""


class Sampling(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How to answer, how often, and how to send it. Null is the same as absent."""

    model: ModelName
    temperature: Temperature | None = None
    top_p: Share | None = None
    n: Choices | None = None
    seed: Seed | None = None
    stop: StopString | Stops | None = None
    """The answer ends before any of these; they are no part of it."""
    presence_penalty: Penalty | None = None
    frequency_penalty: Penalty | None = None
    logit_bias: Bias | None = None
    """Token number → what is added to its logit."""
    stream: bool | None = None
    """As server-sent events, piece by piece."""
    stream_options: StreamOptions | None = None
    """Only with `stream`."""
    user: Caller | None = None


def sampled(body: Sampling) -> ChatRequest:
    """A request with everything but what is asked."""
    return ChatRequest(
        messages=(),
        temperature=body.temperature or 0.0,
        top_p=1.0 if body.top_p is None else body.top_p,
        seed=body.seed,
        stop=stops_of(body.stop),
        presence_penalty=body.presence_penalty or 0.0,
        frequency_penalty=body.frequency_penalty or 0.0,
        logit_bias={int(token): bias for token, bias in (body.logit_bias or {}).items()},
    )


def stops_of(stop: str | list[str] | None) -> tuple[str, ...]:
    """Stop strings as engines take them."""
    return (stop,) if isinstance(stop, str) else tuple(stop or ())


def counts_usage(body: Sampling) -> bool:
    """Whether the stream ends with a count of its tokens.

    Raises:
        BadRequest: it says how to stream, and not to stream.
    """
    if body.stream_options is None:
        return False
    if not body.stream:
        raise refuse("stream_options", "stream_options is set, but stream is not.")
    return bool(body.stream_options.include_usage)


def spread(request: ChatRequest, count: int) -> tuple[ChatRequest, ...]:
    """The request once per answer wanted; with a seed, each gets one of its own."""
    if request.seed is None:
        return (request,) * count
    return tuple(
        msgspec.structs.replace(request, seed=request.seed + place) for place in range(count)
    )
