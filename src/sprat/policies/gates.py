"""Rules that come before everything else, and cost nothing."""

import re
from collections.abc import Iterator

import msgspec

from sprat.errors import UnsupportedRequest
from sprat.policies.spec import Policy, Which
from sprat.policies.words import words_of
from sprat.types import ChatRequest

BOTH: tuple[Which, Which] = ("small", "large")


class Gated(msgspec.Struct, frozen=True, kw_only=True):
    """What the rules say of one request."""

    which: Which | None = None
    """Who answers; None: the policy decides."""
    other: Which | None = None
    """Who may answer instead, where that one fails."""
    why: str = ""
    pinned: bool = False
    """The other one only where the first cannot honour the request at all."""


class Gate:
    """The rules of one policy, over two models of which some are not on this machine."""

    def __init__(self, policy: Policy, away: frozenset[Which]) -> None:
        self._gates = policy.gates
        self._name = policy.name
        self._away = away
        self._private = [re.compile(pattern) for pattern in policy.gates.private]

    def look(
        self, request: ChatRequest, *, spent: str | None = None, doubt: str | None = None
    ) -> Gated:
        """Who must answer.

        `spent`: why the large one may cost no more. `doubt`: why no draft of the small one counts.

        Raises:
            UnsupportedRequest: neither model may.
        """
        barred = self._barred(request, spent)
        allowed: list[Which] = [which for which in BOTH if which not in barred]
        if not allowed:
            reasons = "; ".join(f"not the {which} model: {barred[which]}" for which in BOTH)
            raise UnsupportedRequest(
                f"No model of policy {self._name} may answer this: {reasons}.",
                fix="Ask a single model that may, by its own name.",
            )
        if len(allowed) == 1:
            return Gated(which=allowed[0], why=next(iter(barred.values())))
        return self._wished(request, doubt)

    def _barred(self, request: ChatRequest, spent: str | None) -> dict[Which, str]:
        """The models that must not be asked, each with the reason."""
        barred: dict[Which, str] = {}
        if self._away and (why := self._stays(request)):
            barred = dict.fromkeys(self._away, why)
        if spent and "large" not in barred:
            barred["large"] = spent
        return barred

    def stays(self, which: Which, request: ChatRequest) -> str | None:
        """Why this very request must not be sent to a model; None: it may.

        The conversation went through `look`; what is found here came with a draft.
        """
        return self._stays(request, "the draft") if which in self._away else None

    def _stays(self, request: ChatRequest, where: str = "the conversation") -> str | None:
        if self._gates.stay_here:
            return "nothing leaves this machine (stay_here)"
        for number, pattern in enumerate(self._private, 1):
            if any(pattern.search(words) for words in words_of(request)):
                return f"private: pattern {number} is in {where}"
        return None

    def _wished(self, request: ChatRequest, doubt: str | None) -> Gated:
        if has_tools(request):
            which = self._gates.tools
            why = f"tools: the {which} model, the whole conversation long"
            return Gated(which=which, other=_other(which), why=why, pinned=True)
        if doubt:
            return Gated(which="large", other="small", why=doubt)
        chars, most = sum(map(len, texts_of(request))), self._gates.most_chars
        if most is not None and chars > most:
            return Gated(which="large", other="small", why=f"long: {chars} characters, over {most}")
        return Gated()


def _other(which: Which) -> Which:
    return "large" if which == "small" else "small"


def has_tools(request: ChatRequest) -> bool:
    """Whether functions are offered, or were called before in this conversation."""
    return bool(request.tools) or any(
        message.role == "tool" or message.tool_calls for message in request.messages
    )


def texts_of(request: ChatRequest) -> Iterator[str]:
    """What was said in the conversation, piece by piece."""
    if request.prompt is not None:
        yield request.prompt
    for message in request.messages:
        yield message.content
        for call in message.tool_calls:
            yield str(call.get("function", ""))
