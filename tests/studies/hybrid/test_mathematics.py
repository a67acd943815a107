"""Quality against cost over all thresholds: held against counting it out, question by question."""

import random
from itertools import pairwise

import pytest

from sprat.studies.hybrid import mathematics
from sprat.studies.hybrid.forks import Fork, Way, unit_of


def way(right, seconds, cost_usd=None):
    return Way(float(right), right, seconds, seconds / 2, cost_usd)


def fork(n, confidence, small, large, *, draft_s=1.0, large_s=4.0, group=None, escalated_s=None):
    """A cascade: what is escalated has paid for its draft too, unless told otherwise."""
    return Fork(
        question=f"q{n}",
        kind="k",
        group=group or f"q{n}",
        confidence=confidence,
        calibrated=True,
        small=way(small, draft_s),
        large=way(large, large_s),
        accepted=way(small, draft_s),
        escalated=way(large, draft_s + large_s if escalated_s is None else escalated_s),
    )


def made_up(n=60, seed=1, *, knows=True, levels=None):
    random_ = random.Random(seed)
    found = []
    for at in range(n):
        small, large = random_.random() < 0.5, random_.random() < 0.9
        sure = random_.random() * 0.5 + (0.5 if small and knows else 0)
        if levels:
            sure = round(sure * levels) / levels
        found.append(fork(at, sure, small, large, draft_s=random_.uniform(0.5, 1.5)))
    return found


def operating(forks, unit="seconds"):
    weights = mathematics.weights_of([fork.group for fork in forks], 0)
    return mathematics.operating(forks, weights, unit)


def means(ways):
    return sum(w.seconds for w in ways) / len(ways), sum(w.score for w in ways) / len(ways)


@pytest.mark.parametrize("levels", [None, 4])
def test_each_threshold_costs_and_brings_what_the_policy_would(levels):
    forks = made_up(levels=levels)
    found = operating(forks)
    assert len(found.thresholds) == len({fork.confidence for fork in forks}) + 1
    for at, threshold in enumerate(found.thresholds):
        ways = [fork.at(threshold) for fork in forks]
        assert found.cost[0, at] == pytest.approx(sum(w.seconds for w in ways) / len(forks))
        assert found.quality[0, at] == pytest.approx(sum(w.score for w in ways) / len(forks))


def test_the_area_is_that_under_the_line_through_all_thresholds():
    forks = made_up()
    n = len(forks)
    small, large = (sum(f.small.score for f in forks) / n, sum(f.large.score for f in forks) / n)
    least, most = sum(f.small.seconds for f in forks) / n, sum(f.large.seconds for f in forks) / n
    points = [(0.0, 0.0)]
    for threshold in sorted({fork.confidence for fork in forks} | {2.0}):
        ways = [fork.at(threshold) for fork in forks]
        x = (sum(w.seconds for w in ways) / n - least) / (most - least)
        y = (sum(w.score for w in ways) / n - small) / (large - small)
        points.append((x, y))
    area, steps = 0.0, 20_000
    for step in range(steps):
        x = (step + 0.5) / steps
        (x0, y0), (x1, y1) = next((a, b) for a, b in pairwise(points) if a[0] <= x <= b[0])
        area += (y0 + (y1 - y0) * (x - x0) / (x1 - x0)) / steps if x1 > x0 else y0 / steps
    assert mathematics.apgr(operating(forks)).value == pytest.approx(area, abs=1e-4)


def test_a_confidence_that_knows_beats_chance_and_one_that_does_not_is_no_better():
    knowing = mathematics.apgr(operating(made_up(300)))
    blind = mathematics.apgr(operating(made_up(300, knows=False)))
    assert knowing.low > 0.5
    # Escalating at random pays for drafts, so with them it is below the straight line.
    assert blind.value < 0.5
    assert blind.low < blind.value < blind.high


def test_where_the_large_model_is_no_better_there_is_nothing_to_recover():
    forks = [fork(n, n / 10, True, True) for n in range(10)]
    assert mathematics.apgr(operating(forks)).value is None


def test_a_small_model_that_is_dearer_leaves_nothing_to_recover():
    forks = [fork(n, n / 10, False, True, draft_s=3, large_s=2) for n in range(10)]
    assert mathematics.apgr(operating(forks)).value is None


def test_escalating_at_random_without_a_draft_recovers_half_and_leads_by_nothing():
    random_ = random.Random(2)
    forks = [
        fork(n, random_.random(), random_.random() < 0.5, random_.random() < 0.8, escalated_s=4.0)
        for n in range(4000)
    ]
    found = operating(forks)
    assert mathematics.apgr(found).value == pytest.approx(0.5, abs=0.03)
    weights = mathematics.weights_of([f.group for f in forks], 0)
    ways = [f.at(0.5) for f in forks]
    assert mathematics.lead(ways, weights, "seconds", found).value == pytest.approx(0, abs=0.02)


def test_a_draft_that_helps_the_large_model_can_recover_everything_for_less():
    forks = [fork(n, 0.5, False, True, large_s=9, escalated_s=5) for n in range(5)]
    found = operating(forks)
    # Up to (5 - 1) / (9 - 1) a straight line from nothing to all; level from there on.
    assert mathematics.apgr(found).value == pytest.approx(0.5 / 2 + 0.5)
    assert mathematics.enough_of(found).cost == pytest.approx(5)


def test_a_lead_is_the_height_above_the_line_between_the_two_models():
    forks = made_up(80)
    found = operating(forks)
    ways = [fork.at(0.7) for fork in forks]
    c0, q0 = means([fork.small for fork in forks])
    c1, q1 = means([fork.large for fork in forks])
    cost, score = means(ways)
    assert c0 < cost < c1
    weights = mathematics.weights_of([f.group for f in forks], 0)
    line = q0 + (q1 - q0) * (cost - c0) / (c1 - c0)
    lead = mathematics.lead(ways, weights, "seconds", found)
    assert lead.value == pytest.approx(score - line)
    assert lead.low < lead.value < lead.high


def test_the_interval_of_apgr_covers_the_truth_about_as_often_as_it_says():
    truth = mathematics.apgr(operating(made_up(8_000, seed=99))).value
    covered = 0
    for seed in range(60):
        found = mathematics.apgr(operating(made_up(150, seed=seed)))
        covered += found.low <= truth <= found.high
    assert covered >= 52


def test_nobody_does_better_than_the_oracle_at_the_same_cost():
    forks = made_up()
    best = mathematics.oracle(forks, "seconds")
    found = operating(forks)
    for cost, quality in zip(found.cost[0], found.quality[0], strict=True):
        reached = max(spot.quality for spot in best if spot.cost <= cost + 1e-9)
        assert reached >= quality - 1 / len(forks)  # between two of its spots lies one question
    everything = sum(f.small.right or f.large.right for f in forks) / len(forks)
    assert best[-1].quality == pytest.approx(everything)


def test_the_cheapest_threshold_that_is_almost_as_good_is_found():
    forks = made_up(300)
    spot = mathematics.enough_of(operating(forks))
    large = sum(f.large.score for f in forks) / len(forks)
    assert spot.quality >= large - mathematics.POINT - 1e-9
    for other in sorted({f.confidence for f in forks}):
        ways = [f.at(other) for f in forks]
        if sum(w.score for w in ways) / len(forks) >= large - mathematics.POINT:
            assert spot.cost <= sum(w.seconds for w in ways) / len(forks) + 1e-9


def test_groups_are_drawn_whole():
    forks = [fork(n, n / 40, n % 2 == 0, True, group=f"g{n // 4}") for n in range(40)]
    weights = mathematics.weights_of([f.group for f in forks], 3)
    assert weights[0] == pytest.approx([1 / 40] * 40)
    for row in weights[1:50]:
        assert row.sum() == pytest.approx(1)
        for group in range(10):
            assert len(set(row[group * 4 : group * 4 + 4])) == 1
    alone = [fork(n, n / 40, n // 4 % 2 == 0, True) for n in range(40)]
    together = [fork(n, n / 40, n // 4 % 2 == 0, True, group=f"g{n // 4}") for n in range(40)]
    spread = [
        mathematics.mean_of(
            [f.small.score for f in forks], mathematics.weights_of([f.group for f in forks], 0)
        )
        for forks in (alone, together)
    ]
    assert spread[1].high - spread[1].low > 1.3 * (spread[0].high - spread[0].low)


def test_money_counts_where_every_price_is_known_and_seconds_elsewhere():
    priced = fork(1, 0.5, True, True)
    ways = {
        name: way(True, 1.0, cost)
        for name, cost in (("small", 0.0), ("large", 2.0), ("accepted", 0.0), ("escalated", 2.0))
    }
    rich = Fork(question="q", kind="k", group="g", confidence=0.5, calibrated=True, **ways)
    assert unit_of([rich]) == "usd"
    assert unit_of([rich, priced]) == "seconds"
