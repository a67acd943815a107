"""Abstention, risk and agreement, against scikit-learn and plain loops."""

import itertools
import random

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score, precision_recall_fscore_support
from tests.studies.grounded.samples import case, question

from sprat.studies.grounded.abstention import abstention
from sprat.studies.grounded.agreement import kappa
from sprat.studies.grounded.figures import mean, ratio
from sprat.studies.grounded.risk import Answer, aurcs, risk_of

NOWHERE = question(unanswerable=True)


def test_abstention_is_scikit_learns_precision_recall_and_f1():
    kinds = [(True, True)] * 7 + [(True, False)] * 4 + [(False, True)] * 3 + [(False, False)] * 9
    cases = [
        case("…", answered=not silent, asked=NOWHERE if nowhere else question())
        for nowhere, silent in kinds
    ]
    found = abstention(cases)
    precision, recall, f1, _ = precision_recall_fscore_support(
        [nowhere for nowhere, _ in kinds], [silent for _, silent in kinds], average="binary"
    )
    assert (found.precision.value, found.recall.value) == pytest.approx((precision, recall))
    assert found.f1.value == pytest.approx(f1)
    assert found.f1.low < found.f1.value < found.f1.high
    assert found.rate.value == pytest.approx(10 / 23)


def test_a_failure_is_no_abstention_and_stays_among_the_unanswerable():
    cases = [case("…", answered=False, asked=NOWHERE), case(error="died", asked=NOWHERE)]
    found = abstention(cases)
    assert (found.precision.value, found.recall.value) == (1, 0.5)


def test_nobody_abstained_and_nothing_was_unanswerable_is_nothing_to_tell_not_zero():
    found = abstention([case("25 days")])
    assert found.precision.value is found.recall.value is found.f1.value is None
    assert found.rate.value == 0


def plain_aurc(answers) -> float:
    """The definition, over all orders of equal confidence."""
    levels = sorted({sure for sure, _ in answers}, reverse=True)
    blocks = [[good for sure, good in answers if sure == level] for level in levels]
    areas = []
    for orders in itertools.product(*(itertools.permutations(block) for block in blocks)):
        row = [good for block in orders for good in block]
        risks = [sum(not one for one in row[:at]) / at for at in range(1, len(row) + 1)]
        areas.append(sum(risks) / len(risks))
    return sum(areas) / len(areas)


@pytest.mark.parametrize("seed", range(8))
def test_the_area_is_the_mean_risk_over_all_coverages_and_orders_of_ties(seed):
    draw = random.Random(seed)
    answers = [(draw.choice([0.1, 0.5, 0.6, 0.9]), draw.random() < 0.6) for _ in range(6)]
    sure, good = [a for a, _ in answers], [b for _, b in answers]
    assert aurcs(sure, good, np.ones((1, 6)))[0] == pytest.approx(plain_aurc(answers))


def test_a_perfect_confidence_has_the_best_area_and_no_confidence_has_the_risk():
    right = [True] * 6 + [False] * 4
    perfect = risk_of([Answer(1 - at / 10, good) for at, good in enumerate(right)])
    assert perfect.aurc.value == pytest.approx(perfect.best)
    blind = risk_of([Answer(0.5, good) for good in right])
    assert blind.aurc.value == pytest.approx(blind.risk.value) == pytest.approx(0.4)
    assert perfect.best < blind.aurc.value


def test_a_question_without_an_answer_is_never_covered():
    found = risk_of([Answer(0.9, True), Answer(0.2, False), Answer(None, True), Answer(None, True)])
    assert found.coverage.value == 0.5
    assert found.risk.value == 0.5
    assert found.curve == ((0.25, 0.0), (0.5, 0.5))


def test_without_any_answer_there_is_no_risk_to_tell():
    found = risk_of([Answer(None, False)])
    assert (found.coverage.value, found.risk.value, found.aurc.value) == (0, None, None)
    assert (found.best, found.curve) == (None, ())
    assert risk_of([]).coverage.value is None


@pytest.mark.parametrize("seed", range(5))
def test_kappa_is_scikit_learns(seed):
    draw = random.Random(seed)
    one = [draw.random() < 0.7 for _ in range(40)]
    other = [good if draw.random() < 0.8 else not good for good in one]
    assert kappa(one, other).value == pytest.approx(cohen_kappa_score(one, other))


def test_kappa_cannot_be_told_where_both_say_one_thing_only():
    assert kappa([True] * 5, [True] * 5).value is None
    assert kappa([], []).value is None
    assert kappa([True, False], [False, True]).value == pytest.approx(-1)


def test_a_mean_has_an_interval_that_does_not_vanish_and_a_ratio_of_nothing_is_none():
    assert mean([1.0] * 5).low < 1
    assert mean([None, None]) == mean([])
    assert mean([1.0, None, 0.0]).n == 2
    assert ratio([0.0], [0.0]).value is None
