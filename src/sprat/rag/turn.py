"""One question on its way through the documents: what was asked, found and tried."""

from collections.abc import Callable

import msgspec

from sprat.policies.attempt import Price
from sprat.rag.document import Retrieved
from sprat.rag.features import of_retrieval
from sprat.rag.followup import before, goes_on, query_of, question_of
from sprat.types import ChatRequest, Message, Step

Watch = Callable[[Step], None]
"""Told of every step: without a timing when it begins, whole when it has ended."""


class Turn:
    """Collects what belongs to one request."""

    def __init__(self, request: ChatRequest, price: Price | None, watch: Watch) -> None:
        self.request = request
        self.price = price
        self.watch = watch
        self.question = question_of(request.messages)
        self.query = query_of(request.messages)
        self.system = tuple(one for one in request.messages if one.role == "system")
        self.retrieved = Retrieved(query=self.query, found=(), lexical_s=0.0)
        self.steps: list[Step] = []

    @property
    def earlier(self) -> tuple[Message, ...]:
        """What the models are told of the conversation: nothing, where the question is whole."""
        return before(self.request.messages) if goes_on(self.question) else ()

    @property
    def features(self) -> dict[str, float]:
        """Of what was found."""
        return of_retrieval(self.retrieved, self.query)

    @property
    def plain(self) -> ChatRequest:
        """The request without what steers only the caller's own words."""
        return msgspec.structs.replace(self.request, logprobs=None, prediction=None)

    def began(self, role: str, engine: str) -> None:
        """A step begins: it is only shown."""
        self.watch(Step(role=role, engine=engine))

    def ended(self, step: Step) -> None:
        """A step is over: it is kept."""
        self.steps.append(step)
        self.watch(step)
