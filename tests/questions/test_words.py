"""Normalisation, against the examples and the definition of SQuAD's official metric."""

import re
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sprat.questions.scorers.match import token_f1
from sprat.questions.scorers.words import bare, names, normalize, tokens

ASCII = st.text(alphabet=string.printable, max_size=60)


def squad_normalizes(text):
    """What SQuAD 2.0's published definition says, in its order: lower, punctuation, articles."""
    text = "".join(char for char in text.lower() if char not in set(string.punctuation))
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


@given(ASCII)
def test_normalisation_equals_squads_on_ascii(text):
    assert normalize(text) == squad_normalizes(text)


@settings(deadline=None)
@given(st.text(max_size=40))
def test_normalising_twice_changes_nothing(text):
    assert normalize(normalize(text)) == normalize(text)


@given(st.text(max_size=40), st.text(max_size=40))
def test_token_f1_is_symmetric_and_between_0_and_1(left, right):
    assert token_f1(left, right) == token_f1(right, left)
    assert 0 <= token_f1(left, right) <= 1


@given(st.text(max_size=40))
def test_a_text_has_token_f1_of_1_with_itself(text):
    assert token_f1(text, text) == 1


def test_token_f1_of_a_hand_worked_case():
    # 10th, century against in, 10th, century: precision 2/3, recall 1, F1 0.8
    assert token_f1("in the 10th century", "10th century") == pytest.approx(0.8)


def test_a_text_without_words_shares_nothing_with_one_that_has_some():
    assert token_f1("", "the") == 1
    assert token_f1("", "Paris") == 0


def test_a_is_no_article_in_malay_or_swahili():
    assert normalize("a b", "sw") == "a b"
    assert normalize("A b") == "b"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,250 euros", ["1250", "euros"]),
        ("$3.50", ["3.5"]),
        ("4pm", ["4", "pm"]),
        ("B12, 14:30", ["b", "12", "14:30"]),
        ("follow-up_now", ["follow", "up", "now"]),
        ("\uff11\uff12 \ufb01les", ["12", "files"]),
    ],
)
def test_tokens_are_words_and_whole_numbers(text, expected):
    assert tokens(text) == expected


@pytest.mark.parametrize(
    ("text", "phrase", "found"),
    [
        ("it costs 120", "12", False),
        ("it costs 12.5", "12", False),
        ("it costs 12.", "12", True),
        ("a party", "art", False),
        ("was refunded", "refund*", True),
        ("was refunded", "refund", False),
        ("the full disk", "full disk", True),
        ("full of disk", "full disk", False),
        ("anything", "", False),
    ],
)
def test_a_phrase_is_found_as_whole_words_in_a_row(text, phrase, found):
    assert names(tokens(text), phrase) is found


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("```json\n{}\n```", "{}"),
        ("**Answer:** Paris", "Paris"),
        ("\u201cParis\u201d", "Paris"),
        ("'a' or 'b'", "'a' or 'b'"),
        ("* one\n* two *", "* one\n* two *"),
        ("Jibu: Nairobi", "Nairobi"),
    ],
)
def test_wrapping_is_looked_through(text, inside):
    assert bare(text) == inside


@given(st.text(max_size=40))
def test_unwrapping_never_fails(text):
    bare(text)
    tokens(text)
