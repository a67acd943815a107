"""`sprat runs compare` and `sprat runs history`, from the command line."""

import json

import pytest
from tests.cli.calling import run
from tests.studies.history.recorded import day, scored

from sprat.runs.store import Store
from sprat.settings import Settings


@pytest.fixture
def two(settings: Settings, tmp_path, monkeypatch) -> tuple[str, str]:
    monkeypatch.chdir(tmp_path)
    with Store(settings.runs_file, create=True) as store:
        return day(store, 1, scored(0.9, 1)), day(store, 2, scored(0.3, 2))


def test_two_runs_are_compared_in_every_form(two, capsys, tmp_path):
    code, out, err = run(capsys, "runs", "compare", *two, "--html", "c.html", "--markdown", "c.md")
    assert code == 0, err
    assert out.lstrip().startswith("Regression")
    assert "Scores that moved" in out
    assert "## Regression" in (tmp_path / "c.md").read_text("utf-8")
    html = (tmp_path / "c.html").read_text("utf-8")
    assert "Regression" in html
    assert 'href="/runs' not in html  # a file of its own leads nowhere


def test_the_json_of_a_comparison_holds_the_whole_change(two, capsys):
    code, out, err = run(capsys, "runs", "compare", two[0], "latest:model", "--json", "-")
    assert code == 0, err
    compared = json.loads(out)
    assert compared["change"]["decision"] == "regression"
    assert [one["name"] for one in compared["figures"]][:2] == ["first token", "answer"]


def test_a_margin_and_a_significance_are_heeded(two, capsys):
    _, out, _ = run(capsys, "runs", "compare", *two, "--margin", "0.9", "--json", "-")
    assert json.loads(out)["change"]["decision"] == "no evidence"
    assert run(capsys, "runs", "compare", *two, "--significance", "2")[0] == 2


def test_history_flags_the_loss_in_every_form(two, capsys, tmp_path):
    code, out, err = run(
        capsys, "runs", "history", "tiny", "--html", "h.html", "--markdown", "h.md"
    )
    assert code == 0, err
    assert "1 regression" in out
    assert "▼ regression" in out
    assert "regression" in (tmp_path / "h.md").read_text("utf-8")
    assert f"sprat runs compare {two[0]}:model {two[1]}:model" in (tmp_path / "h.html").read_text(
        "utf-8"
    )
    history = json.loads(run(capsys, "runs", "history", "--questions", "q", "--json", "-")[1])
    assert history["series"][0]["points"][1]["step"]["score"] == "regression"


def test_a_model_without_runs_is_one_line_with_those_that_have_some(two, capsys):
    code, _, err = run(capsys, "runs", "history", "huge")
    assert code == 1
    assert "'huge'" in err
    assert "tiny" in err
    assert err.count("\n") == 1
