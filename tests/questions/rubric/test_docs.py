"""docs/rubric.md: its tables are computed again, its examples load."""

import re
from collections import Counter
from pathlib import Path
from statistics import mean, median

import pytest
from scipy.stats import spearmanr
from sklearn.metrics import cohen_kappa_score

from sprat.questions.rubric import (
    DIMENSIONS,
    GRADES,
    grade_by_rule,
    held_out,
    read_rubric,
    reference_answers,
)

DOCS = (Path(__file__).parents[3] / "docs" / "rubric.md").read_text("utf-8")
PLAIN = " ".join(DOCS.replace("\u2212", "-").split())
ANSWERS = reference_answers()
HELD_OUT = [scored for scored in ANSWERS if held_out(scored)]


def rows(first_cell):
    """The rows of the table whose header begins with that cell."""
    table = re.search(rf"^\| {first_cell} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", DOCS, re.MULTILINE)[1]
    cells = [[cell.strip(" `") for cell in row.split("|")[1:-1]] for row in table.splitlines()]
    return {row[0]: row[1:] for row in cells}


def agreement(dimension, answers):
    """n, unscored, kappa, Spearman, mean error: by scikit-learn and scipy."""
    both = [
        (scored.grades[dimension], found.value)
        for scored in answers
        for found in [grade_by_rule(dimension, scored.question, scored.text)]
    ]
    told = [(person, rule) for person, rule in both if rule is not None]
    people, rule = zip(*told, strict=True)
    whole = [int(value + 0.5) for value in rule]
    kappa = cohen_kappa_score(people, whole, weights="quadratic", labels=list(GRADES))
    error = mean(abs(a - b) for a, b in told)
    return len(told), len(both) - len(told), kappa, spearmanr(people, rule).statistic, error


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_the_agreement_shown_is_that_of_the_half_held_out(dimension):
    shown = rows("held out")[dimension]
    n, unscored, *measured = agreement(dimension, HELD_OUT)
    assert [int(cell) for cell in shown[:2]] == [n, unscored]
    assert [float(cell) for cell in shown[2:]] == pytest.approx(measured, abs=0.0051)


def test_the_agreement_of_the_other_half_is_shown_too():
    other = [scored for scored in ANSWERS if not held_out(scored)]
    kappas = [agreement(dimension, other)[2] for dimension in DIMENSIONS]
    first, second, third = (f"{kappa:.2f}" for kappa in kappas)
    assert f"On the half that it was made with they are {first}, {second} and {third}." in PLAIN
    assert f"({len(other)} answers to {len({one.group for one in other})} questions" in PLAIN
    assert f"{len(HELD_OUT)} answers to {len({one.group for one in HELD_OUT})} questions" in PLAIN


def test_the_numbers_of_answers_are_those_of_the_file():
    for dimension, shown in rows("grade").items():
        counts = Counter(scored.grades[dimension] for scored in ANSWERS)
        assert [int(cell) for cell in shown] == [counts[grade] for grade in GRADES]
    languages = Counter(scored.question.language for scored in ANSWERS)
    assert f"{len(ANSWERS)} answers to {len({one.group for one in ANSWERS})} questions" in PLAIN
    assert (
        f"({languages['en']} in English, {languages['ms']} in Malay, {languages['sw']} in Swahili)"
        in PLAIN
    )
    planted = sum("injection" in scored.tags for scored in ANSWERS)
    assert f"({planted} of those, tagged `injection`)" in PLAIN


def test_the_correlations_are_those_of_the_file():
    lengths = [len(scored.text.split()) for scored in ANSWERS]
    by = {name: [scored.grades[name] for scored in ANSWERS] for name in DIMENSIONS}
    length = [f"{spearmanr(lengths, by[name]).statistic:.2f}" for name in DIMENSIONS]
    assert (
        f"words ({min(lengths)} to {max(lengths)}, median {median(lengths):g}) with its grade is"
        f" {length[0]} for coherence, {length[1]} for factuality and {length[2]} for conciseness"
        in PLAIN
    )
    coherence, conciseness = (
        f"{spearmanr(by['factuality'], by[name]).statistic:.2f}"
        for name in ("coherence", "conciseness")
    )
    assert f"({coherence} and {conciseness})" in PLAIN
    assert f"({spearmanr(by['coherence'], by['conciseness']).statistic:.2f})" in PLAIN


def example(kind):
    return re.search(rf"```{kind}\n(.*?)```", DOCS, re.DOTALL)[1]


def test_the_rubric_shown_loads(tmp_path):
    file = tmp_path / "own.toml"
    file.write_text(example("toml"), "utf-8")
    assert read_rubric(file).dimensions[0].name == "kindness"


def test_the_answers_shown_load_and_the_rule_agrees_with_them(tmp_path):
    file = tmp_path / "own.jsonl"
    file.write_text(example("jsonl"), "utf-8")
    answers = reference_answers(file)
    assert [scored.group for scored in answers] == ["leave", "leave", "passage-01"]
    for scored in answers:
        found = grade_by_rule("factuality", scored.question, scored.text)
        assert found.value == scored.grades["factuality"]
