"""`sprat rag evaluate`, `draft` and `export` as their users meet them."""

import json
from pathlib import Path

import pytest
from tests.cli.calling import run
from tests.studies.grounded.engines import Grounded

from sprat.rag.document import Passage
from sprat.rag.store import open_store
from sprat.studies.grounded.papers import document_of
from sprat.studies.grounded.question import Paper

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
    from sprat.studies.grounded.opened import Prepared
    from sprat.studies.grounded.study import Opened

    async def prepared(plan, *_):
        return Prepared(plan, None)

    made = Grounded()
    monkeypatch.setattr("sprat.studies.grounded.opened.prepare", prepared)
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


def test_two_evaluations_stand_side_by_side(capsys, engine):
    run(capsys, "rag", "evaluate", "--questions", "own.jsonl", "--json", "a.json")
    engine.knows = ("leave",)
    run(capsys, "rag", "evaluate", "--questions", "own.jsonl", "--limit", "2", "--json", "b.json")
    first, second = (json.loads(Path(f"{name}.json").read_text("utf-8"))["run"] for name in "ab")
    code, out, err = run(capsys, "rag", "compare", first, second, "--json", "both.json")
    assert code == 0, err
    assert "Inconclusive" in out
    assert "Note: 1 questions are not in both" in out
    found = json.loads(Path("both.json").read_text("utf-8"))
    assert (found["schema"], found["n"], found["left_out"]) == (1, 2, 1)


def test_a_comparison_is_no_evaluation_of_documents(capsys):
    Path("small.toml").write_text('[[rule]]\ntext = "Paris."\n', "utf-8")
    pair = ("--small", "scripted:small.toml", "--large", "scripted:small.toml")
    run(capsys, "compare", *pair, "--prompt", "Capital?")
    code, _, err = run(capsys, "rag", "export", "latest", "--ragas", "x.jsonl")
    assert (code, "a study of kind 'compare'" in err) == (1, True)


BOOK = {
    "/docs/leave.md": "New staff of the office in Lisbon get 25 days of leave a year, and more "
    "after five years. Leave is asked for two weeks before it begins.",
    "/docs/shop.md": "The shop in Kuala Lumpur opens at nine and closes at six. On public holidays "
    "it stays closed, unless the manager says otherwise two weeks before the day.",
}  # fmt: skip
SEED = "0"
"""Of the drafts: with it the answer that is asked for is 25, not Lisbon."""
MODEL = """
[[rule]]
contains = "Answer the question in a few words copied"
text = "25 and 28 days; Lisbon; Kuala Lumpur"
[[rule]]
contains = "answer is “25”"
text = "Question: How many days of leave do staff in Lisbon get?"
[[rule]]
contains = "answer is “Lisbon”"
text = "Question: Which office has 25 days of leave?"
[[rule]]
regex = "Write one question"
text = "Question: Where does the shop close at six?"
[[rule]]
contains = "Question: How many days of leave do staff in Lisbon"
text = "\\"get 25 days of leave a year\\" [1]\\n25 days"
[[rule]]
text = "NOT IN THE DOCUMENTS"
"""


def index(folder: Path) -> None:
    """The two documents, by words alone."""
    store = open_store(str(folder), create=True)
    for file, text in BOOK.items():
        whole = Passage(file=file, start=0, end=len(text), text=text)
        store.put(document_of(Paper(file, file, text)), [whole], None)
    store.close()


def test_questions_are_drafted_from_an_index_and_asked_of_models_over_it(capsys):
    index(Path("store"))
    Path("m.toml").write_text(MODEL, "utf-8")
    where = ("--store", "store")
    draft = ("rag", "draft", *where, "--model", "scripted:m.toml", "-n", "3", "--out", "q.jsonl")
    code, _, err = run(capsys, *draft, "--seed", SEED)
    assert code == 0, err
    assert "3 of 3 questions drafted, 1 of them unanswerable" in err
    lines = [json.loads(line) for line in Path("q.jsonl").read_text("utf-8").splitlines()]
    assert [line["reviewed"] for line in lines] == [False] * 3
    code, out, err = run(
        capsys, "rag", "evaluate", *where, "--questions", "q.jsonl", "--small", "scripted:m.toml",
        "--no-large", "--json", "a.json",
    )  # fmt: skip
    assert code == 0, err
    found = json.loads(Path("a.json").read_text("utf-8"))
    answers = {line["question"]: line for line in found["answers"]}
    leave = answers["How many days of leave do staff in Lisbon get?"]
    assert (leave["right"], leave["abstained"], leave["error"]) == (True, False, None)
    assert leave["scores"]["mrr"] == leave["scores"]["faithfulness"] == 1
    shop = answers["Where does the shop close at six?"]
    assert (shop["right"], shop["abstained"]) == (False, True)
    (nowhere,) = [line for line in found["answers"] if line["kind"] == "unanswerable"]
    assert nowhere["right"]
    assert "reviewed by nobody" in " ".join(out.split())
    assert found["spent"]["retrieve_p50_s"] is not None
    code, _, err = run(capsys, "rag", "export", "latest", "--ragas", "-")
    assert code == 0


LEAVE = BOOK["/docs/leave.md"]
ASKED = [
    {
        "id": "leave", "question": "How many days of leave do staff in Lisbon get?",
        "is_impossible": False,
        "answers": [{"text": "25 days", "answer_start": LEAVE.index("25")}],
    },
    {
        "id": "cats", "question": "How many cats are in the Lisbon office?", "answers": [],
        "is_impossible": True,
    },
]  # fmt: skip
SQUAD = {
    "data": [
        {"title": "Leave", "paragraphs": [{"context": LEAVE, "qas": ASKED}]},
        {"title": "Shop", "paragraphs": [{"context": BOOK["/docs/shop.md"], "qas": []}]},
    ]
}


def test_squad_brings_its_own_documents_which_are_indexed_once(capsys, settings):
    Path("squad.json").write_text(json.dumps(SQUAD), "utf-8")
    Path("m.toml").write_text(MODEL, "utf-8")
    asked = (
        "rag", "evaluate", "--questions", "squad.json", "--small", "scripted:m.toml", "--no-large",
        "--no-vectors", "--json", "a.json",
    )  # fmt: skip
    code, _, err = run(capsys, *asked)
    assert code == 0, err
    found = json.loads(Path("a.json").read_text("utf-8"))
    assert (found["answerable"], found["unanswerable"], found["right"]["value"]) == (1, 1, 1.0)
    measures = {one["name"]: one["figure"]["value"] for one in found["measures"]}
    assert measures["mrr"] == measures["f1"] == measures["abstention_f1"] == 1
    (folder,) = (settings.runs_file.parent / "evaluated").iterdir()
    before = sorted((file.name, file.stat().st_mtime_ns) for file in folder.glob("*.db"))
    assert run(capsys, *asked)[0] == 0
    assert sorted((file.name, file.stat().st_mtime_ns) for file in folder.glob("*.db")) == before


def test_a_drafting_that_ends_early_keeps_what_it_has(capsys):
    index(Path("store"))
    dies = '[rule.error]\nkind = "died"\nmessage = "Gone."'
    Path("m.toml").write_text(
        MODEL.replace('text = "Question: Where does the shop close at six?"', dies), "utf-8"
    )
    draft = ("rag", "draft", "--store", "store", "--model", "scripted:m.toml", "-n", "9")
    code, _, err = run(capsys, *draft, "--out", "q.jsonl", "--seed", SEED)
    assert (code, "Gone." in err) == (1, True)
    assert "2 of 9 questions drafted, 1 of them unanswerable" in err
    lines = [json.loads(line) for line in Path("q.jsonl").read_text("utf-8").splitlines()]
    assert [line["id"] for line in lines] == ["draft-001", "draft-002"]
    code, out, _ = run(capsys, *draft, "--out", "-", "--seed", SEED)
    assert (code, [json.loads(line) for line in out.splitlines()]) == (1, lines)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
def test_drafting_to_where_nothing_can_be_written_is_one_line(capsys):
    index(Path("store"))
    Path("m.toml").write_text(MODEL, "utf-8")
    draft = ("rag", "draft", "--store", "store", "--model", "scripted:m.toml", "-n", "3")
    code, _, err = run(capsys, *draft, "--out", "/dev/full", "--seed", SEED)
    assert (code, err.splitlines()[-1].startswith("sprat: /dev/full cannot be written")) == (
        1,
        True,
    )


def test_drafting_without_an_index_says_what_to_do(capsys):
    Path("w.toml").write_text('[[rule]]\ntext = "Hm."\n', "utf-8")
    code, _, err = run(capsys, "rag", "draft", "--model", "scripted:w.toml", "--out", "q.jsonl")
    assert code == 1
    assert err.count("\n") == 1
    assert not Path("q.jsonl").exists()
