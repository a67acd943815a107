"""`sprat runs`: reports read only what was recorded."""

import json

import pytest
from click.testing import CliRunner
from tests.cli.calling import run

SCRIPT = '[[rule]]\ntext = "Answer: 84"\n'


@pytest.fixture
def recorded(tmp_path, monkeypatch, capsys):
    """A finished comparison whose models are then gone."""
    monkeypatch.chdir(tmp_path)
    script = tmp_path / "model.toml"
    script.write_text(SCRIPT, encoding="utf-8")
    name = f"scripted:{script.name}"
    code, out, err = run(
        capsys, "compare", "--small", name, "--large", name, "--limit", "6", "--json", "-"
    )
    assert code == 0, err
    script.unlink()
    return json.loads(out)


def test_a_report_made_again_is_the_first_one(recorded, capsys):
    code, out, _ = run(capsys, "runs", "report", "latest", "--json", "-")
    assert code == 0
    assert json.loads(out) == recorded


def test_a_report_needs_only_the_beginning_of_the_id(recorded, capsys):
    code, out, _ = run(capsys, "runs", "report", recorded["run"][:8], "--json", "-")
    assert (code, json.loads(out)["run"]) == (0, recorded["run"])


def test_a_report_is_written_in_every_form(recorded, capsys, tmp_path):
    code, out, err = run(
        capsys, "runs", "report", "latest", "--html", "r.html", "--markdown", "r.md"
    )
    assert code == 0, err
    assert "model.toml" in out
    assert recorded["run"] in (tmp_path / "r.html").read_text("utf-8")
    assert recorded["run"] in (tmp_path / "r.md").read_text("utf-8")
    assert "Written: r.html" in err


def test_the_list_names_study_models_and_answers(recorded, capsys):
    code, out, _ = run(capsys, "runs", "list")
    assert code == 0
    (line,) = out.splitlines()
    assert line.startswith(f"{recorded['run']}  done")
    assert "scripted:model.toml against scripted:model.toml" in line
    assert line.endswith("everyday  12/12 answers")
    listed = json.loads(run(capsys, "runs", "list", "--json", "-")[1])
    assert [(run["id"], run["answers"]) for run in listed["runs"]] == [(recorded["run"], 12)]


def test_a_study_is_shown_with_its_settings_and_models(recorded, capsys):
    code, out, _ = run(capsys, "runs", "show", "latest")
    assert code == 0
    for part in (recorded["run"], "12 of 12", "everyday, 6", "small model", "margin", "seed"):
        assert part in out
    shown = json.loads(run(capsys, "runs", "show", "latest", "--json", "-")[1])
    assert shown["answers"] == 12
    assert len(shown["study"]["questions"]) == 6


def test_an_unknown_id_is_one_line_with_what_to_type(recorded, capsys):
    code, out, err = run(capsys, "runs", "report", "nope")
    assert (code, out) == (1, "")
    assert err == (
        f"sprat: No study begins with 'nope' (the latest is {recorded['run']}). "
        "See: sprat runs list\n"
    )


def test_with_nothing_recorded_the_next_command_is_named(capsys):
    for arguments in (("list",), ("show", "latest"), ("report", "latest")):
        code, out, err = run(capsys, "runs", *arguments)
        assert (code, out) == (1, "")
        assert "Try: sprat compare" in err


def test_help_shows_an_example():
    from sprat.cli import cli

    for arguments in (["runs", "-h"], ["runs", "report", "-h"]):
        assert "Example: sprat runs" in CliRunner().invoke(cli, arguments).output
