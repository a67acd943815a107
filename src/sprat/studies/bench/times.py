"""One stored request in seconds. Definitions: docs/metrics.md, "A benchmark"."""

from collections.abc import Sequence

import msgspec

from sprat.studies.bench.result import Phases, Request
from sprat.types import Reply, Run, Timing

PHASES = ("send_s", "load_s", "prepare_s", "queue_s", "first_token_s", "decode_s", "finish_s")


def phases_of(timing: Timing) -> dict[str, float | None]:
    """The phases of one request; those that are known add up to `total_s`."""
    stamps = (
        timing.sent_ns,
        timing.loaded_ns,
        timing.prepared_ns,
        timing.started_ns,
        timing.first_token_ns,
        timing.last_token_ns,
        timing.done_ns,
    )
    found: dict[str, float | None] = {}
    before = timing.scheduled_ns
    for name, stamp in zip(PHASES, stamps, strict=True):
        found[name] = None if stamp is None else max(0, stamp - before) / 1e9
        before = before if stamp is None else max(before, stamp)
    return found


def whole(run: Run) -> Run:
    """The request with nothing said of its tokens: their time is in the phase that ends it."""
    if run.reply is None:
        return run
    timing = msgspec.structs.replace(
        run.reply.timing, first_token_ns=None, first_answer_ns=None, last_token_ns=None
    )
    return msgspec.structs.replace(run, reply=msgspec.structs.replace(run.reply, timing=timing))


def mean_phases(replies: Sequence[Reply]) -> Phases:
    """The mean of each phase over all answers, so that the means add up as the phases do.

    None where no answer has the phase; an answer without it spent no time there that is known.
    """
    split = [phases_of(reply.timing) for reply in replies]
    return Phases(**{name: _mean([one[name] for one in split]) for name in PHASES})


def scheduled_ttft_s(timing: Timing) -> float | None:
    """First token from when the request was due."""
    if timing.first_token_ns is None:
        return None
    return (timing.first_token_ns - timing.scheduled_ns) / 1e9


def request_of(run: Run, number: int, first_ns: int) -> Request:
    """A request as a row; `first_ns` is when the first one of the study was due."""
    reply = run.reply
    energy = run.resources.energy_joules if run.resources else None
    row = Request(
        position=run.position,
        cell=run.question,
        side=run.role,
        round=number,
        energy_joules=energy,
        error=run.error,
    )
    return row if reply is None else _answered(row, reply, first_ns)


def _answered(row: Request, reply: Reply, first_ns: int) -> Request:
    timing, usage = reply.timing, reply.usage
    at_ns = timing.scheduled_ns - first_ns
    return msgspec.structs.replace(
        row,
        at_s=at_ns / 1e9 if at_ns >= 0 else None,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cached_tokens=usage.cached_tokens,
        counted_by=usage.counted_by,
        **phases_of(timing),
        ttft_s=timing.ttft_s,
        scheduled_ttft_s=scheduled_ttft_s(timing),
        inter_token_s=timing.inter_token_s(usage.output_tokens),
        answer_s=timing.answer_s,
        total_s=timing.total_s,
        chars=len(reply.text),
        finish=reply.finish,
    )


def _mean(values: Sequence[float | None]) -> float | None:
    if all(value is None for value in values):
        return None
    return sum(value or 0.0 for value in values) / len(values)
