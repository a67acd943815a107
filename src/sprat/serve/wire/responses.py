"""`POST /v1/responses`: the body → a request.

Source: https://platform.openai.com/docs/api-reference/responses/create
"""

import time
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from sprat.serve.wire.fields import (
    Caller,
    Description,
    Effort,
    FunctionName,
    ModelName,
    Share,
    Temperature,
    Tokens,
    Top,
    only,
    read,
    refuse,
)
from sprat.serve.wire.form import Asked
from sprat.serve.wire.responses_form import ResponsesForm, new_id
from sprat.serve.wire.responses_input import InputItem, messages_of
from sprat.serve.wire.responses_types import FormatShown, ReasoningShown, Response, TextShown
from sprat.serve.wire.tools import Choice, Function, Schema, chosen, functions_of, shape_of
from sprat.types import ChatRequest, ResponseFormat

Metadata = Annotated[
    dict[Annotated[str, Meta(max_length=64)], Annotated[str, Meta(max_length=512)]],
    Meta(max_length=16),
]


class FlatTool(Function, frozen=True, forbid_unknown_fields=True, tag="function"):
    """A tool: functions are the only kind."""


class FlatChoice(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="function"):
    """The one tool that must be called."""

    name: FunctionName


class TextFormat(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    kw_only=True,
    rename={"json": "schema"},
):
    """The shape that the answer must have; all but the type belongs to `json_schema`."""

    type: Literal["text", "json_object", "json_schema"]
    name: FunctionName | None = None
    json: dict[str, Any] | None = None
    description: Description | None = None
    strict: bool | None = None
    """Schemas are enforced while decoding, whatever this says."""


class TextOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How to write."""

    format: TextFormat | None = None
    verbosity: None = None


class Reasoning(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How to think."""

    effort: Effort | None = None
    summary: None = None
    generate_summary: None = None
    context: None = None


class ResponseStreamOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How to stream."""

    include_obfuscation: Literal[False] | None = None
    """No event is padded here."""


class ResponseBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A response to make. What is not here is refused by name; null is the same as absent."""

    model: ModelName
    input: str | Annotated[list[InputItem], Meta(min_length=1, max_length=2048)]
    """What a user says, or the whole conversation as items, oldest first."""
    instructions: str | None = None
    """Stands before the input, as a system message."""
    max_output_tokens: Tokens | None = None
    """The longest answer; else 2048 from a local model, and what an endpoint gives."""
    temperature: Temperature | None = None
    top_p: Share | None = None
    top_logprobs: Top | None = None
    include: Annotated[list[Literal["message.output_text.logprobs"]], Meta(max_length=8)] | None = (
        None
    )
    """With it, the answer tells how likely each of its tokens was."""
    text: TextOptions | None = None
    """The shape that the answer must have."""
    tools: Annotated[list[FlatTool], Meta(max_length=128)] | None = None
    """Functions that the model may call."""
    tool_choice: Choice | FlatChoice | None = None
    """Whether it may, must, or must not call, or which one it must; else it may."""
    parallel_tool_calls: bool | None = None
    """False: at most one call in an answer."""
    reasoning: Reasoning | None = None
    """How to think, for models that do."""
    metadata: Metadata | None = None
    """Comes back with the answer."""
    stream: bool | None = None
    """As server-sent events, each with its name."""
    stream_options: ResponseStreamOptions | None = None
    """Only with `stream`."""
    user: Caller | None = None
    safety_identifier: Caller | None = None
    # Taken only with the value that changes nothing here.
    store: Literal[False] | None = None
    """Nothing is kept, so that nothing can be gone back to."""
    background: Literal[False] | None = None
    """Only false: whoever asks waits."""
    truncation: Literal["disabled"] | None = None
    """Only `disabled`: what does not fit is refused."""
    service_tier: Literal["auto", "default"] | None = None
    """Changes nothing here."""
    previous_response_id: None = None
    conversation: None = None
    prompt: None = None
    context_management: None = None
    max_tool_calls: None = None
    moderation: None = None
    prompt_cache_key: None = None
    prompt_cache_retention: None = None


def parse(raw: bytes) -> Asked:
    """Read a body.

    Raises:
        BadRequest: anything in it that cannot be honoured, by name.
    """
    body = read(raw, ResponseBody)
    _check(body)
    request = _request(body)
    return Asked(
        model=body.model,
        requests=(request,),
        stream=bool(body.stream),
        form=ResponsesForm(_shown(body, request), logprobs=bool(body.include)),
        caller=body.safety_identifier or body.user,
    )


def _check(body: ResponseBody) -> None:
    if body.stream_options is not None and not body.stream:
        raise refuse("stream_options", "stream_options is set, but stream is not.")
    if body.top_logprobs and not body.include:
        raise refuse(
            "top_logprobs",
            "top_logprobs is set, but nothing would show them.",
            fix='Send "include": ["message.output_text.logprobs"] too.',
        )


def _request(body: ResponseBody) -> ChatRequest:
    tools = functions_of(list[Function](body.tools or ()), "tools[{}].parameters")
    named = body.tool_choice.name if isinstance(body.tool_choice, FlatChoice) else None
    choice = None if isinstance(body.tool_choice, FlatChoice) else body.tool_choice
    return ChatRequest(
        messages=messages_of(body.input, body.instructions),
        max_tokens=body.max_output_tokens,
        temperature=body.temperature or 0.0,
        top_p=1.0 if body.top_p is None else body.top_p,
        response_format=_format(body),
        tools=tools,
        tool_choice=chosen(choice, named, tools),
        parallel_tool_calls=body.parallel_tool_calls is not False,
        reasoning_effort=body.reasoning.effort if body.reasoning else None,
        logprobs=(body.top_logprobs or 0) if body.include else None,
    )


def _format(body: ResponseBody) -> ResponseFormat | None:
    wanted = body.text.format if body.text else None
    if wanted is None:
        return None
    schema = None
    if wanted.type == "json_schema":
        if wanted.name is None or wanted.json is None:
            missing = "name" if wanted.name is None else "schema"
            raise refuse(f"text.format.{missing}", f"text.format.{missing} is missing.")
        schema = Schema(wanted.name, wanted.json, wanted.description, wanted.strict)
    else:
        for name in ("name", "json", "description", "strict"):
            only(f"text.format.{name.replace('json', 'schema')}", getattr(wanted, name))
    return shape_of(wanted.type, schema, "text.format")


def _shown(body: ResponseBody, request: ChatRequest) -> Response:
    """What the response says of its request."""
    choice = body.tool_choice or "auto"
    named = isinstance(choice, FlatChoice)
    return Response(
        id=new_id(),
        created_at=int(time.time()),
        status="in_progress",
        model=body.model,
        instructions=body.instructions,
        max_output_tokens=body.max_output_tokens,
        metadata=body.metadata or {},
        parallel_tool_calls=request.parallel_tool_calls,
        reasoning=ReasoningShown(request.reasoning_effort),
        temperature=request.temperature,
        text=TextShown(_format_shown(body)),
        tool_choice={"type": "function", "name": choice.name} if named else choice,
        tools=tuple({"type": "function", **tool["function"]} for tool in request.tools),
        top_logprobs=body.top_logprobs or 0,
        top_p=request.top_p,
        user=body.user,
        safety_identifier=body.safety_identifier,
    )


def _format_shown(body: ResponseBody) -> FormatShown:
    wanted = body.text.format if body.text else None
    if wanted is None:
        return FormatShown(type="text")
    return FormatShown(
        type=wanted.type,
        name=wanted.name,
        schema=wanted.json,
        description=wanted.description,
        strict=wanted.strict,
    )
