"""The events of a streamed response.

Source: https://platform.openai.com/docs/api-reference/responses-streaming
"""

import msgspec

from sprat.serve.wire.chat_types import TokenInfo
from sprat.serve.wire.form import encode, event
from sprat.serve.wire.responses_types import OutputItem, Part, Response


class _Numbered(msgspec.Struct, frozen=True, kw_only=True):
    sequence_number: int
    """0, 1, 2, … without a gap."""


class _OfResponse(_Numbered, frozen=True, kw_only=True):
    response: Response


class Created(_OfResponse, frozen=True, kw_only=True, tag="response.created"):
    """The first event."""


class InProgress(_OfResponse, frozen=True, kw_only=True, tag="response.in_progress"):
    """The model answers."""


class Completed(_OfResponse, frozen=True, kw_only=True, tag="response.completed"):
    """The whole answer: the last event."""


class CutOff(_OfResponse, frozen=True, kw_only=True, tag="response.incomplete"):
    """An answer that was cut off: the last event."""


class Failed(_OfResponse, frozen=True, kw_only=True, tag="response.failed"):
    """What there was when it failed: the last event."""


class Error(_Numbered, frozen=True, kw_only=True, tag="error"):
    """What went wrong; `response.failed` follows."""

    code: str | None
    message: str
    param: str | None


class _OfItem(_Numbered, frozen=True, kw_only=True):
    output_index: int
    """The item's place in the response's output."""


class ItemAdded(_OfItem, frozen=True, kw_only=True, tag="response.output_item.added"):
    """An item begins."""

    item: OutputItem


class ItemDone(_OfItem, frozen=True, kw_only=True, tag="response.output_item.done"):
    """A whole item."""

    item: OutputItem


class _InItem(_OfItem, frozen=True, kw_only=True):
    item_id: str


class _InPart(_InItem, frozen=True, kw_only=True):
    content_index: int


class PartAdded(_InPart, frozen=True, kw_only=True, tag="response.content_part.added"):
    """A part of an item begins."""

    part: Part


class PartDone(_InPart, frozen=True, kw_only=True, tag="response.content_part.done"):
    """A whole part."""

    part: Part


class TextDelta(_InPart, frozen=True, kw_only=True, tag="response.output_text.delta"):
    """A piece of text."""

    delta: str
    logprobs: tuple[TokenInfo, ...]


class TextDone(_InPart, frozen=True, kw_only=True, tag="response.output_text.done"):
    """A whole text."""

    text: str
    logprobs: tuple[TokenInfo, ...]


class ReasoningDelta(_InPart, frozen=True, kw_only=True, tag="response.reasoning_text.delta"):
    """A piece of thinking."""

    delta: str


class ReasoningDone(_InPart, frozen=True, kw_only=True, tag="response.reasoning_text.done"):
    """All of it."""

    text: str


class ArgumentsDelta(
    _InItem, frozen=True, kw_only=True, tag="response.function_call_arguments.delta"
):
    """A piece of a call's arguments."""

    delta: str


class ArgumentsDone(
    _InItem, frozen=True, kw_only=True, tag="response.function_call_arguments.done"
):
    """All of them."""

    name: str
    arguments: str


Event = (
    Created
    | InProgress
    | ItemAdded
    | PartAdded
    | TextDelta
    | TextDone
    | ReasoningDelta
    | ReasoningDone
    | ArgumentsDelta
    | ArgumentsDone
    | PartDone
    | ItemDone
    | Completed
    | CutOff
    | Failed
    | Error
)


def written(one: Event) -> bytes:
    """The event with its name."""
    return event(encode(one), str(one.__struct_config__.tag))
