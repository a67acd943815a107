"""Question files: what loads, what is refused, and what a sample contains."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sprat.errors import QuestionError
from sprat.questions import document, files, is_right, load, load_prompt, score

DATA = Path(__file__).parents[3] / "shared" / "data"
needs_data = pytest.mark.skipif(
    not DATA.is_dir(), reason="public test data is not beside the checkout"
)


@pytest.fixture
def write(tmp_path):
    def make(content, name="own.txt"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return make


def only_question(path):
    (question,) = load(path).questions
    return question


# The user's own files


def test_jsonl_rows_get_the_scorer_that_fits_what_they_give(write):
    rows = [
        {"prompt": "1"},
        {"question": "2", "answer": "Paris"},
        {"prompt": "3", "expected": 4},
        {"prompt": "4", "expected": "1,250"},
        {"prompt": "5", "expected": {"a": 1}},
        {"prompt": "6", "expected": "b", "choices": ["b", "c"]},
        {"prompt": "7", "expected": {"facts": ["x"]}},
        {"prompt": "8", "expected": ["x", "y"]},
        {"prompt": "9", "expected": "x", "scorer": "exact"},
    ]
    questions = load(write("\n".join(map(json.dumps, rows)))).questions
    scorers = [question.scorer for question in questions]
    assert scorers == [
        "none", "contains", "numeric", "numeric", "json", "label", "facts", "contains", "exact",
    ]  # fmt: skip
    assert [question.id for question in questions][:2] == ["q0001", "q0002"]


def test_every_column_arrives(write):
    row = {
        "id": 7, "kind": "faq", "system": "Be brief.", "prompt": "Hi?", "expected": "yes",
        "choices": "yes|no", "max_tokens": 9, "language": "ms", "tags": ["t"],
    }  # fmt: skip
    question = only_question(write(json.dumps(row)))
    assert (question.id, question.kind, question.language) == ("7", "faq", "ms")
    assert [message.role for message in question.messages] == ["system", "user"]
    assert (question.max_tokens, question.tags) == (9, ("t",))
    assert question.expected == {"label": "yes", "labels": ["yes", "no"]}


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_csv_of_any_common_dialect_loads(write, separator, end, start):
    rows = [["Prompt", "expected"], ['"What, in\n""all""; sir?"', "a | b"], ["", ""], ["Two?", ""]]
    question, other = load(write(start + end.join(separator.join(row) for row in rows))).questions
    assert question.messages[0].content == 'What, in\n"all"; sir?'
    assert question.expected == ["a", "b"]
    assert other.scorer == "none"


def test_a_json_list_of_rows_loads(write):
    assert len(load(write('[{"prompt": "a"}, {"prompt": "b"}]')).questions) == 2


def test_one_question_spread_over_lines_loads(write):
    assert only_question(write('{\n  "prompt": "a"\n}\n')).messages[0].content == "a"


def test_a_csv_cell_holds_json_where_the_scorer_needs_a_structure(write):
    question = only_question(write('prompt,scorer,expected\nx,json,"{""a"": 1}"\n'))
    assert question.expected == {"a": 1}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("hello\nworld", r"begins with 'hello'.*docs/questions\.md"),
        ('{"prompt": "a"}\n{"prompt": }', "line 2: .*is no JSON"),
        ('{"prompt": "a"}\n[1]', "line 2: .* is no object"),
        ('{"prompt": ""}', "line 1: the prompt is"),
        ('{"prompt": 3}', "line 1: the prompt is 3"),
        ('{"prompt": "a", "promt": "b"}', "line 1: unknown column 'promt'"),
        ('{"prompt": "a", "question": "b"}', "has both `prompt` and `question`|has both"),
        ('{"prompt": "a", "scorer": "vibes"}', "unknown scorer 'vibes'.*numeric"),
        ('{"prompt": "a", "scorer": "numeric", "expected": "many"}', "'many', which is no number"),
        ('{"prompt": "a", "expected": "x", "choices": ["y", "z"]}', "'x', which is not one of"),
        ('{"prompt": "a", "max_tokens": 0}', "`max_tokens` is 0"),
        ('{"prompt": "a", "max_tokens": true}', "`max_tokens` is True"),
        ('{"prompt": "a", "language": "english please"}', "`language` is 'english please'"),
        ('{"prompt": "a", "scorer": "format", "expected": {"rules": {"x": 1}}}', "the rule 'x'"),
        (
            '{"prompt": "a", "scorer": "format", "expected": {"rules": {"regex": "("}}}',
            "the pattern",
        ),
        ('{"prompt": "a", "id": "x"}\n{"prompt": "b", "id": "x"}', "the id 'x' of question 2"),
        ("prompt,expected\na,b,c", "line 2: 3 cells under 2 columns"),
        ('prompt,expected\n"a,b', "line 2: no CSV"),
        (b"prompt\n\xff\xfe", "byte 7 is no UTF-8"),
        ("[" * 100_000, "no JSON|is no"),
        (
            '{"data": [{"paragraphs": [{"context": "c", "qas": [{}]}]}]}',
            r"qas\[0\]: `answers` is None",
        ),
        ('{"data": 3}', "`data` is 3"),
        ('{"question": "a", "answer": "#### many"}', "line 1: no number after ####"),
        ('{"prompt": "a", "tags": [1]}', "`tags` is"),
        ('{"prompt": "a", "expected": []}', "an empty list"),
    ],
)
def test_a_fault_is_one_line_with_its_place_and_the_value_seen(write, content, message):
    with pytest.raises(QuestionError, match=message) as caught:
        load(write(content))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("name", ["nothing.jsonl", "everyda", "x" * 5000, "a\0b", "~nobody-here/x"])
def test_a_name_that_is_neither_set_nor_file_is_refused(name):
    with pytest.raises(QuestionError, match="no question set or file"):
        load(name)


def test_too_large_a_file_is_refused_unread(write, monkeypatch):
    monkeypatch.setattr(document, "MAX_FILE_BYTES", 10)
    with pytest.raises(QuestionError, match="15 bytes"):
        load(write('{"prompt": "a"}'))


def test_too_many_questions_are_refused(write, monkeypatch):
    monkeypatch.setattr(files, "MAX_QUESTIONS", 1)
    with pytest.raises(QuestionError, match="more than 1 questions"):
        load(write('{"prompt": "a"}\n{"prompt": "b"}'))


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_no_bytes_make_the_loader_fail_in_another_way(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("fuzz") / "f"
    path.write_bytes(content)
    try:
        questions = load(str(path)).questions
    except QuestionError:
        return
    assert questions


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    [
        "prompt",
        "expected",
        "answer",
        "scorer",
        "choices",
        "kind",
        "id",
        "max_tokens",
        "data",
        "tags",
    ]
)
VALUES = JSON | st.sampled_from(["label", "json", "format", "numeric", "#### 3", "contains"])


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(FIELDS, VALUES, max_size=5), st.text(max_size=20))
def test_any_row_that_loads_can_be_scored(tmp_path_factory, row, text):
    path = tmp_path_factory.mktemp("fuzz") / "f.jsonl"
    path.write_text(json.dumps({"prompt": "a", **row}), "utf-8")
    try:
        questions = load(str(path)).questions
    except QuestionError:
        return
    value = score(questions[0], text).value
    assert value is None or 0 <= value <= 1


# Public sets


@needs_data
def test_squad_loads_with_its_answers_and_its_unanswerable_questions():
    chosen = load(str(DATA / "squad2-dev-a.json"), limit=40)
    kinds = [question.kind for question in chosen.questions]
    assert kinds.count("answerable") == kinds.count("unanswerable") == 20
    for question in chosen.questions:
        right = question.expected[0] if question.expected else "Not stated."
        assert score(question, right).value == 1


@needs_data
def test_gsm8k_loads_and_its_own_solutions_score_as_right():
    path = DATA / "gsm8k-test-a.jsonl"
    solutions = [json.loads(line)["answer"] for line in path.read_text("utf-8").splitlines()]
    questions = load(str(path)).questions
    assert len(questions) == len(solutions) == 400
    right = [is_right(score(one, text)) for one, text in zip(questions, solutions, strict=True)]
    assert all(right)


def test_a_small_squad_document_loads(write):
    entry = {
        "id": "a",
        "question": "Where?",
        "is_impossible": False,
        "answers": [{"text": "Rome"}] * 2,
    }
    other = {"id": "b", "question": "When?", "is_impossible": True, "answers": []}
    document = {"data": [{"paragraphs": [{"context": "In Rome.", "qas": [entry, other]}]}]}
    first, second = load(write(json.dumps(document))).questions
    assert (first.scorer, first.expected) == ("f1", ["Rome"])
    assert (second.scorer, second.expected) == ("abstain", None)
    assert "In Rome." in first.messages[0].content


def test_one_prompt_is_a_set_that_nothing_scores():
    chosen = load_prompt("Say hello.")
    assert chosen.name == "prompt"
    assert score(chosen.questions[0], "Hello").value is None


def test_an_empty_prompt_is_refused():
    with pytest.raises(QuestionError, match="the prompt is"):
        load_prompt(" ")


# Selecting


def test_a_larger_limit_contains_the_smaller_one():
    for seed in (0, 7):
        chosen = [
            {q.id for q in load("everyday", limit=n, seed=seed).questions} for n in (6, 24, 50)
        ]
        assert chosen[0] < chosen[1] < chosen[2]


def test_another_seed_draws_other_questions():
    assert load("everyday", limit=24, seed=1).sha256 != load("everyday", limit=24, seed=2).sha256


def test_the_fingerprint_is_of_the_questions_and_not_of_their_order(write):
    one, two = '{"prompt": "a", "id": "1"}', '{"prompt": "b", "id": "2"}'
    assert load(write(f"{one}\n{two}")).sha256 == load(write(f"{two}\r\n{one}", "x")).sha256
    assert load(write(one)).sha256 != load(write(two)).sha256


def test_kinds_and_languages_select(write):
    chosen = load("everyday", kinds=["classify"], languages=["sw"]).questions
    assert {(question.kind, question.language) for question in chosen} == {("classify", "sw")}
    with pytest.raises(QuestionError, match=r"no question of kind 'poems'.*summary"):
        load("everyday", kinds=["poems"])
    with pytest.raises(QuestionError, match="The limit is 0"):
        load("everyday", limit=0)
