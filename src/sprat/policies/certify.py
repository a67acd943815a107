"""A threshold with a promise: of the answers accepted from there on, at most so many are wrong.

What is promised, and what is not: docs/confidence.md.
"""

import math
from collections.abc import Sequence

import msgspec

from sprat.errors import PolicyError
from sprat.policies.binomial import clopper_pearson_upper, most_errors, tail

DELTA = 0.05
GRID = 50
"""Thresholds tried: tune quantiles, so that each accepts so many per cent more than the last."""
POWER = 0.8
MOST_LABELS = 50_000
"""More labelled questions than this count as out of reach."""


class Scored(msgspec.Struct, frozen=True):
    """An answer of the small model: how sure of it the policy is, and whether it is right."""

    confidence: float
    right: bool
    group: str = ""
    """Answers of one group are not independent: only one of them counts. Empty: alone."""


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """One threshold that was tested on the certify split."""

    threshold: float
    accepted: int
    errors: int
    upper: float
    """Clopper and Pearson's upper bound of the error among the accepted, at level delta."""


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """At most `target_error` of the accepted are wrong: so it is, with probability 1 - delta.

    Where answers come in groups it is of one answer per group, drawn at random: large groups count
    no more than small ones.
    """

    method: str = "fixed-sequence testing, exact binomial bound"
    target_error: float
    delta: float
    threshold: float
    """Accepted from this confidence on."""
    n: int
    """Answers that were tested on, all independent of each other."""
    accepted: int
    errors: int
    upper: float
    coverage: float
    """Share of them that is accepted."""
    small_error: float
    """The small model's error on the tune split, were all accepted."""
    floor: float
    """The share that even a perfect confidence would have to escalate."""
    tune_n: int
    """Answers that chose what is tried, one of each group too."""
    left_out: int
    """Answers of the certify split that were not tested on, their group being there already."""
    tried: tuple[Tried, ...]
    """Every test, in order; the last that passed is the result."""


class NotCertifiable(msgspec.Struct, frozen=True, kw_only=True):
    """No threshold passed."""

    why: str
    target_error: float
    delta: float
    small_error: float
    floor: float
    labels_needed: int | None
    """Independent labelled answers in the certify split for a threshold to pass with probability
    0.8, were the errors those of the tune split; None: at no threshold were they below the
    target, or more than 50,000 would be needed."""
    tried: tuple[Tried, ...]


class _Level(msgspec.Struct, frozen=True, order=True):
    """One threshold as the tune split sees it."""

    threshold: float
    coverage: float
    error: float
    """Among the accepted, with half an error in one answer added (Jeffreys)."""


def feasibility_floor(small_error: float, target_error: float) -> float:
    """The share that must be escalated if of the accepted at most `target_error` may be wrong.

    `(m - a) / (1 - a)` for the small model's error m and the target a: whoever knows which answers
    are right accepts all those, `1 - m`, and wrong ones up to a share a of what is then accepted,
    `(1 - m) / (1 - a)`. 0 where m is below a anyway.
    """
    return max(0.0, (small_error - target_error) / (1 - target_error))


def certify(
    tune: Sequence[Scored],
    certify: Sequence[Scored],
    target_error: float,
    delta: float = DELTA,
    grid: int = GRID,
) -> Certificate | NotCertifiable:
    """Find the threshold that accepts most and passes: P(wrong | accepted) ≤ `target_error`.

    The tune split alone says which thresholds are tried, and in which order: the first is the one
    that passes most probably, the next ones accept more and more. Each is tested exactly on the
    certify split, the first failure ends it, and so the chance that any threshold passes that
    should not is at most `delta`, however many are tried. Of each group one answer counts.

    Raises:
        PolicyError: a split is empty, or a target or delta that is not between 0 and 1.

    Source: Angelopoulos et al. (2021), Learn then Test, arXiv:2110.01052
    (fixed-sequence testing); the p-value of a threshold is the binomial tail at its target.
    """
    _check(tune, certify, target_error, delta)
    chosen, tested = independent(tune), independent(certify)
    levels = _levels(chosen, grid)
    tried = _tested(
        _sequence(levels, len(tested), target_error, delta), tested, delta, target_error
    )
    passed = [one for one in tried if _passes(one, target_error, delta)]
    small_error = sum(not answer.right for answer in chosen) / len(chosen)
    floor = feasibility_floor(small_error, target_error)
    if not passed:
        return _not_certifiable(levels, tried, (target_error, delta, small_error, floor))
    last = passed[-1]
    return Certificate(
        target_error=target_error,
        delta=delta,
        threshold=last.threshold,
        n=len(tested),
        accepted=last.accepted,
        errors=last.errors,
        upper=last.upper,
        coverage=last.accepted / len(tested),
        small_error=small_error,
        floor=floor,
        tune_n=len(chosen),
        left_out=len(certify) - len(tested),
        tried=tuple(tried),
    )


def independent(answers: Sequence[Scored]) -> list[Scored]:
    """One answer of each group: which one, a hash of the group's name decides, not the answer."""
    import hashlib

    alone = [answer for answer in answers if not answer.group]
    together: dict[str, list[Scored]] = {}
    for answer in answers:
        if answer.group:
            together.setdefault(answer.group, []).append(answer)
    for group, members in together.items():
        drawn = int.from_bytes(hashlib.sha256(group.encode()).digest()[:8], "big")
        alone.append(members[drawn % len(members)])
    return alone


def _check(
    tune: Sequence[Scored], certify: Sequence[Scored], target_error: float, delta: float
) -> None:
    if not tune or not certify:
        raise PolicyError(
            f"Nothing can be certified with {len(tune)} answers to tune and {len(certify)} to "
            "certify on.",
            fix="Ask more questions: --limit.",
        )
    if not (0 < target_error < 1 and 0 < delta < 1):
        raise PolicyError(
            f"A target error of {target_error:g} at delta {delta:g} makes no sense.",
            fix="Give both between 0 and 1: --target-error 0.1 --delta 0.05",
        )


def _levels(tune: Sequence[Scored], grid: int) -> list[_Level]:
    """The thresholds to try, from few accepted to all; the lowest accepts whatever comes."""
    ranked = sorted(tune, key=lambda answer: -answer.confidence)
    counts = sorted({max(1, round(len(ranked) * step / grid)) for step in range(1, grid + 1)})
    found: dict[float, _Level] = {}
    for count in counts:
        threshold = 0.0 if count == len(ranked) else ranked[count - 1].confidence
        accepted = [answer for answer in ranked if answer.confidence >= threshold]
        wrong = sum(not answer.right for answer in accepted)
        error = (wrong + 0.5) / (len(accepted) + 1)
        found[threshold] = _Level(threshold, len(accepted) / len(ranked), error)
    return list(found.values())


def _sequence(levels: Sequence[_Level], n: int, alpha: float, delta: float) -> list[_Level]:
    """From the threshold of most power (of equals that which accepts most) on to all."""
    powers = [
        round(power_of(round(level.coverage * n), level.error, alpha, delta), 6) for level in levels
    ]
    start = max(range(len(levels)), key=lambda place: (powers[place], place))
    return list(levels[start:])


def power_of(accepted: int, error: float, alpha: float, delta: float) -> float:
    """The probability that so many accepted answers, each wrong with `error`, pass at `alpha`."""
    return tail(most_errors(accepted, alpha, delta), accepted, error)


def _tested(
    levels: Sequence[_Level], answers: Sequence[Scored], delta: float, alpha: float
) -> list[Tried]:
    tried: list[Tried] = []
    for level in levels:
        accepted = [answer for answer in answers if answer.confidence >= level.threshold]
        errors = sum(not answer.right for answer in accepted)
        upper = clopper_pearson_upper(errors, len(accepted), delta)
        one = Tried(threshold=level.threshold, accepted=len(accepted), errors=errors, upper=upper)
        tried.append(one)
        if not _passes(one, alpha, delta):
            break
    return tried


def _passes(one: Tried, alpha: float, delta: float) -> bool:
    return one.errors <= most_errors(one.accepted, alpha, delta)


def _not_certifiable(
    levels: Sequence[_Level], tried: Sequence[Tried], about: tuple[float, float, float, float]
) -> NotCertifiable:
    alpha, delta, small_error, floor = about
    first = tried[0]
    return NotCertifiable(
        why=(
            f"of the {first.accepted} surest answers to certify on {first.errors} are wrong, so "
            f"that up to {first.upper:.1%} may be, more than {alpha:.1%}"
        ),
        target_error=alpha,
        delta=delta,
        small_error=small_error,
        floor=floor,
        labels_needed=labels_needed(levels, alpha, delta),
        tried=tuple(tried),
    )


def labels_needed(
    levels: Sequence[_Level], alpha: float, delta: float, power: float = POWER
) -> int | None:
    """How many independent answers to certify on it would take, at the easiest threshold."""
    hopeful = sorted(
        (_roughly_needed(level.error, alpha, delta, power) / level.coverage, level.coverage, level)
        for level in levels
        if level.error < alpha
    )
    wanted = [
        math.ceil(accepted / coverage)
        for rough, coverage, level in hopeful[:3]
        if rough < 2 * MOST_LABELS
        and (accepted := accepted_needed(level.error, alpha, delta, power)) is not None
    ]
    least = min(wanted, default=None)
    return None if least is None or least > MOST_LABELS else least


def accepted_needed(error: float, alpha: float, delta: float, power: float = POWER) -> int | None:
    """So many accepted answers, wrong with `error` < alpha each, pass with such power.

    One fewer would not do; None: more than 50,000. (Power saws: it falls wherever one more answer
    allows no more errors, so that a few fewer still might do.)
    """
    low, high = 0, 16
    while power_of(high, error, alpha, delta) < power:
        low, high = high, 2 * high
        if high > 2 * MOST_LABELS:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        if power_of(middle, error, alpha, delta) < power:
            low = middle
        else:
            high = middle
    return high


def _roughly_needed(error: float, alpha: float, delta: float, power: float) -> float:
    """As `accepted_needed`, by the normal approximation.

    Source: Fleiss, Levin & Paik (2003), Statistical Methods for Rates and Proportions, 2.5.
    """
    from statistics import NormalDist

    quantile = NormalDist().inv_cdf
    null = quantile(1 - delta) * math.sqrt(alpha * (1 - alpha))
    true = quantile(power) * math.sqrt(error * (1 - error))
    return ((null + true) / (alpha - error)) ** 2
