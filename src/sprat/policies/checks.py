"""Two more questions to the small model, whose answers are features of the confidence."""

import math

import msgspec

from sprat.types import ChatRequest, Message, Reply

ALTERNATIVES = 10
"""Of the first token: "Yes", " yes", "No" … are looked for among so many."""
SAMPLE_TEMPERATURE = 0.7
SAMPLE_SEED = 1

_CHECK = "Is the answer above right and complete? Reply with one word: yes or no."


def check_request(request: ChatRequest, answer: str) -> ChatRequest:
    """Ask the model whether its own answer is right: one greedy token, with alternatives."""
    said = request.messages or (Message("user", request.prompt or ""),)
    return ChatRequest(
        messages=(*said, Message("assistant", answer), Message("user", _CHECK)),
        max_tokens=1,
        logprobs=ALTERNATIVES,
    )


def yes_probability(reply: Reply) -> float | None:
    """P(yes) / (P(yes) + P(no)) of the first token; None: neither is among its alternatives."""
    if not reply.logprobs:
        return None
    first = reply.logprobs[0]
    chances = dict(first.top) | {first.token: first.logprob}
    yes = _mass(chances, "yes")
    no = _mass(chances, "no")
    return yes / (yes + no) if yes + no > 0 else None


def _mass(chances: dict[str, float], word: str) -> float:
    hits = (p for token, p in chances.items() if token.strip(" \n\t.,!\"'*").casefold() == word)
    return sum(math.exp(p) for p in hits)


def sample_request(request: ChatRequest) -> ChatRequest:
    """Ask for another answer to the same, drawn at temperature 0.7."""
    return msgspec.structs.replace(
        request, temperature=SAMPLE_TEMPERATURE, seed=SAMPLE_SEED, logprobs=None
    )


def agreement(one: str, other: str) -> float:
    """How alike two answers are: token F1, 0 to 1."""
    from sprat.questions.scorers.match import token_f1

    return token_f1(one, other)
