"""What the parent says to a worker of Foundry Local and to an errand, and what they say back."""

import msgspec

from sprat.engines.worker.wire import Cancel, Fault, Ready, Taken
from sprat.types import ChatRequest, CountedBy, Finish


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """Which model a worker runs: JSON, its one argument."""

    home: str
    """Where Foundry Local keeps its catalogue, its models and its log."""
    id: str
    """The model's identifier there: `smollm2-135m-generic-cpu:1`."""
    folder: str
    """Where the model is."""
    public: bool
    """Whether it is Foundry Local's own, found in the public catalogue."""


class Ask(msgspec.Struct, frozen=True, tag="ask"):
    """Parent: answer this."""

    id: int
    request: ChatRequest


class Piece(msgspec.Struct, frozen=True, tag="piece", omit_defaults=True):
    """Worker: some text, or some thinking."""

    id: int
    text: str = ""
    reasoning: str = ""


class Done(msgspec.Struct, frozen=True, tag="done", kw_only=True):
    """Worker: the answer is complete."""

    id: int
    finish: Finish
    input_tokens: int
    output_tokens: int
    counted_by: CountedBy
    started_ns: int


ToWorker = Ask | Cancel
FromWorker = Ready | Taken | Piece | Done | Fault

decode_to_worker = msgspec.msgpack.Decoder(ToWorker).decode
decode_from_worker = msgspec.msgpack.Decoder(FromWorker).decode


class Register(msgspec.Struct, frozen=True, tag="register"):
    """Errand: put a folder into the local catalogue."""

    home: str
    id: str
    folder: str


class Unregister(msgspec.Struct, frozen=True, tag="unregister"):
    """Errand: take a model out of the local catalogue; its folder stays."""

    home: str
    id: str


class Fetch(msgspec.Struct, frozen=True, tag="fetch"):
    """Errand: find a model in the public catalogue, and download it if it is not here."""

    home: str
    alias: str


class Working(msgspec.Struct, frozen=True, tag="working"):
    """Back: how far it is, in bytes."""

    stage: str
    done: int
    total: int | None


class Held(msgspec.Struct, frozen=True, tag="held"):
    """Back: the catalogue holds this model; nothing follows."""

    id: str
    folder: str
    licence: str | None = None


Errand = Register | Unregister | Fetch
FromErrand = Working | Held | Fault
