"""The rubric as shipped, and one's own."""

import re

import msgspec
import pytest

from sprat.errors import QuestionError
from sprat.questions.rubric import DIMENSIONS, GRADES, read_rubric

OWN = """
version = "2026-01"

[[dimensions]]
name = "kindness"
asks = "Is it kind?"
"""


def anchors(grades=GRADES):
    return "".join(
        f'\n[[dimensions.anchors]]\ngrade = {grade}\nmeans = "as kind as {grade}"\n'
        for grade in grades
    )


def written(tmp_path, text):
    file = tmp_path / "own.toml"
    file.write_text(text, "utf-8")
    return file


def test_the_built_in_rubric_has_three_dimensions_of_five_anchored_grades():
    rubric = read_rubric()
    assert tuple(dimension.name for dimension in rubric.dimensions) == DIMENSIONS
    for dimension in rubric.dimensions:
        assert tuple(anchor.grade for anchor in dimension.anchors) == GRADES
        for anchor in dimension.anchors:
            assert anchor.means
            assert anchor.why
            assert anchor.example.startswith("Question: ")
            assert "\nAnswer: " in anchor.example


def test_the_examples_of_a_dimension_answer_one_question_so_that_only_the_grade_differs():
    for dimension in read_rubric().dimensions:
        asked = {anchor.example.split("\nAnswer: ")[0] for anchor in dimension.anchors}
        answers = {anchor.example.split("\nAnswer: ")[1] for anchor in dimension.anchors}
        assert (len(asked), len(answers)) == (1, 5)


def test_the_fingerprint_is_that_of_the_content_whatever_the_comments_and_the_order(tmp_path):
    up = read_rubric(written(tmp_path, OWN + anchors()))
    down = read_rubric(written(tmp_path, "# mine\n" + OWN + anchors(GRADES[::-1])))
    other = read_rubric(written(tmp_path, OWN.replace("Is it", "Is it very") + anchors()))
    assert up == down
    assert re.fullmatch("[0-9a-f]{64}", up.sha256)
    assert other.sha256 != up.sha256


def test_ones_own_rubric_may_have_other_dimensions(tmp_path):
    rubric = read_rubric(written(tmp_path, OWN + anchors()))
    assert (rubric.version, rubric.dimensions[0].name) == ("2026-01", "kindness")
    assert rubric.dimensions[0].anchors[4].means == "as kind as 5"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version = ", "is no rubric"),
        ("version = 1\ndimensions = []", "is no rubric"),
        ('version = "1"\ndimensions = []', "has 0 dimensions, not 1 to 8"),
        (OWN + anchors((1, 2, 4, 5)), "has the grades 1, 2, 4, 5. Give each of 1, 2, 3, 4 and 5"),
        (OWN + anchors((1, 2, 3, 4, 5, 5)), "has the grades 1, 2, 3, 4, 5, 5"),
        (OWN + anchors() + OWN.partition("\n\n")[2] + anchors(), "the dimension 'kindness' twice"),
        (OWN.replace("kindness", "../x") + anchors(), "dimension '../x': no name"),
        (OWN.replace("Is it kind?", " ") + anchors(), "`asks` is empty"),
        (OWN.replace("asks", "ask") + anchors(), "unknown field `ask`"),
        (OWN + anchors().replace("as kind as 3", " "), "grade 3 means nothing"),
        (OWN + "#" * 100_001, "At most 100000 are read"),
    ],
)
def test_a_fault_is_one_line_with_its_place(tmp_path, text, said):
    with pytest.raises(QuestionError) as raised:
        read_rubric(written(tmp_path, text))
    assert said in str(raised.value)
    assert str(raised.value).startswith("own.toml")
    assert "\n" not in str(raised.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(QuestionError, match=r"nowhere\.toml: cannot be read"):
        read_rubric(tmp_path / "nowhere.toml")


def test_a_rubric_goes_through_json_unchanged():
    rubric = read_rubric()
    assert msgspec.json.decode(msgspec.json.encode(rubric), type=type(rubric)) == rubric
