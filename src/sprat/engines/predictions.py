"""What a prediction may be asked together with, for every engine that takes one."""

import math

from sprat.types import ChatRequest


def prediction_faults(request: ChatRequest) -> dict[str, bool]:
    """Line → whether it is a fault of this request's; each begins with the parameter's name."""
    prediction = request.prediction
    if prediction is None:
        return {}
    tolerance, generates = prediction.tolerance, not prediction.read_only
    inexact = f"prediction has a tolerance of {tolerance}"
    tools = request.tools and request.tool_choice != "none"
    nudged = request.logit_bias or request.presence_penalty or request.frequency_penalty
    shaped = request.response_format is not None or tools
    sampled = request.temperature > 0 and request.top_p > 0
    return {
        "prediction is empty": not prediction.text,
        inexact: not 0 <= tolerance < math.inf,
        f"prediction with a temperature of {request.temperature}; it is for greedy answers": (
            sampled and generates
        ),
        f"{inexact}, with a response_format or tools": bool(tolerance and shaped and generates),
        f"{inexact}, with penalties or a logit_bias": bool(tolerance and nudged and generates),
        "prediction is only to be read, and a tool call is required": (
            request.tool_choice not in {None, "auto", "none"} and not generates
        ),
    }
