"""`sprat bench`: options over the workshop's variables, files, and going on after a stop."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
from tests.cli.calling import run
from tests.serve.policies import made

from sprat.cli.bench.plan import fresh_plan
from sprat.policies.file import write_policy
from sprat.policies.spec import Side
from sprat.settings import Settings
from sprat.studies.bench import result as shape

SCRIPT = 'load_ms = 1\n[[rule]]\ntext = "one two three four"\nfirst_ms = 2\n'
QUICK = ("--rounds", "3", "--requests", "2", "--output-tokens", "6", "--cooldown", "0s")


@pytest.fixture
def model(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.toml").write_text(SCRIPT, encoding="utf-8")
    return "scripted:model.toml"


def test_the_result_is_the_same_when_its_report_is_made_again_without_the_model(
    model, capsys, tmp_path
):
    code, out, err = run(capsys, "bench", model, *QUICK, "--json", "-")
    assert code == 0, err
    first = json.loads(out)
    (tmp_path / "model.toml").unlink()
    code, out, err = run(capsys, "runs", "report", "latest", "--json", "-")
    assert (code, json.loads(out)) == (0, first)
    assert first["cells"][0]["real_output_tokens"] == 6
    assert set(first) == set(shape.BenchResult.__struct_encode_fields__)


def test_every_file_is_written_and_the_table_printed_once(model, capsys, tmp_path):
    code, out, err = run(
        capsys, "bench", model, *QUICK, "--concurrency", "1,2",
        "--json", "b.json", "--csv", "b.csv", "--html", "b.html", "--aiperf", "for-aiperf",
    )  # fmt: skip
    assert code == 0, err
    assert out.count("Warm. ") == 1
    result = json.loads((tmp_path / "b.json").read_text("utf-8"))
    with (tmp_path / "b.csv").open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == len(result["requests"]) == 3 * 2 + 3 * 4
    assert result["run"] in (tmp_path / "b.html").read_text("utf-8")
    folders = sorted(path.name for path in (tmp_path / "for-aiperf").iterdir())
    assert folders == [f"scripted_model.toml_warm_in128_out6_c{n}" for n in (1, 2)]
    assert "Written: b.csv" in err


def test_a_page_on_standard_output_is_alone_there(model, capsys):
    code, out, err = run(capsys, "bench", model, *QUICK, "--html", "-")
    assert code == 0, err
    assert out.startswith("<!doctype html>")
    assert out.rstrip().endswith("</html>")


def test_a_benchmark_is_listed_and_shown_as_one(model, capsys):
    run(capsys, "bench", model, *QUICK)
    code, out, _ = run(capsys, "runs", "list")
    assert (code, "6 requests" in out, "done" in out) == (0, True, True)
    code, out, _ = run(capsys, "runs", "show", "latest")
    assert (code, "(bench)" in out, "warm/in128/out6/c1" in out) == (0, True, True)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("runs", "report", "latest", "--markdown", "r.md"), "has no --markdown"),
        (("bench", "--resume", "--rounds", "9"), "No benchmark is unfinished"),
    ],
)
def test_what_a_benchmark_has_not_is_said(model, capsys, arguments, says):
    run(capsys, "bench", model, *QUICK)
    code, _, err = run(capsys, *arguments)
    assert code in {1, 2}
    assert says in err


def test_a_comparison_is_no_csv(model, capsys):
    run(capsys, "compare", "--small", model, "--large", model, "--limit", "6")
    code, _, err = run(capsys, "runs", "report", "latest", "--csv", "r.csv")
    assert (code, "is a comparison, which has no --csv" in err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--concurrency", "1,x"), "no list of whole numbers"),
        (("--concurrency", "0"), "each is 1 to 256"),
        (("--condition", "warm,hot"), "'hot' is none of"),
        (("--budget", "ever"), "no time up to a day"),
        (("--prompt", " "), "--prompt is empty"),
        (("--prompt", "x", "--prompt-tokens", "9"), "exclude each other"),
        (("--rate", "nan"), "--rate is not a number"),
        (("--json", "-", "--csv", "-"), "one result only"),
        (("--aiperf", ""), "--aiperf is empty"),
        (("--aiperf", "model.toml/below"), "model.toml is no folder"),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_two(model, capsys, arguments, says):
    code, _, err = run(capsys, "bench", model, *arguments)
    assert (code, says in err) == (2, True), err


class Typed:
    """The options as click would hand them over, all left out but those given."""

    def __new__(cls, **given):
        from sprat.cli.bench.plan import Wanted

        nothing = dict.fromkeys(Wanted.__struct_fields__)
        empty = dict.fromkeys(("models", "providers", "rates_per_s"), ())
        return Wanted(**{**nothing, **empty, **given})


WORKSHOP = {
    "BENCH_MODELS": "phi-4-mini, qwen2.5-0.5b,",
    "BENCH_ROUNDS": "3",
    "BENCH_PROMPT": "Explain retrieval augmented generation briefly.",
    "BENCH_STREAM": "0",
}


def test_the_workshops_variables_are_honoured():
    plan = fresh_plan(Typed(), Settings(), WORKSHOP)
    assert plan.models == ("phi-4-mini", "qwen2.5-0.5b")
    assert (plan.rounds, plan.prompt, plan.stream) == (3, WORKSHOP["BENCH_PROMPT"], False)


def test_an_option_beats_the_environment():
    typed = Typed(models=("a",), rounds=9, prompt="Hi", stream=True)
    plan = fresh_plan(typed, Settings(), WORKSHOP)
    assert (plan.models, plan.rounds, plan.prompt, plan.stream) == (("a",), 9, "Hi", True)
    lengths = fresh_plan(Typed(prompt_tokens=(32,)), Settings(), WORKSHOP)
    assert (lengths.prompt, lengths.prompt_tokens) == (None, (32,))


def test_without_anything_the_small_model_is_measured():
    assert fresh_plan(Typed(), Settings(small="tiny"), {}).models == ("tiny",)


def test_a_rate_alone_asks_no_closed_loop():
    assert fresh_plan(Typed(rates_per_s=(2.0,)), Settings(), {}).concurrency == ()
    both = fresh_plan(Typed(rates_per_s=(2.0,), concurrency=(1,)), Settings(), {})
    assert both.concurrency == (1,)


@pytest.mark.parametrize("name", ["BENCH_ROUNDS", "BENCH_STREAM"])
def test_a_variable_that_makes_no_sense_is_named(model, capsys, monkeypatch, name):
    monkeypatch.setenv(name, "maybe")
    code, _, err = run(capsys, "bench", model)
    assert (code, f"{name} is 'maybe'" in err) == (2, True)


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to a child there")
def test_ctrl_c_keeps_whole_rounds_and_the_study_goes_on(model, capsys, tmp_path):
    slow = SCRIPT.replace("first_ms = 2", "first_ms = 40")
    (tmp_path / "model.toml").write_text(slow, encoding="utf-8")
    command = [
        sys.executable, "-m", "sprat", "bench", model, "--rounds", "40", "--precision", "0.001",
        "--output-tokens", "6", "--requests", "2",
    ]  # fmt: skip
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                          env=dict(os.environ)) as process:  # fmt: skip
        assert process.stderr is not None
        for line in process.stderr:
            if "round 1 ·" in line:
                break
        time.sleep(0.6)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert (process.returncode, "sprat bench --resume" in err) == (130, True), err
    code, out, _ = run(capsys, "runs", "report", "latest", "--json", "-")
    half = json.loads(out)
    assert (code, half["complete"]) == (0, False)
    asked = len(half["requests"])
    assert asked % 2 == 0
    code, out, err = run(capsys, "bench", "--resume", "--rounds", "5", "--json", "-")
    assert code == 0, err
    whole = json.loads(out)
    assert (whole["run"], whole["complete"]) == (half["run"], True)
    assert whole["requests"][:asked] == half["requests"]


def test_the_page_shows_every_field_of_the_result_and_no_other():
    page = (Path(__file__).parents[2] / "docs" / "json.md").read_text("utf-8")
    shown = json.loads(re.findall(r"```json\n(.*?)```", page, re.DOTALL)[1])
    cell, side = shown["cells"][0], shown["sides"][0]
    for there, struct in (
        (shown, shape.BenchResult),
        (side, shape.SideSummary),
        (cell, shape.Cell),
        (cell["ttft_s"], shape.Spread),
        (cell["tokens_per_s"], shape.Estimate),
        (cell["phases"], shape.Phases),
        (cell["energy"], shape.Energy),
        (cell["ratios"][0], shape.Ratio),
        (shown["unmeasured"][0], shape.Unmeasured),
        (shown["workshop"][0], shape.WorkshopLine),
        (shown["requests"][0], shape.Request),
    ):
        assert set(there) == set(struct.__struct_encode_fields__)
    assert msgspec.convert(shown, shape.BenchResult).cells


def test_a_policy_is_a_side_whose_answers_are_told_by_path_and_whose_drafts_are_paid_for(
    model, capsys, tmp_path, monkeypatch
):
    monkeypatch.setenv("SPRAT_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "100")
    drafts = 'text = "one two three"\nlogprobs = [-3, -3, -3, -3, -3, -3, -3]'
    (tmp_path / "draft.toml").write_text(f"[[rule]]\n{drafts}\n", encoding="utf-8")
    prices = '[cost.models."{}"]\ninput_usd_per_mtok = 0\noutput_usd_per_mtok = {}\n'
    (tmp_path / "sprat.toml").write_text(
        prices.format("scripted:draft.toml", 1) + prices.format(model, 10), encoding="utf-8"
    )
    unsure = made(tmp_path, small=Side(model="scripted:draft.toml"), large=Side(model=model))
    write_policy(unsure, tmp_path / "policies" / "good.json")
    code, out, err = run(capsys, "bench", "policy:good", model, *QUICK, "--json", "b.json")
    assert code == 0, err
    policy, alone = json.loads((tmp_path / "b.json").read_text("utf-8"))["sides"]
    (path,) = policy["paths"]
    assert (path["path"], path["n"], path["share"], path["score"]) == ("escalated", 6, 1.0, None)
    assert policy["cost_usd_per_answer"] == pytest.approx((6 * 1 + 6 * 10) / 1e6)
    assert alone["cost_usd_per_answer"] == pytest.approx(6 * 10 / 1e6)
    assert alone["paths"] == []
    assert "policy:good, by path" in out
    assert "cost per" in out
    code, page, _ = run(capsys, "runs", "report", "latest", "--html", "-")
    assert (code, "policy:good, by path" in page) == (0, True)
