"""Policies over two scripts, and what they say."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

import msgspec

from sprat.engines.script import Script
from sprat.engines.scripted import ScriptedEngine
from sprat.errors import EngineRefused, UnsupportedRequest
from sprat.policies.engine import PolicyEngine
from sprat.policies.logistic import Logistic
from sprat.policies.spec import Decision, Policy, Side
from sprat.types import ChatRequest, Delta, Message, Reply, Timing, TokenLogprob, Usage

LIKELY, UNLIKELY = -0.01, -3.0


class Counting(ScriptedEngine):
    """A script that remembers what it was asked, and how many of its streams are open."""

    def __init__(self, name: str, script: Script) -> None:
        super().__init__(name, script)
        self.asked: list[ChatRequest] = []
        self.running = 0
        self.closed = 0
        self.began = asyncio.Event()

    async def stream(self, request: ChatRequest):
        self.asked.append(request)
        self.running += 1
        self.began.set()
        try:
            async with aclosing(super().stream(request)) as pieces:
                async for piece in pieces:
                    yield piece
        finally:
            self.running -= 1

    async def aclose(self) -> None:
        self.closed += 1


def rule(text: str, chance: float = LIKELY, **fields: Any) -> dict[str, Any]:
    """An answer whose tokens are all so likely."""
    return {"text": text, "logprobs": [chance] * len(text.split()), **fields}


def failing(kind: str = "died", **fields: Any) -> dict[str, Any]:
    return {"error": {"kind": kind, "message": f"It {kind}.", **fields}}


def script(name: str, *rules: dict[str, Any]) -> Counting:
    return Counting(name, msgspec.convert({"rule": list(rules)}, Script))


def by_mean_logprob(feature: str = "mean") -> Logistic:
    """Sure of likely tokens (mean above -1), unsure of others."""
    return Logistic(features=(feature,), centres=(-1.0,), scales=(0.25,), weights=(1.0,), bias=0.0)


def policy(kind: str = "cascade", **fields: Any) -> Policy:
    decision = fields.pop("decision", Decision(logistic=by_mean_logprob()))
    sides = {"small": Side(model="s"), "large": Side(model="l")}
    return Policy(name="p", kind=kind, decision=decision, **sides, **fields)


def engine(policy: Policy, small: Counting, large: Counting, **fields: Any) -> PolicyEngine:
    return PolicyEngine(policy, small, large, name="policy:p", **fields)


def request(text: str = "What is it?", **fields: Any) -> ChatRequest:
    return ChatRequest(messages=(Message("user", text),), **fields)


async def played(engine: PolicyEngine, asked: ChatRequest) -> tuple[list[Delta], Reply]:
    got = [piece async for piece in engine.stream(asked)]
    reply = got.pop()
    assert isinstance(reply, Reply)
    pieces = [piece for piece in got if isinstance(piece, Delta)]
    assert len(pieces) == len(got)
    assert "".join(piece.text for piece in pieces) == reply.text
    return pieces, reply


def told(reply: Reply) -> list[tuple[str, str]]:
    """Who was asked for what; the kept one with a star."""
    return [(step.role + "*" * step.kept, step.engine) for step in reply.steps]


def clock() -> tuple[Callable[[], int], Callable[[float], None]]:
    """A clock, and what moves it on by so many seconds."""
    now = [10**9]

    def tell() -> int:
        return now[0]

    def wait(seconds: float) -> None:
        now[0] += round(seconds * 1e9)

    return tell, wait


class Reading(Counting):
    """A script that can read drafts: it thinks every token of one as likely as `chance`."""

    def __init__(self, name: str, script: Script, chance: float) -> None:
        super().__init__(name, script)
        self._chance = chance

    async def stream(self, request: ChatRequest):
        told = request.prediction
        if told is None:
            async with aclosing(super().stream(request)) as pieces:
                async for piece in pieces:
                    yield piece
        elif told.read_only:
            self.asked.append(request)
            words = told.text.split()
            yield Reply(
                text="",
                finish="stop",
                usage=Usage(10 + len(words), 0),
                timing=Timing(scheduled_ns=0, sent_ns=0, done_ns=1_000_000),
                read=tuple(TokenLogprob(word, self._chance) for word in words),
            )
        else:
            keeps = told.tolerance and self._chance >= -told.tolerance
            self.asked.append(request)
            answer = script(self.name, {"text": told.text}) if keeps else self._own
            plain = msgspec.structs.replace(request, prediction=None)
            async with aclosing(answer.stream(plain)) as pieces:
                async for piece in pieces:
                    yield piece

    @property
    def _own(self) -> ScriptedEngine:
        return ScriptedEngine(self.name, self._script)


def reading(name: str, chance: float, *rules: dict[str, Any]) -> Reading:
    return Reading(name, msgspec.convert({"rule": list(rules)}, Script), chance)


class Deaf(Counting):
    """A script that refuses predictions, as endpoints do."""

    async def stream(self, request: ChatRequest):
        if request.prediction is not None:
            message = "The request cannot be honoured: it has a prediction."
            raise UnsupportedRequest(message, param="prediction")
        async with aclosing(super().stream(request)) as pieces:
            async for piece in pieces:
                yield piece


def deaf(name: str, *rules: dict[str, Any]) -> Deaf:
    return Deaf(name, msgspec.convert({"rule": list(rules)}, Script))


class Mute(Counting):
    """A script that refuses to tell log-probabilities, as some endpoints do; and JSON."""

    async def stream(self, request: ChatRequest):
        self.asked.append(request)
        if request.logprobs is not None:
            raise EngineRefused(f"logprobs is {request.logprobs}, and it tells none.", status=400)
        if request.response_format is not None:
            raise UnsupportedRequest("response_format is set.", param="response_format")
        async with aclosing(ScriptedEngine.stream(self, request)) as pieces:
            async for piece in pieces:
                yield piece


def mute(name: str, *rules: dict[str, Any]) -> Mute:
    return Mute(name, msgspec.convert({"rule": list(rules)}, Script))
