"""A policy as an engine: two models that answer as one."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing

from sprat.engines.base import Engine, Load
from sprat.errors import PolicyError
from sprat.measure.clock import Clock, now_ns
from sprat.policies.attempt import Half, Price
from sprat.policies.breaker import Breaker
from sprat.policies.budget import Budget
from sprat.policies.cascade import cascade
from sprat.policies.gates import Gate
from sprat.policies.routes import direct
from sprat.policies.spec import Policy, Which
from sprat.policies.turn import Turn
from sprat.types import ChatRequest, Delta, Reply

Way = Callable[[Turn], AsyncGenerator[Delta]]

_KINDS: Mapping[str, Way] = {"cascade": cascade}


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
        """`away`: which of the two are not on this machine; `owns`: whether `aclose` closes both.

        Raises:
            PolicyError: a budget is set, and there are no prices.
        """
        if policy.gates.budget_usd is not None and price is None:
            raise PolicyError(f"{name} has a budget, but nothing here has a price.")
        self.name = name
        self.policy = policy
        self._halves: dict[Which, Half] = {
            "small": Half("small", small, _breaker(policy, clock)),
            "large": Half("large", large, _breaker(policy, clock)),
        }
        self._gate = Gate(policy, away)
        self._budget = Budget(policy.gates.budget_usd, clock)
        self._price = price
        self._owns = owns
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
        turn = Turn(request, self.policy, self._halves, self._clock, self._price)
        try:
            async with aclosing(self._way(turn)) as pieces:
                async for piece in pieces:
                    shown = turn.shown(piece)
                    turn.stamps.piece(shown, tool_call=bool(shown.tool_calls))
                    yield shown
        finally:
            for cost_usd in turn.spent_usd("large"):
                self._budget.spend(cost_usd)
        yield turn.reply(self.name)

    def _way(self, turn: Turn) -> AsyncGenerator[Delta]:
        gated = self._gate.look(turn.request, spent=self._budget.used_up)
        if gated.which is None:
            return _KINDS[self.policy.kind](turn)
        turn.gate(gated.which, gated.why)
        return direct(turn, gated.which, why="", other=gated.other, pinned=gated.pinned)

    async def warm(self) -> Load:
        """Make both ready, one after the other: they share the machine."""
        loads = [await half.engine.warm() for half in self._halves.values()]
        return Load(
            load_s=_sum([load.load_s for load in loads]),
            warm_up_s=_sum([load.warm_up_s for load in loads]),
        )

    async def aclose(self) -> None:
        """Stop what runs; both engines too, unless they are lent."""
        if self._owns:
            for half in self._halves.values():
                await half.engine.aclose()


def _breaker(policy: Policy, clock: Clock) -> Breaker:
    return Breaker(policy.fallback.failures, policy.fallback.cool_down_s, clock)


def _sum(seconds: list[float | None]) -> float | None:
    known = [one for one in seconds if one is not None]
    return sum(known) if known else None
