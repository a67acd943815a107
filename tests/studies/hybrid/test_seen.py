"""What a policy has seen is known by its words, not by its name."""

import pytest
from tests.policies.samples import question, reply, run, token
from tests.policies.test_outcomes import log_of

from sprat.errors import PolicyError, QuestionError
from sprat.policies.outcomes import outcomes_of
from sprat.policies.spec import Policy, Side
from sprat.studies.hybrid.recorded import Recorded, of_log
from sprat.studies.hybrid.seen import held_out, marks_of, only_unseen


def recorded(*asked, worded=True):
    log = log_of(*outcomes_of([run(one, "small", reply(token("x"))) for one in asked], asked))
    return Recorded(log, asked, worded=True) if worded else of_log(log)


def having_seen(*asked, worded=True):
    marks = marks_of(recorded(*asked, worded=worded), [one.id for one in asked])
    sides = {"small": Side(model="small"), "large": Side(model="large")}
    return Policy(name="p", kind="cascade", evaluation={"seen": marks}, **sides)


def left(policy, found):
    return [one.id for one in only_unseen(policy, found).questions]


ONE = question("q0001", "What is one?")
TWO = question("q0002", "What is two?")


@pytest.mark.parametrize("worded", [True, False])
def test_a_question_was_seen_whatever_it_is_called_and_another_of_its_name_was_not(worded):
    policy = having_seen(ONE, worded=worded)
    elsewhere = recorded(
        question("q0001", "What is two?"), question("q0002", "What is one?"), worded=worded
    )
    assert left(policy, elsewhere) == ["q0001"]
    assert held_out(policy, elsewhere) is False
    assert held_out(policy, recorded(TWO, worded=worded)) is True


def test_translations_of_a_seen_question_were_seen_and_so_was_the_original_of_one():
    malay = question("ms", "Apa?", tags=("translation-of:q0001",))
    tamil = question("ta", "Enna?", tags=("translation-of:q0001",))
    assert left(having_seen(ONE), recorded(malay, TWO)) == ["q0002"]
    assert left(having_seen(malay), recorded(ONE, TWO)) == ["q0002"]
    assert left(having_seen(malay), recorded(tamil, TWO)) == ["q0002"]
    assert left(having_seen(malay), recorded(ONE, malay, tamil, TWO)) == ["q0002"]


@pytest.mark.parametrize("worded", [True, False])
def test_another_question_about_a_seen_passage_was_seen(worded):
    about = [
        question(name, f"Read.\n\nPassage: {passage}\n\nQuestion: what is {name}?")
        for name, passage in (("a", "One."), ("b", "One."), ("c", "Two."))
    ]
    assert left(having_seen(about[0], worded=worded), recorded(*about[1:], worded=worded)) == ["c"]


def test_a_policy_that_does_not_say_what_it_saw_is_said_not_to():
    policy = Policy(name="p", kind="cascade", small=Side(model="s"), large=Side(model="l"))
    assert held_out(policy, recorded(ONE)) is None
    with pytest.raises(PolicyError, match="does not say which questions"):
        only_unseen(policy, recorded(ONE))


def test_questions_of_the_same_names_that_are_others_than_the_log_was_asked_are_refused():
    log = recorded(ONE, TWO).log
    swapped = [question("q0001", "What is two?"), question("q0002", "What is one?")]
    with pytest.raises(QuestionError, match="'q0001' is another question"):
        of_log(log, swapped)
    assert of_log(log, [ONE, TWO]).worded
