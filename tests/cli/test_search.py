"""`sprat search` shows passages and where they stand."""

import json
import sys
from pathlib import Path

import pytest
from tests.cli.calling import run
from tests.rag.papers import pdf


@pytest.fixture(autouse=True)
def indexed(capsys, tmp_path: Path) -> Path:
    docs = tmp_path / "docs"
    docs.mkdir()
    text = "# Fish\n\n## Small\n\nA sprat \x1b[31mis a small fish.\n"
    (docs / "fish.md").write_text(text, encoding="utf-8")
    (docs / "travel.pdf").write_bytes(pdf("The first page.", "Trains are paid in second class."))
    assert run(capsys, "index", str(docs), "--no-vectors")[0] == 0
    return docs


def test_it_shows_file_heading_score_and_passage(capsys, indexed: Path) -> None:
    code, out, err = run(capsys, "search", "small fish", "-n", "1")
    assert code == 0
    first, *passage = out.splitlines()
    assert first.startswith(f"1. {(indexed / 'fish.md').as_posix()} · Fish > Small (")
    assert any("is a small fish." in line for line in passage)
    assert "words" in err


def test_a_page_is_named(capsys, indexed: Path) -> None:
    _, out, _ = run(capsys, "search", "which class of trains")
    assert "travel.pdf, page" in out


def test_nothing_that_steers_a_terminal_is_printed(capsys) -> None:
    assert "\x1b" not in run(capsys, "search", "sprat")[1]


def test_the_querys_words_are_marked_on_a_terminal(capsys, monkeypatch) -> None:
    from sprat.cli.search import _marked

    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert (
        _marked("A Sprat is small", "what is a sprat") == "A \x1b[33m\x1b[1mSprat\x1b[0m is small"
    )


def test_the_json_is_what_was_found(capsys, indexed: Path) -> None:
    found = json.loads(run(capsys, "search", "trains", "--json", "-")[1])["found"]
    assert found[0]["passage"]["file"].endswith("travel.pdf")
    assert 0 <= found[0]["score"] <= 1


def test_what_is_not_there_is_said(capsys) -> None:
    assert run(capsys, "search", "xylophone")[:2] == (0, "Nothing fits.\n")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ((" ",), 2, "The query is empty"),
        (("fish", "--store", "/no/such/folder"), 1, "sprat index"),
        (("fish", "-n", "0"), 2, "range"),
    ],
)
def test_what_cannot_be_is_one_line(capsys, arguments, code: int, says: str) -> None:
    got, _, err = run(capsys, "search", *arguments)
    assert got == code
    assert says in err
