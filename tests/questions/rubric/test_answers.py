"""The graded answers as shipped: many, balanced, and able to embarrass a rule."""

import json
from collections import Counter

import pytest
from scipy.stats import spearmanr

from sprat.errors import QuestionError
from sprat.questions.rubric import (
    DIMENSIONS,
    GRADES,
    grade_by_rule,
    held_out,
    reference_answers,
)

ANSWERS = reference_answers()


def grades(dimension):
    return [scored.grades[dimension] for scored in ANSWERS]


def test_there_are_over_80_answers_to_20_questions_and_more_in_three_languages():
    assert len(ANSWERS) >= 80
    assert len({scored.group for scored in ANSWERS}) >= 20
    languages = Counter(scored.question.language for scored in ANSWERS)
    assert min(languages[language] for language in ("ms", "sw")) >= 10


def test_each_is_graded_in_all_three_dimensions_and_says_why_in_one_line():
    for scored in ANSWERS:
        assert tuple(scored.grades) == DIMENSIONS
        assert scored.note
        assert "\n" not in scored.note


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_no_grade_is_rare(dimension):
    counts = Counter(grades(dimension))
    assert min(counts[grade] for grade in GRADES) >= 8


def test_no_answer_occurs_twice_and_most_questions_have_good_and_bad_ones():
    assert len({(scored.question.id, scored.text) for scored in ANSWERS}) == len(ANSWERS)
    for group in {scored.group for scored in ANSWERS}:
        sums = [sum(one.grades.values()) for one in ANSWERS if one.group == group]
        assert max(sums) - min(sums) >= 4, group


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_length_says_little_about_a_grade(dimension):
    lengths = [len(scored.text.split()) for scored in ANSWERS]
    assert abs(spearmanr(lengths, grades(dimension)).statistic) < 0.3


def test_being_right_is_independent_of_the_other_two():
    for other in ("coherence", "conciseness"):
        assert abs(spearmanr(grades("factuality"), grades(other)).statistic) < 0.1


def test_a_perfect_answer_may_be_long_and_a_bad_one_short():
    perfect = [one for one in ANSWERS if set(one.grades.values()) == {5}]
    wrong = [one for one in ANSWERS if one.grades["factuality"] == 1]
    assert sum(len(one.text.split()) > 30 for one in perfect) >= 8
    assert sum(len(one.text.split()) < 8 for one in wrong) >= 8


def test_answers_that_speak_to_the_judge_are_tagged():
    planted = [scored for scored in ANSWERS if "injection" in scored.tags]
    assert len(planted) >= 5
    assert all(min(scored.grades.values()) < 5 for scored in planted)


def test_the_set_embarrasses_the_rule_in_every_dimension():
    for dimension in DIMENSIONS:
        ruled = [(one, grade_by_rule(dimension, one.question, one.text).value) for one in ANSWERS]
        missed = [
            one.id
            for one, value in ruled
            if value is not None and abs(value - one.grades[dimension]) >= 2
        ]
        assert len(missed) >= 4, dimension


def test_the_split_keeps_a_question_and_its_translations_together():
    sides = {scored.group: {held_out(one) for one in ANSWERS if one.group == scored.group}
             for scored in ANSWERS}  # fmt: skip
    assert all(len(side) == 1 for side in sides.values())
    assert 0.4 < sum(held_out(scored) for scored in ANSWERS) / len(ANSWERS) < 0.6
    by_id = {scored.question.id: scored.group for scored in ANSWERS}
    assert by_id["summary-01-ms"] == "summary-01"


LINE = {
    "id": "a1",
    "question": "summary-01",
    "text": "Closed.",
    "grades": {"coherence": 4, "kindness": 5},
}


def written(tmp_path, *rows):
    file = tmp_path / "own.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    return file


def test_ones_own_answers_may_name_a_question_or_give_it_once(tmp_path):
    asked = {"id": "leave", "prompt": "How many days of leave?", "expected": 25}
    given = {**LINE, "id": "a2", "question": asked}
    named = {**LINE, "id": "a3", "question": "leave"}
    file = written(tmp_path, LINE, given, named)
    first, second, third = reference_answers(file)
    assert first.question.scorer == "facts"
    assert second.question == third.question
    assert (second.question.scorer, third.group) == ("numeric", "leave")
    assert third.grades == {"coherence": 4, "kindness": 5}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"question": "nowhere"}, "`question` is 'nowhere'"),
        ({"question": {"prompt": ""}}, "the prompt is None"),
        ({"text": None}, "`text` is None"),
        ({"text": "x" * 20_001}, "At most 20000 are read"),
        ({"id": ""}, "`id` is ''"),
        ({"grades": {}}, "`grades` is {}"),
        ({"grades": {"coherence": 6}}, "coherence is 6. Give 1, 2, 3, 4 or 5"),
        ({"grades": {"coherence": True}}, "coherence is True"),
        ({"grades": {"coherence": 2.5}}, "coherence is 2.5"),
        ({"tags": "loop"}, "`tags` is 'loop'"),
        ({"score": 5}, "unknown field 'score'"),
    ],
)
def test_a_fault_is_one_line_with_its_place(tmp_path, changed, said):
    with pytest.raises(QuestionError) as raised:
        reference_answers(written(tmp_path, {**LINE, **changed}))
    assert str(raised.value).startswith("own.jsonl, line 1")
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_an_id_that_was_there_before_is_refused(tmp_path):
    with pytest.raises(QuestionError, match="line 2: the id 'a1' was there before"):
        reference_answers(written(tmp_path, LINE, LINE))


def test_one_id_names_one_question(tmp_path):
    asked = {"id": "summary-01", "prompt": "Something else?"}
    with pytest.raises(QuestionError, match="another question has the id 'summary-01'"):
        reference_answers(written(tmp_path, {**LINE, "question": asked}))


def test_an_empty_file_is_refused(tmp_path):
    with pytest.raises(QuestionError, match="holds no answer"):
        reference_answers(written(tmp_path))
