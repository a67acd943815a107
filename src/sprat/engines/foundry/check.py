"""What a request to Foundry Local may ask for: everything else is refused by name, never ignored.

Source: foundry-local-sdk 2.2.1, `SearchOptions`, and what its native runtime says to other values.
"""

from sprat.engines.onnx.check import check as check_local
from sprat.errors import UnsupportedRequest
from sprat.types import ChatRequest

MOST_TEMPERATURE = 2.0
MOST_SEED = 2**31 - 1
_ROLES = {"system", "user", "assistant"}


def check(request: ChatRequest) -> None:
    """Refuse what Foundry Local cannot honour.

    Raises:
        UnsupportedRequest: a parameter cannot be honoured; names it with its value.
    """
    check_local(request)
    for what, wrong in (_missing(request) | _out_of_range(request)).items():
        if wrong:
            raise UnsupportedRequest(
                f"Foundry Local cannot honour the request: {what}.",
                param=what.split()[0],
                fix="Leave it out, or ask the model without foundry: before its name.",
            )


def _missing(request: ChatRequest) -> dict[str, bool]:
    foreign = [m.role for m in request.messages if m.role not in _ROLES or m.tool_calls]
    return {
        "prompt is a raw text, and it takes messages only": request.prompt is not None,
        f"logprobs is {request.logprobs}, and it tells none": request.logprobs is not None,
        "logit_bias is given": bool(request.logit_bias),
        f"presence_penalty is {request.presence_penalty}": request.presence_penalty != 0,
        f"frequency_penalty is {request.frequency_penalty}": request.frequency_penalty != 0,
        "response_format is given": request.response_format is not None,
        "tools are given": bool(request.tools),
        "prediction is given": request.prediction is not None,
        f"messages hold tool calls or a role beyond {', '.join(sorted(_ROLES))}": bool(foreign),
        "messages hold no text": not any(message.content for message in request.messages),
    }


def _out_of_range(request: ChatRequest) -> dict[str, bool]:
    seed, temperature = request.seed, request.temperature
    return {
        f"temperature is {temperature}, more than {MOST_TEMPERATURE}": temperature
        > MOST_TEMPERATURE,
        f"seed is {seed}, more than {MOST_SEED}": seed is not None and seed > MOST_SEED,
    }
