"""The small model serves; the large one answers some requests beside it, to watch it."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

import msgspec

from sprat.engines.line import CALLER, crowded
from sprat.policies.checks import agreement
from sprat.policies.confidence import confidence_of
from sprat.policies.routes import direct
from sprat.policies.turn import Turn
from sprat.policies.watch import ShadowStanding, Watch
from sprat.types import ChatRequest, Delta, Reply

MOST_BESIDE = 4
"""Shadowed answers under way at once; further ones are skipped and counted, as are those that
would have to wait for a place: that is for those who want an answer."""


async def shadow(turn: Turn) -> AsyncGenerator[Delta]:
    """The small model, live: the watching comes afterwards."""
    asked = turn.asking(_watches_confidence(turn))
    async with aclosing(direct(turn, "small", other="large", request=asked)) as pieces:
        async for piece in pieces:
            yield piece


def _watches_confidence(turn: Turn) -> bool:
    return bool(turn.policy.shadow.baseline) and turn.policy.decision.logistic is not None


class Beside:
    """Asks the large model after the caller has the answer; `Watch` hears what came of it."""

    def __init__(self, watch: Watch, affordable: Callable[[], bool]) -> None:
        self._watch = watch
        self._affordable = affordable
        self._tasks: set[asyncio.Task[None]] = set()
        self._skipped = 0

    def follow(self, turn: Turn, spend: Callable[[Turn], None]) -> None:
        """Watch one answered request. Returns at once; `spend` is called with what it cost."""
        kept = turn.kept
        if kept is None or kept.reply is None or kept.half.which != "small":
            return
        if _watches_confidence(turn):
            confidence = confidence_of(turn.policy, turn.request, kept.reply)
            kept.confidence, kept.calibrated = confidence.value, confidence.calibrated
            if confidence.calibrated:
                self._watch.see(confidence.value)
        if kept.reply.tool_calls or not chosen(turn.request, turn.policy.shadow.share):
            return
        if len(self._tasks) >= MOST_BESIDE or not self._affordable():
            self._skipped += 1
            return
        task = asyncio.create_task(self._compare(turn.beside(), kept.reply, spend))
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A fault of the code is told at once, and spoils nothing: the caller has the answer."""
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._skipped += 1
            told = {"message": "a shadow failed", "exception": error, "task": task}
            task.get_loop().call_exception_handler(told)

    async def _compare(self, turn: Turn, served: Reply, spend: Callable[[Turn], None]) -> None:
        CALLER.set(f"shadow:{turn.policy.name}")  # in its task alone: the caller is not to wait
        if crowded(turn.halves["large"].engine):
            self._skipped += 1
            return
        try:
            large = await turn.whole(turn.begin("large", "shadow", "does it say the same?"))
        finally:
            spend(turn)
        if large.reply is None:
            self._skipped += 1
        else:
            self._watch.compare(agreement(served.text, large.reply.text))

    @property
    def standing(self) -> ShadowStanding:
        """What was seen up to now."""
        disagreed, of = self._watch.disagreed
        return ShadowStanding(
            compared=self._watch.compared,
            disagreed=disagreed,
            of=of,
            skipped=self._skipped,
            running=len(self._tasks),
            alarm=self._watch.alarm,
        )

    async def settled(self) -> None:
        """Wait until nothing is under way."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def aclose(self) -> None:
        """Stop what is under way."""
        for task in self._tasks:
            task.cancel()
        await self.settled()

    def reset(self) -> None:
        """Forget what was seen, the alarm too."""
        self._skipped = 0
        self._watch.reset()


def chosen(request: ChatRequest, share: float) -> bool:
    """Whether a conversation is among the `share` that is shadowed: the same every time."""
    said = msgspec.json.encode((request.messages, request.prompt), order="sorted")
    number = int.from_bytes(hashlib.sha256(said).digest()[:8], "big")
    return number < share * 2**64
