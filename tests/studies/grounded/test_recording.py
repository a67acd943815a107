"""What is recorded of a question is used for that question alone, and an outage for none."""

from pathlib import Path

import pytest
from tests.rag.made import NORMANS, Few, model, says
from tests.studies.grounded.samples import Gold, question

from sprat.errors import RunError
from sprat.rag.gate import Gate
from sprat.studies.grounded.question import digest_of
from sprat.studies.grounded.recording import record
from sprat.studies.grounded.sheet import read_rows
from sprat.studies.resume import MAX_STREAK
from sprat.types import Message

WHERE = "Where did the Normans come from?"
NORWAY = '"They came from Norway" [1]\nNorway'
DEAD = {"error": {"kind": "died", "message": "Gone."}}


async def recorded(sheet: Path, asked, *rules) -> tuple[list, int]:
    """The rows, and how often the model was asked for them."""
    engine = model("tiny", *rules)
    rows = await record(sheet, asked, Few(NORMANS), {"small": engine}, Gate())
    return rows, len(engine.asked)


async def test_what_was_asked_is_not_asked_again_whatever_it_is_called(tmp_path):
    sheet = tmp_path / "sheet.jsonl"
    first = question("q0001", question=WHERE, answers=["Norway"])
    rows, asked = await recorded(sheet, [first], says(NORWAY))
    assert (rows[0].right, asked > 0) == (True, True)
    again = question("mine", question=WHERE, answers=["Norway"], reviewed=False)
    rows, asked = await recorded(sheet, [again], says(NORWAY))
    assert ([row.question for row in rows], rows[0].right, asked) == (["mine"], True, 0)


@pytest.mark.parametrize(
    "other",
    [
        question("q0001", question=WHERE, answers=["France"]),
        question("q0001", question=WHERE, unanswerable=True),
        question("q0001", question="From where came the Normans?", answers=["Norway"]),
        question("q0001", question=WHERE, answers=["Norway"], history=(Message("user", "Hello."),)),
        question("q0001", question=WHERE, answers=["Norway"], gold=[Gold(text=NORMANS)]),
    ],
)
async def test_another_question_of_the_same_id_has_its_own_answer(tmp_path, other):
    sheet = tmp_path / "sheet.jsonl"
    one = question("q0001", question=WHERE, answers=["Norway"])
    await recorded(sheet, [one], says(NORWAY))
    (row,), asked = await recorded(sheet, [other], says(NORWAY))
    assert asked > 0
    assert row.asked == digest_of(other) != digest_of(one)
    assert row.unanswerable == other.unanswerable
    assert row.right == (other.answers == ("Norway",))


async def test_what_failed_is_asked_again(tmp_path):
    sheet = tmp_path / "sheet.jsonl"
    one = question(question=WHERE, answers=["Norway"])
    (row,), _ = await recorded(sheet, [one], DEAD)
    assert row.error
    (row,), _ = await recorded(sheet, [one], says(NORWAY))
    assert (row.error, row.right) == (None, True)


async def test_an_outage_ends_it_and_what_was_answered_is_kept(tmp_path):
    sheet = tmp_path / "sheet.jsonl"
    many = [question(f"q{n}", question=f"{WHERE} {n}") for n in range(3 * MAX_STREAK)]
    works = {"contains": f"question: {WHERE} 0".lower(), **says(NORWAY)}
    with pytest.raises(RunError, match=f"tiny failed {MAX_STREAK} times in a row"):
        await recorded(sheet, many, works, DEAD)
    rows = read_rows(sheet)
    assert [row.error is None for row in rows] == [True, *[False] * MAX_STREAK]


async def test_a_plain_side_is_asked_for_the_answer_alone(tmp_path):
    engine = model("tiny", says("Norway"))
    asked = [question("q0001", question=WHERE, answers=["Norway"])]
    (row,) = await record(
        tmp_path / "sheet.jsonl", asked, Few(NORMANS), {"plain small": engine}, Gate()
    )
    assert (row.side, row.right, row.features["unquoted"]) == ("plain small", True, 1.0)
    assert all(len(request.messages) == 1 for request in engine.asked)
