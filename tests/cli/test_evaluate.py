"""`sprat evaluate`, with scripted models: studies, gates, JUnit, scoring anew."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from tests.cli.calling import run

QUESTIONS = [
    {"id": f"q{n:02d}", "question": f"Is {n} a number? yes or no", "answer": "yes",
     "choices": ["yes", "no"], "kind": "even" if n % 2 == 0 else "odd"}
    for n in range(20)
]  # fmt: skip


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tmp_path.joinpath("own.jsonl").write_text("\n".join(map(json.dumps, QUESTIONS)))
    script("right", "yes")
    script("wrong", "no")
    return tmp_path


def script(name, text):
    Path(f"{name}.toml").write_text(f'[[rule]]\ntext = "{text}"\n')


def evaluate(capsys, *arguments):
    code, out, err = run(capsys, "evaluate", *arguments, "--json", "-")
    return code, json.loads(out) if out.strip().startswith("{") else out, err


def asked(capsys, name="right", *more):
    code, found, err = evaluate(capsys, f"scripted:{name}.toml", "--questions", "own.jsonl", *more)
    assert code == 0, err
    return found["models"][0]["run"]


def test_several_models_end_in_one_table(here, capsys):
    code, found, _ = evaluate(
        capsys, "scripted:right.toml", "scripted:wrong.toml", "--questions", "own.jsonl"
    )
    assert code == 0
    assert [(m["summary"]["name"], m["summary"]["score"]) for m in found["models"]] == [
        ("scripted:right.toml", 1.0), ("scripted:wrong.toml", 0.0),
    ]  # fmt: skip
    assert len(found["answers"]) == 40


def test_the_tables_name_the_score_its_interval_and_what_went_wrong(here, capsys):
    code, out, err = run(
        capsys, "evaluate", "scripted:wrong.toml", "--questions", "own.jsonl", "--html", "r.html",
        "--markdown", "r.md",
    )  # fmt: skip
    assert code == 0
    assert "0.0%" in out
    assert "wrong: 20, of which 3" in out
    assert "sprat runs report" in err
    assert "default-src &#39;none&#39;" in (here / "r.html").read_text()
    assert "| Score |" in (here / "r.md").read_text()


def test_any_report_is_made_again_from_the_store(here, capsys):
    study = asked(capsys)
    code, out, _ = run(capsys, "runs", "report", study)
    assert code == 0
    assert "Score 100.0%" in out


def test_a_score_below_the_line_fails_the_build_in_one_line(here, capsys):
    code, _, err = evaluate(
        capsys, "scripted:wrong.toml", "--questions", "own.jsonl", "--fail-under", "0.8"
    )
    assert code == 1
    assert err.splitlines()[-1] == (
        "sprat: scripted:wrong.toml scores 0.000, below --fail-under 0.8."
    )


def test_a_score_above_whose_interval_is_not_is_told_and_does_not_fail(here, capsys):
    code, _, err = evaluate(
        capsys, "scripted:right.toml", "--questions", "own.jsonl", "--fail-under", "0.99"
    )
    assert code == 0
    assert "the low end of its interval" in err


def test_a_regression_fails_and_a_re_run_does_not(here, capsys):
    before = asked(capsys)
    again = ("--questions", "own.jsonl", "--baseline", before)
    code, found, _ = evaluate(capsys, "scripted:right.toml", *again)
    assert (code, found["models"][0]["change"]["decision"]) == (0, "no evidence")
    code, found, err = evaluate(capsys, "scripted:wrong.toml", *again)
    assert (code, found["models"][0]["change"]["decision"]) == (1, "regression")
    assert f"A regression against {before}" in err.splitlines()[-1]


def test_a_report_made_again_knows_the_baseline_and_only_the_gate_fails(here, capsys):
    before = asked(capsys)
    again = ("--questions", "own.jsonl", "--baseline", before)
    _, found, _ = evaluate(capsys, "scripted:wrong.toml", *again)
    code, out, _ = run(capsys, "runs", "report", found["models"][0]["run"], "--json", "-")
    assert code == 0
    assert json.loads(out) == found
    code, resumed, _ = evaluate(capsys, "--resume", found["models"][0]["run"])
    assert (code, resumed["models"][0]["change"]["decision"]) == (0, "regression")


def test_a_baseline_of_other_questions_holds_no_line_and_fails(here, capsys):
    before = asked(capsys)
    code, _, err = evaluate(
        capsys, "scripted:right.toml", "--questions", "everyday", "--limit", "6", "--baseline",
        before,
    )  # fmt: skip
    assert code == 1
    assert "too few to hold a line" in err


def test_junit_has_a_case_for_each_question_and_survives_hostile_answers(here, capsys):
    script("odd", r"<no> & \u0001 ]]> \"no\"")
    code, _, _ = evaluate(
        capsys, "scripted:odd.toml", "--questions", "own.jsonl", "--junit", "j.xml"
    )
    assert code == 0
    root = ET.fromstring((here / "j.xml").read_text())
    (suite,) = root.findall("testsuite")
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("20", "20", "0")
    assert suite.get("name") == "scripted:odd.toml"
    named = {one.get("name"): one.get("value") for one in suite.iter("property")}
    assert named["score"] == "0.000000"
    case = suite.find("testcase")
    assert case.get("classname") in {"scripted:odd.toml.even", "scripted:odd.toml.odd"}
    assert "<no> & \N{REPLACEMENT CHARACTER} ]]>" in case.find("failure").text


def test_stored_answers_are_scored_anew_with_corrected_expectations(here, capsys):
    before = asked(capsys, "wrong")
    fixed = [{**row, "answer": "no"} for row in QUESTIONS[:5]]
    here.joinpath("fixed.jsonl").write_text("\n".join(map(json.dumps, fixed)))
    (here / "wrong.toml").unlink()  # nobody can be asked
    code, found, err = evaluate(capsys, "--rescore", before, "--questions", "fixed.jsonl")
    assert code == 0, err
    (model,) = found["models"]
    assert model["summary"]["score"] == 0.25
    assert model["rescored"]["run"] == f"{before}:model"
    assert len(model["rescored"]["changed"]) == 5


def test_a_question_in_other_words_is_refused(here, capsys):
    before = asked(capsys)
    other = [{**QUESTIONS[0], "question": "Something else? yes or no"}]
    here.joinpath("other.jsonl").write_text("\n".join(map(json.dumps, other)))
    code, _, err = run(capsys, "evaluate", "--rescore", before, "--questions", "other.jsonl")
    assert code == 1
    assert "asks something else than it did" in err


def test_what_is_laid_over_the_questions_is_recorded(here, capsys):
    study = asked(capsys, "right", "--system", "Be brief.", "--max-tokens", "7")
    _, out, _ = run(capsys, "runs", "show", study, "--json", "-")
    settings = json.loads(out)["study"]["settings"]
    assert (settings["system"], settings["max_tokens"]) == ("Be brief.", 7)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "No model is named"),
        (("a", "--rescore", "latest"), "--rescore asks no model"),
        (("a", "--against", "latest"), "--against needs a judge"),
        (("a", "a"), "named twice"),
        (("a", "--system", " "), "--system is empty"),
        (("a", "--fail-slower", "10"), "--fail-slower needs a baseline"),
    ],
)
def test_options_that_make_no_sense_are_refused_before_anything_is_asked(
    here, capsys, arguments, says
):
    code, _, err = run(capsys, "evaluate", *arguments)
    assert code == 2
    assert says in err


def test_what_is_done_is_not_asked_again(here, capsys):
    study = asked(capsys)
    code, _, err = run(capsys, "evaluate", "--resume")
    assert (code, "No evaluation is unfinished" in err) == (1, True)
    code, found, _ = evaluate(capsys, "--resume", study)
    assert found["models"][0]["run"] == study


def test_heuristics_and_export_take_evaluations(here, capsys):
    study = asked(capsys)
    code, _, err = run(capsys, "report", "heuristics", study)
    assert code == 0, err
    code, _, err = run(capsys, "runs", "export", study, "--out", "o.jsonl.gz")
    assert code == 0, err
    drawn = asked(capsys, "right", "--temperature", "0.5")
    code, _, err = run(capsys, "runs", "export", drawn, "--out", "p.jsonl.gz")
    assert (code, "--temperature" in err) == (1, True)


def test_a_stopped_evaluation_goes_on_only_with_the_model_it_began_with(here, capsys):
    (here / "gone.toml").write_text('[[rule]]\nerror = {kind = "died"}\n')
    models = ("scripted:gone.toml", "scripted:right.toml")
    code, _, err = run(capsys, "evaluate", *models, "--questions", "own.jsonl")
    assert (code, "sprat evaluate --resume" in err) == (1, True)
    code, _, err = run(capsys, "evaluate", "--resume")
    assert (code, "failed 5 times in a row" in err) == (1, True)
    (here / "gone.toml").write_text('[[rule]]\ntext = "yes"\n')  # now it is another model
    code, _, err = run(capsys, "evaluate", "--resume")
    assert (code, "script_sha256" in err) == (1, True)
