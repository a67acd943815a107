"""Tools and formats as chat completions spell them."""

from typing import Any, Literal

import msgspec

from sprat.serve.wire.fields import Description, FunctionName, refuse, shallow
from sprat.types import ResponseFormat


class Function(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A function that the model may call."""

    name: FunctionName
    description: Description | None = None
    parameters: dict[str, Any] | None = None
    """A JSON schema."""
    strict: bool | None = None
    """Passed on to endpoints. A local model that must call keeps to the schema always; one that
    may call keeps to it as well as it can."""


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
    json: dict[str, Any]
    description: Description | None = None
    """Goes with the schema, as its `description`, unless that has one."""
    strict: bool | None = None
    """Schemas are enforced while decoding, whatever this says."""


class Format(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The shape that the answer must have."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: Schema | None = None


Choice = Literal["none", "auto", "required"]
ToolChoice = Choice | NamedTool
EngineTools = tuple[dict[str, Any], ...]


def tools_of(tools: list[Tool] | None) -> EngineTools:
    """The tools as engines take them.

    Raises:
        BadRequest: two have one name, or a schema is nested too deeply.
    """
    functions = [tool.function for tool in tools or ()]
    return functions_of(functions, "tools[{}].function.parameters")


def functions_of(functions: list[Function], at: str) -> EngineTools:
    """Functions as engines take tools; `at` is where the parameters of number {} stand.

    Raises:
        BadRequest: two have one name, or a schema is nested too deeply.
    """
    made: dict[str, dict[str, Any]] = {}
    for place, function in enumerate(functions):
        if function.name in made:
            raise refuse(f"tools[{place}]", f"Two tools are named {function.name!r}.")
        if function.parameters is not None:
            shallow(at.format(place), function.parameters)
        given = msgspec.structs.asdict(function)
        fields = {key: value for key, value in given.items() if value is not None}
        made[function.name] = {"type": "function", "function": fields}
    return tuple(made.values())


def choice_of(choice: ToolChoice | None, tools: EngineTools) -> str | None:
    """`auto`, `none`, `required`, or `function:NAME`.

    Raises:
        BadRequest: there is no such tool, or no tools at all.
    """
    named = choice.function.name if isinstance(choice, NamedTool) else None
    return chosen(None if isinstance(choice, NamedTool) else choice, named, tools)


def chosen(choice: Choice | None, named: str | None, tools: EngineTools) -> str | None:
    """The choice, or the one function that was named, as engines take it.

    Raises:
        BadRequest: there is no such tool, or no tools at all.
    """
    if choice is None and named is None:
        return None
    if not tools and choice != "none":
        raise refuse("tool_choice", "tool_choice is set, and there are no tools.")
    if named is None:
        return choice
    if all(tool["function"]["name"] != named for tool in tools):
        raise refuse("tool_choice", f"tool_choice names {named!r}, which is none of the tools.")
    return f"function:{named}"


def format_of(wanted: Format | None) -> ResponseFormat | None:
    """The shape as engines take it; None is free text.

    Raises:
        BadRequest: a schema is missing, superfluous, or nested too deeply.
    """
    if wanted is None:
        return None
    return shape_of(wanted.type, wanted.json_schema, "response_format.json_schema")


def shape_of(kind: str, schema: Schema | None, at: str) -> ResponseFormat | None:
    """A kind of format, and the schema that belongs to it and stands `at`; None is free text.

    Raises:
        BadRequest: the schema is missing, superfluous, or nested too deeply.
    """
    if kind != "json_schema":
        if schema is not None:
            raise refuse(at, f"{at} is set, but the type is {kind}.")
        return None if kind == "text" else ResponseFormat("json_object")
    if schema is None:
        raise refuse(at, f"{at} is missing.", fix='Send {"name": …, "schema": {…}}.')
    own = shallow(f"{at}.schema", schema.json)
    told = {} if schema.description is None else {"description": schema.description}
    return ResponseFormat("json_schema", schema=told | own)
