"""A response's input: items → messages.

Source: https://platform.openai.com/docs/api-reference/responses/create#responses-create-input
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from sprat.serve.wire.fields import FunctionName, refuse
from sprat.types import Message

Id = Annotated[str, Meta(max_length=256)]


class InputPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of a content; images, sound and files are refused."""

    type: Literal["input_text", "output_text", "reasoning_text"]
    text: str
    # An answer's own, sent back with it.
    annotations: Annotated[list[Any], Meta(max_length=0)] | None = None
    logprobs: list[Any] | None = None


class InputItem(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    kw_only=True,
    rename={"runs_async": "async"},
):
    """One item of the conversation; which fields belong to it is a matter of its type.

    An answer's items can be sent back as they came. A `reasoning` item among them is left out: no
    model reads its earlier thinking. One that is encrypted or summarised was not made here, and
    is refused.
    """

    type: Literal["message", "function_call", "function_call_output", "reasoning"] = "message"
    role: Literal["system", "developer", "user", "assistant"] | None = None
    content: str | Annotated[list[InputPart], Meta(max_length=2048)] | None = None
    call_id: Id | None = None
    name: FunctionName | None = None
    arguments: str | None = None
    output: str | Annotated[list[InputPart], Meta(max_length=2048)] | None = None
    id: Id | None = None
    status: Literal["in_progress", "completed", "incomplete"] | None = None
    # Fields of answers that hold nothing here.
    summary: Annotated[list[Any], Meta(max_length=0)] | None = None
    encrypted_content: None = None
    caller: None = None
    namespace: None = None
    phase: None = None
    runs_async: Literal[False] | None = None


_OWN = {
    "message": {"role", "content"},
    "function_call": {"call_id", "name", "arguments"},
    "function_call_output": {"call_id", "output"},
    "reasoning": {"content", "summary"},
}
_NEEDED = {kind: fields for kind, fields in _OWN.items() if kind != "reasoning"}
_ALL = ("role", "content", "call_id", "name", "arguments", "output", "summary")


def messages_of(given: str | list[InputItem], instructions: str | None) -> tuple[Message, ...]:
    """The conversation, the instructions first.

    Raises:
        BadRequest: an item's fields do not belong to its type, or are missing; or nothing is left.
    """
    made = [] if instructions is None else [Message(role="system", content=instructions)]
    if isinstance(given, str):
        return (*made, Message(role="user", content=given))
    count = len(made)
    for place, item in enumerate(given):
        _check(item, f"input[{place}]")
        _take(item, made)
    if len(made) == count:
        raise refuse("input", "input has no message.")
    return tuple(made)


def _check(item: InputItem, at: str) -> None:
    for name in _ALL:
        value = getattr(item, name)
        if value is None and name in _NEEDED.get(item.type, ()):
            raise refuse(f"{at}.{name}", f"{at} is a {item.type}, and needs {name}.")
        if value is not None and name not in _OWN[item.type]:
            raise refuse(f"{at}.{name}", f"{at} is a {item.type}, which has no {name}.")


def _take(item: InputItem, made: list[Message]) -> None:
    match item.type:
        case "message":
            role = "system" if item.role == "developer" else item.role or "user"
            made.append(Message(role=role, content=_text(item.content)))
        case "function_call":
            _add_call(item, made)
        case "function_call_output":
            output = _text(item.output)
            made.append(Message(role="tool", content=output, tool_call_id=item.call_id))
        case "reasoning":
            pass


def _add_call(item: InputItem, made: list[Message]) -> None:
    """Calls of one turn belong to one message, together with the text before them."""
    function = {"name": item.name, "arguments": item.arguments}
    call = {"id": item.call_id, "type": "function", "function": function}
    if made and made[-1].role == "assistant":
        last = made.pop()
        made.append(msgspec.structs.replace(last, tool_calls=(*last.tool_calls, call)))
    else:
        made.append(Message(role="assistant", tool_calls=(call,)))


def _text(content: str | list[InputPart] | None) -> str:
    if isinstance(content, list):
        return "".join(part.text for part in content)
    return content or ""
