"""The same question under two names is one question."""

import pytest
from tests.policies.samples import question, reply, run, timing, token
from tests.policies.test_outcomes import log_of

from sprat.engines.base import ask
from sprat.errors import RunError
from sprat.policies.outcomes import join, outcomes_of
from sprat.policies.recorded import RecordedEngine
from sprat.policies.splits import groups_of, split
from sprat.policies.wording import together, wording_of
from sprat.types import ChatRequest, Message


def test_questions_in_the_same_words_are_in_one_part() -> None:
    asked = [question(f"q{k}", f"What is {k % 30}?") for k in range(90)]
    said = {one.id: one.messages for one in asked}
    parts = split(list(said), groups_of(asked))
    words = [{said[name] for name in part} for part in (parts.tune, parts.certify, parts.report)]
    assert all(words)
    assert not words[0] & words[1]
    assert not words[2] & (words[0] | words[1])


def test_a_copy_of_an_original_belongs_to_its_translations_too() -> None:
    asked = [
        question("en", "What?"),
        question("ms", "Apa?", tags=("translation-of:en",)),
        question("again", "Apa?"),
        question("other", "Who?"),
    ]
    groups = groups_of(asked)
    assert groups["en"] == groups["ms"] == groups["again"] != groups["other"]


def test_groups_that_share_a_question_or_its_words_are_one() -> None:
    links = [
        ("a", "g1", "w"),
        ("a", "g2", "w"),
        ("b", "g3", "v"),
        ("c", "g2", "v"),
        ("d", "g4", ""),
    ]
    found = together([*links, ("e", "g5", "")])
    assert found == {"a": "g1", "b": "g1", "c": "g1", "d": "g4", "e": "g5"}


def test_who_says_it_is_part_of_the_wording() -> None:
    assert wording_of((Message("user", "a"),)) != wording_of((Message("system", "a"),))
    assert wording_of((Message("user", "a"),)) == wording_of((Message("user", "a", name="me"),))


async def test_of_questions_in_the_same_words_the_first_recorded_one_is_answered() -> None:
    copies = [question(f"q{k}", "What?") for k in range(3)]
    runs = [
        run(copies[k], "small", reply(token(f"answer {k}"), timing=timing(k, 0.1))) for k in (1, 2)
    ]
    engine = RecordedEngine(log_of(*outcomes_of(runs, copies)), "small", copies)
    assert (await ask(engine, ChatRequest(messages=copies[0].messages))).text == "answer 1"


def test_joined_logs_with_one_question_under_two_names_have_it_in_one_group() -> None:
    one, other = question("q0001", "What?"), question("row-7", "What?")
    logs = [log_of(*outcomes_of([run(q, "small", reply(token("x")))], [q])) for q in (one, other)]
    assert len({outcome.group for outcome in join(logs).outcomes}) == 1


def test_joined_logs_with_two_questions_under_one_name_are_refused() -> None:
    one, other = question("q0001", "What?"), question("q0001", "Who?")
    logs = [
        log_of(*outcomes_of([run(asked, model, reply(token("x")))], [asked]))
        for asked, model in ((one, "small"), (other, "large"))
    ]
    with pytest.raises(RunError, match="'q0001' is not the same question"):
        join(logs)
