"""What the gateway writes down: one line per request at its end, one per load, unload, start, stop.

Never a prompt, an answer or a key, unless `[serve] log_prompts` asks for the first two.
"""

import logging
import re
import time
import traceback
from collections.abc import Generator
from contextlib import contextmanager
from functools import lru_cache
from types import TracebackType
from typing import Any, Literal, TextIO

import msgspec

LOG = logging.getLogger("sprat.serve")

FIELDS = (
    "request", "route", "model", "outcome", "status", "code", "error",
    "input_tokens", "output_tokens", "paid_input_tokens", "paid_output_tokens",
    "path", "engines", "cost_usd",
    "queue_ms", "load_ms", "first_ms", "total_ms", "load_s", "where", "prompt", "answer",
)  # fmt: skip
"""What a line may say beside its words, in this order; nothing else is written."""

_QUOTED = re.compile(r'[ "=]')
_FRAMES = 6
_FOREIGN = ("uvicorn.error", "asyncio", "aiohttp", "opentelemetry")
"""Loggers of what we build on: their warnings, in our form and without tracebacks."""


@contextmanager
def logging_to(stream: TextIO, form: Literal["text", "json"]) -> Generator[None]:
    """Write the log to `stream` until the block ends."""
    writing = logging.StreamHandler(stream)
    writing.setFormatter(JsonLines() if form == "json" else TextLines())
    loggers = {LOG: logging.INFO}
    loggers |= {logging.getLogger(name): logging.WARNING for name in _FOREIGN}
    before = [(logger, logger.level, logger.propagate) for logger in loggers]
    for logger, level in loggers.items():
        logger.addHandler(writing)
        logger.setLevel(level)
        logger.propagate = False
    try:
        yield
    finally:
        for logger, level, propagate in before:
            logger.removeHandler(writing)
            logger.setLevel(level)
            logger.propagate = propagate


class TextLines(logging.Formatter):
    """For a terminal: `12:34:56 warning not loaded model=echo error="…"`."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, whatever was in it."""
        clock = _clock(int(record.created))
        words = [f"{clock} {record.levelname.lower():<7} {one_line(_message(record))}"]
        words += [f"{name}={_plain(value)}" for name, value in _said(record).items()]
        return " ".join(words)


class JsonLines(logging.Formatter):
    """For programs: one JSON object per line, `time` in UTC (RFC 3339)."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        moment = _moment(int(record.created))
        head = {
            "time": f"{moment}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "message": _message(record),
        }
        return msgspec.json.encode(head | _said(record), enc_hook=str).decode()


@lru_cache(maxsize=2)
def _clock(second: int) -> str:
    return time.strftime("%H:%M:%S", time.localtime(second))


@lru_cache(maxsize=2)
def _moment(second: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))


def one_line(text: str) -> str:
    """Text that can neither end its line nor steer a terminal."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _message(record: logging.LogRecord) -> str:
    """The words. What another package says about an error may quote what must stay out."""
    return record.getMessage() if record.name == LOG.name else record.getMessage().split("\n")[0]


def _said(record: logging.LogRecord) -> dict[str, Any]:
    """The fields that are known; of an exception its class and where it was, not its words."""
    given = record.__dict__
    fields = {name: given[name] for name in FIELDS if name in given}
    if record.exc_info and record.exc_info[0] is not None:
        fields["error"] = record.exc_info[0].__name__
        fields["where"] = _where(record.exc_info[2])
    return {name: value for name, value in fields.items() if value not in {None, ""}}


def _where(frames: TracebackType | None) -> str:
    """The innermost frames, the last one first."""
    steps = traceback.extract_tb(frames)[-_FRAMES:]
    return " < ".join(f"{step.filename}:{step.lineno} {step.name}" for step in reversed(steps))


def _plain(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.1f}"
    text = one_line(str(value))
    if text and not _QUOTED.search(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
