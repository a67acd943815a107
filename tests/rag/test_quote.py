"""Whether quoted words stand in a passage, and where."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rag.made import NORMANS, OFFSET, SEINE, passage

from sprat.rag.document import Found
from sprat.rag.prompt import Shown, shown
from sprat.rag.quote import ALMOST, Quoted, gives_up, locate, parse, refuses
from sprat.rag.support import own_share, own_terms, rests_on, sentences
from sprat.rag.terms import terms


def passages(*texts: str) -> tuple[Shown, ...]:
    return shown([Found(passage=passage(text), score=1.0) for text in texts], 10_000)


def words_at(text: str, start: int, end: int) -> str:
    return text[start - OFFSET : end - OFFSET]


def test_a_copied_quote_is_found_word_for_word():
    place = locate(Quoted("It is 777 kilometres long", 1), passages(NORMANS, SEINE))
    assert place is not None
    assert (place.support, place.shown.number) == (1.0, 2)
    assert words_at(SEINE, place.start, place.end) == "It is 777 kilometres long"


@pytest.mark.parametrize(
    "quote",
    ["it is 777 KILOMETRES long!", "It  is\n777 kilometres, long", "“It is 777 kilometres long”"],
)
def test_case_spaces_and_punctuation_make_no_difference(quote: str):
    place = locate(Quoted(quote, None), passages(SEINE))
    assert place is not None
    assert place.support == 1.0


def test_accents_make_no_difference():
    place = locate(Quoted("the Cevennes mountains", None), passages("In the Cévennes mountains."))
    assert place is not None
    assert place.support == 1.0


def test_a_dropped_word_costs_its_share_and_is_never_the_whole():
    place = locate(Quoted("It is 777 long and rises near Dijon", None), passages(SEINE))
    assert place is not None
    assert 0.999 >= place.support >= ALMOST
    assert words_at(SEINE, place.start, place.end).endswith("near Dijon")


def test_an_invented_quote_is_below_the_bar():
    invented = Quoted("The Seine ends its journey in the harbour of Le Havre", None)
    place = locate(invented, passages(SEINE))
    assert place is None or place.support < ALMOST


def test_words_in_another_order_are_no_quote():
    place = locate(Quoted("Paris through flows Seine the", None), passages(SEINE))
    assert place is None or place.support < ALMOST


LEAVE = "Interns have at least 12 days of leave in their first year. Trainees can't carry it over."


@pytest.mark.parametrize(
    "quote",
    [
        "Interns have at least 25 days of leave in their first year",
        "Interns never have at least 12 days of leave in their first year",
        "Interns have at least days of leave in their first year",
        "Interns have at least thirteen days of leave in their first year",
        "Trainees can carry it over",
        "Managers have at least 12 days of leave in their first year",
    ],
)
def test_a_quote_with_another_number_denial_or_subject_stands_nowhere(quote: str):
    assert locate(Quoted(quote, 1), passages(LEAVE)) is None


@pytest.mark.parametrize(
    "quote",
    [
        "Interns have at least twelve days of leave in the first year",
        "Trainees cannot carry it over",
    ],
)
def test_another_spelling_of_a_number_or_denial_is_the_same(quote: str):
    place = locate(Quoted(quote, 1), passages(f"Some text before. {LEAVE}"))
    assert place is not None


@pytest.mark.parametrize("quote", ["have", "in the", "of their"])
def test_words_that_stand_in_any_text_are_no_quote(quote: str):
    assert locate(Quoted(quote, 1), passages(LEAVE)) is None


@pytest.mark.parametrize(
    ("answer", "own"),
    [
        ("12 days", 1.0),
        ("Twelve days [1]", 1.0),
        ("1. 12 days", 1.0),
        ("Yes", 1.0),
        ("No.", 1.0),
        ("90 days", 0.0),
        ("12 days, then 13", 0.0),
        ("12.5 days", 0.0),
        ("Unlimited", 0.0),
    ],
)
def test_of_an_answer_every_number_must_be_there_and_its_own_words_count(answer: str, own: float):
    assert own_share(answer, "How many days of leave do interns have?", LEAVE) == own


def test_a_number_of_the_question_is_held_against_the_passage_too():
    assert own_share("Yes, 90 days", "Do interns have 90 days?", LEAVE) == 0.0


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("NOT IN THE DOCUMENTS", True),
        ("NOT IN THE DOCUMENTS: nothing of it", True),
        ('"Not in the documents." [1]', True),
        ("Not in the document store, but in the archive", False),
        ("Breakfast is not included", False),
    ],
)
def test_only_the_refusal_that_was_asked_for_is_one_of_a_quote(text: str, refusal: bool):
    assert refuses(text) is refusal


def test_of_equal_places_the_numbered_one_is_taken():
    place = locate(Quoted("The Seine flows", 2), passages(SEINE, SEINE))
    assert place is not None
    assert place.shown.number == 2


@given(st.data())
def test_every_run_of_words_of_a_passage_is_found_in_it(data: st.DataObject):
    text = data.draw(st.text(min_size=1, max_size=200))
    at = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(at + 1, len(text)))
    import re

    whole = [m for m in re.finditer(r"\w+", text) if m.start() >= at and m.end() <= end]
    if not whole or not terms(text[whole[0].start() : whole[-1].end()]):
        return
    quote = text[whole[0].start() : whole[-1].end()]
    place = locate(Quoted(quote, None), passages(text))
    assert place is not None
    assert place.support == 1.0


@pytest.mark.parametrize(
    ("line", "words", "number"),
    [
        ('"The Seine flows" [2]', "The Seine flows", 2),
        ("“The Seine flows” [2].", "The Seine flows", 2),
        ('> "The Seine flows"', "The Seine flows", None),
        ('**"The Seine" flows" [1]**', 'The Seine" flows', 1),
    ],
)
def test_a_quoted_line_is_read(line: str, words: str, number: int | None):
    assert parse(line) == Quoted(words, number)


@pytest.mark.parametrize("line", ["The Seine flows [2]", "", '""', '"…" [1]'])
def test_what_quotes_nothing_is_none(line: str):
    assert parse(line) is None


@pytest.mark.parametrize(
    "text", ["NOT IN THE DOCUMENTS", "Not in the document.", "The passages do not say."]
)
def test_giving_up_is_heard(text: str):
    assert gives_up(text)


def test_an_answer_does_not_give_up():
    assert not gives_up("In the documents of 1204.")


def test_sentences_cover_everything_but_the_space_between():
    text = "One. Two is e.g. here!\n\n- a list\n- more (Three.) Four"
    parts = [text[start:end] for start, end in sentences(text)]
    assert "".join("".join(parts).split()) == "".join(text.split())


def test_an_answer_rests_on_the_sentence_with_its_own_words_near_the_question_s():
    rests = rests_on("777 kilometres", "How long is the Seine?", passages(NORMANS, SEINE))
    assert rests is not None
    assert words_at(SEINE, rests.start, rests.end).startswith("It is 777")
    assert rests.support == 1.0


def test_an_answer_that_only_repeats_the_question_is_held_to_all_its_words():
    assert own_terms("The Seine", "Where is the Seine?") == ["sein"]
