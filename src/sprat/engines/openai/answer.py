"""The chunks of one answer, gathered into what a reply needs."""

from typing import Any

import msgspec

from sprat.engines.openai.chunks import Choice, Content, Counts, Logprobs, ToolCall, decode, words
from sprat.errors import EngineDied, EngineRefused
from sprat.types import ChatRequest, CountedBy, Delta, Finish, TokenLogprob, Usage

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


class Answer:
    """Gathers the chunks of one answer."""

    def __init__(self) -> None:
        self.finish: Finish | None = None
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._logprobs: list[TokenLogprob] = []
        self._calls: dict[int, dict[str, Any]] = {}
        self._usage: Counts | None = None

    def take(self, data: str | bytes) -> tuple[Delta, bool] | None:
        """Read one chunk: its piece and whether a tool call was in it; None when it says nothing.

        Raises:
            EngineRefused: the chunk is an error, or no chat completion at all.
            EngineDied: the server says that it failed halfway.
        """
        chunk = decode(data)
        if chunk.error:
            raise EngineRefused(f"The server stopped with an error: {words(chunk.error)}.")
        self._usage = chunk.usage or self._usage
        for choice in chunk.choices or ():
            if not choice.index:  # several answers were not asked for; the first is ours
                return self._choice(choice)
        return None

    def _choice(self, choice: Choice) -> tuple[Delta, bool]:
        if choice.finish_reason:
            self.finish = _finish(choice.finish_reason)
        content = choice.delta or choice.message or Content()
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

    def _tool_call(self, part: ToolCall) -> None:
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


def _token_logprobs(logprobs: Logprobs | None) -> tuple[TokenLogprob, ...]:
    return tuple(
        TokenLogprob(
            entry.token,
            entry.logprob,
            tuple((t.token, t.logprob) for t in entry.top_logprobs or () if t.logprob is not None),
        )
        for entry in (logprobs and logprobs.content) or ()
        if entry.logprob is not None
    )
