"""Multiple-choice rows: lettered in the prompt, read from several formats, shuffled by a seed."""

import json

import pytest

from sprat.errors import QuestionError
from sprat.questions import load, score
from sprat.questions.options import shuffled

ASKED = "Which one is a fruit?"
OPTIONS = ["stone", "river", "pear", "cloud"]


@pytest.fixture
def read(tmp_path):
    def make(*rows, name="own.jsonl", **how):
        path = tmp_path / name
        path.write_text(rows[0] if name.endswith("csv") else "\n".join(map(json.dumps, rows)))
        return load(str(path), **how).questions

    return make


@pytest.mark.parametrize("answer", [2, "C"])
def test_an_index_or_a_letter_makes_a_multiple_choice(read, answer):
    (question,) = read({"question": ASKED, "choices": OPTIONS, "answer": answer})
    assert question.scorer == "choice"
    assert question.expected == {"answer": "C", "options": OPTIONS}
    assert question.messages[-1].content == (
        "Which one is a fruit?\n\nA) stone\nB) river\nC) pear\nD) cloud\n\n"
        "Reply with the letter of the right option: A, B, C or D."
    )
    assert score(question, "C) pear").value == 1.0


def test_one_of_the_choices_itself_is_a_label_as_ever(read):
    (question,) = read({"question": ASKED, "choices": OPTIONS, "answer": "pear"})
    assert question.scorer == "label"
    assert question.messages[-1].content == ASKED
    (lettered,) = read({"question": "?", "choices": ["A", "B"], "answer": "B"})
    assert lettered.scorer == "label"


def test_an_options_text_will_do_where_the_scorer_is_named(read):
    (question,) = read(
        {"question": ASKED, "choices": OPTIONS, "answer": "pear", "scorer": "choice"}
    )
    assert question.expected == {"answer": "C", "options": OPTIONS}


def test_a_table_holds_multiple_choice_too(read):
    (question,) = read("question,choices,answer\nWhich?,stone|pear,1\n", name="own.csv")
    assert question.expected == {"answer": "B", "options": ["stone", "pear"]}


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ({"question": ASKED, "subject": "plants", "choices": OPTIONS, "answer": 2}, "plants"),
        (
            {
                "id": "x", "question": ASKED, "answerKey": "3",
                "choices": {"text": OPTIONS, "label": ["1", "2", "3", "4"]},
            },
            "choice",
        ),
        (
            {
                "question": ASKED, "question_concept": "fruit", "answerKey": "C",
                "choices": {"text": OPTIONS, "label": ["A", "B", "C", "D"]},
            },
            "choice",
        ),
    ],
    ids=["MMLU", "ARC", "CommonsenseQA"],
)  # fmt: skip
def test_public_sets_are_read_as_they_come(read, row, kind):
    (question,) = read(row)
    assert (question.kind, question.scorer) == (kind, "choice")
    assert question.expected == {"answer": "C", "options": OPTIONS}


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"choices": OPTIONS, "answer": 7, "scorer": "choice"}, "none of the choices"),
        ({"choices": OPTIONS, "answer": 7, "subject": "s"}, "none of the choices"),
        ({"choices": ["a", "a", "b"], "answer": 0}, "read the same"),
        ({"choices": {"text": OPTIONS}, "answerKey": "C"}, "`text` and `label`"),
        ({"choices": {"text": OPTIONS, "label": list("ABCD")}, "answerKey": "E"}, "answerKey"),
        ({"choices": [str(n) for n in range(100, 127)], "answer": 0}, "2 to 26"),
    ],
)
def test_a_row_that_cannot_be_marked_is_refused(read, row, says):
    with pytest.raises(QuestionError, match=says):
        read({"question": ASKED, **row})


def test_a_seed_shuffles_the_options_and_the_right_one_goes_along(read):
    row = {"question": ASKED, "choices": OPTIONS, "answer": 2}
    orders = set()
    for seed in range(20):
        (question,) = read(row, seed=seed, shuffle_choices=True)
        expected = question.expected
        assert sorted(expected["options"]) == sorted(OPTIONS)
        assert expected["options"]["ABCD".index(expected["answer"])] == "pear"
        assert f"{expected['answer']}) pear" in question.messages[-1].content
        orders.add(expected["answer"])
    assert orders == set("ABCD")


def test_options_that_speak_of_their_places_stay_where_they_are(read):
    for last in ("all of the above", "Both A and C", "None of these are below"):
        (question,) = read({"question": ASKED, "choices": [*OPTIONS, last], "answer": 2})
        assert all(shuffled(question, seed) == question for seed in range(5))


def test_what_is_no_multiple_choice_is_not_touched():
    for question in load("everyday", limit=12).questions:
        assert shuffled(question, 1) == question
