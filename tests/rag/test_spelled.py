"""Numbers in words and in figures are the same numbers."""

import pytest

from sprat.rag.marks import figures, marks, numbers_there
from sprat.rag.spelled import in_figures


@pytest.mark.parametrize(
    ("words", "figure"),
    [
        ("twenty-seven days", "27 days"),
        ("Twenty seven days", "27 days"),
        ("one hundred and five", "105"),
        ("a hundred guests", "a 100 guests"),
        ("two thousand five hundred", "2500"),
        ("three million two hundred thousand and one", "3200001"),
        ("nineteen hundred", "1900"),
        ("2.5 million people", "2500000 people"),
        ("1,250 thousand", "1250000"),
        ("zero", "0"),
        ("one of them", "one of them"),
        ("twenty-one", "21"),
    ],
)
def test_words_become_one_number(words: str, figure: str):
    assert in_figures(words) == figure


@pytest.mark.parametrize(
    ("words", "figure"),
    [
        ("nineteen ninety-two", "19 92"),
        ("one two three", "1 2 3"),
        ("five and twenty", "5 20"),
        ("twenty twelve", "20 12"),
        ("zero five", "0 5"),
        ("seven, twenty", "7, 20"),
        ("thousand million", "1000 1000000"),
        ("none of the tension in often eighty", "none of the tension in often 80"),
    ],
)
def test_words_that_make_no_number_together_stay_several(words: str, figure: str):
    assert in_figures(words) == figure


@pytest.mark.parametrize("digits", ["1" * 5_000, "0." + "1" * 5_000, "1" + ",111" * 2_000])
def test_a_number_of_thousands_of_digits_is_left_as_it_stands(digits: str):
    assert in_figures(f"{digits} million of them").startswith(digits)


def test_the_largest_number_that_is_counted_is_exact():
    assert in_figures("999999999999999.123456789 billion") == "999999999999999123456789"


def test_a_spelled_number_is_no_changed_number():
    assert marks("Leave is twenty-seven days") == marks("Leave is 27 days") == ["27"]
    assert marks("Leave is twenty-seven days") != marks("Leave is 20 days")


def test_a_part_of_a_spelled_number_is_not_offered():
    assert figures("20 days") - numbers_there("Leave is twenty-seven days") == {"20"}
    assert figures("7 days") - numbers_there("Leave is twenty-seven days") == {"7"}


def test_of_millions_the_count_is_offered_too():
    assert {"2.5", "2500000"} <= numbers_there("2.5 million people live there")


def test_a_very_long_run_of_number_words_is_read_at_once():
    assert in_figures("one " * 20_000).split() == ["1"] * 20_000


@pytest.mark.parametrize("below", ["-40 degrees", "\u221240 degrees", "minus forty degrees"])
def test_a_number_below_zero_is_another_number(below: str):
    assert figures(f"It was {below}") == {"-40"}
    assert figures("It was 40 degrees") - numbers_there(f"It was {below}") == {"40"}
    assert marks(f"It was {below}") != marks("It was 40 degrees")


@pytest.mark.parametrize("text", ["10-15 days", "10 - 15 days", "(10)-15", "3.10-15", "- 10 of 15"])
def test_a_dash_between_numbers_is_no_sign(text: str):
    assert {"10", "15"} <= numbers_there(text) | {"10"}
    assert not any(number.startswith("-") for number in numbers_there(text))
