"""Replies, questions and runs that the tests of policies share."""

import math
import random
from typing import Any

from sprat.types import (
    ChatRequest,
    Message,
    Prediction,
    Question,
    Reply,
    Run,
    Timing,
    TokenLogprob,
    Usage,
    Verdict,
)


def token(text: str, p: float = 0.9, *others: float) -> TokenLogprob:
    """A token of probability `p`, and others of these probabilities."""
    logprob = math.log(p)
    top = [(text, logprob)] + [(f"~{k}", math.log(q)) for k, q in enumerate(others)]
    return TokenLogprob(text, logprob, tuple(sorted(top, key=lambda entry: -entry[1])))


def reply(*tokens: TokenLogprob, text: str | None = None, **changes: Any) -> Reply:
    spelled = "".join(t.token for t in tokens)
    fields: dict[str, Any] = {
        "text": spelled if text is None else text,
        "finish": "stop",
        "usage": Usage(10, len(tokens)),
        "timing": timing(1.0, 0.25),
        "logprobs": tokens or None,
    }
    return Reply(**{**fields, **changes})


def timing(answer_s: float, ttft_s: float, sent_ns: int = 1_000) -> Timing:
    first, done = sent_ns + round(ttft_s * 1e9), sent_ns + round(answer_s * 1e9)
    return Timing(
        scheduled_ns=sent_ns,
        sent_ns=sent_ns,
        first_token_ns=first,
        first_answer_ns=first,
        last_token_ns=done,
        done_ns=done,
    )


def question(name: str, asked: str | None = None, **changes: Any) -> Question:
    fields: dict[str, Any] = {
        "kind": "fact",
        "messages": (Message("user", asked or f"What is {name}?"),),
        "scorer": "exact",
        "expected": [name],
    }
    return Question(id=name, **{**fields, **changes})


def request(asked: str = "What is it?", **changes: Any) -> ChatRequest:
    return ChatRequest(messages=(Message("user", asked),), **changes)


def run(of: Question, model: str, answered: Reply | None, **changes: Any) -> Run:
    right = answered is not None and answered.text in of.expected
    fields: dict[str, Any] = {
        "study": "s",
        "kind": of.kind,
        "role": model,
        "request": ChatRequest(messages=of.messages, logprobs=5),
        "verdicts": (Verdict(scorer=of.scorer, value=float(right)),),
        "elapsed_s": 1.5,
    }
    return Run(question=of.id, model=model, reply=answered, **{**fields, **changes})


def reading_run(of: Question, model: str, draft: str, read: Reply, **prediction: Any) -> Run:
    asked = ChatRequest(messages=of.messages, prediction=Prediction(text=draft, **prediction))
    return run(of, model, read, request=asked)


def drawn_tokens(seed: int, count: int) -> tuple[TokenLogprob, ...]:
    """Tokens whose alternatives are drawn from a softmax."""
    draw = random.Random(seed)
    found: list[TokenLogprob] = []
    for _ in range(count):
        weights = sorted((math.exp(draw.gauss(0, 3)) for _ in range(8)), reverse=True)
        total = sum(weights)
        word = draw.choice([" a", " the", "12", "é", "\n", " grün"])
        found.append(token(word, *(w / total for w in weights[:5])))
    return tuple(found)
