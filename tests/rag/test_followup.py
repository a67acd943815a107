"""Follow-up questions borrow what they point at."""

import pytest

from sprat.rag.followup import before, goes_on, query_of
from sprat.types import Message


def talk(*said: str) -> list[Message]:
    roles = ("user", "assistant")
    return [Message(roles[place % 2], text) for place, text in enumerate(said)]


def test_a_whole_question_is_looked_for_as_it_is():
    said = talk("Tell me about the Eiffel Tower.", "It stands in Paris.", "How long is the Seine?")
    assert query_of(said) == "How long is the Seine?"


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (("How high is the Eiffel Tower?", "330 metres [1].", "Who built it?"), "Eiffel Tower"),
        (("How many days of leave do interns get?", "12 [1].", "And managers?"), "leave"),
        (("What does sprat index do?", "It reads files [1].", "Why?"), "sprat index"),
        (("Who led the Normans?", "Rollo [2].", "Where did he come from?"), "Rollo"),
        (("Is there a bonus?", "Yes, in March [1].", "What about contractors?"), "bonus"),
        (("Where is the office?", "In Oslo [1].", "When was it opened?"), "office"),
    ],
)
def test_a_question_that_points_back_borrows_what_it_points_at(said: tuple[str, ...], wanted: str):
    query = query_of(talk(*said))
    assert query.startswith(said[-1])
    assert all(word in query for word in wanted.split())


def test_without_a_conversation_nothing_is_borrowed():
    assert query_of(talk("Who built it?")) == "Who built it?"


def test_what_is_borrowed_is_bounded():
    long = " ".join(f"Word{n}" for n in range(1000))
    assert len(query_of(talk(long, "Yes.", "And then?"))) < 150


def test_only_the_last_turns_count():
    said = talk("one", "a", "two", "b", "three", "c", "And?")
    assert [one.content for one in before(said)] == ["two", "b", "three", "c"]


@pytest.mark.parametrize("text", ["Which port does the gateway listen on?", "How is AURC defined?"])
def test_a_question_with_its_own_words_goes_on_from_nothing(text: str):
    assert not goes_on(text)
