"""Judges whose mind is known: what they think of an answer is a function, and so is their bias."""

import math
import re
import time

from sprat.engines.base import Load
from sprat.errors import EngineDied, UnsupportedRequest
from sprat.types import Delta, Reply, Timing, TokenLogprob, Usage

FENCED = re.compile(r"<<<(\w{12})\n(.*?)\n\1>>>", re.DOTALL)
DIMENSION = re.compile(r"in one respect only: ([\w-]+)")


def reply(text: str, logprobs=None) -> Reply:
    now = time.monotonic_ns()
    timing = Timing(scheduled_ns=now, sent_ns=now, done_ns=now + 1_000_000)
    return Reply(text=text, finish="stop", usage=Usage(9, 1), timing=timing, logprobs=logprobs)


def told(chances: dict[str, float], said: str | None = None) -> tuple[TokenLogprob, ...]:
    """One token with these probabilities; the likeliest one is said."""
    said = said or max(chances, key=chances.__getitem__)
    top = tuple((token, math.log(p)) for token, p in chances.items())
    return (TokenLogprob(said, math.log(chances[said]), top),)


class Judge:
    """Grades by `mind(dimension, answer, flipped)`, 1 to 5; prefers by `prefers(a, b)`."""

    name = "judge"
    pids: tuple[int, ...] = ()

    def __init__(self, mind=None, prefers=None, *, logprobs=True, regex=True, fail_after=None):
        self.mind, self.prefers = mind or (lambda *_: 3), prefers
        self.gives, self.regex, self.fail_after = logprobs, regex, fail_after
        self.asked: list[str] = []
        self.closed = 0

    async def stream(self, request):
        if request.response_format and not self.regex:
            raise UnsupportedRequest("No expressions here.", param="response_format")
        if request.logprobs is not None and not self.gives:
            raise UnsupportedRequest("No probabilities here.", param="logprobs")
        prompt = request.messages[-1].content
        if "<<<" not in prompt:  # a look at what it can do
            yield reply("3", told({"3": 1.0}) if request.logprobs is not None else None)
            return
        if self.fail_after is not None and len(self.asked) >= self.fail_after:
            raise EngineDied("The worker died.")
        self.asked.append(prompt)
        yield Delta(text="")
        yield self._opinion(prompt, request)

    def _opinion(self, prompt: str, request) -> Reply:
        texts = [found[2] for found in FENCED.finditer(prompt)]
        if "Answer B:" in prompt:
            return reply("A" if self.prefers(texts[-2], texts[-1]) else "B")
        flipped = "5 the best, 1 the worst" in prompt
        grade = self.mind(DIMENSION.search(prompt)[1], texts[-1], flipped)
        if request.logprobs is None:
            return reply(f"Grade: {round(grade)}")
        low = math.floor(grade)
        chances = {str(low): 1 - (grade - low)} | (
            {str(low + 1): grade - low} if grade > low else {}
        )
        said = max(chances, key=chances.__getitem__)
        return reply(said, told(chances))

    async def warm(self):
        return Load(load_s=0.1, provider="script")

    async def aclose(self):
        self.closed += 1
