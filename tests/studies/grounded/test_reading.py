"""Files of questions to documents: own ones, SQuAD's, Ragas'."""

import json
from pathlib import Path

import pytest
from tests.studies.grounded.samples import case, question, source

from sprat.errors import QuestionError
from sprat.studies.grounded.question import Gold, as_question, from_question
from sprat.studies.grounded.ragas import SAYS_NOTHING, as_jsonl
from sprat.studies.grounded.reading import read_grounded
from sprat.types import Message

SQUAD = {
    "version": "v2.0",
    "data": [
        {
            "title": "River_Seine",
            "paragraphs": [
                {"context": "Paris lies on the Seine.", "qas": []},
                {
                    "context": "The Seine is 777 km long.",
                    "qas": [
                        {
                            "id": "long", "question": "How long is it?", "is_impossible": False,
                            "answers": [
                                {"text": "777 km", "answer_start": 13},
                                {"text": "777 km long", "answer_start": 13},
                                {"text": "777 km", "answer_start": 13},
                            ],
                        },
                        {
                            "id": "deep", "question": "How deep?", "is_impossible": True,
                            "answers": [], "plausible_answers": [{"text": "777 km"}],
                        },
                    ],
                },
            ],
        }
    ],
}  # fmt: skip


def written(tmp_path: Path, *lines: object, name="own.jsonl") -> Path:
    file = tmp_path / name
    file.write_text("\n".join(json.dumps(line) for line in lines), "utf-8")
    return file


def test_squad_brings_its_documents_and_the_gold_stands_where_it_says(tmp_path):
    found = read_grounded(written(tmp_path, SQUAD, name="squad.json"))
    (paper,) = found.documents
    assert paper.title == "River Seine"
    long, deep = found.questions
    assert long.answers == ("777 km", "777 km long")
    (gold,) = long.gold
    assert gold.file == paper.file
    assert paper.text[gold.start : gold.end] == "777 km"
    assert (deep.kind, deep.answers, deep.gold) == ("unanswerable", (), ())


def test_the_users_own_lines_say_what_is_right_and_where(tmp_path):
    file = written(
        tmp_path,
        {"question": "How much leave?", "answers": "25 days", "gold": {"file": "leave.md"}},
        {"id": 7, "question": "Parking?", "unanswerable": True, "reviewed": False},
        {"question": "And later?", "history": [{"role": "user", "content": "How much leave?"}],
         "gold": [{"file": "a.md", "start": 3, "end": 9}, {"text": "28 days"}]},
    )  # fmt: skip
    first, second, third = read_grounded(file).questions
    assert (first.id, first.answers, first.gold) == (
        "q0001",
        ("25 days",),
        (Gold(file="leave.md"),),
    )
    assert (second.id, second.kind, second.reviewed) == ("7", "unanswerable", False)
    assert third.kind == "open"
    assert third.history == (Message("user", "How much leave?"),)
    assert [one.id for one in read_grounded(file, reviewed_only=True).questions] == [
        "q0001",
        "q0003",
    ]


def test_a_limit_takes_of_both_kinds_and_a_larger_one_contains_it(tmp_path):
    rights = [{"unanswerable": True}] * 4 + [{"answers": ["a"]}] * 16
    lines = [{"id": f"q{n}", "question": "Q?", **right} for n, right in enumerate(rights)]
    file = written(tmp_path, *lines)
    few = {one.id: one.kind for one in read_grounded(file, limit=4).questions}
    more = {one.id for one in read_grounded(file, limit=9).questions}
    assert sorted(few.values()) == ["answerable"] * 2 + ["unanswerable"] * 2
    assert set(few) <= more


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"question": ""}, "`question` is ''"),
        ({"answers": ["a"]}, "missing required field `question`"),
        ({"question": "Q?", "answer": "a"}, "unknown field `answer`"),
        ({"question": "Q?", "answers": ["a"], "unanswerable": True}, "has `answers` and is"),
        ({"question": "Q?", "answers": [" "]}, "`answers` is"),
        ({"question": "Q?", "gold": {}}, "not one of `file` and `text`"),
        ({"question": "Q?", "gold": {"file": "a", "text": "b"}}, "not one of `file` and `text`"),
        ({"question": "Q?", "gold": {"file": "a", "start": 1}}, "one of `start` and `end`"),
        ({"question": "Q?", "gold": {"file": "a", "start": 9, "end": 2}}, "from 9 to 2"),
        ({"question": "Q?", "history": [{"role": "system", "content": "x"}]}, "the role 'system'"),
        ([1], "is no object"),
        ({"user_input": 3}, "`user_input` is 3"),
        ({"user_input": [5]}, "`user_input` has 5"),
        ({"user_input": [["Q?"]]}, "`user_input` has"),
        ({"user_input": [{"type": ["human"], "content": "Q?"}]}, "a turn of type"),
        ({"user_input": "Q?", "reference": 3}, "`reference` is 3"),
        ({"user_input": "Q?", "reference_contexts": "x"}, "`reference_contexts` is"),
        ({"user_input": [{"type": "ai", "content": "x"}]}, "does not end with a human's turn"),
    ],
)
def test_a_line_that_cannot_be_used_is_named_with_its_place(tmp_path, line, said):
    with pytest.raises(QuestionError) as fault:
        read_grounded(written(tmp_path, {"question": "Fine?"}, line))
    assert "own.jsonl, line 2" in str(fault.value)
    assert said in str(fault.value)


def test_an_id_is_used_once_and_a_file_holds_something(tmp_path):
    with pytest.raises(QuestionError, match="the id 'a' is there twice"):
        read_grounded(written(tmp_path, *[{"id": "a", "question": "Q?"}] * 2))
    with pytest.raises(QuestionError, match="holds no question"):
        read_grounded(written(tmp_path))
    drafted = written(tmp_path, {"question": "Q?", "reviewed": False})
    with pytest.raises(QuestionError, match="holds no reviewed question"):
        read_grounded(drafted, reviewed_only=True)


def test_ragas_samples_are_questions(tmp_path):
    file = written(
        tmp_path,
        {"user_input": "How much leave?", "reference": "25 days.", "response": "30 days",
         "retrieved_contexts": ["x"], "reference_contexts": ["New staff get 25 days."]},
        {"user_input": "Parking?", "reference": "The documents do not say."},
        {"user_input": [{"type": "human", "content": "Leave?"}, {"type": "ai", "content": "25."},
                        {"type": "human", "content": "And later?"}]},
    )  # fmt: skip
    first, second, third = read_grounded(file).questions
    assert first.answers == ("25 days.",)
    assert first.gold == (Gold(text="New staff get 25 days."),)
    assert second.kind == "unanswerable"
    assert third.history == (Message("user", "Leave?"), Message("assistant", "25."))
    assert third.question == "And later?"


def test_what_is_exported_for_ragas_comes_back_as_the_same_questions(tmp_path):
    gold = Gold(text="New staff get 25 days.")
    asked = [
        question("q0001", gold=[gold]),
        question("q0002", unanswerable=True),
        question("q0003", answers=()),
    ]
    found = [source("New staff get 25 days.", number=1), source("The canteen.", score=0.7)]
    cases = [
        case("25 days [1].", asked=asked[0], sources=found),
        case(error="died", asked=asked[1]),
        case("It is.", asked=asked[2], sources=found),
    ]
    text = as_jsonl(cases)
    rows = [json.loads(line) for line in text.splitlines()]
    assert rows[0]["retrieved_contexts"] == ["The canteen.", "New staff get 25 days."]
    assert rows[0]["response"] == "25 days [1]."
    assert (rows[1]["response"], rows[1]["reference"]) == ("", SAYS_NOTHING)
    assert "reference" not in rows[2]
    file = tmp_path / "ragas.jsonl"
    file.write_text(text, "utf-8")
    assert list(read_grounded(file).questions) == asked


def test_a_question_is_kept_with_a_study_and_comes_back():
    one = question(
        "q1", gold=[Gold(file="a.md", start=0, end=4)], reviewed=False, language="ms",
        history=(Message("user", "Before?"),),
    )  # fmt: skip
    assert from_question(as_question(one, 10)) == one
