"""Intervals over rounds: they cover what they promise to, and are wider for few rounds."""

import numpy as np
import pytest
from scipy import stats

from sprat.runs.blocks import (
    MIN_ROUNDS,
    median_interval,
    median_ratio_interval,
    rate_interval,
    t_value,
)


@pytest.mark.parametrize(("freedom", "off"), [(2, 0.04), (4, 0.003), (9, 0.001), (49, 0.001)])
def test_students_t_is_scipys(freedom, off):
    assert t_value(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=off)


def rounds_of(random, *, rounds, size, shared):
    """Rounds whose values share an offset: a machine that is slower for a while."""
    offsets = random.normal(0, shared, rounds)
    return [list(10 + offset + random.normal(0, 1, size)) for offset in offsets]


def test_the_interval_of_a_median_covers_it_though_the_values_of_a_round_go_together():
    random = np.random.default_rng(1)
    hits = 0
    for seed in range(150):
        found = median_interval(rounds_of(random, rounds=12, size=4, shared=1.0), seed=seed)
        assert found is not None
        hits += found.low <= 10 <= found.high
    # 95% promised: 150 draws fall below 0.88 once in some ten thousand times.
    assert hits / 150 > 0.88


def test_what_takes_every_value_for_independent_covers_less_than_it_promises():
    """The reason for resampling rounds: the same data, one value a round."""
    random = np.random.default_rng(1)
    hits = 0
    for seed in range(150):
        rounds = rounds_of(random, rounds=12, size=4, shared=1.0)
        single = [[value] for values in rounds for value in values]
        found = median_interval(single, seed=seed)
        assert found is not None
        hits += found.low <= 10 <= found.high
    assert hits / 150 < 0.88


def test_few_rounds_give_a_wider_interval_and_fewer_still_none():
    assert median_interval([[1.0, 2.0]] * (MIN_ROUNDS - 1)) is None
    three = median_interval([[1.0], [2.0], [3.0]])
    assert three == (1.0, 3.0)
    assert median_interval([[1.0], [], [3.0]]) is None


def test_rounds_of_different_lengths_are_taken_as_they_are():
    found = median_interval([[1.0], [1.0, 1.0], [1.0, 5.0, 1.0]] * 3)
    assert found is not None
    assert found.low == 1.0


def test_a_rate_is_that_of_the_sums_and_not_the_mean_of_the_rates():
    found = rate_interval([10, 10, 10, 10], [1, 1, 1, 1])
    assert found == (10, 10)
    uneven = rate_interval([100, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1])
    assert uneven is not None
    assert uneven.low <= 105 / 6 <= uneven.high


def test_a_ratio_of_rounds_asked_in_turns_is_narrower_than_the_rounds_themselves():
    random = np.random.default_rng(2)
    slow = random.uniform(1, 3, 12)  # the machine's mood, the same for both sides of a round
    ours = [[mood * 1.0] for mood in slow]
    theirs = [[mood * 2.0] for mood in slow]
    ratio, alone = median_ratio_interval(ours, theirs), median_interval(ours)
    assert ratio is not None
    assert alone is not None
    assert ratio == pytest.approx((0.5, 0.5))
    assert alone.high / alone.low > 1.2
