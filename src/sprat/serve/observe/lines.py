"""One line of the log per request, per model that comes or goes, and now and then per download."""

import logging
import time
from typing import TYPE_CHECKING

import msgspec

from sprat.errors import SpratError
from sprat.models.progress import Progress, megabytes
from sprat.serve.observe.figures import figures
from sprat.serve.observe.log import LOG

if TYPE_CHECKING:
    from sprat.serve.ledger import Listener, Record
    from sprat.serve.models.pool import Change
    from sprat.serve.problem import Problem

_TO_MEND = {"misconfigured", "policy_unusable"}
"""Errors that only the operator can mend."""
_EVERY_S = 10.0
"""Between two lines about the same stage of a download."""


def request_lines(prompts: bool) -> "Listener":
    """A listener of the ledger; with `prompts` its lines hold the texts too."""

    def write(record: "Record") -> None:
        level = _level(record)
        if LOG.isEnabledFor(level):
            facts = _facts(record) | (_texts(record) if prompts else {})
            LOG.handle(_line(level, facts))

    return write


def _line(level: int, facts: dict[str, object]) -> logging.LogRecord:
    """What `LOG.log` would make, without looking for where it was called."""
    line = logging.LogRecord(LOG.name, level, "", 0, "request", None, None)
    line.__dict__.update(facts)
    return line


def _level(record: "Record") -> int:
    """Only what the operator may have to mend is a warning."""
    problem = record.problem
    ours = problem is None or problem.status >= 500 or problem.code in _TO_MEND
    mend = record.outcome == "failed" and ours
    return logging.WARNING if mend else logging.INFO


def _facts(record: "Record") -> dict[str, object]:
    found = figures(record)
    return {
        "request": record.id,
        "route": record.route,
        "model": record.model,
        "outcome": record.outcome,
        "status": record.status,
        "code": found.code,
        "error": _to_mend(record.problem),
        "input_tokens": found.input_tokens if record.replies else None,
        "output_tokens": found.output_tokens if record.replies else None,
        "paid_input_tokens": found.paid.input_tokens if found.paid else None,
        "paid_output_tokens": found.paid.output_tokens if found.paid else None,
        "path": found.path,
        "engines": ",".join(found.engines),
        "cost_usd": None if found.cost_usd is None else f"{found.cost_usd:.3g}",
        "queue_ms": _ms(found.queue_s),
        "load_ms": _ms(found.load_s),
        "first_ms": _ms(found.first_s),
        "total_ms": _ms(found.total_s),
    }


def _to_mend(problem: "Problem | None") -> str | None:
    """What is wrong with settings or a policy's file; other messages may quote what was asked."""
    return problem.message if problem is not None and problem.code in _TO_MEND else None


def _texts(record: "Record") -> dict[str, object]:
    prompts = [asked.prompt or asked.messages for asked in record.requests]
    answers = [reply.text for reply in record.replies]
    return {
        "prompt": msgspec.json.encode(prompts, enc_hook=str).decode() if prompts else None,
        "answer": msgspec.json.encode(answers).decode() if answers else None,
        "error": record.problem.message if record.problem else None,
    }


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1e3, 1)


def fetching(model: str) -> Progress:
    """Tells the log how far a download or an export is, every ten seconds."""
    last_s, last_stage = float("-inf"), ""

    def tell(stage: str, done: int, total: int | None) -> None:
        nonlocal last_s, last_stage
        now_s = time.monotonic()
        if stage == last_stage and now_s - last_s < _EVERY_S:
            return
        last_s, last_stage = now_s, stage
        size = f": {megabytes(done)} of {megabytes(total)}" if total else ""
        LOG.info("%s%s", stage, size, extra={"model": model})

    return tell


def restarted(model: str) -> None:
    """A model's process had ended, and a request started it again."""
    LOG.warning("its process had ended, and was started again", extra={"model": model})


def changed(model: str, change: "Change") -> None:
    """A model was loaded, unloaded, or could not be loaded: then why, if that is known."""
    if isinstance(change, Exception):
        why = str(change) if isinstance(change, SpratError) else type(change).__name__
        LOG.warning("could not be loaded", extra={"model": model, "error": why})
    elif change is None:
        LOG.info("unloaded", extra={"model": model})
    else:
        LOG.info("loaded", extra={"model": model, "load_s": round(change, 3)})
