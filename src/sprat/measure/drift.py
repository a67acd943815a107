"""From what was watched to what spoils the times. Thresholds and reasons: docs/metrics.md."""

from collections.abc import Iterator

import msgspec

OTHERS_SHARE = 0.10
"""Of all processors. A quiet desktop stays below 5%; a model that wants all cores loses what
others take, so at a tenth its times are about a tenth longer."""
STEAL_SHARE = 0.05
"""Of all processors: it comes in bursts, which hit a few answers much harder than the mean."""
QUOTA_SHARE = 0.05
"""Of the quota's periods: in each one that is held back, an answer stands still for its rest."""
FREQUENCY_FALL = 0.10
"""Of the frequency of the first quarter. Turbo wavers by a few percent on its own."""
STALLED_SHARE = 0.01
"""Of the time: a machine with enough memory shows none at all."""
SWAPPED_BYTES = 64_000_000
"""Read back from swap: as much as a small model's share of its weights."""


class Readings(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of time in a few numbers. None: this machine does not tell."""

    seconds: float
    own_share: float | None = None
    """Of all processors: this process and those below it."""
    others_share: float | None = None
    """Of all processors: everything else."""
    steal_share: float | None = None
    """Of all processors: wanted by this virtual machine, given to others by its host."""
    quota_share: float | None = None
    """Of the periods of a processor quota: those in which it held this container back."""
    frequency_start_mhz: float | None = None
    """Of the fastest core: median over the first quarter."""
    frequency_end_mhz: float | None = None
    """The same over the last quarter."""
    temperature_start_c: float | None = None
    temperature_highest_c: float | None = None
    throttles: int | None = None
    """How often the processor was slowed for heat."""
    stalled_share: float | None = None
    """Of the time: all that wanted to compute waited for memory."""
    swapped_bytes: int | None = None
    """Read back from swap."""
    power: tuple[str, ...] = ()
    """`mains`, `battery`, in the order seen; empty where it is not told."""


def reasons(readings: Readings) -> tuple[str, ...]:
    """Why times of this stretch are not to be trusted, for a person; the gravest kinds first."""
    return tuple(_reasons(readings))


def _reasons(seen: Readings) -> Iterator[str]:
    if _above(seen.others_share, OTHERS_SHARE):
        yield f"other programs used {seen.others_share:.0%} of the processors"
    if _above(seen.steal_share, STEAL_SHARE):
        yield f"the host gave {seen.steal_share:.0%} of the processors to other machines (steal)"
    if _above(seen.quota_share, QUOTA_SHARE):
        yield f"a processor quota held this container back in {seen.quota_share:.0%} of its periods"
    yield from _slowed(seen)
    if _above(seen.stalled_share, STALLED_SHARE):
        yield f"everything waited for memory {seen.stalled_share:.0%} of the time"
    if _above(seen.swapped_bytes, SWAPPED_BYTES):
        yield f"{(seen.swapped_bytes or 0) / 1e6:.0f} MB were read back from swap"
    if len(seen.power) > 1:
        yield f"power changed from {' to '.join(seen.power)}"
    elif "battery" in seen.power:
        yield "it ran on battery"


def _slowed(seen: Readings) -> Iterator[str]:
    start, end = seen.frequency_start_mhz, seen.frequency_end_mhz
    if start and end and end < (1 - FREQUENCY_FALL) * start:
        yield f"the frequency fell from {start / 1000:.1f} to {end / 1000:.1f} GHz"
    if seen.throttles:
        heat = seen.temperature_highest_c
        hot = f", at up to {heat:.0f} °C" if heat is not None else ""
        times = "once" if seen.throttles == 1 else f"{seen.throttles} times"
        yield f"the processor was slowed for heat {times}{hot}"


def _above(value: float | None, threshold: float) -> bool:
    return value is not None and value > threshold
