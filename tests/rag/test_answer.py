"""Answers from documents: found, asked, checked, or honestly not said."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import msgspec
import pytest
from tests.policies.made import Counting, failing
from tests.rag.made import (
    NORMANS,
    OFFSET,
    SEINE,
    grounded,
    model,
    played,
    question,
    reads,
    says,
    sentence_gate,
)

from sprat.engines.script import Script
from sprat.errors import EngineDied, UnsupportedRequest
from sprat.policies.logistic import Logistic
from sprat.rag.answer import NOT_SAID
from sprat.rag.gate import Gate, SideGate
from sprat.types import ChatRequest, Delta, Message, Reply, Step

ASKED = "Through which city does the Seine flow?"
QUOTED = '"The Seine flows through Paris." [1]\nParis'
INVENTED = '"The Seine ends its journey in the harbour of Le Havre" [1]\nLe Havre'


async def test_a_quoted_answer_is_given_with_the_words_that_it_rests_on():
    engine = grounded(model("s", says(QUOTED)))
    _, reply = await played(engine, question(ASKED))
    assert reply.text == "Paris [1]"
    assert reply.answered is True
    source = reply.sources[0]
    assert (source.file, source.number, source.text) == ("/docs/1.md", 1, SEINE)
    assert source.quote is not None
    start, end = source.quote
    assert SEINE[start - OFFSET : end - OFFSET] == "The Seine flows through Paris"


async def test_retrieval_is_the_first_step_and_timed():
    _, reply = await played(grounded(model("s", says(QUOTED))), question(ASKED))
    assert [step.role for step in reply.steps] == ["retrieve", "answer"]
    assert reply.steps[0].timing is not None
    assert reply.steps[1].kept
    assert reply.path == "direct"


async def test_nothing_near_enough_asks_no_model():
    small = model("s", says(QUOTED))
    _, reply = await played(grounded(small), question("Who painted Guernica?"))
    assert reply.text == NOT_SAID
    assert reply.answered is False
    assert small.asked == []
    assert reply.usage.input_tokens == 0


async def test_an_invented_quote_goes_to_the_large_model_with_the_same_passages():
    small, large = model("s", says(INVENTED)), model("l", says(QUOTED))
    _, reply = await played(grounded(small, large), question(ASKED))
    assert (reply.text, reply.path) == ("Paris [1]", "escalated")
    assert [step.role for step in reply.steps] == ["retrieve", "draft", "answer"]
    assert "quoted words" in reply.steps[1].why
    assert SEINE in small.asked[0].messages[-1].content
    assert SEINE in large.asked[0].messages[-1].content


async def test_if_neither_can_quote_the_documents_do_not_say_and_the_nearest_are_shown():
    engine = grounded(model("s", says(INVENTED)), model("l", says("NOT IN THE DOCUMENTS")))
    _, reply = await played(engine, question(ASKED))
    assert (reply.text, reply.answered) == (NOT_SAID, False)
    assert reply.sources[0].text == SEINE
    assert all(source.number is None for source in reply.sources)
    assert reply.usage == reply.paid
    assert reply.usage.output_tokens > 0


@pytest.mark.parametrize("which", ["small", "large"])
async def test_either_model_may_be_missing(which: str):
    asked = model("m", says(QUOTED))
    engine = grounded(asked) if which == "small" else grounded(None, asked)
    assert (await played(engine, question(ASKED)))[1].text == "Paris [1]"


async def test_an_accepted_answer_streams_line_by_line():
    """Its lines come while the model still writes, and nothing of the quoted line is shown."""
    lines = "".join(f"\n- Paris, {n} kilometres" for n in (777,) * 5)
    engine = grounded(model("s", says(QUOTED + lines, gap_ms=1)))
    texts, reply = await played(engine, question(ASKED))
    assert len(texts) > 5
    assert reply.text == f"Paris{lines} [1]"
    assert reply.timing.first_token_ns is not None
    assert reply.timing.first_token_ns < reply.timing.done_ns - 3e6


async def test_a_bad_quote_stops_the_model_at_the_end_of_its_line():
    small = model("s", says(INVENTED + " and so on" * 200, gap_ms=1))
    engine = grounded(small, model("l", says(QUOTED)))
    _, reply = await played(engine, question(ASKED))
    draft = reply.steps[1]
    assert draft.usage is not None
    assert draft.usage.output_tokens < 20
    assert small.running == 0


async def test_a_refusal_after_the_quote_is_never_shown():
    late = '"The Seine flows through Paris." [1]\nNOT IN THE DOCUMENTS'
    texts, reply = await played(grounded(model("s", says(late))), question(ASKED))
    assert texts == [NOT_SAID]
    assert reply.answered is False


async def test_the_number_of_a_quote_is_that_of_the_passage_where_it_stands():
    wrong = '"The Seine flows through Paris." [2]\nParis'
    asked = f"{ASKED} Normandy?"
    _, reply = await played(grounded(model("s", says(wrong))), question(asked))
    assert reply.sources[0].text == SEINE
    assert reply.text == f"Paris [{reply.sources[0].number}]"


async def test_a_model_that_thinks_it_is_not_there_is_not_asked_to_answer():
    small = model("s", reads(0.9, QUOTED))
    _, reply = await played(grounded(small), question(ASKED))
    assert reply.answered is False
    assert [step.role for step in reply.steps] == ["retrieve", "read"]
    assert reply.steps[1].confidence == pytest.approx(0.1)
    assert len(small.asked) == 1


async def test_a_model_that_thinks_it_is_there_answers():
    _, reply = await played(grounded(model("s", reads(0.2, QUOTED))), question(ASKED))
    assert reply.text == "Paris [1]"
    assert [step.role for step in reply.steps] == ["retrieve", "read", "answer"]
    assert reply.steps[2].confidence == pytest.approx(0.8)


async def test_a_learned_confidence_decides_instead_of_the_rules():
    sure = Logistic(
        features=("not_there",), centres=(0.0,), scales=(1.0,), weights=(0.0,), bias=2.0
    )
    gate = Gate(small=SideGate(logistic=sure, threshold=0.9))
    _, reply = await played(grounded(model("s", reads(0.2, QUOTED)), gate=gate), question(ASKED))
    assert reply.answered is False
    assert reply.steps[2].calibrated
    assert reply.steps[2].confidence == pytest.approx(0.881, abs=0.001)
    assert reply.steps[2].text == QUOTED


async def test_words_that_stand_somewhere_else_in_the_documents_are_no_answer():
    """With nothing quoted, a sentence that is not about the question holds nothing up."""
    engine = grounded(model("s", says("It is 777 kilometres.")), gate=sentence_gate())
    asked = question("Which tower of the exhibition has Paris as its home?")
    _, reply = await played(engine, asked)
    assert (reply.answered, reply.text) == (False, "The documents do not say.")
    assert "of the question's words stand near" in reply.steps[-1].why


async def test_an_answer_without_a_quote_rests_on_the_sentence_that_holds_it():
    engine = grounded(model("s", says("It is 777 kilometres long.")), gate=sentence_gate())
    _, reply = await played(engine, question("How long is the Seine?"))
    assert reply.text == "It is 777 kilometres long. [1]"
    assert reply.sources[0].quote is not None
    start, end = reply.sources[0].quote
    assert SEINE[start - OFFSET : end - OFFSET].startswith("It is 777")


async def test_an_answer_whose_words_stand_nowhere_is_not_given():
    engine = grounded(model("s", says("It ends in Marseille.")), gate=sentence_gate())
    _, reply = await played(engine, question("Where does the Seine end?"))
    assert reply.answered is False


async def test_a_failing_small_model_is_made_up_for_by_the_large_one():
    engine = grounded(model("s", failing()), model("l", says(QUOTED)))
    _, reply = await played(engine, question(ASKED))
    assert reply.text == "Paris [1]"
    assert reply.steps[1].error is not None


async def test_a_failing_large_model_is_an_error_and_no_claim_about_the_documents():
    engine = grounded(model("s", says(INVENTED)), model("l", failing()))
    with pytest.raises(EngineDied):
        await played(engine, question(ASKED))


async def test_an_answer_that_breaks_off_after_its_first_piece_is_an_error():
    words = QUOTED + "\nThe Seine flows through Paris and rises near Dijon."
    broken = says(words, error={"kind": "died", "message": "It died.", "after_chunks": 13})
    engine = grounded(model("s", broken), model("l", says(QUOTED)))
    seen: list[str] = []

    async def listen() -> None:
        async for piece in engine.stream(question(ASKED)):
            seen.append(piece.text)  # noqa: PERF401 (it breaks off)

    with pytest.raises(EngineDied):
        await listen()
    assert "".join(seen).startswith("Paris")


async def test_an_answer_that_breaks_off_before_its_first_piece_goes_to_the_large_model():
    broken = says(f"{QUOTED} and", error={"kind": "died", "message": "It died.", "after_chunks": 8})
    _, reply = await played(grounded(model("s", broken), model("l", says(QUOTED))), question(ASKED))
    assert (reply.text, reply.path) == ("Paris [1]", "escalated")
    assert reply.steps[1].error is not None


async def test_steps_are_told_when_they_begin_and_when_they_end():
    heard: list[Step] = []
    engine = grounded(model("s", says(INVENTED)), model("l", says(QUOTED)))
    await played(engine.watched_by(heard.append), question(ASKED))
    assert [(step.role, step.timing is not None) for step in heard] == [
        ("retrieve", False),
        ("retrieve", True),
        ("read", False),
        ("read", True),
        ("draft", False),
        ("draft", True),
        ("read", False),
        ("read", True),
        ("answer", False),
        ("answer", True),
    ]


async def test_a_stop_cancels_the_model():
    small = model("s", says(QUOTED + "\nParis" * 500, gap_ms=2))
    async with aclosing(grounded(small).stream(question(ASKED))) as pieces:
        assert isinstance(await anext(pieces), Delta)
        assert small.running == 1
    assert small.running == 0


async def test_two_at_once_do_not_mix():
    engine = grounded(
        model(
            "s",
            says('"The Normans gave their name to Normandy" [1]\nNormandy', contains="Normans?"),
            says(QUOTED, gap_ms=1),
        )
    )
    one, other = await asyncio.gather(
        played(engine, question(ASKED)), played(engine, question("What is named after Normans?"))
    )
    assert (one[1].text, other[1].text) == ("Paris [1]", "Normandy [1]")
    assert other[1].sources[0].text == NORMANS


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tools", ({"type": "function"},)),
        ("logprobs", 0),
        ("logit_bias", {1: 1.0}),
        ("stop", ("Seine",)),
    ],
)
async def test_what_an_edited_answer_cannot_have_is_refused_by_name(field: str, value: object):
    with pytest.raises(UnsupportedRequest) as caught:
        await played(grounded(model("s", says(QUOTED))), question(ASKED, **{field: value}))
    assert caught.value.param == field


async def test_the_caller_s_system_message_is_passed_on():
    small = model("s", says(QUOTED))
    asked = ChatRequest(messages=(Message("system", "Be brief."), Message("user", ASKED)))
    reply = [piece async for piece in grounded(small).stream(asked)][-1]
    assert isinstance(reply, Reply)
    assert small.asked[0].messages[0].content == "Be brief."


LEAVE = "Employees have 25 days of leave. Interns have 12 days of leave and 1 200 euros."
INTERNS = "How many days of leave do interns have?"
HAVE = '"Interns have 12 days of leave" [1]'


async def leave(answer: str, asked: str = INTERNS, text: str = LEAVE, **fields: object) -> Reply:
    engine = grounded(model("s", says(answer)), texts=(text,))
    return (await played(engine, question(asked, **fields)))[1]


@pytest.mark.parametrize(
    "answer",
    [
        f"{HAVE}\n90 days",
        f"{HAVE}\nninety days",
        f"{HAVE}\nUnlimited leave, including sabbaticals",
        '"have" [1]\nUnlimited leave, whenever they like',
        '"have" [1]\n12 days',
        '"Interns have 25 days of leave" [1]\n25 days',
    ],
)
async def test_an_answer_that_its_passage_does_not_bear_is_not_given(answer: str):
    reply = await leave(answer)
    assert (reply.text, reply.answered) == (NOT_SAID, False)


@pytest.mark.parametrize("answer", ["12 days", "Twelve days", "Yes", "No, 12"])
async def test_short_answers_that_it_bears_are_given(answer: str):
    assert (await leave(f"{HAVE}\n{answer}")).text == f"{answer} [1]"


async def test_an_unborne_number_goes_to_the_large_model_with_the_reason():
    small, large = model("s", says(f"{HAVE}\n90 days")), model("l", says(f"{HAVE}\n12 days"))
    _, reply = await played(grounded(small, large, texts=(LEAVE,)), question(INTERNS))
    assert (reply.text, reply.path) == ("12 days [1]", "escalated")
    assert "the answer's words and numbers" in reply.steps[1].why
    assert reply.steps[1].text == f"{HAVE}\n90 days"


async def test_a_later_line_that_stands_nowhere_ends_the_answer_visibly():
    reply = await leave(f"{HAVE}\n12 days\n- and 90 more on request\n- 12 of them")
    assert (reply.text, reply.answered) == ("12 days\n\u2026 [1]", True)


@pytest.mark.parametrize("answer", ["No", "It is not included", "Not included."])
async def test_a_negative_fact_is_an_answer(answer: str):
    text = "Breakfast is not included in the hotel rate."
    said = f'"Breakfast is not included in the hotel rate." [1]\n{answer}'
    reply = await leave(said, "Is breakfast included in the rate?", text)
    assert (reply.answered, reply.text) == (True, f"{answer} [1]")


@pytest.mark.parametrize("answer", ["The passages do not say.", "I do not know.", "Not stated"])
async def test_an_answer_that_takes_its_quote_back_is_none(answer: str):
    assert (await leave(f"{HAVE}\n{answer}")).answered is False


class Trailing(Counting):
    """Its pieces end in the space that others begin with."""

    async def stream(self, request: ChatRequest) -> AsyncIterator[Delta | Reply]:
        held = Delta()
        async for piece in super().stream(request):
            if isinstance(piece, Reply):
                yield held
                yield piece
                return
            word = piece.text.lstrip()
            space = piece.text[: len(piece.text) - len(word)]
            yield msgspec.structs.replace(held, text=held.text + space)
            held = msgspec.structs.replace(piece, text=word)


async def test_a_number_that_comes_in_two_pieces_is_not_fused():
    """The space between them is the end of what was heard when the first one came."""
    said = "Interns have leave, also 1 200 euros"
    script = msgspec.convert({"rule": [says(f"{HAVE}\n{said}")]}, Script)
    engine = grounded(Trailing("s", script), texts=(LEAVE,))
    assert (await played(engine, question(INTERNS)))[1].text == f"{said} [1]"


async def test_what_is_drawn_is_read_too_and_never_called_calibrated():
    sure = Logistic(
        features=("not_there",), centres=(0.0,), scales=(1.0,), weights=(0.0,), bias=9.0
    )
    gate = Gate(small=SideGate(logistic=sure, threshold=0.5, decide="answer"))
    drawn = question(ASKED, temperature=0.9)
    small = model("s", reads(0.9, QUOTED))
    _, reply = await played(grounded(small, gate=gate), drawn)
    assert reply.answered is False
    assert small.asked[0].temperature == 0.0  # a reading draws nothing
    _, reply = await played(grounded(model("s", reads(0.2, QUOTED)), gate=gate), drawn)
    assert reply.answered is True
    assert not any(step.calibrated for step in reply.steps)
    _, reply = await played(grounded(model("s", reads(0.2, QUOTED)), gate=gate), question(ASKED))
    assert reply.steps[-1].calibrated


async def test_what_is_drawn_keeps_the_form_and_is_not_guessed():
    small = model("s", reads(0.2, QUOTED))
    await played(grounded(small), question(ASKED, temperature=0.9))
    assert small.asked[1].response_format is not None
    assert small.asked[1].prediction is None
