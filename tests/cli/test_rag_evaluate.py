"""`sprat rag evaluate`, `draft` and `export` as their users meet them."""

import json
from pathlib import Path

import pytest
from tests.cli.calling import run
from tests.studies.grounded.engines import Grounded

LINES = [
    {"id": "leave", "question": "How much leave?", "answers": ["25 days"],
     "gold": {"file": "leave.md"}},
    {"id": "sick", "question": "When do sick notes go in?", "answers": ["on the third day"]},
    {"id": "park", "question": "Where can I park?", "unanswerable": True, "reviewed": False},
]  # fmt: skip


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a file of questions."""
    monkeypatch.chdir(tmp_path)
    text = "\n".join(json.dumps(line) for line in LINES)
    Path("own.jsonl").write_text(text, "utf-8")
    return tmp_path


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Grounded:
    """What answers in place of models over a store."""
    from sprat.studies.grounded.study import Opened

    made = Grounded()
    monkeypatch.setattr("sprat.studies.grounded.opened.open_all", lambda *_: Opened(made))
    return made


def test_it_asks_measures_and_writes(capsys, engine, here):
    code, out, err = run(
        capsys, "rag", "evaluate", "--questions", "own.jsonl", "--no-large", "--html", "a.html",
        "--json", "a.json", "--markdown", "a.md",
    )  # fmt: skip
    assert code == 0, err
    assert "100.0% right" in out
    assert "1 of 3 questions were drafted by a model" in " ".join(out.split())
    found = json.loads((here / "a.json").read_text("utf-8"))
    assert (found["schema"], found["asked"], found["right"]["value"]) == (1, 3, 1.0)
    assert "100.0% right" in (here / "a.html").read_text("utf-8")
    assert "sprat runs report" in err


def test_the_report_is_made_again_with_no_model_present(capsys, engine, monkeypatch):
    run(capsys, "rag", "evaluate", "--questions", "own.jsonl", "--json", "a.json")
    monkeypatch.setattr("sprat.studies.grounded.opened.open_all", None)
    assert run(capsys, "runs", "report", "latest", "--json", "b.json")[0] == 0
    assert Path("a.json").read_text("utf-8") == Path("b.json").read_text("utf-8")
    code, out, _ = run(capsys, "runs", "list")
    assert (code, "own.jsonl" in out) == (0, True)
    code, _, err = run(capsys, "runs", "report", "latest", "--csv", "b.csv")
    assert (code, "has no --csv" in err) == (2, True)


def test_an_interrupted_evaluation_says_how_to_go_on_and_goes_on(capsys, engine):
    engine.fail_on = {"park"}
    whole, engine.stream = engine.stream, interrupted(engine)
    code, _, err = run(capsys, "rag", "evaluate", "--questions", "own.jsonl")
    assert code == 130
    assert "Go on with: sprat rag evaluate --resume" in err
    code, out, _ = run(capsys, "runs", "show", "latest")
    assert "Go on with: sprat rag evaluate --resume" in out
    engine.stream, engine.fail_on = whole, set()
    code, out, err = run(capsys, "rag", "evaluate", "--resume")
    assert code == 0, err
    assert "Of 3 questions" in " ".join(out.split())
    code, _, err = run(capsys, "rag", "evaluate", "--resume")
    assert (code, "No evaluation of documents is unfinished" in err) == (1, True)


def interrupted(engine: Grounded):
    """Its first answer, then Ctrl-C."""
    whole = engine.stream

    async def stream(request):
        if engine.asked:
            raise KeyboardInterrupt
        async for piece in whole(request):
            yield piece

    return stream


def test_a_study_is_not_resumed_with_other_models(capsys, engine):
    run(capsys, "rag", "evaluate", "--questions", "own.jsonl")
    code, _, err = run(capsys, "rag", "evaluate", "--resume", "2", "--small", "other")
    assert code == 1
    assert "its small is smollm2-135m, not other" in err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "There are no questions. Give --questions FILE, or draft some"),
        (("--questions", "no.jsonl"), 2, "There is no file 'no.jsonl'"),
        (("--questions", "own.jsonl", "--large", "x", "--no-large"), 2, "exclude each other"),
        (("--questions", "own.jsonl", "--html", "no/such/a.html"), 2, "There is no folder"),
        (("--questions", "own.jsonl", "--limit", "0"), 2, "--limit"),
    ],
)
def test_what_makes_no_sense_is_said_before_anything_is_asked(capsys, arguments, code, said):
    found, _, err = run(capsys, "rag", "evaluate", *arguments)
    assert found == code
    assert said in err


def test_only_reviewed_questions_are_asked_where_that_is_wanted(capsys, engine):
    run(capsys, "rag", "evaluate", "--questions", "own.jsonl", "--reviewed-only")
    assert len(engine.asked) == 2


def test_answers_are_exported_for_ragas_and_asked_from_there(capsys, engine):
    run(capsys, "rag", "evaluate", "--questions", "own.jsonl")
    code, _, err = run(capsys, "rag", "export", "latest", "--ragas", "ragas.jsonl")
    assert (code, err) == (0, "Written: ragas.jsonl, 3 samples\n")
    code, out, _ = run(capsys, "rag", "evaluate", "--questions", "ragas.jsonl")
    assert (code, "100.0% right" in out) == (0, True)


def test_a_comparison_is_no_evaluation_of_documents(capsys):
    Path("small.toml").write_text('[[rule]]\ntext = "Paris."\n', "utf-8")
    pair = ("--small", "scripted:small.toml", "--large", "scripted:small.toml")
    run(capsys, "compare", *pair, "--prompt", "Capital?")
    code, _, err = run(capsys, "rag", "export", "latest", "--ragas", "x.jsonl")
    assert (code, "a study of kind 'compare'" in err) == (1, True)


def test_drafting_without_an_index_says_what_to_do(capsys):
    Path("w.toml").write_text('[[rule]]\ntext = "Hm."\n', "utf-8")
    code, _, err = run(capsys, "rag", "draft", "--model", "scripted:w.toml", "--out", "q.jsonl")
    assert code == 1
    assert err.count("\n") == 1
    assert not Path("q.jsonl").exists()
