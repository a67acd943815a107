"""One request on its way through a policy: who was asked, what it cost, what is kept."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing

import msgspec

from sprat.engines.stamps import Stamps
from sprat.errors import EngineRefused, EngineTimeout, SpratError, UnsupportedRequest
from sprat.measure.clock import Clock
from sprat.policies.attempt import Attempt, Half, Price
from sprat.policies.confidence import Confidence
from sprat.policies.spec import Policy, Which
from sprat.types import ChatRequest, Delta, Path, Reply, Step, TokenLogprob

ALTERNATIVES = 5
"""Asked for where a confidence is made of log-probabilities."""

Bars = Callable[[Which, ChatRequest], str | None]
"""Why a model must not be sent this very request, in one line; None: it may."""


class Turn:
    """Collects the attempts of one request and makes its `Reply`."""

    def __init__(
        self,
        request: ChatRequest,
        policy: Policy,
        halves: Mapping[Which, Half],
        clock: Clock,
        price: Price | None,
        bars: Bars,
    ) -> None:
        self.request = request
        self.policy = policy
        self.halves = halves
        self.trace: list[Attempt | Step] = []
        self.kept: Attempt | None = None
        self.path: Path | None = None
        self.watched = False
        """A shadow looks at it afterwards."""
        self._clock = clock
        self._price = price
        self._bars = bars
        self._limited_from = 0
        """Attempts from here on count towards the small model's time."""
        self._plain = False
        """The small model refused; perhaps the log-probabilities."""
        self.stamps = Stamps(request, clock)
        self.stamps.sent()

    def beside(self) -> "Turn":
        """A turn of its own for the same request."""
        return Turn(self.request, self.policy, self.halves, self._clock, self._price, self._bars)

    def gate(self, which: Which, why: str, confidence: Confidence | None = None) -> None:
        """Note what decided before anything was asked."""
        step = Step(role="gate", engine=self.halves[which].engine.name, why=why)
        if confidence is not None:
            judged = {"confidence": confidence.value, "calibrated": confidence.calibrated}
            step = msgspec.structs.replace(step, **judged)
        self.trace.append(step)

    def begin(
        self,
        which: Which,
        role: str,
        why: str = "",
        request: ChatRequest | None = None,
        *,
        anew: bool = False,
    ) -> Attempt:
        """An attempt, to be made by `whole` or `live`; `request`: other than the caller's.

        The last look before a model is asked: one that must not be sent this is not, and the
        attempt's error says why. `anew`: the small model's time begins again, since it stands in
        for the large one.
        """
        attempt = Attempt(self.halves[which], request or self.request, role, why, self._clock)
        self.trace.append(attempt)
        if barred := self._bars(which, attempt.request):
            attempt.error = UnsupportedRequest(f"{attempt.engine} is not sent this: {barred}.")
        elif which == "small" and (limit_s := self.policy.fallback.timeout_s) is not None:
            self._limit(attempt, limit_s, anew=anew)
        return attempt

    def _limit(self, attempt: Attempt, limit_s: float, *, anew: bool) -> None:
        """All that the small model does for one turn is done within one limit."""
        if anew:
            self._limited_from = len(self.trace)
        left_s = limit_s - sum(map(_seconds, self.trace[self._limited_from :]))
        if left_s > 0:
            attempt.within_s = left_s
        else:
            attempt.error = EngineTimeout(f"{attempt.engine}'s {limit_s:g} s are over.")

    async def whole(self, attempt: Attempt) -> Attempt:
        """Wait for all of it; its pieces are kept in it."""
        async with aclosing(attempt.run()) as pieces:
            async for _ in pieces:
                pass
        return attempt

    async def live(self, attempt: Attempt) -> AsyncGenerator[Delta]:
        """Its pieces as they come; after the first one no time limit cuts it any more."""
        async with aclosing(attempt.run()) as pieces:
            async for piece in pieces:
                attempt.within_s = None
                yield piece

    async def draft(self, role: str = "draft", *, logprobs: bool) -> Attempt:
        """The small model's whole answer; with the log-probabilities, if it tells them."""
        attempt = await self.whole(self.begin("small", role, request=self.asking(logprobs)))
        if self.refused_logprobs(attempt):
            attempt = await self.whole(self.begin("small", role))
        return attempt

    def asking(self, logprobs: bool) -> ChatRequest:
        """What the small model is asked: log-probabilities too, where they are needed."""
        if not logprobs or self._plain or self.halves["small"].mute:
            return self.request
        most = max(self.request.logprobs or 0, ALTERNATIVES)
        return msgspec.structs.replace(self.request, logprobs=most)

    def refused_logprobs(self, attempt: Attempt) -> bool:
        """Whether the model may have refused only what we asked for: it is asked again without."""
        ours = self.request.logprobs is None and attempt.request.logprobs is not None
        if not ours or not attempt.asked or not _refused(attempt.error):
            return False
        self._plain = True
        return True

    def learn(self) -> None:
        """A model that answered as soon as it was not asked for them tells none."""
        made = (one for one in self.trace if isinstance(one, Attempt))
        if self._plain and any(one.pieces and one.half.which == "small" for one in made):
            self.halves["small"].mute = True

    def keep(self, attempt: Attempt, path: Path) -> None:
        """The reply is this attempt's."""
        self.kept, self.path = attempt, path
        attempt.kept = True

    def shown(self, piece: Delta) -> Delta | None:
        """The piece as the caller asked for it; None: nothing is left of it."""
        if not piece.logprobs:
            return piece
        left = msgspec.structs.replace(piece, logprobs=self._trimmed(piece.logprobs) or ())
        said = left.text or left.reasoning or left.tool_calls or left.logprobs
        return left if said else None

    def _trimmed(self, entries: tuple[TokenLogprob, ...]) -> tuple[TokenLogprob, ...] | None:
        most = self.request.logprobs
        if most is None:
            return None
        return tuple(
            entry
            if len(entry.top) <= most
            else TokenLogprob(entry.token, entry.logprob, entry.top[:most])
            for entry in entries
        )

    def steps(self) -> tuple[Step, ...]:
        """Every attempt, in order; what an engine tried by itself comes before its answer."""
        steps: list[Step] = []
        for made in self.trace:
            if isinstance(made, Attempt):
                steps += made.reply.steps if made.reply else ()
            steps.append(made.step(self._price) if isinstance(made, Attempt) else made)
        return tuple(steps)

    def spent_usd(self, which: Which) -> tuple[float | None, ...]:
        """What each attempt of one model cost."""
        made = (one for one in self.trace if isinstance(one, Attempt))
        return tuple(
            one.cost_usd(self._price) for one in made if one.half.which == which and one.asked
        )

    def reply(self, name: str) -> Reply:
        """The kept attempt's, with the times as the caller saw them and all that it cost."""
        if self.kept is None or self.kept.reply is None or self.path is None:
            raise RuntimeError("a policy ended without an answer and without an error")
        kept = self.kept.reply
        self._note_loads()
        costs = [cost for which in self.halves for cost in self.spent_usd(which)]
        known = [cost for cost in costs if cost is not None]
        return msgspec.structs.replace(
            kept,
            model=name,
            timing=self.stamps.done(),
            logprobs=self._trimmed(kept.logprobs) if kept.logprobs else None,
            steps=self.steps(),
            cost_usd=sum(known) if len(known) == len(costs) else None,
            path=self.path,
            read=None,
        )

    def _note_loads(self) -> None:
        """A policy is ready when the last of the models that it had to wait for is."""
        timings = (one.timing for one in self.trace if isinstance(one, Attempt))
        loads = [timing.loaded_ns for timing in timings if timing and timing.loaded_ns is not None]
        if loads:
            self.stamps.loaded(max(loads))


def _seconds(made: Attempt | Step) -> float:
    """What the small model took; the wait for it to be ready is not its own."""
    small = isinstance(made, Attempt) and made.half.which == "small"
    if not small or made.timing is None:
        return 0.0
    return made.timing.answer_s - (made.timing.load_s or 0.0)


def _refused(error: SpratError | None) -> bool:
    if isinstance(error, EngineRefused):
        return error.status in {400, 422}
    return isinstance(error, UnsupportedRequest)
