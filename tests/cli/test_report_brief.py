"""`sprat report brief`, from the command line to the file."""

import json

import pytest

from sprat.report import browser as finder

from .calling import run

RULE = '[[rule]]\ntext = "{}"\n'


@pytest.fixture
def place(tmp_path, monkeypatch, capsys):
    """A folder with one recorded comparison of two scripts."""
    monkeypatch.chdir(tmp_path)
    for name, text in (("small", "84"), ("large", "It is 84")):
        (tmp_path / f"{name}.toml").write_text(RULE.format(text), encoding="utf-8")
    rows = [f'{{"prompt": "What is {n} and {84 - n}?", "expected": 84}}' for n in range(12)]
    (tmp_path / "mine.jsonl").write_text("\n".join(rows), encoding="utf-8")
    code, _, err = run(
        capsys, "compare", "--small", "scripted:small.toml", "--large", "scripted:large.toml",
        "--questions", "mine.jsonl",
    )  # fmt: skip
    assert code == 0, err
    return tmp_path


def test_it_is_made_from_what_was_recorded_and_written_in_every_form(place, capsys):
    code, out, err = run(
        capsys, "report", "brief", "latest", "--html", "b.html", "--markdown", "b.md", "--json",
        "b.json", "--title", "For the meeting",
    )  # fmt: skip
    assert code == 0, err
    assert "For the meeting" in out
    assert "Only 12 questions" in out
    assert "For the meeting" in (place / "b.html").read_text("utf-8")
    assert "[^1]:" in (place / "b.md").read_text("utf-8")
    found = json.loads((place / "b.json").read_text("utf-8"))
    assert found["question"] == "Can scripted:small.toml do the work of scripted:large.toml?"
    assert found["models"][0]["figures"]["score"]["value"] == 1.0


def test_what_is_typed_about_the_cost_reaches_the_forecast(place, capsys):
    (place / "cost.toml").write_text("months = 24\n", encoding="utf-8")
    code, out, _ = run(
        capsys, "report", "brief", "latest", "--json", "-", "--requests-per-month", "5000",
        "--assumptions", "cost.toml",
    )  # fmt: skip
    money = json.loads(out)["money"]
    assert code == 0
    assert (money["requests_per_month"], money["months"]) == (5000, 24)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "RUN"),
        (("latest", "--margin", "2"), "margin"),
        (("latest", "--margin", "nan"), "--margin is not a number"),
        (("latest", "--title", "x" * 91), "--title has 91 characters"),
        (("latest", "--pdf", "no/such/folder/x.pdf"), "no/such"),
        (("latest", "--months", "0"), "0"),
        (("latest", "--html", "a.html", "--pdf", "a.html"), "a.html can take one result only"),
    ],
)
def test_wrong_use_is_said_in_one_line(place, capsys, arguments, says):
    code, _, err = run(capsys, "report", "brief", *arguments)
    assert code == 2
    assert says in err


def test_without_a_browser_the_pdf_is_refused_and_everything_else_is_written(
    place, capsys, monkeypatch
):
    monkeypatch.setattr(finder, "NAMES", ())
    monkeypatch.setattr(finder, "PLACES", ())
    monkeypatch.delenv(finder.VARIABLE, raising=False)
    code, _, err = run(capsys, "report", "brief", "latest", "--html", "b.html", "--pdf", "b.pdf")
    assert code == 1
    assert "No Chrome, Chromium or Edge was found" in err
    assert (place / "b.html").is_file()
    assert not (place / "b.pdf").exists()
