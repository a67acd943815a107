"""`POST /v1/chat/completions`: the body → requests.

Source: https://platform.openai.com/docs/api-reference/chat/create
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from sprat.serve.wire.chat_form import ChatForm
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
    Tokens,
    Top,
    only,
    read,
    refuse,
)
from sprat.serve.wire.form import Asked
from sprat.serve.wire.messages import (
    ChatMessage,
    Format,
    Tool,
    ToolChoice,
    choice_of,
    format_of,
    message_of,
    tools_of,
)
from sprat.types import ChatRequest


class StreamOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How to stream."""

    include_usage: bool = False
    """A last chunk counts the tokens."""
    include_obfuscation: Literal[False] | None = None


class ChatBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A chat completion to make. What is not here is refused by name."""

    model: ModelName
    messages: Annotated[list[ChatMessage], Meta(min_length=1, max_length=2048)]
    max_completion_tokens: Tokens | None = None
    max_tokens: Tokens | None = None
    """The older name of `max_completion_tokens`."""
    temperature: Temperature | None = None
    top_p: Share | None = None
    n: Choices | None = None
    seed: Seed | None = None
    stop: StopString | Stops | None = None
    presence_penalty: Penalty | None = None
    frequency_penalty: Penalty | None = None
    logit_bias: Bias | None = None
    logprobs: bool | None = None
    top_logprobs: Top | None = None
    response_format: Format | None = None
    tools: Annotated[list[Tool], Meta(max_length=128)] | None = None
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    reasoning_effort: Annotated[str, Meta(max_length=32)] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    user: Caller | None = None
    safety_identifier: Caller | None = None
    # Taken only with the value that changes nothing here.
    store: bool | None = None
    service_tier: str | None = None
    modalities: list[str] | None = None
    metadata: Annotated[dict[str, Any], Meta(max_length=0)] | None = None


def parse(raw: bytes) -> Asked:
    """Read a body.

    Raises:
        BadRequest: anything in it that cannot be honoured, by name.
    """
    body = read(raw, ChatBody)
    _check(body)
    request = _request(body)
    usage = body.stream_options is not None and body.stream_options.include_usage
    return Asked(
        model=body.model,
        requests=spread(request, body.n or 1),
        stream=bool(body.stream),
        form=ChatForm(body.model, body.n or 1, include_usage=usage, logprobs=bool(body.logprobs)),
        caller=body.safety_identifier or body.user,
    )


def _check(body: ChatBody) -> None:
    only("store", body.store, False)
    only("service_tier", body.service_tier, "auto", "default")
    only("modalities", body.modalities, ["text"])
    if body.stream_options is not None and not body.stream:
        raise refuse("stream_options", "stream_options is set, but stream is not.")
    if body.top_logprobs is not None and not body.logprobs:
        raise refuse("top_logprobs", "top_logprobs is set, but logprobs is not.")
    if body.max_tokens is not None and body.max_completion_tokens not in {None, body.max_tokens}:
        raise refuse(
            "max_tokens", "max_tokens and max_completion_tokens differ.", fix="Send one of them."
        )
    if body.parallel_tool_calls is not None and not body.tools:
        raise refuse("parallel_tool_calls", "parallel_tool_calls is set, and there are no tools.")


def _request(body: ChatBody) -> ChatRequest:
    tools = tools_of(body.tools)
    return ChatRequest(
        messages=tuple(message_of(turn, place) for place, turn in enumerate(body.messages)),
        max_tokens=body.max_completion_tokens or body.max_tokens,
        temperature=body.temperature or 0.0,
        top_p=1.0 if body.top_p is None else body.top_p,
        seed=body.seed,
        stop=stops_of(body.stop),
        presence_penalty=body.presence_penalty or 0.0,
        frequency_penalty=body.frequency_penalty or 0.0,
        logit_bias={int(token): bias for token, bias in (body.logit_bias or {}).items()},
        response_format=format_of(body.response_format),
        tools=tools,
        tool_choice=choice_of(body.tool_choice, tools),
        parallel_tool_calls=body.parallel_tool_calls is not False,
        reasoning_effort=body.reasoning_effort,
        logprobs=(body.top_logprobs or 0) if body.logprobs else None,
    )


def stops_of(stop: str | list[str] | None) -> tuple[str, ...]:
    """Stop strings as engines take them."""
    return (stop,) if isinstance(stop, str) else tuple(stop or ())


def spread(request: ChatRequest, count: int) -> tuple[ChatRequest, ...]:
    """The request once per answer wanted; with a seed, each gets one of its own."""
    if request.seed is None:
        return (request,) * count
    return tuple(
        msgspec.structs.replace(request, seed=request.seed + place) for place in range(count)
    )
