"""Messages and tools as chat completions spell them."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from sprat.serve.wire.fields import FunctionName, refuse, shallow
from sprat.types import Message, ResponseFormat, Role


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


class ChatMessage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One turn of the conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[TextPart] | None = None
    name: Annotated[str, Meta(max_length=256)] | None = None
    tool_calls: Annotated[list[ToolCall], Meta(max_length=128)] | None = None
    tool_call_id: Annotated[str, Meta(max_length=256)] | None = None
    # Clients send an answer back as they got it: fields of the API that hold nothing here.
    refusal: None = None
    audio: None = None
    function_call: None = None
    annotations: Annotated[list[Any], Meta(max_length=0)] | None = None


class Function(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A function that the model may call."""

    name: FunctionName
    description: Annotated[str, Meta(max_length=16_384)] | None = None
    parameters: dict[str, Any] | None = None
    """A JSON schema."""
    strict: bool | None = None
    """A call that is forced always keeps to the schema here; others keep to it with `strict` off
    or on as well as the model can."""


class Tool(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tool: functions are the only kind."""

    type: Literal["function"]
    function: Function


class NamedFunction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The name of one of the tools."""

    name: FunctionName


class NamedTool(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The one tool that must be called."""

    type: Literal["function"]
    function: NamedFunction


class Schema(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"json": "schema"}):
    """A JSON schema with a name."""

    name: FunctionName
    json: dict[str, Any] | None = None
    description: Annotated[str, Meta(max_length=16_384)] | None = None
    strict: bool | None = None
    """Schemas are enforced while decoding, whatever this says."""


class Format(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The shape that the answer must have."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: Schema | None = None


ToolChoice = Literal["none", "auto", "required"] | NamedTool

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
    if turn.tool_calls and turn.role != "assistant":
        raise refuse(f"{at}.tool_calls", f"{at} has tool_calls, but is no assistant's.")
    if (turn.role == "tool") != (turn.tool_call_id is not None):
        what = "needs" if turn.role == "tool" else "is no tool's, and has"
        raise refuse(f"{at}.tool_call_id", f"{at} {what} a tool_call_id.")
    if turn.content is None and not turn.tool_calls:
        raise refuse(f"{at}.content", f"{at} has no content.")
    return Message(
        role=_ROLES[turn.role],
        content=_text(turn.content),
        name=turn.name,
        tool_calls=tuple(_call(call) for call in turn.tool_calls or ()),
        tool_call_id=turn.tool_call_id,
    )


def _text(content: str | list[TextPart] | None) -> str:
    if isinstance(content, list):
        return "".join(part.text for part in content)
    return content or ""


def _call(call: ToolCall) -> dict[str, Any]:
    function = {"name": call.function.name, "arguments": call.function.arguments}
    return {"id": call.id, "type": "function", "function": function}


def tools_of(tools: list[Tool] | None) -> tuple[dict[str, Any], ...]:
    """The tools as engines take them.

    Raises:
        BadRequest: two have one name, or a schema is nested too deeply.
    """
    made: dict[str, dict[str, Any]] = {}
    for place, tool in enumerate(tools or ()):
        function = tool.function
        if function.name in made:
            raise refuse(f"tools[{place}]", f"Two tools are named {function.name!r}.")
        if function.parameters is not None:
            shallow(f"tools[{place}].function.parameters", function.parameters)
        given = {"description": function.description, "parameters": function.parameters}
        fields = {key: value for key, value in given.items() if value is not None}
        made[function.name] = {
            "type": "function",
            "function": {"name": function.name, **fields},
        }
    return tuple(made.values())


def choice_of(choice: ToolChoice | None, tools: tuple[dict[str, Any], ...]) -> str | None:
    """`auto`, `none`, `required`, or `function:NAME`.

    Raises:
        BadRequest: there is no such tool, or no tools at all.
    """
    if choice is None:
        return None
    if not tools and choice != "none":
        raise refuse("tool_choice", "tool_choice is set, and there are no tools.")
    if isinstance(choice, str):
        return choice
    name = choice.function.name
    if all(tool["function"]["name"] != name for tool in tools):
        raise refuse("tool_choice", f"tool_choice names {name!r}, which is none of the tools.")
    return f"function:{name}"


def format_of(wanted: Format | None) -> ResponseFormat | None:
    """The shape as engines take it; None is free text.

    Raises:
        BadRequest: a schema is missing, superfluous, or nested too deeply.
    """
    if wanted is None or wanted.type == "text":
        return None
    if wanted.type == "json_object":
        return ResponseFormat("json_object")
    if wanted.json_schema is None or wanted.json_schema.json is None:
        at = "response_format.json_schema"
        raise refuse(at, f"{at} is missing its schema.", fix='Send {"name": …, "schema": {…}}.')
    schema = wanted.json_schema.json
    return ResponseFormat("json_schema", schema=shallow("response_format.json_schema", schema))
