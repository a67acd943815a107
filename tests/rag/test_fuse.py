"""Fusion: the formula, and what it leaves alone."""

import pytest

from sprat.rag.document import Hit
from sprat.rag.fuse import WEIGHT, fuse

WORDS = [Hit(1, 0.8), Hit(2, 0.5), Hit(3, 0.2)]
NEAR = [Hit(2, 0.9), Hit(4, 0.6), Hit(1, 0.3)]


def scores(made) -> dict[int, float]:
    return {one.key: one.score for one in made}


def test_a_score_is_the_weighted_mean_of_both():
    found = scores(fuse(WORDS, NEAR, pool=50))
    assert found[1] == pytest.approx(WEIGHT * 0.8 + (1 - WEIGHT) * 0.3)
    assert found[3] == pytest.approx(WEIGHT * 0.2)
    assert found[4] == pytest.approx((1 - WEIGHT) * 0.6)


def test_what_a_full_list_does_not_hold_counts_as_its_last():
    found = scores(fuse(WORDS, NEAR, pool=3))
    assert found[3] == pytest.approx(WEIGHT * 0.2 + (1 - WEIGHT) * 0.3)
    assert found[4] == pytest.approx(WEIGHT * 0.2 + (1 - WEIGHT) * 0.6)


def test_the_best_comes_first_and_keeps_both_its_scores():
    made = fuse(WORDS, NEAR, pool=50)
    assert [one.score for one in made] == sorted((one.score for one in made), reverse=True)
    assert {(one.key, one.lexical, one.dense) for one in made} == {
        (1, 0.8, 0.3),
        (2, 0.5, 0.9),
        (3, 0.2, None),
        (4, None, 0.6),
    }


def test_without_vectors_the_words_score_stands():
    assert scores(fuse(WORDS, None, pool=50)) == {1: 0.8, 2: 0.5, 3: 0.2}


def test_a_score_does_not_depend_on_what_else_was_found():
    alone = scores(fuse(WORDS[1:2], NEAR[:1], pool=50))[2]
    assert alone == scores(fuse(WORDS, NEAR, pool=50))[2]


def test_an_opposite_meaning_takes_nothing_away():
    assert scores(fuse([], [Hit(7, -0.4)], pool=50)) == {7: 0.0}


def test_nothing_found_is_nothing():
    assert fuse([], [], pool=50) == []
    assert fuse([], None, pool=50) == []
