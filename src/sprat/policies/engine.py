"""A policy as an engine: two models that answer as one."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from copy import copy
from typing import Self

import msgspec

from sprat.engines.base import Engine, Load
from sprat.errors import UnsupportedRequest
from sprat.measure.clock import Clock, now_ns
from sprat.policies.attempt import Half, Price
from sprat.policies.beforehand import beforehand
from sprat.policies.breaker import Breaker, BreakerStanding
from sprat.policies.budget import Budget, BudgetStanding
from sprat.policies.cascade import cascade
from sprat.policies.fallback import fallback
from sprat.policies.gates import Gate
from sprat.policies.probe import probe
from sprat.policies.refine import refine
from sprat.policies.routes import direct
from sprat.policies.shadow import Beside, shadow
from sprat.policies.spec import Policy, Which
from sprat.policies.trail import Hear, trail_of
from sprat.policies.turn import Turn
from sprat.policies.verify import verify
from sprat.policies.watch import ShadowStanding, Watch
from sprat.types import ChatRequest, Delta, Reply

Way = Callable[[Turn], AsyncGenerator[Delta]]

_KINDS: Mapping[str, Way] = {
    "cascade": cascade,
    "refine": refine,
    "verify": verify,
    "fallback": fallback,
    "shadow": shadow,
}
_MODES: Mapping[str, Way] = {"pre": beforehand, "probe": probe}


class HalfStanding(BreakerStanding, frozen=True, kw_only=True):
    """How one of the two models fares."""

    mute: bool
    """It refused to tell log-probabilities, and is not asked for them until a reset."""


class PolicyStanding(msgspec.Struct, frozen=True, kw_only=True):
    """How a policy that serves fares."""

    small: HalfStanding
    large: HalfStanding
    budget: BudgetStanding
    shadow: ShadowStanding | None = None
    """None: it is no shadow."""

    @property
    def alarm(self) -> str | None:
        """Why the large model answers everything; None: it does not."""
        return self.shadow.alarm if self.shadow else None


class PolicyEngine:
    """Two engines behind the one protocol; serves any number of requests at once."""

    def __init__(
        self,
        policy: Policy,
        small: Engine,
        large: Engine,
        *,
        name: str,
        price: Price | None = None,
        away: frozenset[Which] = frozenset(),
        owns: bool = True,
        clock: Clock = now_ns,
    ) -> None:
        """`away`: which are not on this machine; `owns`: whether `aclose` closes both."""
        self.name = name
        self.policy = policy
        self._halves: dict[Which, Half] = {
            "small": Half("small", small, _breaker(policy, clock)),
            "large": Half("large", large, _breaker(policy, clock)),
        }
        self._gate = Gate(policy, away)
        self._budget = Budget(policy.gates.budget_usd, clock)
        self._watch = Watch(policy.shadow)
        self._beside = Beside(self._watch, lambda: self._budget.used_up is None)
        self._price = price
        self._owns = owns
        self.hear: Hear = lambda _: None
        """Told what every request took, a shadow's too, whatever its end."""
        self.answer_to: Hear = lambda _: None
        """The same of what a caller asked."""
        self._clock = clock

    @property
    def pids(self) -> tuple[int, ...]:
        """Processes of both models."""
        return tuple(pid for half in self._halves.values() for pid in half.engine.pids)

    async def stream(self, request: ChatRequest) -> AsyncIterator[Delta | Reply]:
        """Yield the pieces of the answer that is kept, then one `Reply` with every attempt.

        Raises:
            UnsupportedRequest: neither model may, or can, answer this.
            EngineError: neither model answered, or the kept one broke off.
        """
        _refuse_prediction(request, self.name)
        turn = self._turn(request)
        try:
            async with aclosing(self._way(turn)) as pieces:
                async for piece in pieces:
                    if shown := turn.shown(piece):
                        turn.stamps.piece(shown, tool_call=bool(shown.tool_calls))
                        yield shown
        finally:
            turn.learn()
            self._spend(turn)
            self.answer_to(trail_of(turn))
        if turn.watched:
            self._beside.follow(turn, self._spend)
        yield turn.reply(self.name)

    def asked_by(self, asker: Hear) -> Self:
        """The same policy; `asker` is told what the requests took that are made of this one."""
        same = copy(self)
        same.answer_to = asker
        return same

    def _turn(self, request: ChatRequest) -> Turn:
        return Turn(request, self.policy, self._halves, self._clock, self._price, self._bars)

    def _bars(self, which: Which, request: ChatRequest) -> str | None:
        """What the gate may not have known yet: a draft, and what was spent since."""
        why = self._gate.stays(which, request)
        return why or (self._budget.used_up if which == "large" else None)

    def _way(self, turn: Turn) -> AsyncGenerator[Delta]:
        spent, doubt = self._budget.used_up, self._doubt
        gated = self._gate.look(turn.request, spent=spent, doubt=doubt)
        if gated.which is not None:
            turn.gate(gated.which, gated.why)
            return direct(turn, gated.which, other=gated.other, pinned=gated.pinned)
        turn.watched = self.policy.kind == "shadow"
        return _MODES.get(self.policy.mode, _KINDS[self.policy.kind])(turn)

    @property
    def _doubt(self) -> str | None:
        """Why no draft of the small model could be kept now, so that none is made."""
        if alarm := self._watch.alarm:
            return f"alarm: {alarm}"
        if self._halves["small"].mute and self.policy.needs_logprobs:
            return f"{self._halves['small'].engine.name} tells no log-probabilities to judge it by"
        return None

    def _spend(self, turn: Turn) -> None:
        for cost_usd in turn.spent_usd("large"):
            self._budget.spend(cost_usd)
        self.hear(trail_of(turn))

    @property
    def standing(self) -> PolicyStanding:
        """Breakers, budget, shadow: how it fares now."""
        return PolicyStanding(
            small=_fares(self._halves["small"]),
            large=_fares(self._halves["large"]),
            budget=self._budget.standing,
            shadow=self._beside.standing if self.policy.kind == "shadow" else None,
        )

    def reset(self) -> None:
        """Ask both models again, for log-probabilities too, and forget a shadow's alarm.

        What was spent stays spent.
        """
        self._beside.reset()
        for half in self._halves.values():
            half.breaker.reset()
            half.mute = False

    async def settled(self) -> None:
        """Wait until no shadowed answer is under way."""
        await self._beside.settled()

    async def warm(self) -> Load:
        """Make both ready, one after the other: they share the machine."""
        loads = [await half.engine.warm() for half in self._halves.values()]
        return Load(
            load_s=_sum([load.load_s for load in loads]),
            warm_up_s=_sum([load.warm_up_s for load in loads]),
        )

    async def aclose(self) -> None:
        """Stop what runs; both engines too, unless they are lent."""
        await self._beside.aclose()
        if self._owns:
            for half in self._halves.values():
                await half.engine.aclose()


def _refuse_prediction(request: ChatRequest, name: str) -> None:
    if request.prediction is not None:
        raise UnsupportedRequest(
            f"The request cannot be honoured: it has a prediction, and {name} drafts by itself.",
            param="prediction",
            fix="Leave it out, or ask a model by its own name.",
        )


def _fares(half: Half) -> HalfStanding:
    return HalfStanding(**msgspec.structs.asdict(half.breaker.standing), mute=half.mute)


def _breaker(policy: Policy, clock: Clock) -> Breaker:
    return Breaker(policy.fallback.failures, policy.fallback.cool_down_s, clock)


def _sum(seconds: list[float | None]) -> float | None:
    known = [one for one in seconds if one is not None]
    return sum(known) if known else None
