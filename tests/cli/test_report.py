"""`sprat report heuristics`, from the command line to the file."""

import json
import os
import subprocess
import sys

import pytest

RULE = '[[rule]]\ntext = "{}"\n'


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with one recorded comparison of two scripts."""
    folder = tmp_path_factory.mktemp("report")
    for name, text in (("small", "84"), ("large", "It is 84")):
        (folder / f"{name}.toml").write_text(RULE.format(text), encoding="utf-8")
    rows = [f'{{"prompt": "What is {n} and {84 - n}?", "expected": 84}}' for n in range(12)]
    (folder / "mine.jsonl").write_text("\n".join(rows), encoding="utf-8")
    done = sprat(
        folder, "compare", "--small", "scripted:small.toml", "--large", "scripted:large.toml",
        "--questions", "mine.jsonl",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


def sprat(folder, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "sprat", *arguments],
        cwd=folder,
        env={**os.environ, "SPRAT_HOME": str(folder / "home"), "PYTHONUTF8": "1"},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def test_the_table_is_made_again_from_what_was_recorded(place):
    done = sprat(place, "report", "heuristics", "latest", "--html", "table.html")
    assert done.returncode == 0, done.stderr
    assert "Context adherence" in done.stdout
    assert "Written: table.html" in done.stderr
    assert "Evaluation heuristics" in (place / "table.html").read_text("utf-8")


def test_as_json_it_alone_is_on_standard_output(place):
    done = sprat(place, "report", "heuristics", "latest", "--electricity", "0.3", "--json", "-")
    found = json.loads(done.stdout)
    assert [model["name"] for model in found["models"]] == [
        "scripted:small.toml", "scripted:large.toml",
    ]  # fmt: skip
    assert found["electricity_per_kwh"] == 0.3
    assert found["models"][0]["memory_bytes"]["value"] is None
    assert found["models"][0]["memory_bytes"]["why"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "RUN"),
        (("latest", "--electricity", "-1"), "electricity"),
        (("latest", "--electricity", "nan"), "electricity"),
        (("latest", "--html", "no/such/folder/x.html"), "no/such"),
    ],
)
def test_wrong_use_is_said_before_anything_is_read(place, arguments, says):
    done = sprat(place, "report", "heuristics", *arguments)
    assert done.returncode == 2
    assert says in done.stderr


def test_an_unknown_study_is_one_line(place):
    done = sprat(place, "report", "heuristics", "nothing")
    assert done.returncode == 1
    assert "No study begins with 'nothing'" in done.stderr
