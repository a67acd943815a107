"""What the parent and a local model's worker say to each other, in the frames of all workers."""

from typing import Any

import msgspec

from sprat.engines.worker.wire import Cancel, Fault, Ready, Taken
from sprat.types import ChatRequest, Finish, TokenLogprob


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How a worker runs its model: JSON, its one argument."""

    folder: str
    provider: str
    threads: int
    batching: bool
    reuse_prefix: bool


class Ask(msgspec.Struct, frozen=True, tag="ask"):
    """Parent: answer this."""

    id: int
    request: ChatRequest


class Piece(msgspec.Struct, frozen=True, tag="piece", omit_defaults=True):
    """Worker: some text or parts of tool calls, made of so many tokens."""

    id: int
    text: str
    tokens: int
    logprobs: tuple[TokenLogprob, ...] = ()
    tool_calls: tuple[dict[str, Any], ...] = ()


class Done(msgspec.Struct, frozen=True, tag="done", kw_only=True):
    """Worker: the answer is complete."""

    id: int
    finish: Finish
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    accepted_tokens: int = 0
    rejected_tokens: int = 0
    """Of a prediction."""
    read: tuple[TokenLogprob, ...] | None = None
    """Of a prediction that was only to be read."""
    prepared_ns: int
    started_ns: int


ToWorker = Ask | Cancel
FromWorker = Ready | Taken | Piece | Done | Fault

decode_to_worker = msgspec.msgpack.Decoder(ToWorker).decode
decode_from_worker = msgspec.msgpack.Decoder(FromWorker).decode
