"""Features of an answer: their formulas, what is left out, and JSON's form that does not count."""

import json
import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy
from tests.policies.samples import drawn_tokens, reply, request, token

from sprat.policies.content import content_of, value_marks
from sprat.policies.features import FEATURES, features_of
from sprat.policies.prompt import PROMPT_FEATURES, prompt_features_of
from sprat.policies.tokens import LEAST_NATS, facts_of
from sprat.types import Message, ResponseFormat, TokenLogprob

JSON = ResponseFormat(kind="json_object")


def test_the_features_of_log_probabilities_are_those_of_numpy() -> None:
    tokens = drawn_tokens(seed=1, count=37)
    found = features_of(reply(*tokens), request())
    values = np.array([t.logprob for t in tokens])
    tops = np.array([[value for _, value in t.top] for t in tokens])
    shares = np.exp(tops)
    rest = np.clip(1 - shares.sum(axis=1, keepdims=True), 0, None)
    entropies = entropy(np.hstack([shares, rest]), axis=1)
    wanted = {
        "mean": values.mean(),
        "min": values.min(),
        "p10": np.quantile(values, 0.1),
        "median": np.median(values),
        "sum": values.sum(),
        "log_length": math.log(38),
        "first": values[0],
        "mean_margin": (tops[:, 0] - tops[:, 1]).mean(),
        "min_margin": (tops[:, 0] - tops[:, 1]).min(),
        "mean_entropy": entropies.mean(),
        "max_entropy": entropies.max(),
        "unsure_share": (values < math.log(0.5)).mean(),
    }
    for name, value in wanted.items():
        assert found[name] == pytest.approx(value, abs=37 * 0.0005 if name == "sum" else 0.001), (
            name
        )


def test_every_feature_is_one_that_is_listed() -> None:
    asked = request(response_format=JSON)
    found = features_of(reply(token('{"a":'), token(" 1", 0.6, 0.2), token("}")), asked)
    assert set(found) == set(FEATURES)


def test_an_answer_without_log_probabilities_has_only_those_of_its_text() -> None:
    found = features_of(reply(text="Paris"), request())
    assert set(found) == {"cut_off", "abstains", "log_chars"}


def test_without_alternatives_there_is_neither_margin_nor_entropy() -> None:
    found = features_of(reply(token("Paris", 0.8)), request())
    assert "mean" in found
    assert "mean_margin" not in found
    assert "max_entropy" not in found


def test_the_entropy_is_a_lower_bound_of_that_over_all_tokens() -> None:
    whole = [0.5, 0.2, 0.1, 0.1, 0.05, 0.03, 0.02]
    found = features_of(reply(token("x", *whole[:4])), request())
    assert found["max_entropy"] <= entropy(whole)
    assert found["max_entropy"] == pytest.approx(entropy([*whole[:4], 0.1]), abs=0.001)


def test_a_token_that_another_one_was_likelier_than_has_a_negative_margin() -> None:
    found = features_of(reply(token("x", 0.1, 0.8), token("y", 0.9, 0.05)), request())
    assert found["min_margin"] == pytest.approx(math.log(0.1 / 0.8), abs=0.001)
    assert found["outvoted_share"] == 0.5


def test_two_tokens_shown_as_the_same_text_are_told_apart_by_their_probability() -> None:
    strange = TokenLogprob("\ufffd", -2.0, (("\ufffd", -0.5), ("\ufffd", -2.0), ("a", -3.0)))
    assert facts_of([strange])[0].margin == -1.5


def test_a_chosen_token_beyond_the_listed_ones_is_compared_with_the_first_of_them() -> None:
    beyond = TokenLogprob("z", -4.0, (("a", -0.5), ("b", -2.0)))
    assert facts_of([beyond])[0].margin == -3.5


def test_impossible_and_undefined_probabilities_are_bounded() -> None:
    odd = [TokenLogprob("a", value, (("b", -1.0),)) for value in (-math.inf, -9999.0, math.nan)]
    facts = facts_of(odd)
    assert [fact.logprob for fact in facts] == [LEAST_NATS] * 3
    assert all(math.isfinite(value) for value in features_of(reply(*odd), request()).values())


def test_what_is_cut_off_and_what_gives_up_is_seen() -> None:
    cut = features_of(reply(token("The"), finish="length"), request())
    gave_up = features_of(reply(token("I don't know")), request())
    assert (cut["cut_off"], cut["abstains"]) == (1, 0)
    assert (gave_up["cut_off"], gave_up["abstains"]) == (0, 1)


def test_only_the_values_of_a_json_answer_count() -> None:
    sure = [token('{"', 0.99), token("street", 0.99), token('": "', 0.99)]
    doubtful = [token("High", 0.3), token(" St", 0.5)]
    found = features_of(reply(*sure, *doubtful, token('"}', 0.99)), request(response_format=JSON))
    assert found["mean"] == pytest.approx((math.log(0.3) + math.log(0.5)) / 2, abs=0.001)
    assert found["first"] == pytest.approx(math.log(0.3), abs=0.001)
    unasked = features_of(reply(*sure, *doubtful, token('"}', 0.99)), request())
    assert unasked["mean"] == found["mean"]


def test_braces_in_prose_are_not_json() -> None:
    found = features_of(reply(token("{", 0.5), token("maybe", 0.5)), request())
    assert found["log_length"] == pytest.approx(math.log(3))


def test_keys_commas_braces_and_quotes_are_form_and_everything_else_is_value() -> None:
    text = '{"a\\"b": [1, "x,y", {"k": null}], "c": "d: e"}'
    marked = "".join(c for c, value in zip(text, value_marks(text), strict=True) if value)
    assert marked == "1x,ynulld: e"


@given(
    st.recursive(
        st.integers() | st.text() | st.booleans() | st.none(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    ).filter(lambda value: isinstance(value, list | dict))
)
def test_the_marked_characters_of_any_json_are_those_of_its_values(value: object) -> None:
    text = json.dumps(value)
    marked = "".join(c for c, mark in zip(text, value_marks(text), strict=True) if mark)
    assert marked == "".join(leaves(value))


def leaves(value: object) -> list[str]:
    if isinstance(value, dict):
        return [leaf for part in value.values() for leaf in leaves(part)]
    if isinstance(value, list):
        return [leaf for part in value for leaf in leaves(part)]
    written = json.dumps(value)
    return [written[1:-1]] if isinstance(value, str) else [written]


@given(st.text(alphabet='{}[]",:\\ab1 ', max_size=40), st.integers(0, 40))
def test_the_beginning_of_an_answer_is_marked_as_within_the_whole(text: str, most: int) -> None:
    assert value_marks(text[:most]) == value_marks(text)[:most]


def test_a_token_counts_when_any_of_its_characters_is_of_a_value() -> None:
    tokens = facts_of([token('{"a":'), token('"x'), token('","b":'), token(" 2}")])
    assert [t.text for t in content_of(tokens)] == ['"x', " 2}"]


def test_a_form_that_was_asked_for_is_checked() -> None:
    schema = {
        "type": "object",
        "properties": {"n": {"type": "integer"}, "how": {"enum": ["a", "b"]}},
        "required": ["n"],
        "additionalProperties": False,
    }
    asked = request(response_format=ResponseFormat(kind="json_schema", schema=schema))
    texts = ['{"n": 1}', '{"n": 1, "how": "b"}', '{"n": true}', '{"how": "a"}', '{"n": 1, "z": 0}']
    valid = [features_of(reply(text=text), asked)["schema_valid"] for text in [*texts, '{"n": 1']]
    assert valid == [1, 1, 0, 0, 0, 0]


def test_prompt_features_are_those_that_are_listed() -> None:
    found = prompt_features_of(request("What is 12 + 30?", max_tokens=100))
    assert set(found) == set(PROMPT_FEATURES)
    assert found["prompt_log_numbers"] == pytest.approx(math.log(3))
    assert found["prompt_asks_fact"] == 1
    assert found["prompt_asks_why"] == 0


def test_the_question_of_a_prompt_is_its_last_line_that_asks() -> None:
    passage = request("Who knew? Nobody.\n\nQuestion: Why is the sky blue?\nAnswer briefly.")
    found = prompt_features_of(passage)
    assert (found["prompt_asks_fact"], found["prompt_asks_why"]) == (0, 1)


def test_an_empty_request_has_finite_features() -> None:
    empty = request("", max_tokens=None)
    assert all(math.isfinite(value) for value in prompt_features_of(empty).values())


def test_how_long_an_answer_may_be_tells_nothing_as_that_is_the_callers_habit() -> None:
    short, long = request("Why?", max_tokens=8), request("Why?", max_tokens=8000)
    assert prompt_features_of(short) == prompt_features_of(long)


def test_judging_an_answer_loads_no_numpy() -> None:
    code = (
        "import sys; import sprat.policies.confidence, sprat.policies.recorded, "
        "sprat.policies.outcomes; sys.exit('numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_messages_of_any_role_count_as_said() -> None:
    system = msg(Message("system", "x" * 99), Message("user", "?"))
    assert prompt_features_of(system)["prompt_log_chars"] == pytest.approx(math.log(1 + 99 + 3))


def msg(*messages: Message):
    from sprat.types import ChatRequest

    return ChatRequest(messages=messages)
