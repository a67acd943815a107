"""A small engine that answers as one over documents does, by what it is told."""

import time

from sprat.engines.base import Load
from sprat.errors import EngineDied
from sprat.types import Delta, Path, Reply, Source, Step, Timing, Usage

BOOK = {
    "leave": "New staff get 25 days of leave a year.",
    "sick": "Sick notes go to the office on the third day.",
    "canteen": "The canteen opens at noon.",
}
"""File → its only passage."""


class Grounded:
    """Finds the passages that share a word with the question, and says the first of them."""

    name = "documents"
    pids: tuple[int, ...] = ()

    def __init__(self, fail_on=(), knows=tuple(BOOK)):
        self.fail_on, self.knows = set(fail_on), knows
        self.asked: list[str] = []
        self.closed = 0

    async def stream(self, request):
        question = request.messages[-1].content
        self.asked.append(question)
        if any(word in question for word in self.fail_on):
            raise EngineDied("The worker died.")
        yield Delta(text="")
        yield self._reply(question)

    async def warm(self):
        return Load(load_s=0.1, provider="script")

    async def aclose(self):
        self.closed += 1

    def _reply(self, question: str) -> Reply:
        now = time.monotonic_ns()
        timing = Timing(scheduled_ns=now, sent_ns=now, done_ns=now + 2_000_000)
        hits = [file for file in self.knows if file in question]
        path: Path = "accepted" if hits else "direct"
        steps = (
            Step(role="retrieve", engine="store", timing=timing),
            Step(
                role="answer", engine="tiny", kept=bool(hits), usage=Usage(50, 9), timing=timing,
                confidence=0.9 if hits else 0.1,
            ),
        )  # fmt: skip
        return Reply(
            text=f"{BOOK[hits[0]]} [1]" if hits else "The documents do not say.",
            finish="stop", usage=Usage(50, 9), timing=timing, steps=steps, answered=bool(hits),
            sources=tuple(_sources(self.knows, hits)), path=path,
        )  # fmt: skip


def _sources(knows, hits):
    for place, file in enumerate(sorted(knows, key=lambda file: file not in hits)):
        text = BOOK[file]
        yield Source(
            file=f"/docs/{file}.md", start=0, end=len(text), text=text, score=0.9 - 0.1 * place,
            number=1 if file in hits else None,
        )  # fmt: skip
