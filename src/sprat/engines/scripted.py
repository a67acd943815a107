"""A deterministic engine that answers from a file: for tests, demos and rehearsals.

Format and an example: docs/scripted.md.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import msgspec

from sprat.engines.base import Load
from sprat.engines.calls import joined, parts
from sprat.engines.rehearsed import WORDS, Rehearsed, read_of, rehearsed
from sprat.engines.script import Rule, Script, read_script
from sprat.engines.stamps import Stamps
from sprat.errors import (
    ContextTooLong,
    EngineDied,
    EngineError,
    EngineRefused,
    EngineTimeout,
    UnsupportedRequest,
)
from sprat.types import ChatRequest, Delta, Finish, Reply, TokenLogprob, Usage


class ScriptedEngine:
    """Answers from a `Script`; delays are real, everything else is the same every time."""

    pids: tuple[int, ...] = ()

    def __init__(self, name: str, script: Script) -> None:
        self.name = name
        self._script = script
        self._places = asyncio.Semaphore(script.places) if script.places else None
        self._loaded = False

    @classmethod
    def open(cls, file: Path, name: str | None = None) -> "ScriptedEngine":
        """Read `file` and answer from it.

        Raises:
            SettingsError: as `read_script`.
        """
        return cls(name or f"scripted:{file}", read_script(file))

    async def stream(self, request: ChatRequest) -> AsyncIterator[Delta | Reply]:
        """Yield the pieces of the first rule that fits, then one `Reply`.

        Raises:
            UnsupportedRequest: a tool call is required, and the rule has none that would do; or
                there is a prediction that cannot be used.
            EngineRefused: no rule fits, or the rule says so.
            EngineError: whatever else the rule says.
        """
        stamps = Stamps(request)
        stamps.sent()
        async with self._places or nullcontext():
            stamps.started()
            rule = _with_calls_for(request, self._rule(_asked(request)))
            read, plan = read_of(rule, request), rehearsed(rule, request)
            pieces, finish = _pieces(rule, request, plan) if read is None else ([], "stop")
            for place, piece in enumerate(pieces):
                await _wait(_pause_ms(rule, plan, place))
                _fail(rule, place)
                stamps.piece(piece, tool_call=bool(piece.tool_calls))
                yield piece
            await _wait(rule.end_ms if pieces else rule.first_ms)
            _fail(rule, len(pieces))
            timing = stamps.done()
        yield Reply(
            text="".join(piece.text for piece in pieces),
            finish=finish,
            usage=_usage(rule, request, plan, len(pieces)),
            timing=timing,
            model=self.name,
            reasoning=rule.reasoning if pieces else "",
            tool_calls=joined(part for piece in pieces for part in piece.tool_calls),
            logprobs=_logprobs(pieces) if request.logprobs is not None else None,
            read=read,
        )

    def _rule(self, message: str) -> Rule:
        for rule in self._script.rule:
            if _fits(rule, message):
                return rule
        raise EngineRefused(
            f"No rule of {self.name} fits {message[:60]!r}.",
            fix="Add a rule without a condition as the last one.",
        )

    async def warm(self) -> Load:
        """Wait `load_ms`, the first time."""
        if not self._loaded:
            await _wait(self._script.load_ms)
            self._loaded = True
        return Load(load_s=self._script.load_ms / 1000, provider="script")

    async def aclose(self) -> None:
        """Nothing to free."""


def _with_calls_for(request: ChatRequest, rule: Rule) -> Rule:
    """The rule with the calls that this request may be answered with."""
    choice = request.tool_choice or "auto"
    calls = () if choice == "none" else rule.tool_calls
    if choice.startswith("function:"):
        calls = tuple(c for c in calls if f"function:{c.function.name}" == choice)
    if not calls and choice not in {"auto", "none"}:
        raise UnsupportedRequest(
            f"The request cannot be honoured: tool_choice is {choice}, and the script's rule has "
            "no such call.",
            fix="Add the call to the rule's tool_calls.",
        )
    calls = calls if request.parallel_tool_calls else calls[:1]
    finish = "stop" if rule.finish == "tool_calls" and not calls else rule.finish
    return msgspec.structs.replace(rule, tool_calls=calls, finish=finish)


def _asked(request: ChatRequest) -> str:
    if request.prompt is not None:
        return request.prompt
    said = [message.content for message in request.messages if message.role == "user"]
    return said[-1] if said else ""


def _fits(rule: Rule, message: str) -> bool:
    if rule.exact is not None and rule.exact.strip() != message.strip():
        return False
    if rule.contains is not None and rule.contains.casefold() not in message.casefold():
        return False
    return rule.regex is None or re.search(rule.regex, message) is not None


def _pause_ms(rule: Rule, plan: Rehearsed, place: int) -> float:
    """Words that were predicted come all at once."""
    if place == 0:
        return rule.first_ms
    return 0.0 if place - bool(rule.reasoning) < plan.accepted else rule.gap_ms


def _pieces(rule: Rule, request: ChatRequest, plan: Rehearsed) -> tuple[list[Delta], Finish]:
    """Cut as an engine would: first at the token limit, then before a stop string."""
    words = _going_on(plan.words, request)
    kept = words[: request.max_tokens]
    finish: Finish = "length" if len(kept) < len(words) else rule.finish
    text = "".join(kept)
    ends = [at for stop in request.stop if stop and (at := text.find(stop)) >= 0]
    if ends:
        kept, finish = _cut(kept, min(ends)), "stop"
    deltas = [_delta(plan, request, place, word) for place, word in enumerate(kept)]
    if len(kept) == len(words) and not ends:
        deltas += _call_deltas(rule)
    thinking = [Delta(reasoning=rule.reasoning, tokens=1)] if rule.reasoning else []
    return thinking + deltas, finish


def _going_on(words: tuple[str, ...], request: ChatRequest) -> tuple[str, ...]:
    """The words over and over, where the end is to be ignored; one more than are wanted."""
    if not (request.ignore_end and request.max_tokens and words):
        return words
    again = words[0] if words[0][:1].isspace() else f" {words[0]}"
    return words + (again, *words[1:]) * (request.max_tokens // len(words))


def _call_deltas(rule: Rule) -> list[Delta]:
    calls: list[dict[str, Any]] = msgspec.to_builtins(rule.tool_calls)
    return [Delta(tokens=1, tool_calls=parts(call, index)) for index, call in enumerate(calls)]


def _cut(words: tuple[str, ...], length: int) -> tuple[str, ...]:
    kept: list[str] = []
    for word in words:
        if length <= 0:
            break
        kept.append(word[:length])
        length -= len(word)
    return tuple(kept)


def _delta(plan: Rehearsed, request: ChatRequest, place: int, word: str) -> Delta:
    if request.logprobs is None or place >= len(plan.logprobs):
        return Delta(text=word, tokens=1)
    logprob = plan.logprobs[place]
    top = ((word, logprob),) if request.logprobs else ()
    return Delta(text=word, tokens=1, logprobs=(TokenLogprob(word, logprob, top),))


def _logprobs(pieces: list[Delta]) -> tuple[TokenLogprob, ...] | None:
    return tuple(entry for piece in pieces for entry in piece.logprobs) or None


def _usage(rule: Rule, request: ChatRequest, plan: Rehearsed, output_tokens: int) -> Usage:
    said = [request.prompt or "", *(message.content for message in request.messages)]
    if request.prediction and request.prediction.read_only:
        said.append(request.prediction.text)
        plan = Rehearsed((), ())
    words = sum(len(WORDS.findall(text)) for text in said)
    accepted = min(plan.accepted, output_tokens)
    return Usage(
        words,
        output_tokens,
        min(rule.cached_tokens, words),
        accepted_prediction_tokens=accepted,
        rejected_prediction_tokens=plan.accepted + plan.rejected - accepted,
    )


def _fail(rule: Rule, place: int) -> None:
    failure = rule.error
    if failure is None or failure.after_chunks != place:
        return
    if failure.kind == "refused":
        raise EngineRefused(failure.message, status=failure.status)
    kinds: dict[str, type[EngineError]] = {
        "died": EngineDied,
        "timeout": EngineTimeout,
        "too-long": ContextTooLong,
    }
    raise kinds[failure.kind](failure.message)


async def _wait(ms: float) -> None:
    if ms > 0:
        await asyncio.sleep(ms / 1000)
