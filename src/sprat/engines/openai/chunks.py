"""The chunks of an OpenAI-compatible stream, as loosely as servers write them."""

import json
from typing import Any, cast

import msgspec

from sprat.errors import EngineDied, EngineError, EngineRefused


class _Top(msgspec.Struct):
    token: str
    logprob: float | None = None


class _Logprob(msgspec.Struct):
    token: str
    logprob: float | None = None
    top_logprobs: list[_Top] | None = None


class Logprobs(msgspec.Struct):
    """Of the tokens of one chunk: `content` in a chat, the other three lists in a completion."""

    content: list[_Logprob] | None = None
    tokens: list[str] | None = None
    token_logprobs: list[float | None] | None = None
    top_logprobs: list[dict[str, float | None] | None] | None = None


class _Function(msgspec.Struct):
    name: str | None = None
    arguments: str | dict[str, Any] | None = None


class ToolCall(msgspec.Struct):
    """A part of a tool call; `index` says which one it belongs to."""

    index: int | None = None
    id: str | None = None
    type: str | None = None
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
    text: str | None = None
    """Of a text completion, which has neither of the two."""
    finish_reason: str | None = None
    logprobs: Logprobs | None = None


class _CachedTokens(msgspec.Struct):
    cached_tokens: int | None = None


class _ThinkingTokens(msgspec.Struct):
    reasoning_tokens: int | None = None


class Counts(msgspec.Struct):
    """The server's own count."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _CachedTokens | None = None
    prompt_cache_hit_tokens: int | None = None
    completion_tokens_details: _ThinkingTokens | None = None


class Chunk(msgspec.Struct):
    """One event of a stream, or a whole answer that was not streamed."""

    choices: list[Choice] | None = None
    usage: Counts | None = None
    error: Any = None


_WRAPPED = 8
"""So many layers around an error's words are taken off."""
_CHUNK = msgspec.json.Decoder(Chunk)


def words(error: object) -> str:
    """What a server's error says, in one line of at most 300 characters."""
    for _ in range(_WRAPPED):
        error = _inner(error)
    line = " ".join(plain(error).split())
    return (line if len(line) <= 300 else line[:299] + "…").rstrip(".")


def _inner(error: object) -> object:
    """What an error is wrapped around; itself when it is not."""
    if isinstance(error, list):
        return next(iter(cast("list[object]", error)), "")
    if not isinstance(error, dict):
        return error
    fields = cast("dict[str, object]", error)
    said = (fields[key] for key in ("error", "message", "detail", "msg") if fields.get(key))
    return next(said, plain(fields))


def plain(said: object) -> str:
    """The text of whatever JSON held, however deep."""
    try:
        return str(said)
    except RecursionError:
        return "something nested too deeply"


def encoded_error(data: str) -> bytes:
    """An error event's bare words in the form of an error chunk."""
    return msgspec.json.encode({"error": data})


def decode(data: str | bytes) -> Chunk:
    """Read one chunk.

    Raises:
        EngineDied: its end is missing.
        EngineRefused: it is no chat completion; a sample is shown.
    """
    try:
        return _CHUNK.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        try:
            return _CHUNK.decode(strict_json(data))
        except (ValueError, RecursionError):
            raise _unread(data, error) from error


def _unread(data: str | bytes, error: Exception) -> EngineError:
    if "truncated" in str(error):
        return EngineDied("The server's answer broke off.", fix="Look at the server's log.")
    return no_answer(data, "no chat completion", error)


def strict_json(data: str | bytes) -> bytes:
    """The same JSON as the standard has it: NaN and infinities are null, half characters `?`.

    Python's own encoder writes log-probabilities so.

    Raises:
        ValueError: it is no JSON even so.
        RecursionError: it is too deep.
    """
    loose = json.loads(data, parse_constant=lambda _: None)
    return json.dumps(loose, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")


def no_answer(data: str | bytes, what: str, why: object) -> EngineRefused:
    """The error for a body that cannot be read; a sample of it is shown."""
    sample = words(data[:2000] if isinstance(data, str) else data[:2000].decode("utf-8", "replace"))
    return EngineRefused(
        f"The server sent something that is {what} ({why}): {sample[:120]!r}.",
        fix="Check that the endpoint's url ends in /v1 and belongs to a model server.",
    )
