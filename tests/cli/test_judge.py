"""`sprat judge` as its users meet it."""

import json
from pathlib import Path

import pytest
from tests.cli.calling import run

SCRIPT = """
[[rule]]
contains = "in one respect only: coherence"
text = "Grade: 4"
[[rule]]
contains = "5 the best, 1 the worst"
text = "2"
[[rule]]
text = "3"
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a judge in it."""
    monkeypatch.chdir(tmp_path)
    Path("judge.toml").write_text(SCRIPT, "utf-8")
    return tmp_path


def test_it_measures_writes_and_keeps(capsys, here):
    code, out, err = run(
        capsys, "judge", "scripted:judge.toml", "--limit", "24", "--html", "j.html",
        "--json", "j.json", "--markdown", "j.md",
    )  # fmt: skip
    assert code == 0, err
    assert "No fit judge: go by the rule" in out
    found = json.loads((here / "j.json").read_text("utf-8"))
    assert (found["schema"], found["opinions"], found["how"]) == (1, 24 * 3 * 2, "plain")
    flips = {one["name"]: one["flips"]["value"] for one in found["dimensions"]}
    assert flips == {"coherence": 0, "factuality": 1, "conciseness": 1}
    assert "No fit judge" in (here / "j.html").read_text("utf-8")
    assert "### coherence" in (here / "j.md").read_text("utf-8")
    assert "sprat runs report" in err
    code, again, _ = run(capsys, "runs", "report", "latest")
    assert code == 0
    assert again == out


def test_runs_list_and_show_know_it(capsys):
    run(capsys, "judge", "scripted:judge.toml", "--limit", "2")
    assert "12 opinions" in run(capsys, "runs", "list")[1]
    assert "judge" in run(capsys, "runs", "show", "latest")[1]


def test_a_finished_one_is_shown_without_asking(capsys):
    shown = run(capsys, "judge", "scripted:judge.toml", "--limit", "2")[1]
    study = json.loads(run(capsys, "runs", "list", "--json", "-")[1])["runs"][0]["id"]
    Path("judge.toml").unlink()
    code, out, _ = run(capsys, "judge", "--resume", study)
    assert (code, out) == (0, shown)
    code, _, err = run(capsys, "judge", "--resume")
    assert code == 1
    assert "No measurement of a judge is unfinished" in err


def test_a_finished_one_is_not_shown_as_another(capsys):
    run(capsys, "judge", "scripted:judge.toml", "--limit", "2")
    study = json.loads(run(capsys, "runs", "list", "--json", "-")[1])["runs"][0]["id"]
    code, out, err = run(capsys, "judge", "--resume", study, "--seed", "9")
    assert (code, out) == (1, "")
    assert "seed of " in err
    assert "was 0, and is 9 now" in err


def test_a_failing_judge_stops_with_how_to_go_on(capsys, here):
    Path("judge.toml").write_text('[[rule]]\n[rule.error]\nkind = "died"\n', "utf-8")
    code, _, err = run(capsys, "judge", "scripted:judge.toml", "--limit", "4")
    assert code == 1
    assert "The judge failed 5 times in a row" in err
    assert "sprat judge --resume" in err
    code, _, err = run(capsys, "judge", "--resume")
    assert "failed 5 times in a row" in err
    Path("judge.toml").write_text(SCRIPT, "utf-8")
    code, _, err = run(capsys, "judge", "--resume")
    assert code == 1
    assert "script_sha256" in err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "No judge is named. Try: sprat judge"),
        (["no-such-model"], "no-such-model"),
        (["scripted:judge.toml", "--answers", "none.jsonl"], "Check --answers"),
        (["scripted:judge.toml", "--rubric", "none.toml"], "Check --rubric"),
        (["all-minilm-l6-v2"], "turns texts into vectors"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(capsys, arguments, says):
    code, out, err = run(capsys, "judge", *arguments)
    assert code == 2
    assert out == ""
    assert says in err
    assert "Traceback" not in err


def test_a_study_of_another_kind_is_not_resumed_as_a_judge(capsys):
    run(
        capsys, "compare", "--small", "scripted:judge.toml", "--large", "scripted:judge.toml",
        "--limit", "2",
    )  # fmt: skip
    study = json.loads(run(capsys, "runs", "list", "--json", "-")[1])["runs"][0]["id"]
    code, _, err = run(capsys, "judge", "--resume", study)
    assert code == 1
    assert f"{study} is a comparison" in err
