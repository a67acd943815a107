"""What a model used over all its answers: memory, processor, energy. From stored runs."""

from collections.abc import Sequence

from msgspec import structs

from sprat.runs.study import Session
from sprat.types import Resources, Run


def used_by(runs: Sequence[Run]) -> Resources:
    """Peaks are the largest of all runs; times and joules are sums, None if one run lacks its own.

    Joules that are not told apart from the noise of the idle draw are not measured either.
    """
    parts = [run.resources for run in runs if run.resources]
    peaks = [part.peak_rss_bytes for part in parts if part.peak_rss_bytes is not None]
    on_gpu = [part for part in parts if part.gpu_memory_bytes is not None] or parts
    held = max(on_gpu, key=lambda part: part.gpu_memory_bytes or 0, default=Resources())
    joules, noise, source = _energy(parts)
    return Resources(
        peak_rss_bytes=max(peaks, default=None),
        processor_s=sum_of([part.processor_s for part in parts]),
        energy_joules=joules,
        energy_noise_joules=noise,
        energy_source=source,
        gpu_memory_bytes=held.gpu_memory_bytes,
        gpu_memory_source=held.gpu_memory_source,
    )


GROWN = "NVML: all GPUs held so much more after its load than before (not told by process)"


def with_growth(used: Resources, sessions: Sequence[Session]) -> Resources:
    """Where GPU memory was not told by process: what all GPUs held more once it was loaded.

    A model on the processor takes none of it: what grew then was another program's.
    """
    on_gpu = [session for session in sessions if session.provider != "cpu"]
    grown = [s.gpu_grown_bytes for s in on_gpu if s.gpu_grown_bytes and s.gpu_grown_bytes > 0]
    if used.gpu_memory_bytes is not None or not grown:
        return used
    return structs.replace(used, gpu_memory_bytes=max(grown), gpu_memory_source=GROWN)


def _energy(parts: Sequence[Resources]) -> tuple[float | None, float | None, str | None]:
    """Joules, how far off they may be, and the counter read; or None and the reason."""
    missing = [p.energy_source for p in parts if p.energy_joules is None and p.energy_source]
    named = [part.energy_source for part in parts if part.energy_source]
    joules = sum_of([part.energy_joules for part in parts])
    if joules is None:
        return None, None, (missing or named or [None])[0]
    # Added up as if all were off to the same side: more than that they are not.
    noise = sum_of([part.energy_noise_joules for part in parts])
    if noise is not None and joules <= noise:
        found = f"{joules:.2g} J over {len(parts)} answers, ± {noise:.2g} J"
        return None, None, f"unavailable: not told apart from the idle draw ({found})"
    return joules, noise, named[0] if named else None


def each(amount: float | None, count: float) -> float | None:
    """An amount over a count; None where either is missing."""
    return None if amount is None or not count else amount / count


def sum_of(values: Sequence[float | None]) -> float | None:
    """None if anything is unknown: a sum of some would pass for the sum of all."""
    known = [value for value in values if value is not None]
    return sum(known) if known and len(known) == len(values) else None
