"""Gold places in a store, and documents that come with their questions."""

import hashlib

import pytest
from tests.studies.grounded.samples import question, source

from sprat.errors import QuestionError
from sprat.rag.store import open_store
from sprat.studies.grounded.papers import document_of, store_of
from sprat.studies.grounded.places import MOST_CHARS, placed
from sprat.studies.grounded.question import Gold, Paper
from sprat.studies.grounded.ranks import holds

TEXT = "Title\n\nNew staff get 25 days.\n\nThe end."
PAPER = Paper("/docs/leave.md", "Leave", TEXT)


@pytest.fixture
def store(tmp_path):
    opened = open_store(str(tmp_path / "store"), create=True)
    opened.put(document_of(PAPER), [], None)
    yield opened
    opened.close()


def test_a_gold_place_comes_with_its_paragraph(store):
    at = TEXT.index("25 days")
    gold = Gold(file="leave.md", start=at, end=at + 7)
    (one,) = placed([question(gold=[gold])], store)
    assert one.gold[0].around == "New staff get 25 days."
    assert (one.gold[0].start, one.gold[0].end) == (at, at + 7)


@pytest.mark.parametrize("place", [(0, 5), (len(TEXT) - 4, len(TEXT)), (0, len(TEXT))])
def test_a_place_at_either_end_is_one_too(store, place):
    start, end = place
    (one,) = placed([question(gold=[Gold(file="leave.md", start=start, end=end)])], store)
    assert TEXT[start:end] in one.gold[0].around


def test_a_long_paragraph_is_cut_on_both_sides(tmp_path):
    opened = open_store(str(tmp_path / "store"), create=True)
    text = "x" * 5_000 + "gold" + "y" * 5_000
    opened.put(document_of(Paper("a.txt", "A", text)), [], None)
    (one,) = placed([question(gold=[Gold(file="a.txt", start=5_000, end=5_004)])], opened)
    assert len(one.gold[0].around) <= MOST_CHARS
    assert "xgoldy" in one.gold[0].around
    opened.close()


@pytest.mark.parametrize(
    ("gold", "said"),
    [
        (Gold(file="other.md"), "q1: the store has no document 'other.md'"),
        (Gold(file="leave.md", start=0, end=9_999), "the gold place ends at 9999"),
    ],
)
def test_a_place_that_is_not_there_is_said_before_anything_is_asked(store, gold, said):
    with pytest.raises(QuestionError, match=said):
        placed([question("q1", gold=[gold])], store)


def test_a_name_that_several_documents_have_is_refused_until_more_of_the_path_is_given(store):
    for file in ("/docs/old/leave.md", "/copy/docs/leave.md"):
        store.put(document_of(Paper(file, "Leave", f"{TEXT} {file}")), [], None)
    with pytest.raises(QuestionError, match=r"q1: 'leave\.md' is any of 3 documents"):
        placed([question("q1", gold=[Gold(file="leave.md")])], store)
    golds = [Gold(file="old/leave.md"), Gold(file="copy/docs/leave.md"), Gold(file=PAPER.file)]
    (one,) = placed([question(gold=golds)], store)
    assert list(one.gold) == golds
    other = source("x", file="/copy/docs/leave.md")
    assert [holds(other, gold) for gold in golds] == [False, True, False]


def test_words_and_whole_files_need_no_looking_up(store):
    golds = [Gold(text="25 days"), Gold(file="leave.md")]
    (one,) = placed([question(gold=golds)], store)
    assert list(one.gold) == golds


def test_the_same_documents_have_the_same_store_and_others_another(settings):
    again = Paper(PAPER.file, "Another title", PAPER.text)
    assert store_of([PAPER], settings) == store_of([again], settings)
    assert store_of([PAPER], settings) != store_of([Paper("b", "B", TEXT)], settings)
    assert store_of([PAPER], settings).is_relative_to(settings.runs_file.parent)


def test_a_document_is_known_by_its_content():
    assert document_of(PAPER).sha256 == hashlib.sha256(TEXT.encode()).hexdigest()
