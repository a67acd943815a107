"""`POST /v1/chat/completions`: the body → requests.

Source: https://platform.openai.com/docs/api-reference/chat/create
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from sprat.serve.wire.chat_form import ChatForm
from sprat.serve.wire.fields import Caller, Effort, Tokens, Top, only, read, refuse
from sprat.serve.wire.form import Asked
from sprat.serve.wire.messages import ChatMessage, TextPart, message_of, text_of
from sprat.serve.wire.sampling import Sampling, counts_usage, sampled, spread
from sprat.serve.wire.tools import Format, Tool, ToolChoice, choice_of, format_of, tools_of
from sprat.types import ChatRequest, Prediction


class Expected(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the answer will probably be: a file that is to be changed a little, say."""

    type: Literal["content"]
    content: str | Annotated[list[TextPart], Meta(min_length=1, max_length=2048)]
    """Text; parts are joined."""


class ChatBody(Sampling, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A chat completion to make. What is not here is refused by name."""

    messages: Annotated[list[ChatMessage], Meta(min_length=1, max_length=2048)]
    """The conversation, oldest first."""
    max_completion_tokens: Tokens | None = None
    """The longest answer; else 2048 from a local model, and what an endpoint gives."""
    max_tokens: Tokens | None = None
    """The older name of `max_completion_tokens`."""
    logprobs: bool | None = None
    """How likely the model thought each of its tokens."""
    top_logprobs: Top | None = None
    response_format: Format | None = None
    """A shape that the answer must have; enforced by local models while they decode."""
    tools: Annotated[list[Tool], Meta(max_length=128)] | None = None
    """Functions that the model may call."""
    tool_choice: ToolChoice | None = None
    """Whether it may, must, or must not call, or which one it must; else it may."""
    parallel_tool_calls: bool | None = None
    """False: at most one call in an answer."""
    reasoning_effort: Effort | None = None
    prediction: Expected | None = None
    """Makes the answer come sooner, and changes nothing else; only for local models, at
    temperature 0."""
    safety_identifier: Caller | None = None
    # Taken only with the value that changes nothing here.
    store: bool | None = None
    """Only false: nothing is kept."""
    service_tier: str | None = None
    """Only `auto` or `default`."""
    modalities: Annotated[list[str], Meta(max_length=8)] | None = None
    """Only `text`."""
    metadata: Annotated[dict[str, Any], Meta(max_length=0)] | None = None
    """Only empty."""
    audio: None = None
    moderation: None = None
    prompt_cache_key: None = None
    prompt_cache_retention: None = None
    verbosity: None = None


def parse(raw: bytes) -> Asked:
    """Read a body.

    Raises:
        BadRequest: anything in it that cannot be honoured, by name.
    """
    body = read(raw, ChatBody)
    _check(body)
    request, count, usage = _request(body), body.n or 1, counts_usage(body)
    return Asked(
        model=body.model,
        requests=spread(request, count),
        stream=bool(body.stream),
        form=ChatForm(body.model, count, include_usage=usage, logprobs=bool(body.logprobs)),
        caller=body.safety_identifier or body.user,
    )


def _check(body: ChatBody) -> None:
    only("store", body.store, False)
    only("service_tier", body.service_tier, "auto", "default")
    only("modalities", body.modalities, ["text"])
    if body.top_logprobs is not None and not body.logprobs:
        raise refuse("top_logprobs", "top_logprobs is set, but logprobs is not.")
    if body.max_tokens is not None and body.max_completion_tokens not in {None, body.max_tokens}:
        raise refuse(
            "max_tokens", "max_tokens and max_completion_tokens differ.", fix="Send one of them."
        )
    if body.parallel_tool_calls is not None and not body.tools:
        raise refuse("parallel_tool_calls", "parallel_tool_calls is set, and there are no tools.")


def _request(body: ChatBody) -> ChatRequest:
    tools, expected = tools_of(body.tools), body.prediction
    return msgspec.structs.replace(
        sampled(body),
        messages=tuple(message_of(turn, place) for place, turn in enumerate(body.messages)),
        max_tokens=body.max_completion_tokens or body.max_tokens,
        response_format=format_of(body.response_format),
        tools=tools,
        tool_choice=choice_of(body.tool_choice, tools),
        parallel_tool_calls=body.parallel_tool_calls is not False,
        reasoning_effort=body.reasoning_effort,
        logprobs=(body.top_logprobs or 0) if body.logprobs else None,
        prediction=Prediction(text=text_of(expected.content)) if expected else None,
    )
