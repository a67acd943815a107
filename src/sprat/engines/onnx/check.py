"""What a request to a local model may ask for: everything else is refused, never ignored."""

from typing import Any, cast

from sprat.engines.predictions import prediction_faults
from sprat.errors import UnsupportedRequest
from sprat.types import ChatRequest

_MOST_PENALTY = 2.0
_MOST_BIAS = 100.0
"""Bounds of the penalties and biases. Source: OpenAI API reference, chat completions."""


def check(request: ChatRequest) -> None:
    """Refuse what no local model can honour; what depends on the model, its worker refuses.

    Raises:
        UnsupportedRequest: a parameter cannot be honoured; names it with its value.
    """
    faults = _text_faults(request) | _sampling_faults(request) | _tool_faults(request)
    faults |= prediction_faults(request)
    for what, wrong in faults.items():
        if wrong:
            line = f"The request cannot be honoured: {what}."
            raise UnsupportedRequest(line, param=what.split()[0])


def offered(request: ChatRequest) -> tuple[dict[str, Any], ...]:
    """The tools that the model is told of: none where it may call none."""
    return () if request.tool_choice == "none" else request.tools


def names(request: ChatRequest) -> list[str]:
    """What the request's tools are called.

    Raises:
        UnsupportedRequest: one of them is no function with a name.
    """
    return [_name(tool) for tool in request.tools]


def _name(tool: dict[str, Any]) -> str:
    function: object = tool.get("function")
    if tool.get("type") != "function" or not isinstance(function, dict):
        line = "The request cannot be honoured: a tool is no function."
        raise UnsupportedRequest(line, param="tools")
    known = cast("dict[str, object]", function)
    name, parameters = known.get("name"), known.get("parameters")
    if not isinstance(name, str) or not name:
        raise UnsupportedRequest(
            "The request cannot be honoured: a tool has no name.", param="tools"
        )
    if not isinstance(parameters, dict | None):
        raise UnsupportedRequest(
            f"The request cannot be honoured: the parameters of the tool {name!r} are no schema.",
            param="tools",
        )
    return name


def _text_faults(request: ChatRequest) -> dict[str, bool]:
    most, prompt = request.max_tokens, request.prompt
    effort = request.reasoning_effort
    return {
        "messages is empty": prompt is None and not request.messages,
        "prompt is empty": prompt == "",
        "prompt and messages are both given": prompt is not None and bool(request.messages),
        f"max_tokens is {most}": most is not None and most < 1,
        f"reasoning_effort is {effort}, and local models have none": effort not in {None, "none"},
    }


def _sampling_faults(request: ChatRequest) -> dict[str, bool]:
    presence, frequency = request.presence_penalty, request.frequency_penalty
    biases = {
        f"logit_bias of token {token} is {bias}": not abs(bias) <= _MOST_BIAS
        for token, bias in request.logit_bias.items()
    }
    return biases | {
        f"temperature is {request.temperature}": not 0 <= request.temperature <= 100,
        f"top_p is {request.top_p}": not 0 <= request.top_p <= 1,
        f"presence_penalty is {presence}": not abs(presence) <= _MOST_PENALTY,
        f"frequency_penalty is {frequency}": not abs(frequency) <= _MOST_PENALTY,
        f"logprobs is {request.logprobs}": not 0 <= (request.logprobs or 0) <= 1000,
        f"seed is {request.seed}": request.seed is not None and request.seed < 0,
    }


def _tool_faults(request: ChatRequest) -> dict[str, bool]:
    choice, known = request.tool_choice or "auto", names(request)
    named = choice.removeprefix("function:") if choice.startswith("function:") else None
    forced = choice == "required" or named is not None
    tools = offered(request)
    return {
        f"tool_choice is {choice}": not forced and choice not in {"auto", "none"},
        f"tool_choice is {choice}, without tools": forced and not tools,
        f"tool_choice is {choice}, and no tool has that name": (
            named is not None and named not in known
        ),
        "tools with a raw prompt": bool(tools) and request.prompt is not None,
        "tools with a response_format": bool(tools) and request.response_format is not None,
    }
