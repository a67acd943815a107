"""How often promises are broken, by three ways of choosing a threshold.

Run as a script it prints the table of docs/decisions/certificate.md.
"""

import math
import random
import sys
from collections.abc import Callable, Sequence

from sprat.policies.binomial import clopper_pearson_upper
from sprat.policies.certify import Certificate, Scored, certify

TARGET, DELTA, ERROR, GAP = 0.1, 0.05, 0.4, 2.0

Choose = Callable[[Sequence[Scored], Sequence[Scored]], float | None]


def drawn(draw: random.Random, n: int) -> list[Scored]:
    """Four in ten wrong; the confidences of right and wrong ones two standard deviations apart."""
    found: list[Scored] = []
    for _ in range(n):
        right = draw.random() >= ERROR
        score = draw.gauss(GAP if right else 0.0, 1.0)
        found.append(Scored(1 / (1 + math.exp(-score)), right))
    return found


def truth(threshold: float) -> tuple[float, float]:
    """P(accepted) and P(wrong | accepted), in closed form."""
    cut = math.log(threshold / (1 - threshold)) if 0 < threshold < 1 else -math.inf
    wrong = ERROR * 0.5 * math.erfc(cut / math.sqrt(2))
    right = (1 - ERROR) * 0.5 * math.erfc((cut - GAP) / math.sqrt(2))
    return wrong + right, wrong / (wrong + right)


def by_sequence(tune: Sequence[Scored], held: Sequence[Scored]) -> float | None:
    found = certify(tune, held, TARGET, DELTA)
    return found.threshold if isinstance(found, Certificate) else None


def by_bonferroni(tune: Sequence[Scored], held: Sequence[Scored]) -> float | None:
    """Fifty thresholds, each tested at a fiftieth of delta."""
    return lowest(tune, held, lambda wrong, n: clopper_pearson_upper(wrong, n, DELTA / 50))


def by_the_look_of_it(tune: Sequence[Scored], held: Sequence[Scored]) -> float | None:
    """The lowest threshold at which the error measured is below the target."""
    return lowest(tune, held, lambda wrong, n: wrong / n)


def lowest(
    tune: Sequence[Scored], held: Sequence[Scored], bound: Callable[[int, int], float]
) -> float | None:
    ranked = sorted(answer.confidence for answer in tune)
    for threshold in [0.0, *(ranked[len(ranked) * k // 50] for k in range(1, 50))]:
        accepted = [answer for answer in held if answer.confidence >= threshold]
        wrong = sum(not answer.right for answer in accepted)
        if accepted and bound(wrong, len(accepted)) <= TARGET:
            return threshold
    return None


def told(choose: Choose, n: int, draws: int) -> tuple[float, float, float]:
    """Shares of draws: certified, and broken; the mean share accepted of those certified."""
    draw = random.Random(n)
    chosen = [choose(drawn(draw, n), drawn(draw, n)) for _ in range(draws)]
    sure = [truth(threshold) for threshold in chosen if threshold is not None]
    broken = sum(error > TARGET for _, error in sure)
    accepted = sum(share for share, _ in sure) / len(sure) if sure else 0.0
    return len(sure) / draws, broken / draws, accepted


def test_a_sequence_breaks_fewer_promises_than_delta_and_keeps_more_than_bonferroni() -> None:
    certified, broken, _ = told(by_sequence, 150, 200)
    assert broken <= DELTA
    assert certified > told(by_bonferroni, 150, 200)[0] + 0.2


def test_a_threshold_by_the_look_of_it_promises_too_much() -> None:
    assert told(by_the_look_of_it, 150, 200)[1] > 0.3


if __name__ == "__main__":
    for size in (100, 200, 400, 800):
        cells = [told(way, size, 1000) for way in (by_sequence, by_bonferroni, by_the_look_of_it)]
        line = " | ".join(f"{a:.0%} / {b:.1%} / {c:.0%}" for a, b, c in cells)
        sys.stdout.write(f"| {size} | {line} |\n")
