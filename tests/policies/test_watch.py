"""A watch that looks for ever raises hardly a false alarm, and soon a true one."""

import math
import random

import pytest
import scipy.stats

from sprat.policies.drift import against, spent
from sprat.policies.spec import Shadow
from sprat.policies.watch import Watch


def differing(seed: int, rate: float, times: int, watch: Watch | None = None) -> int | None:
    """After how many comparisons the alarm came; None: it did not."""
    draw, watch = random.Random(seed), watch or Watch(Shadow())
    for number in range(1, times + 1):
        watch.compare(float(draw.random() >= rate))
        if watch.alarm:
            return number
    return None


def drifting(seed: int, times: int, shift: float = 0.0, healthy: int = 0) -> int | None:
    """Likewise, of uniform confidences, raised to 1 + `shift` once `healthy` of them are over."""
    draw = random.Random(seed)
    watch = Watch(Shadow(baseline=tuple(sorted(draw.random() for _ in range(80)))))
    for number in range(times):
        power = 1 + shift * (number >= healthy)
        watch.see(draw.random() ** power)
        if watch.alarm:
            return number - healthy
    return None


def test_of_200_watches_at_just_the_allowed_share_5_in_100_alarm_at_most_within_1000() -> None:
    alarms = sum(differing(seed, 0.5, 1000) is not None for seed in range(200))
    assert alarms <= 10


def test_below_the_allowed_share_hardly_any_does() -> None:
    assert sum(differing(seed, 0.45, 1000) is not None for seed in range(100)) <= 1


def test_confidences_that_do_not_drift_raise_no_alarm_in_3000_requests() -> None:
    assert [seed for seed in range(20) if drifting(seed, 3000) is not None] == []


def test_a_small_model_that_fails_is_noticed_within_a_few_answers() -> None:
    assert differing(0, 1.0, 50) == 10
    found = [differing(seed, 0.8, 400) for seed in range(50)]
    assert all(found)
    assert sorted(one or 0 for one in found)[25] < 60


def test_and_so_it_is_after_a_thousand_good_ones() -> None:
    for seed in range(20):
        watch = Watch(Shadow())
        assert differing(seed, 0.2, 1000, watch) is None
        found = differing(seed + 100, 0.95, 200, watch)
        assert found is not None
        assert found <= 100


def test_drifting_confidences_are_noticed_within_three_windows() -> None:
    found = [drifting(seed, 1200, shift=4.0, healthy=1000) for seed in range(5)]
    assert all(one is not None and one <= 150 for one in found)


def test_all_looks_together_spend_the_level() -> None:
    assert sum(spent(0.05, look) for look in range(1, 20_000)) == pytest.approx(0.05, rel=1e-4)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_the_odds_are_fair_where_the_share_is_the_allowed_one_and_lose_below_it(
    share: float,
) -> None:
    for n in (1, 10, 50):
        odds = [against(hits, n, share) for hits in range(n + 1)]
        chances = scipy.stats.binom.pmf(range(n + 1), n, share)
        assert math.fsum(c * o for c, o in zip(chances, odds, strict=True)) == pytest.approx(1)
        lower = scipy.stats.binom.pmf(range(n + 1), n, share / 2)
        assert math.fsum(c * o for c, o in zip(lower, odds, strict=True)) < 1


def test_a_share_that_cannot_be_exceeded_is_never_and_none_at_all_is_at_once() -> None:
    assert against(10, 10, 1.0) == 1.0
    assert (against(0, 10, 0.0), against(1, 10, 0.0)) == (1.0, math.inf)
    assert against(5000, 5000, 0.001) > 1e300
