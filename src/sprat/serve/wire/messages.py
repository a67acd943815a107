"""Messages as chat completions spell them."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from sprat.serve.wire.fields import FunctionName, refuse
from sprat.types import Message, Role


class TextPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a message's content; images, sound and files are refused."""

    type: Literal["text"]
    text: str


class FunctionCall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was called, and with what."""

    name: FunctionName
    arguments: str
    """JSON in a string."""


class ToolCall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A call that the model made in an earlier turn."""

    id: Annotated[str, Meta(max_length=256)]
    function: FunctionCall
    type: Literal["function"] = "function"
    index: int | None = None
    """Its place, where it was put together from a stream: the order of the list is what counts."""


class ChatMessage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One turn of the conversation. `developer` means the same as `system`."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | Annotated[list[TextPart], Meta(min_length=1, max_length=2048)] | None = None
    """Text; parts are joined. Null only beside tool calls."""
    name: Annotated[str, Meta(max_length=256)] | None = None
    """Of the speaker, where several share a role."""
    tool_calls: Annotated[list[ToolCall], Meta(max_length=128)] | None = None
    """Calls that the assistant made."""
    tool_call_id: Annotated[str, Meta(max_length=256)] | None = None
    """The call that a tool's turn answers."""
    reasoning_content: str | None = None
    """An assistant's thinking, sent back with its answer: no model reads its earlier thinking."""
    # Clients send an answer back as they got it: fields of the API that hold nothing here.
    refusal: None = None
    audio: None = None
    function_call: None = None
    annotations: Annotated[list[Any], Meta(max_length=0)] | None = None


_ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
}


def message_of(turn: ChatMessage, place: int) -> Message:
    """The turn as one of ours.

    Raises:
        BadRequest: fields that do not belong to its role.
    """
    at = f"messages[{place}]"
    for name in ("tool_calls", "reasoning_content"):
        if getattr(turn, name) and turn.role != "assistant":
            raise refuse(f"{at}.{name}", f"{at} has {name}, but is no assistant's.")
    if (turn.role == "tool") != (turn.tool_call_id is not None):
        what = "needs" if turn.role == "tool" else "is no tool's, and has"
        raise refuse(f"{at}.tool_call_id", f"{at} {what} a tool_call_id.")
    if turn.content is None and not turn.tool_calls:
        raise refuse(f"{at}.content", f"{at} has no content.")
    return Message(
        role=_ROLES[turn.role],
        content=text_of(turn.content),
        name=turn.name,
        tool_calls=tuple(_call(call) for call in turn.tool_calls or ()),
        tool_call_id=turn.tool_call_id,
    )


def text_of(content: str | list[TextPart] | None) -> str:
    """Text, or its parts joined."""
    if isinstance(content, list):
        return "".join(part.text for part in content)
    return content or ""


def _call(call: ToolCall) -> dict[str, Any]:
    function = {"name": call.function.name, "arguments": call.function.arguments}
    return {"id": call.id, "type": "function", "function": function}
