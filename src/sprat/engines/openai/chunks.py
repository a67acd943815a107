"""The chunks of an OpenAI-compatible stream, as loosely as servers write them."""

from typing import Any, cast

import msgspec

from sprat.errors import EngineRefused


class _Top(msgspec.Struct):
    token: str
    logprob: float | None = None


class _Logprob(msgspec.Struct):
    token: str
    logprob: float | None = None
    top_logprobs: list[_Top] | None = None


class Logprobs(msgspec.Struct):
    """Of the tokens of one chunk."""

    content: list[_Logprob] | None = None


class _Function(msgspec.Struct):
    name: str | None = None
    arguments: str | dict[str, Any] | None = None


class ToolCall(msgspec.Struct):
    """A part of a tool call; `index` says which one it belongs to."""

    index: int | None = None
    id: str | None = None
    function: _Function | None = None


class Content(msgspec.Struct):
    """A `delta` or, in an answer that was not streamed, a `message`."""

    content: str | list[dict[str, Any]] | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    tool_calls: list[ToolCall] | None = None


class Choice(msgspec.Struct):
    """One of the answers; we ask for one."""

    index: int | None = 0
    delta: Content | None = None
    message: Content | None = None
    finish_reason: str | None = None
    logprobs: Logprobs | None = None


class _CachedTokens(msgspec.Struct):
    cached_tokens: int | None = None


class Counts(msgspec.Struct):
    """The server's own count."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _CachedTokens | None = None
    prompt_cache_hit_tokens: int | None = None


class Chunk(msgspec.Struct):
    """One event of a stream, or a whole answer that was not streamed."""

    choices: list[Choice] | None = None
    usage: Counts | None = None
    error: Any = None


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


def decode(data: str | bytes) -> Chunk:
    """Read one chunk.

    Raises:
        EngineRefused: it is no chat completion; a sample is shown.
    """
    try:
        return msgspec.json.decode(data, type=Chunk)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        sample = words(data if isinstance(data, str) else data.decode("utf-8", "replace"))
        raise EngineRefused(
            f"The server sent something that is no chat completion ({error}): {sample[:120]!r}.",
            fix="Check that the endpoint's url ends in /v1 and belongs to a chat server.",
        ) from error
