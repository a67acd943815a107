"""docs/questions.md: its examples run, its numbers are the set's, its lists are complete."""

import re
from collections import Counter
from pathlib import Path

import pytest

from sprat.questions import SCORERS, load
from sprat.questions.rows import COLUMNS
from sprat.questions.scorers.rules import RULES

DOCS = (Path(__file__).parents[2] / "docs" / "questions.md").read_text("utf-8")


def example(kind):
    return re.search(rf"```{kind}\n(.*?)```", DOCS, re.DOTALL)[1]


@pytest.mark.parametrize(
    ("kind", "scorers"),
    [
        ("jsonl", ["label", "numeric", "contains", "json", "facts", "choice", "none"]),
        ("csv", ["label", "contains"]),
    ],
)
def test_the_examples_load_and_are_scored_as_described(tmp_path, kind, scorers):
    path = tmp_path / f"own.{kind}"
    path.write_text(example(kind), "utf-8")
    assert [question.scorer for question in load(str(path)).questions] == scorers


def test_the_python_example_runs():
    exec(compile(example("python"), "docs/questions.md", "exec"), {})


def test_the_numbers_of_the_set_are_its_own():
    questions = load("everyday").questions
    counts = Counter(question.kind for question in questions if question.language == "en")
    stated = {
        kind: int(count)
        for kind, count in re.findall(r"^\| `(\w+)` \| (\d+) \|", DOCS, re.MULTILINE)
    }
    assert stated == counts
    assert f"{len(questions)} questions written" in DOCS


@pytest.mark.parametrize("names", [SCORERS, RULES, COLUMNS])
def test_every_scorer_rule_and_column_is_described(names):
    assert not [name for name in names if f"`{name}`" not in DOCS]


def test_the_bars_are_those_of_the_scorers():
    stated = dict(re.findall(r"^\| `(\w+)` \| .* \| ([\d.]+) \|$", DOCS, re.MULTILINE))
    assert {name: float(bar) for name, bar in stated.items() if name in SCORERS} == {
        name: scorer.right_at for name, scorer in SCORERS.items() if name != "none"
    }
