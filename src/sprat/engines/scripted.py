"""A deterministic engine that answers from a file: for tests, demos and rehearsals.

Format and an example: docs/scripted.md.
"""

import asyncio
import re
import tomllib
from collections.abc import AsyncIterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Literal

import msgspec

from sprat.engines.base import Load
from sprat.engines.stamps import Stamps
from sprat.errors import (
    ContextTooLong,
    EngineDied,
    EngineError,
    EngineRefused,
    EngineTimeout,
    SettingsError,
)
from sprat.types import ChatRequest, Delta, Finish, Reply, TokenLogprob, Usage

_WORDS = re.compile(r"\s*\S+(?:\s+$)?")
_MAX_FILE_BYTES = 16 * 1024 * 1024


class Failure(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An error to raise instead of ending the answer."""

    kind: Literal["refused", "died", "timeout", "too-long"] = "refused"
    message: str = "The script says so."
    status: int | None = None
    after_chunks: int = 0
    """How many pieces go out first; 0 is "before the first byte"."""


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What to answer when the last user message fits. A rule without a condition fits always."""

    exact: str | None = None
    contains: str | None = None
    """Upper and lower case are the same here."""
    regex: str | None = None
    text: str = ""
    chunks: tuple[str, ...] = ()
    """The pieces to stream; none: `text` cut into words. One piece is one token."""
    reasoning: str = ""
    """Streamed as one piece before the answer."""
    first_ms: float = 0.0
    """Before the first piece."""
    gap_ms: float = 0.0
    """Before every further piece."""
    end_ms: float = 0.0
    """After the last piece."""
    finish: Finish = "stop"
    tool_calls: tuple[dict[str, Any], ...] = ()
    logprobs: tuple[float, ...] = ()
    """One per piece, natural logarithm; given out only when asked for."""
    cached_tokens: int = 0
    error: Failure | None = None


class Script(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A whole file."""

    rule: tuple[Rule, ...]
    """The first that fits answers."""
    places: int | None = None
    """How many requests are answered at once; None: any number."""
    load_ms: float = 0.0
    """What `warm` waits, the first time."""


def read_script(file: Path) -> Script:
    """Read a script from TOML or JSON (by the file's ending).

    Raises:
        SettingsError: no such file, or it is no script; says where.
    """
    try:
        if file.stat().st_size > _MAX_FILE_BYTES:
            raise SettingsError(f"{file} is over {_MAX_FILE_BYTES} bytes.", fix="Split it.")
        text = file.read_text("utf-8")
        data = msgspec.json.decode(text) if file.suffix == ".json" else tomllib.loads(text)
        script = msgspec.convert(data, Script)
        for rule in script.rule:
            re.compile(rule.regex or "")
    except OSError as error:
        fix = "Check the path after 'scripted:'."
        raise SettingsError(f"{file} cannot be read: {error.strerror}.", fix=fix) from error
    except (ValueError, re.error) as error:  # TOML, JSON, UTF-8 and validation are all ValueErrors
        fix = "Its form is described in docs/scripted.md."
        raise SettingsError(f"{file} is no script: {error}.", fix=fix) from error
    return script


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
            EngineRefused: no rule fits, or the rule says so.
            EngineError: whatever else the rule says.
        """
        stamps = Stamps(request)
        stamps.sent()
        async with self._places or nullcontext():
            stamps.started()
            rule = self._rule(_last_user_message(request))
            pieces, finish = _pieces(rule, request)
            for place, piece in enumerate(pieces):
                await _wait(rule.gap_ms if place else rule.first_ms)
                _fail(rule, place)
                stamps.piece(piece)
                yield piece
            await _wait(rule.end_ms if pieces else rule.first_ms)
            _fail(rule, len(pieces))
            timing = stamps.done()
        yield Reply(
            text="".join(piece.text for piece in pieces),
            finish=finish,
            usage=_usage(rule, request, len(pieces)),
            timing=timing,
            model=self.name,
            reasoning=rule.reasoning,
            tool_calls=rule.tool_calls,
            logprobs=_logprobs(pieces) if request.logprobs is not None else None,
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


def _last_user_message(request: ChatRequest) -> str:
    said = [message.content for message in request.messages if message.role == "user"]
    return said[-1] if said else ""


def _fits(rule: Rule, message: str) -> bool:
    if rule.exact is not None and rule.exact.strip() != message.strip():
        return False
    if rule.contains is not None and rule.contains.casefold() not in message.casefold():
        return False
    return rule.regex is None or re.search(rule.regex, message) is not None


def _pieces(rule: Rule, request: ChatRequest) -> tuple[list[Delta], Finish]:
    """Cut as an engine would: first at the token limit, then before a stop string."""
    words = rule.chunks or tuple(_WORDS.findall(rule.text))
    kept = words[: request.max_tokens]
    finish: Finish = "length" if len(kept) < len(words) else rule.finish
    text = "".join(kept)
    ends = [at for stop in request.stop if stop and (at := text.find(stop)) >= 0]
    if ends:
        kept, finish = _cut(kept, min(ends)), "stop"
    deltas = [_delta(rule, request, place, word) for place, word in enumerate(kept)]
    thinking = [Delta(reasoning=rule.reasoning, tokens=1)] if rule.reasoning else []
    return thinking + deltas, finish


def _cut(words: tuple[str, ...], length: int) -> tuple[str, ...]:
    kept: list[str] = []
    for word in words:
        if length <= 0:
            break
        kept.append(word[:length])
        length -= len(word)
    return tuple(kept)


def _delta(rule: Rule, request: ChatRequest, place: int, word: str) -> Delta:
    if request.logprobs is None or place >= len(rule.logprobs):
        return Delta(text=word, tokens=1)
    logprob = rule.logprobs[place]
    top = ((word, logprob),) if request.logprobs else ()
    return Delta(text=word, tokens=1, logprobs=(TokenLogprob(word, logprob, top),))


def _logprobs(pieces: list[Delta]) -> tuple[TokenLogprob, ...] | None:
    return tuple(entry for piece in pieces for entry in piece.logprobs) or None


def _usage(rule: Rule, request: ChatRequest, output_tokens: int) -> Usage:
    words = sum(len(_WORDS.findall(message.content)) for message in request.messages)
    return Usage(words, output_tokens, min(rule.cached_tokens, words))


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
