"""How often the intervals hold the truth, simulated; run as a script it prints the table.

The table stands in docs/decisions/paired-statistics.md.
"""

import numpy as np
import pytest

from sprat.runs.intervals import bootstrap_interval, design_effect, score_z, z_value
from sprat.runs.statistics import decide

SIZES = (12, 24, 60, 120)


def discordant(only_small, only_large):
    """Right/wrong pairs: 1 where only small is right, -1 where only large is."""
    return lambda random, n: random.choice(
        [1.0, -1.0, 0.0], size=n, p=[only_small, only_large, 1 - only_small - only_large]
    ), only_small - only_large


def graded():
    """Half the pairs equal, a fifth fully apart, the rest by a share of a score."""

    def draw(random, n):
        kind = random.random(n)
        shares = random.beta(2, 1, n)
        return np.where(kind < 0.5, 0.0, np.where(kind < 0.7, -1.0, -shares * (kind < 0.95) + 0.2))

    # -0.2 for the pairs fully apart; in the last 0.3: 0.25 of them minus a share of mean 2/3, and
    # 0.2 added to all of them.
    return draw, -0.2 - 0.25 * 2 / 3 + 0.3 * 0.2


POPULATIONS = {
    "often discordant (.20/.30)": discordant(0.2, 0.3),
    "rarely discordant (.02/.05)": discordant(0.02, 0.05),
    "one-sided (.00/.08)": discordant(0.0, 0.08),
    "graded scores": graded(),
}


def coverage(population, n, rounds, seed=1):
    """Shares of samples whose score interval, and whose bootstrap interval, holds the truth."""
    draw, truth = POPULATIONS[population]
    random, z = np.random.default_rng(seed), z_value()
    held = np.zeros(2)
    for _ in range(rounds):
        sample = draw(random, n).tolist()
        boot = bootstrap_interval(sample, resamples=500)
        held += (abs(score_z(sample, truth, -1, 1)) <= z, boot.low <= truth <= boot.high)
    return held / rounds


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("population", POPULATIONS)
def test_the_score_interval_holds_the_truth_about_as_often_as_it_says(population, n):
    score, _ = coverage(population, n, rounds=600)
    # 95% is promised; three standard errors of the simulation are 2.7 points.
    assert score >= 0.92


def test_grouped_values_are_not_taken_for_independent():
    random, naive, grouped, rounds = np.random.default_rng(3), 0, 0, 400
    groups = [str(n) for n in range(40) for _ in range(3 if n < 20 else 1)]
    for _ in range(rounds):
        each = random.choice([1.0, -1.0, 0.0], size=40, p=[0.2, 0.2, 0.6]).tolist()
        sample = [each[int(group)] for group in groups]  # translations answered all alike
        z = abs(score_z(sample, 0.0, -1, 1))
        naive += z <= z_value()
        grouped += z <= z_value() * design_effect(sample, groups) ** 0.5
    assert naive / rounds < 0.9
    assert grouped / rounds >= 0.91


def test_the_plain_bootstrap_does_not_which_is_why_it_does_not_decide_alone():
    _, boot = coverage("rarely discordant (.02/.05)", 24, rounds=600)
    assert boot < 0.92


@pytest.mark.parametrize("n", SIZES)
def test_a_small_model_exactly_at_the_margin_is_rarely_called_good_enough(n):
    random = np.random.default_rng(2)
    draw, truth = POPULATIONS["rarely discordant (.02/.05)"]
    samples = [draw(random, n).tolist() for _ in range(600)]
    # Only these can be called so, as the decision's interval contains the score interval.
    hopeful = [sample for sample in samples if score_z(sample, truth, -1, 1) > z_value()]
    called = sum(decide(s, margin=-truth).decision == "good-enough" for s in hopeful)
    # At most 2.5% is promised: half of the two-sided 5%.
    assert called / len(samples) <= 0.045


if __name__ == "__main__":
    print("| differences | " + " | ".join(f"n = {n}" for n in SIZES) + " |")
    print("|---|" + "---|" * len(SIZES))
    for name in POPULATIONS:
        cells = ("{:.1f} / {:.1f}".format(*(100 * coverage(name, n, rounds=4000))) for n in SIZES)
        print(f"| {name} | {' | '.join(cells)} |", flush=True)
