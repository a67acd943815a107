"""Curves against brute force; baselines where they must be; intervals that hold."""

import math
import random
import time

import numpy as np
import pytest

from sprat.errors import PolicyError
from sprat.policies.allowance import budget_threshold
from sprat.policies.curve import curve
from sprat.policies.points import Point
from sprat.policies.standing import stand


def drawn(n: int, seed: int = 0, skill: float = 2.0, **changes: object) -> list[Point]:
    """Questions whose small model is right half the time, the large one three times in four."""
    draw = random.Random(seed)
    found: list[Point] = []
    for _ in range(n):
        small, large = draw.random() < 0.5, draw.random() < 0.75
        score = draw.gauss(skill * small, 1.0)
        found.append(
            Point(
                confidence=1 / (1 + math.exp(-score)),
                small_score=float(small),
                large_score=float(large),
                small_right=small,
                large_right=large,
                small_cost=draw.uniform(0.5, 1.5),
                large_cost=draw.uniform(4, 8),
                **changes,
            )
        )
    return found


def at(points: list[Point], threshold: float | None) -> tuple[float, float]:
    """Mean cost and quality of the cascade, question by question."""
    cost = quality = 0.0
    for p in points:
        if threshold is not None and p.confidence >= threshold:
            cost, quality = cost + p.small_cost, quality + p.small_score
        else:
            cost, quality = cost + p.small_cost + p.large_cost, quality + p.large_score
    return cost / len(points), quality / len(points)


def brute_apgr(points: list[Point]) -> float:
    """The area by a fine ruler."""
    n = len(points)
    small = (sum(p.small_cost for p in points) / n, sum(p.small_score for p in points) / n)
    large = (sum(p.large_cost for p in points) / n, sum(p.large_score for p in points) / n)
    thresholds = [*sorted({p.confidence for p in points}), None]
    spots = [small, *(at(points, threshold) for threshold in thresholds)]
    x = [(cost - small[0]) / (large[0] - small[0]) for cost, _ in spots]
    y = [(quality - small[1]) / (large[1] - small[1]) for _, quality in spots]
    ruler = (np.arange(200_000) + 0.5) / 200_000
    return float(np.interp(ruler, x, y).mean())


def test_every_spot_is_what_the_cascade_does_question_by_question() -> None:
    points = drawn(30)
    found = curve(points, resamples=50)
    assert len(found.policy) == 31
    for spot in found.policy:
        assert (spot.cost, spot.quality) == pytest.approx(at(points, spot.threshold))
    assert [spot.escalated for spot in found.policy] == pytest.approx([k / 30 for k in range(31)])


@pytest.mark.parametrize("seed", range(4))
def test_apgr_is_the_area_measured_with_a_ruler(seed: int) -> None:
    points = drawn(60, seed=seed)
    assert curve(points, resamples=10).apgr.value == pytest.approx(brute_apgr(points), abs=1e-4)


def test_equal_confidences_are_never_parted() -> None:
    points = [
        Point(
            confidence=k % 2, small_score=0, large_score=1, small_right=False, large_right=True,
            small_cost=1, large_cost=2,
        )
        for k in range(10)
    ]  # fmt: skip
    spots = curve(points, resamples=5).policy
    assert [spot.escalated for spot in spots] == pytest.approx([0, 0.5, 1])


def free(seed: int, skill: float) -> list[Point]:
    """As `drawn`, but decided beforehand: no draft is paid for when escalated."""
    return drawn(4000, seed=seed, skill=skill, draft_cost=0.0)


def test_escalating_at_random_without_a_draft_recovers_half() -> None:
    assert curve(free(1, 0.0), resamples=5).apgr.value == pytest.approx(0.5, abs=0.05)
    assert curve(free(1, 0.0), resamples=5).lift.value == pytest.approx(0.0, abs=0.01)


def test_a_draft_that_tells_nothing_costs_more_than_it_brings() -> None:
    found = curve(drawn(4000, seed=1, skill=0.0), resamples=5)
    assert found.apgr.value is not None
    assert found.apgr.value < 0.45
    assert found.lift.value is not None
    assert found.lift.value < 0


def test_a_confidence_that_tells_something_lies_between_random_and_oracle() -> None:
    found = curve(drawn(1000, seed=2), resamples=200)
    assert found.apgr.low is not None
    assert found.apgr.value is not None
    assert found.oracle_apgr is not None
    assert 0.5 < found.apgr.low < found.apgr.value < found.oracle_apgr


def test_no_spot_is_better_than_the_oracle_at_its_cost() -> None:
    found = curve(drawn(300, seed=3), resamples=5)
    cost, quality = zip(*((spot.cost, spot.quality) for spot in found.oracle), strict=True)
    assert list(cost) == sorted(cost)
    for spot in found.policy:
        assert spot.quality <= np.interp(spot.cost, cost, quality) + 1e-9


def test_a_large_model_that_is_no_better_leaves_nothing_to_recover() -> None:
    worse = [
        Point(
            confidence=k / 9, small_score=1, large_score=k % 2, small_right=True,
            large_right=bool(k % 2), small_cost=1, large_cost=2,
        )
        for k in range(10)
    ]  # fmt: skip
    found = curve(worse, resamples=50)
    assert (found.apgr.value, found.oracle_apgr) == (None, None)
    assert found.lift.value is not None


def test_a_small_model_that_is_dearer_has_no_curve_to_recover_on() -> None:
    dearer = [
        Point(
            confidence=0.5, small_score=0, large_score=1, small_right=False, large_right=True,
            small_cost=3, large_cost=2,
        )
    ] * 5  # fmt: skip
    assert curve(dearer, resamples=5).apgr.value is None
    assert curve(dearer, resamples=5).lift.value is None


def test_a_draft_that_helps_the_large_model_can_recover_everything_for_less() -> None:
    helped = [
        Point(
            confidence=0.5, small_score=0, large_score=1, small_right=False, large_right=True,
            small_cost=1, large_cost=9, answer_cost=4,
        )
    ] * 5  # fmt: skip
    found = curve(helped, resamples=5)
    assert found.policy[-1].cost == 5
    # Up to (5 - 1) / (9 - 1) a straight line from nothing to all; level from there on.
    assert found.apgr.value == pytest.approx(0.5 / 2 + 0.5)
    assert found.near_large.value == pytest.approx(5 / 9)


def test_the_interval_of_apgr_covers_the_truth_about_as_often_as_it_says() -> None:
    truth = curve(drawn(8_000, seed=99), resamples=2).apgr.value
    assert truth is not None
    covered = 0
    for seed in range(60):
        found = curve(drawn(150, seed=seed), seed=seed, resamples=150).apgr
        covered += (found.low or -9) <= truth <= (found.high or 9)
    assert covered >= 52


def test_questions_of_one_group_widen_the_interval() -> None:
    points = drawn(50)
    alone = curve(points * 4, resamples=400).policy[10]
    grouped = [
        Point(**{**{f: getattr(p, f) for f in p.__struct_fields__}, "group": f"g{k}"})
        for k, p in enumerate(points)
    ]
    together = curve(grouped * 4, resamples=400).policy[10]
    assert together.quality == pytest.approx(alone.quality)
    width = lambda spot: spot.high - spot.low  # noqa: E731
    assert width(together) > 1.5 * width(alone)


def test_400_questions_and_1000_resamples_take_less_than_two_seconds() -> None:
    points = drawn(400)
    start = time.process_time()
    curve(points)
    stand(points, 0.5)
    assert time.process_time() - start < 2


def test_a_threshold_stands_where_the_curve_has_it() -> None:
    points = drawn(80, seed=5)
    spot = curve(points, resamples=5).policy[30]
    found = stand(points, spot.threshold, resamples=50)
    assert (found.cost.value, found.quality.value) == pytest.approx((spot.cost, spot.quality))
    assert found.accepted.value == pytest.approx(50 / 80)


def test_harm_and_waste_are_counted_question_by_question() -> None:
    points = drawn(80, seed=6)
    found = stand(points, 0.6, resamples=50)
    escalated = [p for p in points if p.confidence < 0.6]
    assert found.harm.value == pytest.approx(
        sum(p.small_right and not p.large_right for p in escalated) / 80
    )
    assert found.waste.value == pytest.approx(len(escalated) / 80)
    undrafted = stand(drawn(80, seed=6, draft_cost=0.0), 0.6, resamples=5)
    assert undrafted.waste.value == 0


def test_the_gain_over_random_is_the_height_above_the_straight_line() -> None:
    points = drawn(80, seed=7)
    found = stand(points, 0.7, resamples=50)
    ends = curve(points, resamples=5)
    line = np.interp(
        found.cost.value,
        [ends.small.cost, ends.large.cost],
        [ends.small.quality, ends.large.quality],
    )
    assert found.above_random.value == pytest.approx(found.quality.value - line)
    assert found.gap.value == pytest.approx(found.quality.value - ends.large.quality)
    assert found.cost_share.value == pytest.approx(found.cost.value / ends.large.cost)


def test_accepting_nothing_is_the_large_model_and_the_drafts() -> None:
    points = drawn(40)
    found = stand(points, None, resamples=5)
    assert (found.accepted.value, found.gap.value) == (0, 0)
    assert found.cost.value == pytest.approx(at(points, None)[0])


def test_a_budget_buys_the_best_threshold_that_it_pays_for() -> None:
    tune, held = drawn(200, seed=8), drawn(200, seed=9)
    found = budget_threshold(tune, held, 0.6)
    mean = sum(p.large_cost for p in tune) / 200
    within = [
        at(tune, threshold)
        for threshold in [*sorted({p.confidence for p in tune}), None]
        if at(tune, threshold)[0] <= found.tune_share * mean + 1e-9
    ]
    assert found.quality == pytest.approx(max(quality for _, quality in within))
    assert found.tune_share < found.tune_upper <= 0.6
    assert at(tune, found.threshold) == pytest.approx((found.tune_share * mean, found.quality))
    assert found.share < found.upper


def test_a_budget_that_was_kept_to_is_kept_to_on_other_questions_as_often_as_it_says() -> None:
    """Chosen without a margin, every other policy would cost too much on the next questions."""
    over = 0
    for seed in range(100):
        tune, certify = drawn(120, seed=seed * 2), drawn(90, seed=seed * 2 + 1)
        found = budget_threshold(tune, certify, 0.6, seed=seed)
        over += found.share > found.budget
    assert over <= 10  # expected are 5


def test_the_bound_of_a_budgets_cost_holds_as_often_as_it_says() -> None:
    held = 0
    for seed in range(100):
        tune, certify, fresh = (drawn(120, seed=seed * 3 + k) for k in range(3))
        found = budget_threshold(tune, certify, 0.7, seed=seed)
        large = sum(p.large_cost for p in fresh) / 120
        # Fresh questions vary as much as those certified on: that is allowed for.
        slack = found.upper - found.share
        held += at(fresh, found.threshold)[0] / large <= found.upper + slack
    assert held >= 90


def test_a_budget_below_the_small_models_cost_is_refused() -> None:
    with pytest.raises(PolicyError, match=r"sure to cost as little as 5%.*Try: --budget 0\.2"):
        budget_threshold(drawn(50), drawn(50), 0.05)


def test_no_questions_are_refused() -> None:
    for judge in (lambda: curve([]), lambda: stand([], 0.5), lambda: budget_threshold([], [], 1)):
        with pytest.raises(PolicyError):
            judge()
