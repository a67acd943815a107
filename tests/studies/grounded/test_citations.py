"""What an answer says and what it cites, by words."""

import pytest
from tests.studies.grounded.samples import case, source

from sprat.studies.grounded.citations import (
    citation_support,
    claims,
    faithfulness,
    quote_found,
    supported,
)
from sprat.studies.grounded.content import content_words, sentences

LEAVE = source("New staff get 25 days of leave a year.", number=1, score=0.9)
SICK = source("Sick notes go to the office on the third day.", number=2, score=0.4, start=100)
UNCITED = source("The canteen opens at noon.", score=0.7, start=300)


def test_an_answer_that_stands_in_what_it_cites_is_faithful_and_supported():
    good = case("New staff get 25 days of leave. [1]", sources=[LEAVE, SICK])
    assert citation_support(good) == faithfulness(good) == 1


def test_another_number_is_another_claim():
    wrong = case("New staff get 28 days of leave [1].", sources=[LEAVE])
    assert citation_support(wrong) == faithfulness(wrong) == 0


def test_a_citation_of_the_wrong_passage_is_unsupported_though_the_answer_is_faithful():
    mixed = case("New staff get 25 days of leave [1][2].", sources=[LEAVE, SICK])
    assert citation_support(mixed) == 0.5
    assert faithfulness(mixed) == 1


def test_a_number_that_is_no_source_counts_against_the_answer():
    assert citation_support(case("25 days of leave [7].", sources=[LEAVE])) == 0


def test_what_stands_only_in_a_passage_that_is_not_cited_is_not_faithful():
    said = case("The canteen opens at noon [1].", sources=[LEAVE, UNCITED])
    assert faithfulness(said) == 0


def test_each_sentence_counts():
    said = case("New staff get 25 days of leave [1]. Cats are lovely.", sources=[LEAVE])
    assert faithfulness(said) == 0.5


def test_an_answer_without_citations_stands_nowhere_and_an_abstention_claims_nothing():
    bare = case("New staff get 25 days of leave.", sources=[LEAVE])
    assert (citation_support(bare), faithfulness(bare)) == (None, 0)
    silent = case("The documents do not say.", answered=False, sources=[UNCITED])
    assert citation_support(silent) is faithfulness(silent) is None
    failed = case(error="it died")
    assert citation_support(failed) is faithfulness(failed) is quote_found(failed) is None


@pytest.mark.parametrize(("quote", "is_there"), [((10, 20), 1), ((30, 60), 0), (None, None)])
def test_a_quotation_must_lie_inside_its_passage(quote, is_there):
    quoted = source(LEAVE.text, number=1, quote=quote)
    assert quote_found(case("25 days [1]", sources=[quoted])) == is_there


def test_the_citation_after_a_full_stop_belongs_to_the_sentence_before_it():
    said = claims(case("One is red. [1] Two is blue [2].", sources=[LEAVE]))
    assert [(one.text, one.numbers) for one in said] == [
        ("One is red.", (1,)),
        ("Two is blue.", (2,)),
    ]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Dr. Fonseca signed it. It cost 3.50 euros.", 2),
        ("- one thing\n- another thing", 2),
        ("Is it? Yes! Done", 3),
        ("...", 0),
    ],
)
def test_sentences_end_where_a_reader_would_say(text, parts):
    assert len(list(sentences(text))) == parts


def test_content_words_are_without_filling_and_plurals():
    assert content_words("The policies of the companies' bus") == {"policy", "company", "bus"}
    assert content_words("the of and it") == frozenset()
    assert not supported("It costs 1,250 euros", ["It costs 1251 euros"])
    assert supported("It costs 1,250 euros", ["euros: 1250, the costs"])
