"""A model that answers from documents, and its gate."""

from typing import TYPE_CHECKING

from sprat.engines.base import Engine
from sprat.errors import EngineRefused, UnsupportedRequest
from sprat.measure.clock import Clock, now_ns
from sprat.policies.attempt import Attempt, Half
from sprat.policies.breaker import Breaker
from sprat.rag.gate import SideGate, Which, form_of

if TYPE_CHECKING:
    from sprat.rag.prompt import Form

FAILURES, COOL_DOWN_S = 3, 30.0
"""So many failures in a row, and a model is left alone for so long: as in a policy."""


class Side:
    """What a model cannot do is found out once, and remembered."""

    def __init__(self, which: Which, engine: Engine, gate: SideGate, clock: Clock = now_ns) -> None:
        self.half = Half(which, engine, Breaker(FAILURES, COOL_DOWN_S, clock))
        self.gate = gate
        self.form: Form = form_of(gate, engine.name)
        self.reads = True
        """False: it refused to read what it might answer, and is asked in words alone."""

    @property
    def which(self) -> Which:
        """`small` or `large`."""
        return self.half.which

    @property
    def engine(self) -> Engine:
        """The model."""
        return self.half.engine

    def refused_ours(self, attempt: Attempt) -> bool:
        """Whether it may have refused only the log-probabilities, which the caller never wanted."""
        if attempt.request.logprobs is None or attempt.pieces:
            return False
        error = attempt.error
        if isinstance(error, EngineRefused):
            return error.status in {400, 422}
        return isinstance(error, UnsupportedRequest)
