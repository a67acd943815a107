"""The parts of tool calls, numbered as they pass and put together at the end."""

from typing import Any

import msgspec

from sprat.engines.openai.chunks import ToolCall


class ToolCalls:
    """Gathers the tool calls of one answer."""

    def __init__(self) -> None:
        self._calls: dict[int, dict[str, Any]] = {}
        self._last = -1

    def take(self, part: ToolCall) -> dict[str, Any]:
        """Keep a part and return it in the form of `Delta.tool_calls`."""
        index = self._last = self._index(part)
        call = self._calls.setdefault(
            index, {"id": "", "type": "function", "function": {"name": "", "arguments": ""}}
        )
        call["id"] = part.id or call["id"]
        call["type"] = part.type or call["type"]
        function = _function(part)
        for key, value in function.items():
            call["function"][key] += value
        said = {"index": index, "id": part.id, "type": part.type, "function": function}
        return {key: value for key, value in said.items() if value is not None}

    def _index(self, part: ToolCall) -> int:
        """The part's own number; without one, a name or a new identifier begins the next call."""
        if part.index is not None:
            return part.index
        for index, call in self._calls.items():
            if part.id and part.id == call["id"]:
                return index
        begins = part.id or (part.function and part.function.name)
        return max(self._calls, default=-1) + 1 if begins or not self._calls else self._last

    @property
    def whole(self) -> tuple[dict[str, Any], ...]:
        """The calls so far, in order."""
        return tuple(self._calls[index] for index in sorted(self._calls))

    @property
    def arguments(self) -> str:
        """What the model wrote in all of them, for an estimate of its tokens."""
        return "".join(call["function"]["arguments"] for call in self._calls.values())


def _function(part: ToolCall) -> dict[str, str]:
    if part.function is None:
        return {}
    said = {"name": part.function.name, "arguments": _arguments(part.function.arguments)}
    return {key: value for key, value in said.items() if value is not None}


def _arguments(arguments: str | dict[str, Any] | None) -> str | None:
    if isinstance(arguments, dict):
        return msgspec.json.encode(arguments).decode()
    return arguments
