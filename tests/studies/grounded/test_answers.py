"""Right and wrong answers; SQuAD 2.0's official logic, written again, as the oracle."""

import re
import string
from collections import Counter

import pytest
from tests.studies.grounded.samples import case, question

from sprat.studies.grounded.answers import containing, exact_match, right, token_f1

NOWHERE = question(unanswerable=True)
OPEN = question(answers=())


def squad_normal(text: str) -> str:
    """evaluate-v2.0.py: lower case, no punctuation, no articles, single spaces."""
    bare = "".join(char for char in text.lower() if char not in string.punctuation)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", bare).split())


def squad_f1(gold: str, given: str) -> float:
    wanted, said = squad_normal(gold).split(), squad_normal(given).split()
    if not wanted or not said:
        return float(wanted == said)
    shared = sum((Counter(wanted) & Counter(said)).values())
    return 2 * shared / (len(wanted) + len(said))


PAIRS = [
    (["the Seine"], "The Seine."),
    (["the Seine", "Seine river"], "It is the river Seine"),
    (["25 days"], "25 days of leave a year"),
    (["William the Conqueror"], "Conqueror, William"),
    (["1066"], "in 1067"),
    (["Ada"], ""),
    (["a b c d"], "d c b a"),
]


@pytest.mark.parametrize(("golds", "given"), PAIRS)
def test_exact_match_and_f1_are_squads(golds, given):
    one = case(given, asked=question(answers=golds))
    exact = max(float(squad_normal(gold) == squad_normal(given)) for gold in golds)
    assert exact_match(one) == exact
    assert token_f1(one) == pytest.approx(max(squad_f1(gold, given) for gold in golds))


@pytest.mark.parametrize("measure", [exact_match, token_f1, containing])
def test_an_unanswerable_question_is_right_only_where_the_answer_is_none(measure):
    assert measure(case("The documents do not say.", answered=False, asked=NOWHERE)) == 1
    assert measure(case("25 days", asked=NOWHERE)) == 0
    assert measure(case("The documents do not say.", answered=False)) == 0


@pytest.mark.parametrize("measure", [exact_match, token_f1, containing, right])
def test_a_failed_answer_is_wrong_and_a_question_without_gold_is_not_judged(measure):
    assert measure(case(error="it died")) == 0
    assert measure(case(error="it died", asked=NOWHERE)) == 0
    assert measure(case("25 days", asked=OPEN)) is None


def test_citations_are_no_words_of_the_answer():
    assert exact_match(case("25 days [1][3]")) == 1


def test_right_is_a_gold_answer_in_a_sentence_or_nearly_its_words():
    assert right(case("New staff get 25 days of leave a year [1]."))
    assert not right(case("New staff get 28 days of leave a year [1]."))
    assert not right(case("25 days " + "and some more words " * 40))


def test_an_engine_that_does_not_tell_is_taken_at_its_words():
    assert right(case("The text does not say.", answered=None, asked=NOWHERE))
    assert not right(case("25 days", answered=None, asked=NOWHERE))
