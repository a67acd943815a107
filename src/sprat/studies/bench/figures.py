"""Figures of one cell from its rounds, each with its interval."""

from collections.abc import Callable, Mapping, Sequence
from statistics import fmean, median

from sprat.runs.blocks import Rounds, median_interval, median_ratio_interval, rate_interval
from sprat.runs.statistics import percentile
from sprat.studies.bench.result import Estimate, Ratio, Spread
from sprat.studies.bench.times import scheduled_ttft_s
from sprat.types import Reply, Run

RoundRuns = Sequence[Sequence[Run]]
Read = Callable[[Reply], float | None]

READ: Mapping[str, Read] = {
    "ttft_s": lambda reply: reply.timing.ttft_s,
    "scheduled_ttft_s": lambda reply: scheduled_ttft_s(reply.timing),
    "inter_token_s": lambda reply: reply.timing.inter_token_s(reply.usage.output_tokens),
    "decode_tokens_per_s": lambda reply: reply.decode_tokens_per_s,
    "answer_s": lambda reply: reply.timing.answer_s,
    "total_s": lambda reply: reply.timing.total_s,
    "chars_per_s": lambda reply: reply.chars_per_s,
}
"""What each figure of a request is; names are those of `Cell`."""
COMPARED = ("ttft_s", "inter_token_s", "answer_s")
"""The medians that are held against those of the first side."""


def values_of(rounds: RoundRuns, name: str) -> list[list[float]]:
    """The figure of every answer that has it, round by round."""
    read = READ[name]
    return [
        [value for run in one if run.reply and (value := read(run.reply)) is not None]
        for one in rounds
    ]


def spread(rounds: Rounds, seed: int) -> Spread | None:
    """Median with its interval, percentiles, mean; None where no answer has the figure."""
    values = [value for one in rounds for value in one]
    if not values:
        return None
    interval = median_interval(rounds, seed=seed)
    return Spread(
        n=len(values),
        p50=median(values),
        p50_low=interval.low if interval else None,
        p50_high=interval.high if interval else None,
        p90=percentile(values, 90) or 0.0,
        p95=percentile(values, 95) or 0.0,
        p99=percentile(values, 99),
        mean=fmean(values),
    )


def per_second(rounds: RoundRuns, amount: Callable[[Reply], int], seed: int) -> Estimate | None:
    """An amount over all answers of a round, per second of the round; None without an answer.

    What fails has no amount, but its time counts.
    """
    counted = [(_sum(one, amount), seconds) for one in rounds if (seconds := window_s(one))]
    if not any(run.reply for one in rounds for run in one) or not counted:
        return None
    amounts, seconds = [pair[0] for pair in counted], [pair[1] for pair in counted]
    interval = rate_interval(amounts, seconds, seed=seed)
    return Estimate(
        value=sum(amounts) / sum(seconds),
        low=interval.low if interval else None,
        high=interval.high if interval else None,
    )


def window_s(runs: Sequence[Run]) -> float | None:
    """Seconds of a round: first request due to last one answered or failed; None: not known."""
    spans = [span for run in runs if (span := _span_ns(run))]
    if not spans:
        return None
    return (max(end for _, end in spans) - min(begin for begin, _ in spans)) / 1e9


def _span_ns(run: Run) -> tuple[int, int] | None:
    """When a request was due, and when it was answered or failed."""
    if run.reply:
        return run.reply.timing.scheduled_ns, run.reply.timing.done_ns
    begin_ns = run.request.scheduled_ns
    if begin_ns is None or run.elapsed_s is None:
        return None
    return begin_ns, begin_ns + round(run.elapsed_s * 1e9)


def ratios(
    ours: Mapping[int, Sequence[Run]],
    theirs: Mapping[int, Sequence[Run]],
    seed: int,
    names: Sequence[str],
) -> tuple[Ratio, ...]:
    """Our medians of these figures over theirs; only rounds that both have."""
    shared = sorted(ours.keys() & theirs.keys())
    found: list[Ratio] = []
    for name in names:
        a = values_of([ours[number] for number in shared], name)
        b = values_of([theirs[number] for number in shared], name)
        flat_a, flat_b = [v for one in a for v in one], [v for one in b for v in one]
        if not flat_a or not flat_b or not median(flat_b):
            continue
        interval = median_ratio_interval(a, b, seed=seed)
        found.append(
            Ratio(
                metric=name,
                value=median(flat_a) / median(flat_b),
                low=interval.low if interval else None,
                high=interval.high if interval else None,
            )
        )
    return tuple(found)


def backlog_grows(rounds: RoundRuns) -> bool:
    """Whether more and more requests were under way as a round of an open loop went on.

    At each arrival the earlier requests that are not done are counted. A queue that grows steadily
    holds 5/3 as many in the last third of the arrivals as in the middle one; above 7/5, and more
    than one request, it is said to grow. The first third is left out: there the queue begins empty.
    """
    middle, last = list[float](), list[float]()
    for one in rounds:
        timings = [run.reply.timing for run in one if run.reply]
        timings.sort(key=lambda timing: timing.scheduled_ns)
        waiting = [
            sum(earlier.done_ns > timing.scheduled_ns for earlier in timings[:place])
            for place, timing in enumerate(timings)
        ]
        third = len(waiting) // 3
        middle += waiting[third : len(waiting) - third]
        last += waiting[len(waiting) - third :]
    if not last or not middle:
        return False
    return fmean(last) > max(fmean(middle) + 1, 1.4 * fmean(middle))


def _sum(runs: Sequence[Run], amount: Callable[[Reply], int]) -> int:
    return sum(amount(run.reply) for run in runs if run.reply)
