"""Our request in OpenAI's words (chat completions)."""

from typing import Any

from sprat.errors import UnsupportedRequest
from sprat.types import ChatRequest, Message, ResponseFormat


def body(request: ChatRequest, model: str) -> dict[str, Any]:
    """The JSON of a streaming request.

    Raises:
        UnsupportedRequest: a regular expression, which this form has no place for.
    """
    fields: dict[str, Any] = {
        "model": model,
        "messages": [_message(message) for message in request.messages],
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    optional: dict[str, Any] = {
        "top_p": request.top_p if request.top_p != 1.0 else None,
        "seed": request.seed,
        "stop": list(request.stop) or None,
        "tools": list(request.tools) or None,
        "response_format": _format(request.response_format),
        "logprobs": None if request.logprobs is None else True,
        "top_logprobs": request.logprobs or None,
    }
    return fields | {key: value for key, value in optional.items() if value is not None}


def _message(message: Message) -> dict[str, Any]:
    fields: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.name:
        fields["name"] = message.name
    if message.tool_calls:
        fields["tool_calls"] = list(message.tool_calls)
    if message.tool_call_id:
        fields["tool_call_id"] = message.tool_call_id
    return fields


def _format(wanted: ResponseFormat | None) -> dict[str, Any] | None:
    if wanted is None:
        return None
    if wanted.kind == "json_object":
        return {"type": "json_object"}
    if wanted.kind == "json_schema":
        schema = {"name": "answer", "strict": True, "schema": wanted.schema or {}}
        return {"type": "json_schema", "json_schema": schema}
    raise UnsupportedRequest(
        "An OpenAI-compatible endpoint takes no regular expression as a response format.",
        fix="Use a JSON schema, or a local model.",
    )
