"""How a policy judges an answer."""

import math

import msgspec
import pytest
from tests.policies.samples import reply, request, token

from sprat.policies.confidence import confidence_of
from sprat.policies.logistic import Logistic
from sprat.policies.rules import faults
from sprat.policies.spec import Decision, Policy, Rules, Side
from sprat.types import Reply, ResponseFormat

LEARNED = Logistic(
    features=("mean", "self_check", "prompt_log_turns"),
    centres=(-1.0, 0.5, 0.0),
    scales=(0.5, 0.5, 1.0),
    weights=(2.0, 1.0, 3.0),
    bias=0.25,
)


def policy(learned: Logistic | None = LEARNED, **changes: object) -> Policy:
    return Policy(
        name="p",
        kind="cascade",
        small=Side(model="s"),
        large=Side(model="l"),
        decision=Decision(logistic=learned),
        **changes,
    )


def test_it_is_the_logistic_of_the_features_of_answer_request_and_extra() -> None:
    answer = reply(token("Paris", 0.5, 0.2))
    found = confidence_of(policy(), request(), answer, {"self_check": 1.0})
    score = 0.25 + 2 * (round(math.log(0.5), 3) + 1) / 0.5 + 1 * (1 - 0.5) / 0.5 + 3 * math.log(2)
    assert found.value == pytest.approx(1 / (1 + math.exp(-score)), abs=1e-9)
    assert found.calibrated


def test_what_is_not_known_says_nothing_either_way() -> None:
    answer = reply(token("Paris", 0.5, 0.2))
    bare = confidence_of(policy(), request(), answer)
    neutral = confidence_of(policy(), request(), answer, {"self_check": 0.5})
    assert bare == neutral


def test_before_there_is_an_answer_the_request_alone_is_judged() -> None:
    found = confidence_of(policy(), request(), None)
    assert found.value == pytest.approx(1 / (1 + math.exp(-(0.25 + 3 * math.log(2)))))
    assert found.calibrated


def test_without_log_probabilities_the_rules_decide_and_it_says_so() -> None:
    found = confidence_of(policy(), request(), reply(text="Paris"))
    assert (found.value, found.calibrated) == (1.0, False)
    assert found.why == "by rule, as there are no log-probabilities: no fault found"


JSON = ResponseFormat(kind="json_schema", schema={"type": "object", "required": ["c"]})


@pytest.mark.parametrize(
    "answer",
    [
        reply(token("I am sure.", 0.99)),
        reply(
            token("{", 0.99), token('"d"', 0.99), token(": ", 0.99), token("1", 0.99), token("}")
        ),
    ],
)
def test_an_answer_that_breaks_the_form_is_not_sure_whatever_was_learned(answer: Reply) -> None:
    found = confidence_of(policy(), request(response_format=JSON), answer)
    assert (found.value, found.calibrated) == (0.0, False)
    assert found.why.startswith("by rule: not of the form that was asked for: ")


def test_where_no_rule_looks_at_the_form_it_is_judged_as_learned() -> None:
    answer = reply(token('{"d": ', 0.99), token("1", 0.99), token("}"))
    lax = policy(rules=Rules(schema=False))
    assert confidence_of(lax, request(response_format=JSON), answer).calibrated


def test_with_no_token_of_a_value_there_is_nothing_learned_to_go_by() -> None:
    asked = request(response_format=ResponseFormat(kind="json_object"))
    found = confidence_of(policy(), asked, reply(token("{", 0.99), token("}", 0.99)))
    assert (found.value, found.calibrated) == (1.0, False)
    assert found.why == "by rule, as none of its tokens belongs to a value: no fault found"


def test_what_was_learned_from_the_text_alone_needs_no_tokens() -> None:
    short = Logistic(
        features=("log_chars",), centres=(0.0,), scales=(1.0,), weights=(1.0,), bias=0.0
    )
    asked = request(response_format=ResponseFormat(kind="json_object"))
    assert confidence_of(policy(short), asked, reply(token("{}", 0.99))).calibrated


def test_with_nothing_learned_a_fault_is_named() -> None:
    cut = reply(token("The"), finish="length")
    found = confidence_of(policy(None), request(), cut)
    assert (found.value, found.calibrated) == (0.0, False)
    assert "cut off" in found.why


def test_a_confidence_that_is_no_probability_of_being_right_says_so() -> None:
    for_budget = policy()
    decision = msgspec.structs.replace(for_budget.decision, aim="worth")
    for_budget = msgspec.structs.replace(for_budget, decision=decision)
    found = confidence_of(for_budget, request(), reply(token("Paris")))
    assert found.why == "learned: whether keeping it pays"


def test_other_sampling_than_it_was_learned_for_is_not_calibrated() -> None:
    greedy = policy(sampling={"temperature": 0.0})
    answer = reply(token("Paris"))
    assert confidence_of(greedy, request(), answer).calibrated
    warm = confidence_of(greedy, request(temperature=0.7), answer)
    assert not warm.calibrated
    assert warm.why == "learned for other sampling: temperature 0.7, not 0.0"


@pytest.mark.parametrize(
    ("rules", "changes", "found"),
    [
        (Rules(), {"text": "  "}, ["too short"]),
        (Rules(), {"text": "x", "finish": "length"}, ["cut off"]),
        (Rules(cut_off=False), {"text": "x", "finish": "length"}, []),
        (Rules(), {"text": "I do not know."}, ["says that it does not know"]),
        (Rules(unknown=False), {"text": "I do not know."}, []),
    ],
)
def test_each_rule_finds_its_fault(rules: Rules, changes: dict, found: list[str]) -> None:
    assert faults(rules, request(), reply(**changes)) == found


def test_an_answer_of_another_form_than_asked_for_is_a_fault() -> None:
    asked = request(response_format=ResponseFormat(kind="json_object"))
    assert faults(Rules(), asked, reply(text="{}")) == []
    assert faults(Rules(), asked, reply(text="[]")) == [
        "not of the form that was asked for: no JSON object"
    ]
    assert faults(Rules(schema=False), asked, reply(text="[]")) == []
