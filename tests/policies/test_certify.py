"""What is certified holds; what does not hold is certified no more often than promised."""

import math
import random

import msgspec
import pytest

from sprat.errors import PolicyError
from sprat.policies.certify import (
    Certificate,
    NotCertifiable,
    Scored,
    accepted_needed,
    certify,
    feasibility_floor,
    independent,
    power_of,
)


def drawn(draw: random.Random, n: int, error: float = 0.4, gap: float = 2.0) -> list[Scored]:
    """Answers whose right and wrong ones have normal confidences `gap` apart: AUROC Φ(gap/√2)."""
    found: list[Scored] = []
    for _ in range(n):
        right = draw.random() >= error
        score = draw.gauss(gap if right else 0.0, 1.0)
        found.append(Scored(1 / (1 + math.exp(-score)), right))
    return found


def true_error(threshold: float, error: float = 0.4, gap: float = 2.0) -> float:
    """P(wrong | accepted) of `drawn`, in closed form."""
    cut = math.log(threshold / (1 - threshold)) if 0 < threshold < 1 else -math.inf
    above = lambda mean: 0.5 * math.erfc((cut - mean) / math.sqrt(2))  # noqa: E731
    wrong, right = error * above(0.0), (1 - error) * above(gap)
    return wrong / (wrong + right)


def test_a_certified_threshold_keeps_its_promise_in_95_of_100_draws() -> None:
    draw = random.Random(0)
    found = [certify(drawn(draw, 300), drawn(draw, 400), 0.1) for _ in range(100)]
    certified = [one for one in found if isinstance(one, Certificate)]
    broken = sum(true_error(one.threshold) > 0.1 for one in certified)
    assert len(certified) > 80  # it would be easy to promise nothing
    assert broken <= 5
    # The threshold of just 10% wrong, which nobody can know, accepts 54%.
    assert true_error(0.75) == pytest.approx(0.1, abs=0.003)
    assert sum(one.coverage for one in certified) / len(certified) > 0.3


def test_an_error_of_exactly_the_target_passes_no_more_often_than_delta() -> None:
    draw = random.Random(1)
    n, delta = 600, 0.1
    passed = sum(
        isinstance(certify(null(draw, 60), null(draw, 80), 0.2, delta, grid=20), Certificate)
        for _ in range(n)
    )
    assert passed / n <= delta + 3 * math.sqrt(delta * (1 - delta) / n)


def null(draw: random.Random, n: int) -> list[Scored]:
    """Wrong with probability 0.2 at every confidence, which is the hardest case."""
    return [Scored(draw.random(), draw.random() >= 0.2) for _ in range(n)]


def test_the_certificate_says_all_that_was_tested() -> None:
    draw = random.Random(3)
    tune, held = drawn(draw, 300), drawn(draw, 300)
    found = certify(tune, held, 0.1)
    assert isinstance(found, Certificate)
    last = [one for one in found.tried if one.upper <= 0.1][-1]
    assert (found.threshold, found.errors, found.upper) == (last.threshold, last.errors, last.upper)
    accepted = [answer for answer in held if answer.confidence >= found.threshold]
    assert found.accepted == len(accepted)
    assert found.errors == sum(not answer.right for answer in accepted)
    assert found.coverage == found.accepted / 300
    assert all(one.upper <= 0.1 for one in found.tried[:-1])
    assert msgspec.json.decode(msgspec.json.encode(found), type=Certificate) == found


def test_the_certify_split_has_no_say_in_what_is_tried() -> None:
    draw = random.Random(4)
    tune, held = drawn(draw, 200), drawn(draw, 200)
    flipped = [Scored(answer.confidence, not answer.right) for answer in held]
    first, other = certify(tune, held, 0.1), certify(tune, flipped, 0.1)
    assert isinstance(first, Certificate)
    assert isinstance(other, NotCertifiable)
    assert [one.threshold for one in other.tried] == [first.tried[0].threshold]


def test_a_small_model_that_is_good_enough_is_accepted_whole() -> None:
    draw = random.Random(5)
    found = certify(drawn(draw, 300, error=0.02), drawn(draw, 300, error=0.02), 0.1)
    assert isinstance(found, Certificate)
    assert (found.threshold, found.coverage, found.floor) == (0.0, 1.0, 0.0)


def test_what_cannot_be_certified_says_how_many_labels_it_would_take() -> None:
    draw = random.Random(6)
    tune = drawn(draw, 400)
    found = certify(tune, drawn(draw, 25), 0.05)
    assert isinstance(found, NotCertifiable)
    assert found.labels_needed is not None
    assert 59 < found.labels_needed < 5000
    enough = sum(
        isinstance(certify(tune, drawn(draw, found.labels_needed), 0.05), Certificate)
        for _ in range(40)
    )
    assert enough > 20  # 0.8 where the tune split's errors are the true ones


def test_a_confidence_that_tells_nothing_needs_labels_that_do_not_exist() -> None:
    draw = random.Random(7)
    noise = [Scored(draw.random(), draw.random() < 0.5) for _ in range(400)]
    found = certify(noise[:200], noise[200:], 0.05)
    assert isinstance(found, NotCertifiable)
    assert found.labels_needed is None
    assert "of the" in found.why


def test_rules_have_two_levels_and_can_be_certified_too() -> None:
    draw = random.Random(8)

    def ruled(n: int) -> list[Scored]:
        fine = [draw.random() < 0.5 for _ in range(n)]
        return [Scored(float(ok), draw.random() < (0.99 if ok else 0.2)) for ok in fine]

    found = certify(ruled(200), ruled(200), 0.1)
    assert isinstance(found, Certificate)
    assert found.threshold == 1.0


def test_one_answer_of_a_group_is_tested_whatever_it_is() -> None:
    answers = [Scored(k / 9, k % 2 == 0, f"g{k // 3}") for k in range(9)] + [Scored(0.5, True)] * 2
    kept = independent(answers)
    assert len(kept) == 3 + 2
    flipped = [Scored(1 - a.confidence, not a.right, a.group) for a in answers]
    assert [1 - a.confidence for a in independent(flipped)] == pytest.approx(
        [a.confidence for a in kept]
    )


@pytest.mark.parametrize(("mu", "alpha", "floor"), [(0.4, 0.1, 1 / 3), (0.1, 0.2, 0), (1, 0.1, 1)])
def test_the_floor_is_what_an_oracle_escalates(mu: float, alpha: float, floor: float) -> None:
    assert feasibility_floor(mu, alpha) == pytest.approx(floor)
    n = 10_000  # the oracle itself: accept all right ones, and wrong ones while they may be
    right = round(n * (1 - mu))
    wrong = max(w for w in range(n - right + 1) if w <= alpha * (right + w) + 1e-9)
    assert 1 - (right + wrong) / n == pytest.approx(floor, abs=2e-4)


def test_the_power_is_that_of_simulated_tests() -> None:
    draw = random.Random(9)
    passed = sum(
        isinstance(one, Certificate)
        for one in (
            certify([Scored(1.0, True)] * 50, flat(draw, 120, 0.03), 0.1) for _ in range(400)
        )
    )
    assert passed / 400 == pytest.approx(power_of(120, 0.03, 0.1, 0.05), abs=0.07)


def flat(draw: random.Random, n: int, error: float) -> list[Scored]:
    return [Scored(1.0, draw.random() >= error) for _ in range(n)]


@pytest.mark.parametrize(("error", "alpha"), [(0.01, 0.05), (0.02, 0.1), (0.1, 0.2)])
def test_the_fewest_accepted_answers_are_those_of_brute_force(error: float, alpha: float) -> None:
    enough = [n for n in range(1, 1000) if power_of(n, error, alpha, 0.05) >= 0.8]
    found = accepted_needed(error, alpha, 0.05)
    assert found in enough
    assert found - 1 not in enough
    assert enough[0] <= found <= 1.3 * enough[0]


def test_a_target_that_is_nearly_the_error_is_out_of_reach() -> None:
    assert accepted_needed(0.0999, 0.1, 0.05) is None


@pytest.mark.parametrize(
    ("target", "delta", "n"), [(0.0, 0.05, 9), (1.0, 0.05, 9), (0.1, 0.0, 9), (0.1, 0.05, 0)]
)
def test_what_makes_no_sense_is_refused(target: float, delta: float, n: int) -> None:
    with pytest.raises(PolicyError):
        certify([Scored(0.5, True)] * n, [Scored(0.5, True)] * 9, target, delta)
