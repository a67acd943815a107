"""`sprat rag ask`: a question to the documents, on the terminal."""

import hashlib
import json
from pathlib import Path

import pytest
from tests.cli.calling import run

from sprat.rag.document import Document, Passage
from sprat.rag.store import open_store

TEXT = "Leave is 25 days a year. Interns have 12 days.\n\nThe office in Oslo opens at eight."
ASKED = "How many days of leave do interns have?"
QUOTED = '"Interns have 12 days" [1]\n12 days'


@pytest.fixture
def store(tmp_path: Path) -> str:
    """One page of a handbook, words only."""
    folder = str(tmp_path / "store")
    kept = open_store(folder, create=True)
    middle = TEXT.index("The office")
    document = Document(
        file="/handbook/leave.md",
        title="Leave",
        sha256=hashlib.sha256(TEXT.encode()).hexdigest(),
        bytes=len(TEXT),
        media="markdown",
        text=TEXT,
    )
    parts = [(0, middle - 2), (middle, len(TEXT))]
    kept.put(
        document,
        [
            Passage(file=document.file, start=start, end=end, text=TEXT[start:end], page=3)
            for start, end in parts
        ],
        None,
    )
    kept.close()
    return folder


def says(folder: Path, name: str, text: str) -> str:
    file = folder / f"{name}.json"
    file.write_text(json.dumps({"rule": [{"text": text}]}), "utf-8")
    return f"scripted:{file}"


@pytest.fixture
def model(tmp_path: Path) -> str:
    return says(tmp_path, "model", QUOTED)


@pytest.mark.parametrize("how", [[], ["--no-stream"]])
def test_an_answer_comes_with_its_source_and_its_time(capsys, store: str, model: str, how):
    code, out, err = run(
        capsys, "rag", "ask", ASKED, "--store", store, "--small", model, "--no-large", *how
    )
    assert code == 0, err
    assert out == '12 days [1]\n\n[1] /handbook/leave.md, p. 3: "Interns have 12 days"\n'
    assert "tokens in" in err


def test_what_the_documents_do_not_say_is_no_failure(capsys, store: str, model: str):
    code, out, _ = run(
        capsys,
        "rag",
        "ask",
        "Who painted Guernica?",
        "--store",
        store,
        "--small",
        model,
        "--no-large",
    )
    assert code == 0
    assert out.startswith("The documents do not say.\n")


def test_the_nearest_passages_are_shown_when_nothing_is_said(capsys, store: str, tmp_path: Path):
    silent = says(tmp_path, "silent", "NOT IN THE DOCUMENTS")
    _, out, _ = run(capsys, "rag", "ask", ASKED, "--store", store, "--small", silent, "--no-large")
    assert "Nearest passages:\n- /handbook/leave.md, p. 3: Leave is 25 days" in out


def test_trace_shows_every_attempt(capsys, store: str, model: str, tmp_path: Path):
    invents = says(tmp_path, "invents", '"Interns may leave whenever they like" [1]\nalways')
    _, out, err = run(
        capsys,
        *("rag", "ask", ASKED, "--store", store, "--small", invents, "--large", model, "--trace"),
    )
    assert out.startswith("12 days [1]")
    assert "[escalated:" in err
    assert "retrieve by documents" in err
    assert "draft by" in err
    assert "kept answer by" in err


def test_json_is_the_contract(capsys, store: str, model: str):
    _, out, _ = run(
        capsys,
        *("rag", "ask", ASKED, "--store", store, "--small", model, "--no-large", "--json", "-"),
    )
    told = json.loads(out)
    assert {"text", "answered", "sources", "steps", "timing", "usage"} <= set(told)
    assert told["answered"] is True
    first = told["sources"][0]
    assert {"file", "page", "start", "end", "text", "score", "quote", "number"} <= set(first)
    assert TEXT[first["start"] : first["end"]] == first["text"]
    assert TEXT[slice(*first["quote"])] == "Interns have 12 days"


def test_no_index_is_one_line_with_what_to_type(capsys, tmp_path: Path, model: str):
    code, _, err = run(
        capsys, "rag", "ask", ASKED, "--store", str(tmp_path / "none"), "--small", model
    )
    assert code == 1
    assert err.count("\n") == 1
    assert "sprat index" in err


def test_an_unsigned_gate_is_refused(capsys, store: str, model: str, tmp_path: Path):
    file = tmp_path / "gate.json"
    file.write_text("{}", "utf-8")
    code, _, err = run(
        capsys, "rag", "ask", ASKED, "--store", store, "--small", model, "--gate", str(file)
    )
    assert code == 1
    assert "edited after it was signed" in err


def test_large_and_no_large_exclude_each_other(capsys, store: str, model: str):
    code, _, err = run(
        capsys, "rag", "ask", ASKED, "--store", store, "--large", model, "--no-large"
    )
    assert (code, err.count("\n")) == (2, 1)
