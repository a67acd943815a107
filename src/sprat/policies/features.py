"""Features of an answer, made of its log-probabilities."""

from sprat.types import ChatRequest, Reply


def features_of(reply: Reply, request: ChatRequest) -> dict[str, float]:  # noqa: ARG001
    """Mean and least log-probability of the answer's tokens."""
    chances = [entry.logprob for entry in reply.logprobs or ()]
    if not chances:
        return {}
    return {"mean": sum(chances) / len(chances), "min": min(chances)}


def prompt_features_of(request: ChatRequest) -> dict[str, float]:
    """Length of the prompt."""
    import math

    chars = sum(len(message.content) for message in request.messages) + len(request.prompt or "")
    return {"log_chars": math.log1p(chars)}
