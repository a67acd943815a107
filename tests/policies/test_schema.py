"""Whether JSON fits a schema, held against the `jsonschema` package."""

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sprat.policies.rules import faults, refuses
from sprat.policies.schema import misfit
from sprat.policies.spec import Rules
from sprat.types import ChatRequest, Reply, ResponseFormat, Timing, Usage

CITY = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "minLength": 2, "pattern": "^[A-Z]"},
        "people": {"type": "integer", "minimum": 0, "exclusiveMaximum": 100},
        "tags": {"type": "array", "items": {"enum": ["sea", 1, None]}, "maxItems": 2},
        "mayor": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/person"}]},
    },
    "required": ["city"],
    "additionalProperties": False,
    "$defs": {
        "person": {"type": "object", "required": ["name"], "properties": {"name": {"const": "X"}}}
    },
}

VALUES = [
    {"city": "Rome"},
    {"city": "Rome", "people": 3, "tags": ["sea", 1], "mayor": None},
    {"city": "Rome", "mayor": {"name": "X"}},
    {"city": "Rome", "mayor": {"name": "Y"}},
    {"city": "Rome", "mayor": {}},
    {"city": "R"},
    {"city": "rome"},
    {"city": 1},
    {},
    [],
    "Rome",
    {"city": "Rome", "people": 100},
    {"city": "Rome", "people": 99.0},
    {"city": "Rome", "people": 1.5},
    {"city": "Rome", "people": True},
    {"city": "Rome", "tags": [True]},
    {"city": "Rome", "tags": [None, 1.0]},
    {"city": "Rome", "tags": ["sea", "sea", "sea"]},
    {"city": "Rome", "colour": "red"},
]


@pytest.mark.parametrize("value", VALUES, ids=str)
def test_what_fits_is_what_jsonschema_says_fits(value: object):
    assert (misfit(value, CITY) is None) == jsonschema.Draft202012Validator(CITY).is_valid(value)


LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.floats(-3, 3)
    | st.sampled_from(["", "a", "bb"])
)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner),
    max_leaves=6,
)
KINDS = st.sampled_from(["object", "array", "string", "boolean", "null", "integer", "number"])
SCHEMAS = st.recursive(
    st.booleans()
    | st.fixed_dictionaries(
        {},
        optional={
            "type": KINDS | st.lists(KINDS, min_size=1, unique=True),
            "enum": st.lists(LEAVES, min_size=1, max_size=3),
            "const": LEAVES,
            "minimum": st.integers(-2, 2),
            "maxLength": st.integers(0, 2),
        },
    ),
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "properties": st.dictionaries(st.sampled_from("ab"), inner),
            "required": st.lists(st.sampled_from("ab"), unique=True),
            "additionalProperties": inner,
            "items": inner,
            "anyOf": st.lists(inner, min_size=1, max_size=2),
            "allOf": st.lists(inner, min_size=1, max_size=2),
        },
    ),
    max_leaves=5,
)


@settings(max_examples=150, deadline=None)
@given(JSON, SCHEMAS)
def test_for_any_schema_of_these_words_jsonschema_agrees(value: object, schema: object):
    fits = jsonschema.Draft202012Validator(schema).is_valid(value)
    found = misfit(value, {"allOf": [schema]})
    assert (found is None) == fits


def test_a_schema_that_refers_to_itself_comes_to_an_end():
    endless = {"$ref": "#"}
    assert misfit({}, endless) is None


def test_the_fault_is_said_in_words():
    assert misfit({"people": 3}, CITY) == "'city' is missing"
    assert misfit({"city": "Rome", "people": "3"}, CITY) == "'people' is no integer"


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't assist with that.",
        "I\u2019m sorry, I cannot do this.",
        "I cannot provide legal advice.",
        "As an AI language model, I have no opinion.",
        "Maaf, saya tidak dapat membantu.",
        "Samahani, siwezi kusaidia na hilo.",
    ],
)
def test_refusals_are_known(text: str):
    assert refuses(text)


@pytest.mark.parametrize(
    "text",
    [
        "Sorry is what he said to her.",
        "The shop is sorry for the delay.",
        "It cannot be opened at night.",
        "Dear Ms Tan, I am writing to say sorry.",
    ],
)
def test_answers_about_being_sorry_are_none(text: str):
    assert not refuses(text)


def test_the_form_of_a_pattern_is_looked_at():
    asked = ChatRequest(messages=(), response_format=ResponseFormat("regex", pattern=r"\d+"))
    timing = Timing(scheduled_ns=0, sent_ns=0, done_ns=0)
    reply = Reply(text="12a", finish="stop", usage=Usage(1, 1), timing=timing)
    assert faults(Rules(), asked, reply) == [
        "not of the form that was asked for: the pattern does not match"
    ]
