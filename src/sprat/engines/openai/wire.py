"""Our request in OpenAI's words: chat completions, or text completions for a bare prompt."""

from typing import Any, NamedTuple

from sprat.errors import UnsupportedRequest
from sprat.types import ChatRequest, Message, ResponseFormat


class Asked(NamedTuple):
    """What is sent to an endpoint: a path under its url, and the fields of the body."""

    path: str
    fields: dict[str, Any]


def asked(request: ChatRequest, model: str) -> Asked:
    """The JSON of a streaming request, and where it goes; what is at its default is left out.

    Raises:
        UnsupportedRequest: a field that this form has no place for.
    """
    if request.prediction is not None:
        raise UnsupportedRequest(
            "An endpoint is given no prediction: few servers use one, and others ignore it.",
            param="prediction",
            fix="Leave it out, or ask a local model.",
        )
    if request.prompt is None:
        path, own = "/chat/completions", _chat(request)
    else:
        path, own = "/completions", _completion(request, request.prompt)
    fields: dict[str, Any] = {"model": model, **own, **_shared(request)}
    return Asked(path, {key: value for key, value in fields.items() if value is not None})


def _shared(request: ChatRequest) -> dict[str, Any]:
    bias = {str(token): value for token, value in request.logit_bias.items()}
    return {
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "stream": True,
        "stream_options": {"include_usage": True},
        "top_p": request.top_p if request.top_p != 1.0 else None,
        "seed": request.seed,
        "stop": list(request.stop) or None,
        "presence_penalty": request.presence_penalty or None,
        "frequency_penalty": request.frequency_penalty or None,
        "logit_bias": bias or None,
        # vLLM's and llama.cpp's word; see `Dialect` for servers that refuse it.
        "ignore_eos": request.ignore_end or None,
    }


def _chat(request: ChatRequest) -> dict[str, Any]:
    return {
        "messages": [_message(message) for message in request.messages],
        "tools": list(request.tools) or None,
        "tool_choice": _tool_choice(request.tool_choice),
        "parallel_tool_calls": None if request.parallel_tool_calls else False,
        "response_format": _format(request.response_format),
        "reasoning_effort": request.reasoning_effort,
        "logprobs": None if request.logprobs is None else True,
        "top_logprobs": request.logprobs or None,
    }


def _completion(request: ChatRequest, prompt: str) -> dict[str, Any]:
    for name in ("messages", "tools", "tool_choice", "response_format", "reasoning_effort"):
        if getattr(request, name):
            raise UnsupportedRequest(
                f"A text completion has no place for {name}.",
                param=name,
                fix="Send messages instead of a prompt.",
            )
    return {"prompt": prompt, "logprobs": request.logprobs}


def _tool_choice(choice: str | None) -> str | dict[str, Any] | None:
    kind, _, name = (choice or "").partition(":")
    if kind == "function":
        return {"type": "function", "function": {"name": name}}
    return choice


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
        param="response_format",
        fix="Use a JSON schema, or a local model.",
    )
