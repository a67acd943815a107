"""Tool calls of a local model: read out of what it writes, or enforced while it writes.

The form is that of Hermes and Qwen, in which the call stands as JSON between two tags:

    <tool_call>
    {"name": "weather", "arguments": {"city": "Accra"}}
    </tool_call>

Qwen2.5-Coder often leaves the tags out: an answer that is nothing but such a JSON, be it in a
Markdown fence, and names a function that was offered, is a call too.
"""

import re
from collections.abc import Collection
from typing import Any, cast

import msgspec

from sprat.engines.calls import Call, new_call, parts
from sprat.types import ChatRequest

BEGIN, END = "<tool_call>", "</tool_call>"
OPENING = f"{BEGIN}\n"
"""What an answer that must be a call begins with; the model goes on from there."""

_BARE = ("{", "```json\n{", "```\n{")
"""How an answer may begin that is a call without tags."""
_FENCED = re.compile(r"\s*```(?:json)?\n(.*?)\n?```\s*", re.DOTALL)
_ESCAPED = re.compile(r"\\.", re.DOTALL)


class _Written(msgspec.Struct, frozen=True):
    name: str
    arguments: msgspec.Raw = msgspec.Raw(b"{}")


class CallFilter:
    """Parts an answer into text and calls. Of a tag, no piece is ever shown.

    A call is given out when it is whole, so that what turns out to be none (no JSON, or a function
    that was not offered) can be given out as the text that it is.
    """

    def __init__(self, offered: Collection[str], *, begun: bool, single: bool) -> None:
        """`begun`: the opening tag stands in the prompt. `single`: one call is the end."""
        self._offered = frozenset(offered)
        self._begun = begun
        self._single = single
        self._inside = begun
        self._held = ""
        self._space = ""
        """White space before the tag: a call's is dropped."""
        self._shown = False
        self._new: list[dict[str, Any]] = []
        self._count = 0

    @property
    def called(self) -> bool:
        """Whether there was a call."""
        return self._count > 0

    @property
    def over(self) -> bool:
        """Whether the answer ends here: it may hold no other call."""
        return self._single and self.called

    @property
    def complete(self) -> bool:
        """Whether an answer that had to be a call is one: nothing was cut off."""
        return self._begun and self.called

    def add(self, text: str) -> str:
        """The text that can be shown; the calls that became whole are in `taken`."""
        self._held += text
        shown = ""
        while not self.over and (more := self._inner() if self._inside else self._outer()):
            shown += more.pop()
        self._shown = self._shown or bool(shown)
        return shown

    def taken(self) -> tuple[dict[str, Any], ...]:
        """The parts of calls since the last time."""
        new, self._new = tuple(self._new), []
        return new

    def flush(self) -> str:
        """The end: what was held back, as text; an enforced call has no closing tag."""
        bare = self._may_be_bare()
        held, self._held = self._held, ""
        if self.over:
            return ""
        if not self._inside:
            call = bare and '"arguments"' in held and self._call(_unfenced(held))
            return "" if call or (self.called and not held.strip()) else held
        self._inside = False
        return "" if self._call(held) else f"{self._opened()}{held}"

    def _outer(self) -> list[str]:
        """Text up to a tag, or up to what may be the beginning of one; [] when nothing moved."""
        if self._may_be_bare():
            return []
        before, tag, after = self._held.partition(BEGIN)
        if tag:
            self._held, self._inside = after, True
            shown = before.rstrip()
            self._space = before[len(shown) :]
            return [shown]
        keep = len(self._held.rstrip()) - _overlap(self._held.rstrip(), BEGIN)
        keep = len(self._held[:keep].rstrip())
        shown, self._held = self._held[:keep], self._held[keep:]
        return [shown] if shown else []

    def _inner(self) -> list[str]:
        """A call up to its closing tag, one inside a string of it aside; [] until it is there."""
        at = self._held.find(END)
        while at >= 0 and _in_string(self._held[:at]):
            at = self._held.find(END, at + 1)
        if at < 0:
            return []
        body, self._held = self._held[:at], self._held[at + len(END) :]
        self._inside = False
        return [""] if self._call(body) else [f"{self._opened()}{body}{END}"]

    def _may_be_bare(self) -> bool:
        """Whether this may become a call without tags: known only when the answer ends."""
        if self._shown or self.called or BEGIN in self._held:
            return False
        start = self._held.lstrip()
        return any(start.startswith(mark) or mark.startswith(start) for mark in _BARE)

    def _opened(self) -> str:
        return OPENING if self._begun else f"{self._space}{BEGIN}"

    def _call(self, body: str) -> bool:
        call = _read(body)
        if call is None or call["function"]["name"] not in self._offered:
            return False
        self._new += parts(call, self._count)
        self._count += 1
        return True


def _overlap(text: str, tag: str) -> int:
    """How long an end of `text` is that `tag` begins with."""
    return next((n for n in range(len(tag) - 1, 0, -1) if text.endswith(tag[:n])), 0)


def _unfenced(text: str) -> str:
    fenced = _FENCED.fullmatch(text)
    return fenced[1] if fenced else text


def _in_string(json: str) -> bool:
    return _ESCAPED.sub("", json).count('"') % 2 == 1


def _read(body: str) -> Call | None:
    """The call that `body` is; None when it is none. The arguments stay as they were written."""
    try:
        written = msgspec.json.decode(body, type=_Written)
        arguments = bytes(written.arguments).decode().strip()
        if arguments.startswith('"'):  # some models write the JSON as a string
            arguments = msgspec.json.decode(arguments, type=str)
        msgspec.json.decode(arguments, type=dict[str, Any])
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return new_call(written.name, arguments)


def forced(request: ChatRequest) -> bool:
    """Whether the answer must be a call."""
    return (request.tool_choice or "").startswith(("required", "function:"))


def forced_schema(request: ChatRequest) -> dict[str, Any]:
    """The JSON schema of a call of any tool that may be called."""
    only = (request.tool_choice or "").removeprefix("function:")
    functions = [tool["function"] for tool in request.tools]
    if only != request.tool_choice:
        functions = [function for function in functions if function["name"] == only]
    calls = [_call_schema(function["name"], at) for at, function in enumerate(functions)]
    return {
        "anyOf": calls,
        "$defs": {str(at): _parameters(one, at) for at, one in enumerate(functions)},
    }


def _call_schema(name: str, place: int) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"name": {"const": name}, "arguments": {"$ref": f"#/$defs/{place}"}},
        "required": ["name", "arguments"],
        "additionalProperties": False,
    }


def _parameters(function: dict[str, Any], place: int) -> dict[str, Any]:
    """A function's parameters as a part of the whole; without any, it takes none."""
    none: dict[str, Any] = {"properties": {}, "additionalProperties": False}
    own = function.get("parameters")
    given = cast("dict[str, Any]", none if own is None else own)
    return {"type": "object", **_rebased(given, f"#/$defs/{place}")}


def _rebased(schema: Any, root: str) -> Any:  # noqa: ANN401 - any JSON
    """The schema with its references to its own root pointing to where it lies now."""
    if isinstance(schema, list):
        return [_rebased(item, root) for item in cast("list[Any]", schema)]
    if not isinstance(schema, dict):
        return schema
    return {
        key: f"{root}{value[1:]}"
        if key == "$ref" and isinstance(value, str) and value.startswith("#")
        else _rebased(value, root)
        for key, value in cast("dict[str, Any]", schema).items()
    }
