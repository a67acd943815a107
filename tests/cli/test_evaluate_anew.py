"""`sprat evaluate`: what it refuses before anything is asked, and what goes on after a stop."""

import json
from pathlib import Path

import pytest
from tests.cli.calling import run

QUESTIONS = [
    {"id": f"q{n}", "question": f"Is {n} a number? yes or no", "answer": "yes",
     "choices": ["yes", "no"]}
    for n in range(12)
]  # fmt: skip
GONE = '[[rule]]\nerror = {kind = "died"}\n'


@pytest.fixture
def study(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("own.jsonl").write_text("\n".join(map(json.dumps, QUESTIONS)))
    Path("right.toml").write_text('[[rule]]\ntext = "yes"\n')
    Path("gone.toml").write_text(GONE)
    evaluate = ("evaluate", "scripted:right.toml", "--questions", "own.jsonl", "--json", "-")
    return json.loads(run(capsys, *evaluate)[1])["models"][0]["run"]


@pytest.mark.parametrize(
    "option",
    [("--limit", "3"), ("--system", "Be kind."), ("--temperature", "0.5"), ("--logprobs",)],
)
def test_what_changes_no_stored_answer_is_refused_not_ignored(study, capsys, option):
    code, _, err = run(capsys, "evaluate", "--rescore", study, *option)
    assert (code, f"so {option[0]} does nothing" in err) == (2, True)


def test_a_rubric_without_a_judge_is_refused(study, capsys):
    code, _, err = run(capsys, "evaluate", "scripted:right.toml", "--rubric", "own.toml")
    assert (code, "--judge" in err) == (2, True)


def test_a_run_is_no_baseline_of_itself(study, capsys):
    again = ("evaluate", "--resume", study, "--baseline", "latest")
    code, _, err = run(capsys, *again)
    assert (code, "is this evaluation itself" in err) == (2, True)


def test_a_judge_of_the_family_is_refused_before_the_first_model_is_asked(study, capsys):
    models = ("scripted:right.toml", "qwen2.5-coder-0.5b")
    code, _, err = run(
        capsys, "evaluate", *models, "--questions", "own.jsonl", "--judge", "qwen2.5-coder-1.5b"
    )
    assert (code, "family qwen" in err) == (2, True)
    assert run(capsys, "runs", "list")[1].count("own.jsonl") == 1


def test_a_rescoring_whose_judge_is_gone_goes_on_with_its_judge(study, capsys):
    code, _, err = run(capsys, "evaluate", "--rescore", study, "--judge", "scripted:gone.toml")
    assert (code, "failed 5 times in a row" in err) == (1, True)
    code, _, err = run(capsys, "evaluate", "--resume")
    assert (code, "failed 5 times in a row" in err) == (1, True)


def test_a_study_without_answers_to_questions_cannot_be_scored_anew(study, capsys):
    run(capsys, "judge", "scripted:right.toml", "--limit", "3")
    code, _, err = run(capsys, "evaluate", "--rescore", "latest")
    assert (code, "a study of kind 'judge'" in err) == (1, True)


def test_a_measurement_of_the_judge_with_another_seed_goes_on(study, capsys):
    judge = "scripted:gone.toml"
    assert run(capsys, "judge", judge, "--seed", "5")[0] == 1
    code, _, err = run(
        capsys, "evaluate", "scripted:right.toml", "--questions", "own.jsonl", "--judge", judge
    )
    assert (code, "failed 5 times in a row" in err) == (1, True)


def test_the_list_of_runs_says_who_judged_whom(study, capsys):
    Path("four.toml").write_text('[[rule]]\ntext = "4"\n')
    judged = ("evaluate", "scripted:right.toml", "--questions", "own.jsonl", "--limit", "2")
    code, _, err = run(capsys, *judged, "--judge", "scripted:four.toml")
    assert (code, "was never measured as a judge" in err) == (0, True)
    listed = run(capsys, "runs", "list")[1].splitlines()[0]
    assert "scripted:right.toml judged by scripted:four.toml" in listed
    assert "14 answers and opinions" in listed
    assert "14 with the judge's opinions" in run(capsys, "runs", "show", "latest")[1]


@pytest.mark.parametrize("place", ["-", "one.out"])
def test_junit_and_another_result_are_not_written_to_one_place(study, capsys, place):
    code, _, err = run(capsys, "evaluate", "scripted:right.toml", "--json", place, "--junit", place)
    assert (code, "can take one result only" in err) == (2, True)
