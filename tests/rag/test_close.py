"""How close the words of a question stand, and what that does to the order."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest
from tests.rag.store.samples import cut, document

from sprat.rag.close import CLOSE, REACH, closeness
from sprat.rag.document import Passage
from sprat.rag.retrieve import LOOK, Retriever
from sprat.rag.store import open_store
from sprat.rag.terms import places, terms

FAR = "x " * REACH


PIECES = [
    "Straße STRASSE strasse", "often ten tens", "4pm 4 pm", "1,250 barrels in 1250", "x²y a_b _cod",
    "cafés café CAFE", "cities city cited", "3.50 3.5 v3.5", "ﬁsh fish", "İstanbul", "cod-cod's",
]  # fmt: skip


def passage(text: str, heading: str = "") -> Passage:
    return Passage(file="f", start=0, end=len(text), text=text, heading=heading)


def of(query: str, *texts: str) -> list[float]:
    return closeness(query, [passage(text) for text in texts])


def test_words_that_stand_together_are_closer_than_words_that_stand_apart():
    together, apart = of("salted cod", "Cod was salted.", f"Cod was caught. {FAR} It was salted.")
    assert together == pytest.approx(1)
    assert apart == pytest.approx(0.5)


def test_words_begin_within_the_reach_or_they_do_not():
    inside = "cod".ljust(REACH - 1) + "salt"
    outside = "cod".ljust(REACH) + "salt"
    assert of("cod salt", inside, outside) == pytest.approx([1, 0.5])


def test_the_closest_place_counts_wherever_it_is():
    text = f"Salt. {FAR} Cod. {FAR} Salted cod. {FAR} Cod."
    assert of("salted cod", text) == pytest.approx([1])


def test_a_rare_word_weighs_more_than_one_that_all_have():
    rare, common = of("cod market", "the market of cod", "a market")
    assert common < rare / 2


def test_a_word_that_nobody_has_keeps_its_weight():
    assert of("cod zanzibar", "cod and cod")[0] < 0.5


def test_a_heading_stands_over_every_stretch():
    under = passage(f"Kept in barrels. {FAR} Salted for years.", "Food > Cod")
    assert closeness("salted cod", [under]) == pytest.approx([1])


def test_endings_case_and_the_spelling_of_numbers_do_not_matter():
    assert of("1,250 BARRELS", "1250 barrel")[0] == pytest.approx(1)


def test_the_same_word_twice_is_one_word():
    assert of("cod", "cod cod cod", "cod") == pytest.approx([1, 1])


@pytest.mark.parametrize("query", ["", "the of", "?!", "\U0001f41f"])
def test_a_question_without_words_is_close_to_nothing(query: str):
    assert of(query, "the cod of the sea") == [0.0]


def test_no_passages_have_no_closeness():
    assert closeness("cod", []) == []


@pytest.mark.parametrize("text", PIECES)
def test_places_are_those_of_the_terms(text: str):
    wanted = {term for piece in PIECES for term in terms(piece)}
    found = Counter(term for _, term in places(text, wanted))
    assert found == Counter(terms(text))


def kept(folder: Path, *texts: str):
    store = open_store(str(folder), create=True)
    for place, text in enumerate(texts):
        made = document(f"{place}", text)
        store.put(made, cut(made), None)
    return store


def test_of_passages_with_the_same_words_the_one_that_has_them_together_comes_first(tmp_path: Path):
    between = "bread is baked each day, " * 6
    apart = f"Cod is cod; {between} then milk is salted."
    together = f"Of fish; {between} then cod is salted."
    store = kept(tmp_path, apart, together)
    found = asyncio.run(Retriever(store, None).find("salted cod")).found
    store.close()
    assert [one.passage.file for one in found] == ["1", "0"]
    assert found[0].close == pytest.approx(1)
    assert all(
        one.score == pytest.approx((1 - CLOSE) * (one.lexical or 0) + CLOSE * (one.close or 0))
        for one in found
    )


def test_copies_beyond_those_looked_at_first_leave_room_for_what_is_none(tmp_path: Path):
    line = "Cod is salted in barrels that are made of oak, and kept for years"
    store = kept(tmp_path, *[line] * (LOOK + 5), "A salted fish")
    found = asyncio.run(Retriever(store, None).find("salted cod in barrels")).found
    store.close()
    assert [one.passage.text for one in found] == [line, "A salted fish"]
    assert found[0].score > found[1].score
