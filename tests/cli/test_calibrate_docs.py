"""`sprat calibrate --docs` makes the gate that `sprat rag ask --gate` follows."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli.calling import run

from sprat.rag.document import Document, Passage
from sprat.rag.gate import read_gate
from sprat.rag.store import open_store

ITEMS, KNOWN = 60, 40
"""The small model knows the first 40; of the others, and of 60 that are nowhere, it makes up."""
TEXT = "".join(f"Item {n} of the store has the colour red{n}.\n" for n in range(ITEMS))


def answer(number: int, said: int, chance: float) -> dict[str, Any]:
    """A rule for one question: it quotes what stands of another item, or of this one."""
    return {
        "contains": f"question: what colour has item {number} ",
        "text": f'"Item {said} of the store has the colour red{said}" [1]\nred{said}',
        "read": [chance, 0.0, 0.0, 0.0],
        "logprobs": [-0.05 if said == number else -2.0] * 12,
    }


def script(folder: Path, name: str, known: int) -> str:
    rules = [answer(n, n, -4.0) for n in range(known)]
    rules += [answer(n, 3, -0.2) for n in range(known, ITEMS)]
    rules += [answer(ITEMS + n, 3, -0.1) for n in range(ITEMS)]
    file = folder / f"{name}.json"
    file.write_text(json.dumps({"rule": rules}), "utf-8")
    return f"scripted:{file}"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an index, questions and two models."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPRAT_HOME", str(tmp_path / "home"))
    store = open_store("index", create=True)
    starts = [0, *(at + 1 for at, char in enumerate(TEXT) if char == "\n")][:-1]
    ends = [at for at, char in enumerate(TEXT) if char == "\n"]
    passages = [
        Passage(file="/items.txt", start=start, end=end, text=TEXT[start:end])
        for start, end in zip(starts, ends, strict=True)
    ]
    digest = hashlib.sha256(TEXT.encode()).hexdigest()
    store.put(
        Document(file="/items.txt", title="Items", sha256=digest, bytes=9, media="text", text=TEXT),
        passages,
        None,
    )
    store.close()
    lines = [
        {"id": str(n), "question": f"What colour has item {n} of the store?"}
        | ({"answers": [f"red{n}"]} if n < ITEMS else {"unanswerable": True})
        for n in range(2 * ITEMS)
    ]
    (tmp_path / "questions.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    return tmp_path


def calibrate(capsys, place: Path, *more: str):
    small, large = script(place, "small", KNOWN), script(place, "large", ITEMS)
    return run(
        capsys,
        *("calibrate", "--docs", "index", "--questions", "questions.jsonl"),
        *("--small", small, "--large", large, "--target-error", "0.3", "--delta", "0.1", *more),
    )


def test_a_gate_is_made_and_followed(capsys, place: Path):
    code, out, err = calibrate(capsys, place, "--out", "mine.gate.json")
    assert code == 0, err
    assert "small (scripted:" in out
    assert out.count(", asked alone: given from confidence") == 2
    assert "nothing is certified of it" in out
    assert "both: score 1.00" in out
    gate = read_gate(place / "mine.gate.json")
    assert gate.small.certificate is not None
    assert gate.small.certificate["target_error"] == 0.3
    assert gate.large.certificate is not None
    assert gate.large.certificate["asked"] == "every question, alone"
    asked = ("--store", "index", "--gate", "mine.gate.json", "--trace")
    _, out, err = run(capsys, "rag", "ask", "What colour has item 7 of the store?", *asked)
    assert out.startswith("red7 [1]")
    assert "[accepted:" in err
    assert "confidence" in err
    _, out, err = run(capsys, "rag", "ask", "What colour has item 50 of the store?", *asked)
    assert out.startswith("red50 [1]")
    assert "[escalated:" in err


def test_what_was_asked_is_not_asked_again(capsys, place: Path):
    assert calibrate(capsys, place, "--out", "one.gate.json")[0] == 0
    sheet = next((place / "home" / "gates").glob("*.answers.jsonl"))
    before = sheet.read_bytes()
    assert calibrate(capsys, place, "--out", "two.gate.json")[0] == 0
    assert sheet.read_bytes() == before
    one, two = (read_gate(place / f"{name}.gate.json") for name in ("one", "two"))
    assert one.small.logistic == two.small.logistic


def test_a_gate_is_bound_to_its_models(capsys, place: Path):
    assert calibrate(capsys, place, "--out", "mine.gate.json")[0] == 0
    script(place, "small", KNOWN - 1)  # other answers under the same name
    code, _, err = run(
        capsys, "rag", "ask", "What?", "--store", "index", "--gate", "mine.gate.json"
    )
    assert code == 1
    assert "has other weights" in err


@pytest.mark.parametrize("option", [["--kind", "verify"], ["--budget", "0.5"], ["--sample"]])
def test_options_that_say_nothing_here_are_refused(capsys, place: Path, option: list[str]):
    code, _, err = calibrate(capsys, place, *option)
    assert (code, err.count("\n")) == (2, 1)


def test_what_cannot_be_certified_is_not_written_without_force(capsys, place: Path):
    code, _, err = calibrate(capsys, place, "--target-error", "0.001", "--out", "mine.gate.json")
    assert code == 1
    assert "Not certifiable" in err
    assert not (place / "mine.gate.json").exists()
    code, _, err = calibrate(
        capsys, place, "--target-error", "0.001", "--out", "mine.gate.json", "--force"
    )
    assert code == 0
    assert (place / "mine.gate.json").exists()
