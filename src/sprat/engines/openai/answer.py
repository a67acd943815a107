"""The chunks of one answer, gathered into what a reply needs."""

from typing import Any

from sprat.engines.openai.chunks import Choice, Content, Counts, decode, words
from sprat.engines.openai.logprobs import token_logprobs
from sprat.engines.openai.toolcalls import ToolCalls
from sprat.errors import EngineDied, EngineRefused
from sprat.types import ChatRequest, Delta, Finish, TokenLogprob, Usage

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
_EMPTY = Content()


class Answer:
    """Gathers the chunks of one answer: a chat's or a text completion's."""

    def __init__(self) -> None:
        self.finish: Finish | None = None
        self.begun = False
        """Whether any chunk was one of an answer."""
        self.complete = False
        """Whether the server has said why it stopped, and then counted."""
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._logprobs: list[TokenLogprob] = []
        self._calls = ToolCalls()
        self._usage: Counts | None = None

    def take(self, data: str | bytes) -> Delta | None:
        """Read one chunk: its piece; None when it says nothing.

        Raises:
            EngineRefused: the chunk is an error, or no completion at all.
            EngineDied: the server says that it failed halfway.
        """
        chunk = decode(data)
        if chunk.error:
            raise EngineRefused(f"The server stopped with an error: {words(chunk.error)}.")
        piece = None
        for choice in chunk.choices or ():
            if not choice.index:  # several answers were not asked for; the first is ours
                piece = self._choice(choice)
                break
        if chunk.usage:
            self._usage = chunk.usage
            self.complete = self.finish is not None
        return piece

    def _choice(self, choice: Choice) -> Delta:
        self.begun = True
        if choice.finish_reason:
            self.finish = _finish(choice.finish_reason)
        content = choice.delta or choice.message or _EMPTY
        piece = Delta(
            text=choice.text or _plain(content.content),
            reasoning=content.reasoning_content or content.reasoning or "",
            logprobs=token_logprobs(choice.logprobs) if choice.logprobs else (),
            tool_calls=tuple(map(self._calls.take, content.tool_calls))
            if content.tool_calls
            else (),
        )
        self._keep(piece)
        return piece

    def _keep(self, piece: Delta) -> None:
        self._text.append(piece.text)
        if piece.reasoning:
            self._reasoning.append(piece.reasoning)
        if piece.logprobs:
            self._logprobs.extend(piece.logprobs)

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
        return self._calls.whole

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
            thinking = said.completion_tokens_details
            return Usage(
                input_tokens=said.prompt_tokens,
                output_tokens=said.completion_tokens,
                cached_tokens=cached or 0,
                reasoning_tokens=thinking.reasoning_tokens if thinking else None,
            )
        return Usage(
            input_tokens=estimated_tokens(
                (request.prompt or "") + "".join(m.content for m in request.messages)
            ),
            output_tokens=estimated_tokens(self.reasoning + self.text + self._calls.arguments),
            counted_by="estimate",
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
