"""Writes chat completions and their chunks.

Source: https://platform.openai.com/docs/api-reference/chat/object and …/chat-streaming
"""

import secrets
import time
from typing import cast

import msgspec

from sprat.serve.problem import Problem
from sprat.serve.wire.chat_types import (
    Call,
    CallPart,
    ChatCompletion,
    Choice,
    Chunk,
    ChunkChoice,
    ChunkDelta,
    Details,
    Finished,
    Logprobs,
    PredictionDetails,
    ReplyMessage,
    TokenInfo,
    TopLogprob,
    Usage,
)
from sprat.serve.wire.form import DONE, encode, error_event, event
from sprat.serve.wire.sprat import Sprat, Told, sprat_of, sprat_of_all
from sprat.types import Delta, Reply, TokenLogprob
from sprat.types import Usage as Counted


def finished(reply: Reply) -> Finished:
    """The reason in OpenAI's words; a cut-off by somebody else reads as a length."""
    return "length" if reply.finish == "cancelled" else reply.finish


def usage_of(counts: Counted) -> Usage:
    """One answer's tokens."""
    accepted, rejected = counts.accepted_prediction_tokens, counts.rejected_prediction_tokens
    predicted = PredictionDetails(accepted, rejected) if accepted or rejected else msgspec.UNSET
    return Usage(
        prompt_tokens=counts.input_tokens,
        completion_tokens=counts.output_tokens,
        total_tokens=counts.input_tokens + counts.output_tokens,
        prompt_tokens_details=Details(counts.cached_tokens),
        completion_tokens_details=predicted,
    )


def summed(replies: list[Reply]) -> Counted:
    """The tokens of `n` answers: the prompt counts once, as OpenAI counts it."""
    return Counted(
        input_tokens=max(reply.usage.input_tokens for reply in replies),
        output_tokens=sum(reply.usage.output_tokens for reply in replies),
        cached_tokens=replies[0].usage.cached_tokens,
        accepted_prediction_tokens=sum(r.usage.accepted_prediction_tokens for r in replies),
        rejected_prediction_tokens=sum(r.usage.rejected_prediction_tokens for r in replies),
    )


def logprobs_of(entries: tuple[TokenLogprob, ...]) -> Logprobs:
    """Log-probabilities with their bytes."""
    return Logprobs(tuple(_token(entry) for entry in entries))


def _token(entry: TokenLogprob) -> TokenInfo:
    top = tuple(TopLogprob(token, logprob, _bytes(token)) for token, logprob in entry.top)
    return TokenInfo(entry.token, entry.logprob, _bytes(entry.token), top)


def _bytes(token: str) -> tuple[int, ...] | None:
    """None where the token is a part of a character: its own bytes are not known here."""
    return None if "\N{REPLACEMENT CHARACTER}" in token else tuple(token.encode())


class ChatForm:
    """Writes one chat completion."""

    def __init__(self, model: str, count: int, *, include_usage: bool, logprobs: bool) -> None:
        self._model = model
        self._count = count
        self._include_usage = include_usage
        self._logprobs = logprobs
        self._id = f"chatcmpl-{secrets.token_hex(12)}"
        self._created = int(time.time())

    def whole(self, replies: list[Reply], told: Told) -> bytes:
        """The JSON of all answers."""
        return encode(
            ChatCompletion(
                id=self._id,
                object="chat.completion",
                created=self._created,
                model=self._model,
                choices=tuple(self._choice(i, reply) for i, reply in enumerate(replies)),
                usage=usage_of(summed(replies)),
                sprat=sprat_of_all(replies, told),
            )
        )

    def _choice(self, index: int, reply: Reply) -> Choice:
        entries = reply.logprobs if self._logprobs else None
        return Choice(
            index=index,
            message=ReplyMessage(
                role="assistant",
                content=None if reply.tool_calls and not reply.text else reply.text,
                refusal=None,
                reasoning_content=reply.reasoning,
                tool_calls=cast("tuple[Call, ...]", reply.tool_calls),
            ),
            logprobs=None if entries is None else logprobs_of(entries),
            finish_reason=finished(reply),
        )

    def begin(self, told: Told) -> bytes:
        """The chunks that open the answers, as OpenAI sends them: a role, and no text yet."""
        opened = ChunkDelta(role="assistant", content="")
        return b"".join(self._chunk(index, opened) for index in range(self._count))

    def piece(self, index: int, delta: Delta) -> bytes:
        """A chunk for a piece; each part of a call has one of its own, as clients expect it."""
        entries = logprobs_of(delta.logprobs) if self._logprobs and delta.logprobs else None
        data = b""
        if delta.text or delta.reasoning or entries is not None:
            added = ChunkDelta(content=delta.text or None, reasoning_content=delta.reasoning)
            data = self._chunk(index, added, logprobs=entries)
        for part in cast("tuple[CallPart, ...]", delta.tool_calls):
            data += self._chunk(index, ChunkDelta(tool_calls=(part,)))
        return data

    def end(self, index: int, reply: Reply, told: Told) -> bytes:
        """The chunk that says why the answer ended, and what it took."""
        choice = ChunkChoice(index=index, delta=ChunkDelta(), finish_reason=finished(reply))
        return self._event((choice,), sprat=sprat_of(reply, told))

    def finish(self, replies: list[Reply], told: Told) -> bytes:
        """The count, when it was asked for, and the end."""
        if not self._include_usage:
            return DONE
        return self._event((), usage=usage_of(summed(replies))) + DONE

    def failed(self, problem: Problem) -> bytes:
        """An error event; no `[DONE]` follows, for it is not."""
        return error_event(problem)

    def _chunk(self, index: int, delta: ChunkDelta, logprobs: Logprobs | None = None) -> bytes:
        return self._event((ChunkChoice(index=index, delta=delta, logprobs=logprobs),))

    def _event(
        self,
        choices: tuple[ChunkChoice, ...],
        *,
        usage: Usage | None = None,
        sprat: Sprat | None = None,
    ) -> bytes:
        shown = usage if self._include_usage else msgspec.UNSET
        chunk = Chunk(
            id=self._id,
            object="chat.completion.chunk",
            created=self._created,
            model=self._model,
            choices=choices,
            usage=shown,
            sprat=sprat,
        )
        return event(encode(chunk))
