"""Did it get worse? A paired randomisation test: had nothing changed, every sign was a coin's.

Of a mere re-run that is no assumption but the truth: before and now could be swapped for any
question. So false alarms are as rare as the significance says, for few questions too.
Why this test and not an interval: `docs/decisions/regressions.md`.
"""

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

EXACT = 16
"""Up to this many unequal differences all 2^16 = 65,536 signs are tried, beyond it a sample."""
DRAWS = 50_000
"""At p = 0.01 that many random signs are off by 0.0009 (two standard errors)."""
_CELLS = 2_000_000
"""Random signs held at once: 16 MB."""
_SAME = 1e-9
"""Sums closer than that are equal: they were added in another order."""

Method = Literal["mcnemar", "flips", "sampled flips"]


class Flips(NamedTuple):
    """How likely a sum so low, or so high, is by chance alone."""

    worse: float
    """One-sided p-value of "it did not get worse"."""
    better: float
    """One-sided p-value of "it did not get better"."""
    method: Method
    discordant: int
    """Questions, or groups of them, that differ at all: only these can tell anything."""


def flips(
    differences: Sequence[float], *, groups: Sequence[str] | None = None, seed: int = 0
) -> Flips:
    """Both one-sided mid-p-values of paired differences (now minus before).

    Differences of one group (translations of one question, say) change their sign together.
    Mid-p: a sum as extreme as the one seen counts half, else few discordant pairs could never be
    significant when they are. Where all sums are equal in size this is McNemar's exact test.

    Source: Fisher (1935), The Design of Experiments, section 21 (the signs); McNemar (1947),
    Psychometrika 12:153; Lancaster (1961), JASA 56:223 and Fagerland, Lydersen & Laake (2013),
    BMC Medical Research Methodology 13:91 (mid-p).
    """
    sums = [value for value in _sums(differences, groups) if abs(value) > _SAME]
    if len({round(abs(value), 9) for value in sums}) <= 1:
        worse = mcnemar_mid_p(sum(v < 0 for v in sums), sum(v > 0 for v in sums))
        return Flips(worse, 1 - worse, "mcnemar", len(sums))
    worse = _tried(sums) if len(sums) <= EXACT else _sampled(sums, seed)
    return Flips(worse, 1 - worse, "flips" if len(sums) <= EXACT else "sampled flips", len(sums))


def mcnemar_mid_p(worse: int, better: int) -> float:
    """One-sided mid-p that so many got worse, and so few better, by chance; 0.5 for none.

    Source: Fagerland, Lydersen & Laake (2013), BMC Medical Research Methodology 13:91.
    """
    n = worse + better
    below = sum(math.comb(n, k) for k in range(better))
    return (2 * below + math.comb(n, better)) / 2 ** (n + 1)


def _sums(differences: Sequence[float], groups: Sequence[str] | None) -> list[float]:
    if groups is None:
        return list(differences)
    sums: dict[str, float] = {}
    for group, value in zip(groups, differences, strict=True):
        sums[group] = sums.get(group, 0.0) + value
    return list(sums.values())


def _tried(sums: Sequence[float]) -> float:
    """Over every choice of signs."""
    import numpy as np

    totals = np.zeros(1)
    for size in (abs(value) for value in sums):
        totals = np.concatenate([totals - size, totals + size])
    seen = sum(sums)
    below = int((totals < seen - _SAME).sum())
    level = int((np.abs(totals - seen) <= _SAME).sum())
    return (below + level / 2) / len(totals)


def _sampled(sums: Sequence[float], seed: int) -> float:
    """Over random signs; what was seen is one of them, so it is never 0.

    Source: Phipson & Smyth (2010), Statistical Applications in Genetics and Molecular Biology
    9:39 (why one is added).
    """
    import numpy as np

    sizes, seen = np.abs(np.asarray(sums)), sum(sums)
    random = np.random.default_rng(seed)
    below, level, done = 0, 1, 0
    step = max(1, _CELLS // len(sizes))
    while done < DRAWS:
        rows = min(step, DRAWS - done)
        totals = random.choice((-1.0, 1.0), size=(rows, len(sizes))) @ sizes
        below += int((totals < seen - _SAME).sum())
        level += int((np.abs(totals - seen) <= _SAME).sum())
        done += rows
    return (below + level / 2) / (DRAWS + 1)
