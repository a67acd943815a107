"""Multiple choice from free text: what a reader would take for a choice, and nothing else."""

import pytest

from sprat.questions.scorers import score
from sprat.questions.scorers.choice import read_choice
from sprat.types import Message, Question

CITIES = ["London", "Paris", "Rome", "Vitamin C"]

CLEAR = {
    "The answer is (B)": "B",
    "the answer is B.": "B",
    "Answer: B": "B",
    "**Answer:** B": "B",
    "Answer: **B) Paris**": "B",
    "The correct answer is option B because it is so.": "B",
    "B": "B",
    "b": "B",
    "b)": "B",
    "B.": "B",
    "(B)": "B",
    "**B**": "B",
    "B) Paris": "B",
    "B: Paris": "B",
    "B - Paris": "B",
    "Option B": "B",
    "Option B.": "B",
    "B.\n\nA is wrong, since London is in England.": "B",
    "B. A is wrong because London is in England, C because of Italy.": "B",
    "Paris": "B",
    "paris.": "B",
    "It is Paris.": "B",
    r"So it must be $\boxed{B}$.": "B",
    r"\boxed{\text{B}}": "B",
    r"First I thought \boxed{A}, but no: \boxed{(C)}": "C",
    "not A but B": "B",
    "It is not (A), it is (B).": "B",
    "B rather than A": "B",
    "It isn't A. It's B.": "B",
    "The answer is A. Wait, no. The answer is B.": "B",
    "I would choose C": "C",
    "I think the answer is C": "C",
    "A cat would say (C).": "C",
    "Option A is wrong, B is right.": "B",
    "A is incorrect; B.": "B",
    "Option C isn't it, option B is.": "B",
    "(A) is clearly false, so (B)": "B",
    "Pilihan A salah, pilihan B betul.": "B",
    "Chaguo A si sahihi. Chaguo B ni sahihi.": "B",
    "A is right, not B": "A",
    "Vitamin C": "D",
    "I'd say it is vitamin C.": "D",
    "A": "A",
    "A.": "A",
    "The answer is A": "A",
    "The answer is A because of London.": "A",
    "Jawapannya ialah B.": "B",
    "Jibu ni B": "B",
    "Jibu sahihi ni C.": "C",
    "Let me think about A and B first.\nAnswer: C": "C",
    "The answer is a city in Italy, so C": "C",
}
UNCLEAR = {
    "A and B": ["A", "B"],
    "A, B": ["A", "B"],
    "A or B": ["A", "B"],
    "The answer is A or B.": ["A", "B"],
    "A) London\nB) Paris\nC) Rome": ["A", "B", "C"],
    "It is London or Paris.": ["A", "B"],
    "Either (A) or (C).": ["A", "C"],
    "": [],
    "I do not know.": [],
    "A dog.": [],
    "I am not sure about that": [],
    "E": [],
    "The answer is Z.": [],
}


@pytest.mark.parametrize("text", CLEAR)
def test_a_clear_choice_is_read(text):
    assert read_choice(text, CITIES) == [CLEAR[text]]


@pytest.mark.parametrize("text", UNCLEAR)
def test_what_a_reader_could_not_mark_is_no_choice(text):
    assert read_choice(text, CITIES) == UNCLEAR[text]


CUT = {
    "Let me weigh A first, which": [],
    "It could be Paris, since": [],
    "B. Because Paris is": ["B"],
    "The answer is B, since": ["B"],
}


@pytest.mark.parametrize("text", CUT)
def test_an_answer_that_was_cut_off_chose_only_what_it_had_said_outright(text):
    assert read_choice(text, CITIES, cut=True) == CUT[text]


def test_the_verdict_says_what_was_read_and_why():
    asked = Question(
        id="q", kind="k", messages=(Message(role="user", content="?"),), scorer="choice",
        expected={"answer": "B", "options": CITIES},
    )  # fmt: skip
    right, wrong = score(asked, "B"), score(asked, "The answer is C")
    assert (right.value, right.answer) == (1.0, "B")
    assert (wrong.value, wrong.answer, wrong.why) == (0.0, "C", "C, not B")
    assert score(asked, "A or B").why == "names A, B"
    assert score(asked, "Hm").why == "names none of the options"
    assert score(asked, "Let us see: A", "length").why == "cut off before it chose"


def test_of_a_very_long_answer_begin_and_end_are_read():
    assert read_choice("B. " + "word " * 40_000, CITIES) == ["B"]
    assert read_choice("1+1=2 " * 40_000 + "The answer is (C).", CITIES) == ["C"]
    assert read_choice("x " * 9_000 + "the answer is C " + "x " * 9_000, CITIES) == []


def test_neither_is_a_no():
    assert read_choice("Neither A nor B: it must be C", CITIES) == ["C"]
