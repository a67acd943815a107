"""The set as shipped: complete, consistent, and answerable by its own gold answers."""

import json
import re
from collections import Counter

import pytest

from sprat.questions import load, score
from sprat.questions.scorers.rules import lines

QUESTIONS = load("everyday").questions
ENGLISH = [question for question in QUESTIONS if question.language == "en"]


def test_there_are_six_kinds_of_twenty_or_more():
    counts = Counter(question.kind for question in ENGLISH)
    assert set(counts) == {"passage", "summary", "extract", "classify", "arithmetic", "rewrite"}
    assert min(counts.values()) >= 20
    assert len(ENGLISH) >= 120


def test_a_third_of_the_passages_does_not_hold_the_answer():
    scorers = Counter(question.scorer for question in ENGLISH if question.kind == "passage")
    assert scorers["abstain"] * 3 == scorers.total()


def test_24_questions_are_4_of_each_kind():
    counts = Counter(question.kind for question in load("everyday", limit=24).questions)
    assert set(counts.values()) == {4}


@pytest.mark.parametrize("language", ["ms", "sw"])
def test_ten_translations_name_their_original_and_are_scored_alike(language):
    by_id = {question.id: question for question in QUESTIONS}
    translated = [question for question in QUESTIONS if question.language == language]
    assert len(translated) == 10
    for question in translated:
        original = by_id[question.id.removesuffix(f"-{language}")]
        assert f"translation-of:{original.id}" in question.tags
        assert (question.kind, question.scorer) == (original.kind, original.scorer)
        assert question.messages != original.messages


def test_no_prompt_occurs_twice():
    assert len({question.messages for question in QUESTIONS}) == len(QUESTIONS)


def text_of(question):
    return question.messages[-1].content


@pytest.mark.parametrize(
    "question", [one for one in QUESTIONS if one.scorer == "contains"], ids=lambda one: one.id
)
def test_the_answer_to_a_passage_stands_in_it(question):
    passage = re.split(r"\n\n(?:Question|Soalan|Swali):", text_of(question))[0]
    assert any(answer.casefold() in passage.casefold() for answer in question.expected)


@pytest.mark.parametrize(
    "question", [one for one in QUESTIONS if one.scorer == "facts"], ids=lambda one: one.id
)
def test_the_facts_of_a_summary_stand_in_its_text_which_is_too_long_itself(question):
    source = text_of(question).split("\n\n", 1)[1]
    verdict = score(question, source)
    assert "lacks" not in verdict.why
    assert verdict.value < 0.8


@pytest.mark.parametrize(
    "question", [one for one in QUESTIONS if one.scorer == "json"], ids=lambda one: one.id
)
def test_the_expected_json_is_right_and_its_form_is_not(question):
    def spell(value):
        if isinstance(value, dict):
            return value["$any"][-1] if "$any" in value else {k: spell(v) for k, v in value.items()}
        return [spell(item) for item in value] if isinstance(value, list) else value

    assert score(question, json.dumps(spell(question.expected))).value == 1
    form = lines(text_of(question))[0]
    assert score(question, form).value == 0


@pytest.mark.parametrize(
    "question", [one for one in QUESTIONS if one.scorer == "label"], ids=lambda one: one.id
)
def test_the_prompt_names_every_label(question):
    first = text_of(question).split("\n\n")[0]
    assert all(label in first for label in question.expected["labels"])


REWRITTEN = {
    "rewrite-01": "- paper\n- pencils\n- two markers\n- a stapler",
    "rewrite-02": "1. Pull out the plug.\n2. Wait 30 seconds.\n3. Plug it in again.",
    "rewrite-03": "2026-03-04",
    "rewrite-04": "The course begins on 2026-09-15 and ends on 2026-10-02.",
    "rewrite-05": "Subject: Fire Drill Moved to Thursday at 11",
    "rewrite-06": "New Bus Line Connects the Harbour with the Airport",
    "rewrite-07": "WET FLOOR, PLEASE WALK SLOWLY",
    "rewrite-08": "| Amina | Mombasa | 34 |",
    "rewrite-09": "[NAME] called about the lease. Tell [NAME] to call her back.",
    "rewrite-10": "Could you please send me the sales figures by Friday noon? Thank you.",
    "rewrite-11": "Peter will present the budget on Monday.",
    "rewrite-12": "apples, bananas, cherries, pears",
    "rewrite-13": "Sarah moved to Lyon in 2019 and opened her own bakery.",
    "rewrite-14": "Is the museum open on Mondays?",
    "rewrite-15": "19:15, 09:05",
    "rewrite-16": "Thank you for your message. Your order was sent today.",
    "rewrite-17": "The team met at nine, read the report and voted.",
    "rewrite-18": "| Name | Phone |\n|---|---|\n| Nadia | 555-0101 |\n| Oskar | 555-0188 |",
    "rewrite-19": "If the lift stops, call XXX and wait for the technician.",
    "rewrite-20": "[ ] water the plants\n[ ] pay the rent\n[ ] call the plumber",
    "rewrite-21": "Please do not run in the corridor: the floor may be wet and you could fall.",
    "rewrite-22": "The train was late because a tree had fallen on the line.",
    "rewrite-01-ms": "- kertas\n- pensel\n- dua pen penanda\n- sebuah stapler",
    "rewrite-01-sw": "- karatasi\n- penseli\n- kalamu mbili za rangi\n- stepla",
}


@pytest.mark.parametrize(
    "question", [one for one in QUESTIONS if one.kind == "rewrite"], ids=lambda one: one.id
)
def test_a_good_rewrite_is_right_and_the_unchanged_text_is_not(question):
    assert score(question, REWRITTEN[question.id]).value == 1
    assert score(question, text_of(question).split("\n\n", 1)[1]).value < 1
