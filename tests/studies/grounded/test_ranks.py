"""Retrieval against gold passages, beside what Ragas 0.4.3 printed for the same lists."""

import pytest
from tests.studies.grounded.samples import source

from sprat.studies.grounded.question import Gold
from sprat.studies.grounded.ranks import (
    average_precision,
    containment,
    held,
    hit,
    holds,
    precision,
    recall,
    reciprocal_rank,
)


def found_of(found: str, wanted: str):
    """One passage per letter, and a gold per wanted letter."""
    passages = [source(letter * 3, file=f"{letter}.md") for letter in found]
    return held(passages, [Gold(file=f"{letter}.md") for letter in wanted])


# Printed by Ragas 0.4.3: IDBasedContextPrecision, IDBasedContextRecall, and
# NonLLMContextPrecisionWithReference (which divides by the relevant ones plus 1e-10).
RAGAS = [
    ("abcd", "bd", 0.5, 1.0, 0.499999999975),
    ("abcdef", "fza", 0.3333333333333333, 0.6666666666666666, 0.6666666666333333),
    ("q", "z", 0.0, 0.0, 0.0),
    ("ab", "ab", 1.0, 1.0, 0.99999999995),
    ("abc", "c", 0.3333333333333333, 1.0, 0.3333333333),
]


@pytest.mark.parametrize(("found", "wanted", "precise", "recalled", "averaged"), RAGAS)
def test_context_precision_and_recall_are_those_of_ragas(
    found, wanted, precise, recalled, averaged
):
    at, golds = found_of(found, wanted), len(wanted)
    assert precision(at, golds) == pytest.approx(precise)
    assert recall(at, golds) == pytest.approx(recalled)
    assert average_precision(at, golds) == pytest.approx(averaged, abs=1e-9)


def test_the_reciprocal_rank_is_that_of_the_first_relevant_passage():
    assert reciprocal_rank(found_of("abc", "c"), 1) == pytest.approx(1 / 3)
    assert reciprocal_rank(found_of("abc", "cb"), 2) == pytest.approx(1 / 2)
    assert reciprocal_rank(found_of("abc", "z"), 1) == 0
    assert [hit(found_of("abc", "b"), 1, most) for most in (1, 2, 3)] == [0, 1, 1]


def test_without_gold_nothing_is_told_and_finding_nothing_is_zero():
    assert recall((), 0) is precision((), 0) is reciprocal_rank((), 0) is hit((), 0, 1) is None
    assert average_precision((), 0) is None
    assert recall((), 1) == precision((), 1) == reciprocal_rank((), 1) == hit((), 1, 3) == 0


@pytest.mark.parametrize(
    ("start", "end", "is_held"),
    [(0, 100, True), (95, 105, True), (96, 106, False), (40, 60, True), (100, 110, False)],
)
def test_by_offsets_half_of_the_shorter_one_must_be_shared(start, end, is_held):
    passage = source("x" * 100, file="/home/ada/docs/a.md")
    assert holds(passage, Gold(file="docs/a.md", start=start, end=end)) is is_held


def test_a_file_is_known_by_the_end_of_its_path_but_not_by_the_end_of_its_name():
    passage = source("x", file="/docs/leave.md")
    assert holds(passage, Gold(file="leave.md"))
    assert holds(passage, Gold(file="/docs/leave.md"))
    assert not holds(passage, Gold(file="ave.md"))


LEAVE = "New staff get 25 days of leave in a year, and 28 days after five years with the company."


@pytest.mark.parametrize(
    ("gold", "is_held"),
    [
        ("25 days of leave", True),
        ("25 Days of LEAVE!", True),
        ("5 days of leave", False),
        ("Welcome. " + LEAVE + " Ask your manager about it in good time.", True),
        ("get 25 days of leave in a year, but nobody takes more than twenty of them ever", False),
        ("", False),
    ],
)
def test_by_words_half_of_the_shorter_ones_shingles_must_be_shared(gold, is_held):
    assert holds(source(LEAVE), Gold(text=gold)) is is_held


def test_containment_is_the_same_both_ways():
    assert containment(LEAVE, "25 days") == containment("25 days", LEAVE) == 1
