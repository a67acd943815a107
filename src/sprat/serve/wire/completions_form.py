"""Text completions and their chunks.

Source: https://platform.openai.com/docs/api-reference/completions/object
"""

import secrets
import time
from typing import Literal

import msgspec

from sprat.serve.problem import Problem
from sprat.serve.wire.chat_form import finished, summed, usage_of
from sprat.serve.wire.chat_types import Finished, Usage
from sprat.serve.wire.form import DONE, encode, error_event, event
from sprat.serve.wire.sprat import Sprat, Told, sprat_of, sprat_of_all
from sprat.types import Delta, Reply, TokenLogprob
from sprat.types import Usage as Counted


class TextLogprobs(msgspec.Struct, frozen=True):
    """Four lists of one length, one entry per token."""

    tokens: tuple[str, ...]
    token_logprobs: tuple[float, ...]
    top_logprobs: tuple[dict[str, float], ...] | None
    """The likeliest tokens and the chosen one; null with `logprobs: 0`."""
    text_offset: tuple[int, ...]
    """Where the token begins, in characters of the choice's whole text."""


class TextChoice(msgspec.Struct, frozen=True, kw_only=True):
    """One of the answers; in a stream, what is added to it."""

    index: int
    text: str
    logprobs: TextLogprobs | None = None
    finish_reason: Finished | None = None
    """Null until the answer ends."""


class Completion(msgspec.Struct, frozen=True, kw_only=True):
    """A complete answer."""

    id: str
    object: Literal["text_completion"]
    created: int
    model: str
    choices: tuple[TextChoice, ...]
    usage: Usage
    sprat: Sprat


class TextChunk(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One event of a stream."""

    id: str
    object: Literal["text_completion"]
    created: int
    model: str
    choices: tuple[TextChoice, ...]
    usage: Usage | msgspec.UnsetType | None = msgspec.UNSET
    """With `include_usage`: null, and the count in the last chunk."""
    sprat: Sprat | None = None
    """In the chunk that ends an answer."""


class CompletionForm:
    """Writes one text completion: `count` answers to each of `prompts`."""

    def __init__(
        self,
        model: str,
        prompts: list[str],
        count: int,
        *,
        include_usage: bool,
        logprobs: int | None,
        echo: bool,
    ) -> None:
        self._model = model
        self._count = count
        self._include_usage = include_usage
        self._logprobs = logprobs
        self._echoed = [prompt if echo else "" for prompt in prompts for _ in range(count)]
        self._offsets = [0] * len(self._echoed)
        """Characters of each answer's tokens so far."""
        self._id = f"cmpl-{secrets.token_hex(12)}"
        self._created = int(time.time())

    def whole(self, replies: list[Reply], told: Told) -> bytes:
        """The JSON of all answers."""
        return encode(
            Completion(
                id=self._id,
                object="text_completion",
                created=self._created,
                model=self._model,
                choices=tuple(self._choice(i, reply) for i, reply in enumerate(replies)),
                usage=usage_of(self._summed(replies)),
                sprat=sprat_of_all(replies, told),
            )
        )

    def _choice(self, index: int, reply: Reply) -> TextChoice:
        return TextChoice(
            index=index,
            text=self._echoed[index] + reply.text,
            logprobs=self._logprobs_of(index, reply.logprobs or ()),
            finish_reason=finished(reply),
        )

    def begin(self, told: Told) -> bytes:
        """The prompts, where they are echoed."""
        echoed = enumerate(self._echoed)
        return b"".join(self._chunk(TextChoice(index=i, text=text)) for i, text in echoed if text)

    def piece(self, index: int, delta: Delta) -> bytes:
        """A chunk for a piece; a bare text has no place for thinking and calls."""
        if not delta.text and not delta.logprobs:
            return b""
        logprobs = self._logprobs_of(index, delta.logprobs) if delta.logprobs else None
        return self._chunk(TextChoice(index=index, text=delta.text, logprobs=logprobs))

    def end(self, index: int, reply: Reply, told: Told) -> bytes:
        """The chunk that says why the answer ended, and what it took."""
        choice = TextChoice(index=index, text="", finish_reason=finished(reply))
        return self._chunk(choice, sprat=sprat_of(reply, told))

    def finish(self, replies: list[Reply], told: Told) -> bytes:
        """The count, when it was asked for, and the end."""
        if not self._include_usage:
            return DONE
        return self._chunk(usage=usage_of(self._summed(replies))) + DONE

    def failed(self, problem: Problem) -> bytes:
        """An error event; no `[DONE]` follows, for it is not."""
        return error_event(problem)

    def _summed(self, replies: list[Reply]) -> Counted:
        """Each prompt counts once, however often it is answered."""
        starts = range(0, len(replies), self._count)
        counts = [summed(replies[start : start + self._count]) for start in starts]
        return Counted(
            input_tokens=sum(count.input_tokens for count in counts),
            output_tokens=sum(count.output_tokens for count in counts),
            cached_tokens=sum(count.cached_tokens for count in counts),
        )

    def _logprobs_of(self, index: int, entries: tuple[TokenLogprob, ...]) -> TextLogprobs | None:
        if self._logprobs is None:
            return None
        offsets: list[int] = []
        for entry in entries:
            offsets.append(self._offsets[index])
            self._offsets[index] += len(entry.token)
        return TextLogprobs(
            tokens=tuple(entry.token for entry in entries),
            token_logprobs=tuple(entry.logprob for entry in entries),
            top_logprobs=tuple(map(_top, entries)) if self._logprobs else None,
            text_offset=tuple(offsets),
        )

    def _chunk(
        self,
        *choices: TextChoice,
        usage: Usage | None = None,
        sprat: Sprat | None = None,
    ) -> bytes:
        chunk = TextChunk(
            id=self._id,
            object="text_completion",
            created=self._created,
            model=self._model,
            choices=choices,
            usage=usage if self._include_usage else msgspec.UNSET,
            sprat=sprat,
        )
        return event(encode(chunk))


def _top(entry: TokenLogprob) -> dict[str, float]:
    """By text: of tokens that read the same, the likeliest stays."""
    top: dict[str, float] = {}
    for token, logprob in (*entry.top, (entry.token, entry.logprob)):
        top[token] = max(logprob, top.get(token, logprob))
    return top
