"""From a judge's reply to a grade."""

import pytest
from tests.studies.judging.engines import reply, told

from sprat.studies.judging.reading import (
    as_grade,
    as_score,
    grade_verdict,
    letter_verdict,
    read_grade,
    rounded,
)
from sprat.types import TokenLogprob


def test_the_grade_is_what_is_expected_by_the_probabilities_of_the_grades_alone():
    found = read_grade(reply("4", told({"4": 0.4, "5": 0.2, "The": 0.3, "3": 0.1})))
    assert found.grade == pytest.approx((4 * 0.4 + 5 * 0.2 + 3 * 0.1) / 0.7)
    assert found.mass == pytest.approx(0.7)
    assert (found.digit, found.how) == (4, "expected")


def test_a_digit_with_a_space_before_it_is_the_same_grade():
    found = read_grade(reply("4", told({"4": 0.5, " 4": 0.25, "2": 0.25})))
    assert found.grade == pytest.approx((4 * 0.75 + 2 * 0.25) / 1)


def test_a_grade_that_a_grammar_forced_though_unlikely_still_counts():
    import math

    forced = (TokenLogprob("2", math.log(1e-6), (("The", math.log(0.9)),)),)
    found = read_grade(reply("2", forced))
    assert found.grade == 2
    assert found.mass == pytest.approx(1e-6)


def test_the_token_that_holds_the_grade_is_the_one_that_counts():
    words = (
        TokenLogprob("Grade", -0.1, (("5", -3.0),)),
        TokenLogprob(":", -0.1, ()),
        *told({" 4": 0.5, " 3": 0.5}, said=" 4"),
    )
    assert read_grade(reply("Grade: 4", words)).grade == pytest.approx(3.5)


@pytest.mark.parametrize(
    ("text", "grade"),
    [
        ("4", 4), ("Grade: 4", 4), ("**3**", 3), ("4/5", 4), ("I give it a 2.", 2), ("5\n", 5),
        ("10", None), ("0", None), ("6", None), ("", None), ("very good", None), ("4.5", None),
        ("15 words", None), ("1,5", None),
    ],
)  # fmt: skip
def test_without_probabilities_the_digit_itself_is_the_grade(text, grade):
    found = read_grade(reply(text))
    assert found.grade == grade
    assert found.mass is None
    assert found.how == ("none" if grade is None else "plain")


def test_no_grade_is_unscored_and_never_a_one():
    assert grade_verdict("coherence", reply("hm"), flipped=False).value is None
    assert grade_verdict("coherence", None, flipped=False).value is None


def test_a_verdict_is_a_score_of_0_to_1_and_says_how_it_came_to_be():
    verdict = grade_verdict("coherence", reply("4", told({"4": 1.0})), flipped=True)
    assert (verdict.scorer, verdict.value, verdict.answer) == ("judge/coherence", 0.75, "4")
    assert "5 to 1" in verdict.why
    assert as_grade(as_score(2.5)) == 2.5


def test_halves_round_up_so_that_a_mean_of_two_and_three_is_three():
    assert [rounded(value) for value in (1.49, 1.5, 2.5, 4.5)] == [1, 2, 3, 5]


def test_a_letter_is_read_by_what_it_stood_for():
    assert letter_verdict(reply("A"), swapped=False).value == 1
    assert letter_verdict(reply("A"), swapped=True).value == 0
    assert letter_verdict(reply("Answer B."), swapped=True).value == 1
    assert letter_verdict(reply("both"), swapped=False).value is None


@pytest.mark.parametrize(
    ("text", "grade"),
    [
        ("On a scale of 1 to 5, I give it a 3.", 3), ("4 out of 5", 4), ("Out of 5: 2", 2),
        ("Grade: 4. It has 2 faults.", 4), ("2\n\nIt names 3 rooms.", 2),
        ("between 2 and 3", None),
        ("5, 4, 3, 2 or 1", None), ("It has 3 faults in 2 lines", None),
        ("The score is 2, not 5", 2),
    ],
)  # fmt: skip
def test_of_several_digits_the_one_that_is_named_a_grade_counts(text, grade):
    assert read_grade(reply(text)).grade == grade


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("A", "A"), ("**B**", "B"), ("B. A is too long.", "B"), ("A better answer is B", "B"),
        ("Answer A is better.", "A"), ("A is worse than B", None), ("both A and B", None),
        ("C", None),
    ],
)  # fmt: skip
def test_of_two_letters_none_is_a_preference_unless_one_stands_in_front(text, letter):
    assert letter_verdict(reply(text), swapped=False).answer == letter
