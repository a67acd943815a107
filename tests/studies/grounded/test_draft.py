"""Questions drafted from documents: only what can be checked is kept."""

import hashlib
from collections import Counter
from pathlib import Path

import pytest

from sprat.engines.script import Rule, Script
from sprat.engines.scripted import ScriptedEngine
from sprat.errors import DocumentError
from sprat.rag.document import Document, Passage
from sprat.rag.store import open_store
from sprat.studies.grounded.draft import draft
from sprat.studies.grounded.piece import Piece, changed_subject, fault_of, pieces

LEAVE = (
    "New staff of the Lisbon office get 25 days of leave a year, and 28 days once they have been "
    "with the company for five years. Leave is asked for at least two weeks before it begins."
)
SHOP = (
    "The shop in Kuala Lumpur opens at nine and closes at six, from Monday to Saturday. On public "
    "holidays it stays closed, unless the manager says otherwise two weeks before the day."
)


def document(file: str, text: str) -> Document:
    data = text.encode()
    digest = hashlib.sha256(data).hexdigest()
    return Document(
        file=file, title=file, sha256=digest, bytes=len(data), media="text", text=text
    )  # fmt: skip


@pytest.fixture
def store(tmp_path: Path):
    opened = open_store(str(tmp_path / "store"), create=True)
    for file, text in (("/docs/leave.md", f"Leave\n\n{LEAVE}"), ("/docs/shop.md", f"\n\n{SHOP}\n")):
        start = text.index(text.strip()[-40:]) + 40 - len(text.strip())
        passage = Passage(file=file, start=start, end=start + len(text.strip()), text=text.strip())
        opened.put(document(file, text), [passage], None)
    yield opened
    opened.close()


def model(*rules: tuple[str, str]) -> ScriptedEngine:
    written = tuple(Rule(contains=when, text=say) for when, say in rules)
    return ScriptedEngine("writer", Script(rule=written))


def writer(again="25 and 28 days in Lisbon; the shop in Kuala Lumpur, Monday to Saturday"):
    """Asks of Lisbon and of the shop, and answers what it is asked."""
    return model(
        ("Answer the question", again),
        ("Lisbon", "Question: How much leave does staff of the Tokyo office get?"),
        ("Kuala", "Question: Which is the one about the shop that opens at nine?"),
    )


def test_only_paragraphs_with_sentences_are_asked_about_each_at_its_place(store):
    found = list(pieces(store))
    assert [piece.text for piece in found] == [LEAVE, SHOP]
    for piece in found:
        text = store.text(piece.file)
        assert text[piece.start : piece.start + len(piece.text)] == piece.text


async def test_what_is_kept_stands_at_its_place_and_is_not_reviewed(store):
    found = [one async for one in draft(store, writer(), 3)]
    assert sorted(one.kind for one in found) == ["answerable", "answerable", "unanswerable"]
    assert [one.id for one in found] == ["draft-001", "draft-002", "draft-003"]
    assert not any(one.reviewed for one in found)
    for one in found:
        if one.answers:
            (gold,) = one.gold
            assert store.text(gold.file)[gold.start : gold.end] == one.answers[0]


async def test_an_unanswerable_one_asks_about_the_subject_of_another_document(store):
    found = [one async for one in draft(store, writer(), 3)]
    (nowhere,) = [one for one in found if one.unanswerable]
    assert nowhere.question.startswith("How much leave does staff of the ")
    assert "Tokyo" not in nowhere.question
    assert any(name in nowhere.question for name in ("Kuala Lumpur", "Monday", "Saturday"))


async def test_a_question_whose_answer_the_model_does_not_find_again_is_dropped(store):
    lost = Counter()
    assert [one async for one in draft(store, writer(again="No idea."), 3, lost=lost)] == []
    assert lost == {"were not answered so when asked again": 4}


async def test_where_there_is_no_name_the_model_chooses_the_answer(tmp_path):
    text = "the shop opens at nine and closes at six on every day of the week. " * 2
    opened = open_store(str(tmp_path / "plain"), create=True)
    opened.put(document("/docs/plain.md", text), [], None)
    plain = model(
        ("Answer the question", "At nine."),
        ("Reply in two lines", "Question: When does the shop open?\nAnswer: at nine"),
    )
    (one,) = [one async for one in draft(opened, plain, 1)]
    assert (one.question, one.answers) == ("When does the shop open?", ("at nine",))
    opened.close()


def test_a_number_inside_a_word_is_no_name():
    import random

    both = [Piece("a", 0, LEAVE), Piece("b", 0, SHOP)]
    asked = "What was the first X.25 network?"
    assert changed_subject(asked, both[1], both, random.Random(0)) is None


async def test_a_model_that_does_not_keep_to_the_form_gives_nothing(store):
    assert [one async for one in draft(store, model(("", "Sure! Here it is.")), 5)] == []


async def test_a_store_without_prose_says_so(tmp_path):
    empty = open_store(str(tmp_path / "empty"), create=True)
    with pytest.raises(DocumentError, match="no paragraph"):
        [one async for one in draft(empty, model(("", "")), 5)]
    empty.close()


@pytest.mark.parametrize(
    ("question", "answer", "is_kept"),
    [
        ("How many days of leave do new staff get?", "25 days", True),
        ("How many days of leave do new staff get?", "25  DAYS", True),
        ("How many days of leave do new staff get?", "26 days", False),
        ("How many days of leave do new staff get?", "5 days", False),
        ("Do new staff get 25 days?", "25 days", False),
        ("What is the meaning of life?", "25 days", False),
        ("How many days of leave do new staff get", "25 days", False),
        ("How many days of leave do new staff get?", "", False),
        ("What of leave?", LEAVE, False),
    ],
)
def test_a_draft_is_kept_only_if_its_answer_stands_there(question, answer, is_kept):
    assert (fault_of(question, answer, Piece("a", 0, LEAVE)) is None) is is_kept


def test_a_question_without_a_name_cannot_be_moved_elsewhere():
    import random

    both = [Piece("a", 0, LEAVE), Piece("b", 0, SHOP)]
    assert changed_subject("When does it open?", both[1], both, random.Random(0)) is None
