"""Prompts of a known length that no cache has seen, and those that one has seen in part."""

from collections.abc import Awaitable, Callable
from functools import cache
from importlib.resources import files
from itertools import cycle, islice

import msgspec

from sprat.engines.base import Engine, ask
from sprat.studies.bench.result import Condition
from sprat.types import ChatRequest, Message

TOKENS_PER_WORD = 1.25
"""A first guess for English; the engine's own count corrects it."""
PROBES = 5
TASK = "Forget the town. Describe step by step how one builds a kite."
"""Something that the text does not say: asked to go on with it, small models copy it word for word,
and a copy is guessed (64 tokens in 8 steps) instead of written."""


class Prompt(msgspec.Struct, frozen=True):
    """A text of a fixed length; only its nonce changes from request to request."""

    text: str
    condition: Condition
    whole: bool = True
    """Whether answers go on to their full length, where the engine can; else to their own end."""

    def request(self, nonce: int, output_tokens: int, seed: int) -> ChatRequest:
        """A request whose prompt nobody sent before.

        The nonce, always of six digits, stands in front, so that no cache knows the beginning; in
        the prefix-cached condition behind, so that a cache knows all but the end.
        """
        mark = f"[{nonce % 1_000_000:06d}]"
        known_beginning = self.condition == "prefix-cached"
        parts = (self.text, mark) if known_beginning else (mark, self.text)
        return ChatRequest(
            messages=(Message("user", "\n".join(part for part in parts if part)),),
            max_tokens=output_tokens,
            ignore_end=self.whole,
            seed=seed,
        )


def sized_prompt(words: int, condition: Condition) -> Prompt:
    """So many words of our own text, over and over if need be, and what to do with them."""
    text = " ".join(islice(cycle(_words()), words))
    return Prompt(f"{text}\n{TASK}" if text else "", condition)


async def fitting_words(
    tokens: int, count: Callable[[int], Awaitable[int]], probes: int = PROBES
) -> int:
    """How many words make a prompt of `tokens` tokens, by asking; the nearest that was found.

    `count` says how many tokens a prompt of so many words has. A length below that of the empty
    prompt gives 0.
    """
    words, tried = max(0, round(tokens / TOKENS_PER_WORD) - 20), dict[int, int]()
    while words not in tried and len(tried) < probes:
        tried[words] = await count(words)
        per_word = _slope(tried) or TOKENS_PER_WORD
        words = max(0, words + round((tokens - tried[words]) / per_word))
    return min(tried, key=lambda one: (abs(tried[one] - tokens), one))


def _slope(tried: dict[int, int]) -> float | None:
    """Tokens per word between the last two tries; None where they say nothing."""
    (first, before), (last, after) = ([*tried.items()] * 2)[-2:]
    return (after - before) / (last - first) if last != first and after > before else None


async def input_tokens(engine: Engine, words: int, condition: Condition, nonce: int) -> int:
    """The engine's own count of a prompt of so many words.

    Raises:
        EngineError: it does not answer.
    """
    reply = await ask(engine, sized_prompt(words, condition).request(nonce, 1, 0))
    return reply.usage.input_tokens


@cache
def _words() -> tuple[str, ...]:
    text = (files("sprat.studies.bench") / "text.txt").read_text("utf-8")
    return tuple(text.split())
