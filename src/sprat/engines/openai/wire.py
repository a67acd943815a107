"""OpenAI's chat completions: our request as its JSON, its chunks as our pieces."""

from typing import Any, cast

import msgspec

from sprat.errors import EngineDied, EngineRefused, UnsupportedRequest
from sprat.types import (
    ChatRequest,
    CountedBy,
    Delta,
    Finish,
    Message,
    ResponseFormat,
    TokenLogprob,
    Usage,
)

CHARS_PER_TOKEN = 4
"""For estimates only. Source: https://help.openai.com/en/articles/4936856 ("1 token ~= 4 chars in
English")."""

_FINISH: dict[str, Finish] = {
    "stop": "stop",
    "length": "length",
    "max_tokens": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
    "abort": "cancelled",
    "cancelled": "cancelled",
}


class _Top(msgspec.Struct):
    token: str
    logprob: float | None = None


class _Logprob(msgspec.Struct):
    token: str
    logprob: float | None = None
    top_logprobs: list[_Top] | None = None


class _Logprobs(msgspec.Struct):
    content: list[_Logprob] | None = None


class _Function(msgspec.Struct):
    name: str | None = None
    arguments: str | dict[str, Any] | None = None


class _ToolCall(msgspec.Struct):
    index: int | None = None
    id: str | None = None
    function: _Function | None = None


class _Content(msgspec.Struct):
    """A `delta` or, in an answer that was not streamed, a `message`."""

    content: str | list[dict[str, Any]] | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    tool_calls: list[_ToolCall] | None = None


class _Choice(msgspec.Struct):
    index: int | None = 0
    delta: _Content | None = None
    message: _Content | None = None
    finish_reason: str | None = None
    logprobs: _Logprobs | None = None


class _CachedTokens(msgspec.Struct):
    cached_tokens: int | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _CachedTokens | None = None
    prompt_cache_hit_tokens: int | None = None


class _Chunk(msgspec.Struct):
    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    error: Any = None


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


class Answer:
    """Gathers the chunks of one answer."""

    def __init__(self) -> None:
        self.finish: Finish | None = None
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._logprobs: list[TokenLogprob] = []
        self._calls: dict[int, dict[str, Any]] = {}
        self._usage: _Usage | None = None

    def take(self, data: str | bytes) -> tuple[Delta, bool] | None:
        """Read one chunk: its piece and whether a tool call was in it; None when it says nothing.

        Raises:
            EngineRefused: the chunk is an error, or no chat completion at all.
            EngineDied: the server says that it failed halfway.
        """
        chunk = _decode(data)
        if chunk.error:
            raise EngineRefused(f"The server stopped with an error: {words(chunk.error)}.")
        self._usage = chunk.usage or self._usage
        for choice in chunk.choices or ():
            if not choice.index:  # several answers were not asked for; the first is ours
                return self._choice(choice)
        return None

    def _choice(self, choice: _Choice) -> tuple[Delta, bool]:
        if choice.finish_reason:
            self.finish = _finish(choice.finish_reason)
        content = choice.delta or choice.message or _Content()
        piece = Delta(
            text=_plain(content.content),
            reasoning=content.reasoning_content or content.reasoning or "",
            logprobs=_token_logprobs(choice.logprobs),
        )
        self._text.append(piece.text)
        self._reasoning.append(piece.reasoning)
        self._logprobs.extend(piece.logprobs)
        for call in content.tool_calls or ():
            self._tool_call(call)
        return piece, bool(content.tool_calls)

    def _tool_call(self, part: _ToolCall) -> None:
        place = len(self._calls) if part.index is None else part.index
        call = self._calls.setdefault(
            place, {"id": "", "type": "function", "function": {"name": "", "arguments": ""}}
        )
        call["id"] = part.id or call["id"]
        if part.function:
            call["function"]["name"] += part.function.name or ""
            call["function"]["arguments"] += _arguments(part.function.arguments)

    @property
    def text(self) -> str:
        """The whole answer."""
        return "".join(self._text)

    @property
    def reasoning(self) -> str:
        """The whole of its thinking."""
        return "".join(self._reasoning)

    @property
    def tool_calls(self) -> tuple[dict[str, Any], ...]:
        """The tool calls, in order."""
        return tuple(self._calls[place] for place in sorted(self._calls))

    @property
    def logprobs(self) -> tuple[TokenLogprob, ...] | None:
        """One per token; None when the server gave none."""
        return tuple(self._logprobs) or None

    def usage(self, request: ChatRequest) -> Usage:
        """The server's own count; without a whole one, an estimate of both numbers."""
        said = self._usage
        if said and said.prompt_tokens is not None and said.completion_tokens is not None:
            details = said.prompt_tokens_details
            cached = details.cached_tokens if details else said.prompt_cache_hit_tokens
            return Usage(said.prompt_tokens, said.completion_tokens, cached or 0, "engine")
        return self._estimated(request)

    def _estimated(self, request: ChatRequest) -> Usage:
        calls = "".join(call["function"]["arguments"] for call in self._calls.values())
        counted_by: CountedBy = "estimate"
        return Usage(
            input_tokens=estimated_tokens("".join(m.content for m in request.messages)),
            output_tokens=estimated_tokens(self.reasoning + self.text + calls),
            counted_by=counted_by,
        )


def estimated_tokens(text: str) -> int:
    """Characters over `CHARS_PER_TOKEN`, rounded up."""
    return -(-len(text) // CHARS_PER_TOKEN)


def words(error: object) -> str:
    """What a server's error says, in one line of at most 300 characters."""
    if isinstance(error, list) and error:
        return words(cast("list[object]", error)[0])
    if isinstance(error, dict):
        fields = cast("dict[str, object]", error)
        for key in ("error", "message", "detail", "msg"):
            if fields.get(key):
                return words(fields[key])
    line = " ".join(str(cast("object", error)).split())
    return (line if len(line) <= 300 else line[:299] + "…").rstrip(".")


def encoded_error(data: str) -> bytes:
    """An error event's bare words in the form of an error chunk."""
    return msgspec.json.encode({"error": data})


def _decode(data: str | bytes) -> _Chunk:
    try:
        return msgspec.json.decode(data, type=_Chunk)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        sample = words(data if isinstance(data, str) else data.decode("utf-8", "replace"))
        raise EngineRefused(
            f"The server sent something that is no chat completion ({error}): {sample[:120]!r}.",
            fix="Check that the endpoint's url ends in /v1 and belongs to a chat server.",
        ) from error


def _finish(reason: str) -> Finish:
    if reason == "error":
        raise EngineDied("The server says that the answer ended in an error.")
    return _FINISH.get(reason, "stop")


def _plain(content: str | list[dict[str, Any]] | None) -> str:
    if isinstance(content, list):
        return "".join(str(part.get("text") or "") for part in content)
    return content or ""


def _arguments(arguments: str | dict[str, Any] | None) -> str:
    if isinstance(arguments, dict):
        return msgspec.json.encode(arguments).decode()
    return arguments or ""


def _token_logprobs(logprobs: _Logprobs | None) -> tuple[TokenLogprob, ...]:
    return tuple(
        TokenLogprob(
            entry.token,
            entry.logprob,
            tuple((t.token, t.logprob) for t in entry.top_logprobs or () if t.logprob is not None),
        )
        for entry in (logprobs and logprobs.content) or ()
        if entry.logprob is not None
    )
