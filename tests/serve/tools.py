"""Scripts that call functions, fail, think; and what their requests look like."""

from typing import Any

WEATHER = """
[[rule]]
contains = "two cities"
finish = "tool_calls"
[[rule.tool_calls]]
id = "call_1"
type = "function"
function = { name = "weather", arguments = '{"city":"Accra"}' }
[[rule.tool_calls]]
id = "call_2"
type = "function"
function = { name = "weather", arguments = '{"city":"Lomé"}' }

[[rule]]
contains = "weather"
text = "Let me look."
finish = "tool_calls"
[[rule.tool_calls]]
id = "call_1"
type = "function"
function = { name = "weather", arguments = '{"city":"Accra"}' }

[[rule]]
contains = "only call"
finish = "tool_calls"
[[rule.tool_calls]]
id = "call_1"
type = "function"
function = { name = "weather", arguments = '{"city":"Accra"}' }

[[rule]]
contains = "think"
reasoning = "Two and two."
text = "It is four."

[[rule]]
text = "Sunny."
"""

PARAMETERS: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
TOOL: dict[str, Any] = {
    "type": "function",
    "function": {"name": "weather", "description": "Weather now.", "parameters": PARAMETERS},
}
FLAT_TOOL: dict[str, Any] = {"type": "function", **TOOL["function"]}
