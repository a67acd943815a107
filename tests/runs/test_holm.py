"""Holm's adjustment, against worked tables."""

import random

import pytest

from sprat.runs.holm import holm


def test_the_textbook_example():
    # R: p.adjust(c(0.01, 0.02, 0.03, 0.04, 0.05), "holm")
    assert holm([0.01, 0.02, 0.03, 0.04, 0.05]) == pytest.approx([0.05, 0.08, 0.09, 0.09, 0.09])


def test_the_order_of_the_tests_is_kept_and_nothing_is_above_one():
    # By hand: 0.005 * 4 = 0.02; 0.03 * 3 = 0.09; 0.2 * 2 = 0.4; 0.7 * 1 = 0.7
    assert holm([0.7, 0.005, 0.2, 0.03]) == pytest.approx([0.7, 0.02, 0.4, 0.09])
    assert holm([0.6, 0.9]) == pytest.approx([1.0, 1.0])


def test_what_was_not_tested_does_not_count():
    assert holm([None, 0.02, None]) == [None, 0.02, None]
    assert holm([]) == []


def test_it_flags_what_the_step_down_procedure_rejects():
    """The definition: go up from the smallest, stop at the first p above level / (tests left)."""
    random_ = random.Random(3)
    for _ in range(200):
        values = [random_.random() ** 3 for _ in range(random_.randint(1, 8))]
        rejected = set()
        for done, (value, place) in enumerate(sorted((v, i) for i, v in enumerate(values))):
            if value > 0.05 / (len(values) - done):
                break
            rejected.add(place)
        adjusted = holm(values)
        assert {i for i, p in enumerate(adjusted) if p is not None and p <= 0.05} == rejected
