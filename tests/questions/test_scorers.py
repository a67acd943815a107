"""Each scorer on the cases that fool a careless one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sprat.errors import QuestionError
from sprat.questions import SCORERS, is_right, score
from sprat.types import Message, Question

WORDS = st.text(alphabet="bcdfgxyz 0123456789", min_size=1, max_size=20).filter(str.strip)


def ask(scorer, expected=None, language="en"):
    return Question(
        id="q",
        kind="own",
        messages=(Message(role="user", content="?"),),
        scorer=scorer,
        expected=expected,
        language=language,
    )


def value(scorer, expected, text, finish=None, language="en"):
    return score(ask(scorer, expected, language), text, finish).value


# What holds for all


@pytest.mark.parametrize("name", [name for name in SCORERS if name != "abstain"])
def test_without_an_expected_answer_nothing_is_scored(name):
    verdict = score(ask(name), "anything")
    assert verdict.value is None
    assert is_right(verdict) is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("exact", "Paris"),
        ("f1", ["Paris"]),
        ("contains", "Paris"),
        ("numeric", 3),
        ("json", {"a": 1}),
        ("label", {"label": "yes", "labels": ["yes", "no"]}),
        ("facts", {"facts": ["Paris"]}),
        ("format", {"facts": ["Paris"], "rules": {"lines": 1}}),
        ("abstain", None),
    ],
)
def test_an_empty_answer_is_wrong(name, expected):
    assert value(name, expected, "") == 0
    assert value(name, expected, " \n") == 0


@given(st.sampled_from(["exact", "f1", "contains"]), WORDS)
def test_the_expected_answer_itself_is_right(name, text):
    assert value(name, text, text) == 1


@given(st.text(max_size=80))
def test_no_text_breaks_a_scorer_and_every_value_is_between_0_and_1(text):
    for name, expected in (
        ("exact", "x"),
        ("f1", "x"),
        ("contains", "x"),
        ("numeric", "1/2"),
        ("json", {"a": 1}),
        ("label", {"label": "x", "labels": ["x", "y"]}),
        ("facts", {"facts": ["x"], "rules": {"max_words": 3}}),
        ("format", {"rules": {"bullets": 2, "title_case": True, "table_row": ["x"]}}),
        ("abstain", None),
    ):
        assert 0 <= value(name, expected, text) <= 1


def test_an_unknown_scorer_is_named_with_the_known_ones():
    with pytest.raises(QuestionError, match=r"no scorer 'vibes'.*numeric"):
        score(ask("vibes"), "")


# exact, f1, contains


@pytest.mark.parametrize(
    ("text", "right"),
    [("The Seine.", 1), ("Answer: seine", 1), ("It is the Seine", 0), ("Seiné", 0)],
)
def test_exact_is_the_whole_answer(text, right):
    assert value("exact", ["Seine", "river Seine"], text) == right


def test_f1_counts_superfluous_words_against_the_answer():
    assert value("f1", ["France"], "France") == 1
    assert 0 < value("f1", ["France"], "It is in France I think") < 0.5


def test_f1_is_0_for_giving_up_though_words_are_shared():
    assert value("f1", ["not known before 1900"], "It is not known.") == 0


def test_contains_accepts_a_sentence_but_not_the_recited_passage():
    passage = "word " * 100 + "Room 204"
    assert value("contains", "Room 204", "The meeting takes place in Room 204.") == 1
    assert value("contains", "Room 204", passage) < 0.25
    assert is_right(score(ask("contains", "Room 204"), passage)) is False


def test_contains_wants_whole_words_and_numbers():
    assert value("contains", "12", "120") == 0
    assert value("contains", ["art"], "a party") == 0


def test_contains_gives_nothing_for_a_hedge():
    assert value("contains", "Tuesday", "It is not stated, maybe Tuesday.") == 0


def test_contains_can_name_words_that_make_it_wrong():
    expected = {"any": ["9 June"], "none": ["8 June"]}
    assert value("contains", expected, "on 9 June") == 1
    assert value("contains", expected, "on 8 June or 9 June") == 0


# numeric


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (84, "7 boxes of 12 pens.\nAnswer: 84"),
        (84, "**Answer: 84 pens**"),
        (84, "The answer is 84. I used 7 boxes."),
        (84, r"So \(7 \times 12 = 84\) and thus $\boxed{84}$ pens in 7 boxes"),
        (0.75, r"\boxed{\frac{3}{4}}"),
        (1250, "Answer: $1,250.00"),
        (1250.5, "Jawapan: RM1,250.50"),
        (1250.5, "Answer: 1.250,50 euros"),
        (1250000, "Answer: 1.250.000"),
        (3.5, "Jibu: 3,5"),
        (1.5, "Answer: 1 1/2 hours"),
        (0.5, "½"),
        ("15%", "Answer: 15%"),
        ("15%", "Answer: 0.15"),
        (-4, "It fell: Answer: \u22124"),
        (18, "16 - 3 - 4 = 9; 9 * 2 = 18\n#### 18"),
        (3, "Answer: 12 / 4 = 3 apples"),
        (19.5, "Answer: $19.50"),
        ({"value": 3.14, "tolerance": 0.01}, "about 3.1416"),
        (60, "15 * 4 = 60"),
        (1.15, "9,200 / 8,000"),
        (60, "Answer: The jacket costs 60 dollars with 25% off"),
        (5, "Answer: US$5"),
        (500, "It costs Rs.500"),
        (1200, r"\boxed{1{,}200}"),
        (70, r"\(\boxed{70"),
    ],
)
def test_numeric_reads_the_number_that_is_stated(expected, text):
    assert value("numeric", expected, text, "stop") == 1


@pytest.mark.parametrize(
    ("expected", "text"),
    [(12, "Answer: 120"), (12, "twelve"), (15, "Answer: 0.15"), (4, "Answer: 12 / 0"), (5, "-5")],
)
def test_numeric_does_not_take_another_number_for_it(expected, text):
    assert value("numeric", expected, text) == 0


def test_the_last_number_of_a_text_that_was_cut_off_is_no_answer():
    text = "First, 7 * 10 = 70. Then 70 + 14 = 84"
    assert value("numeric", 84, text, "stop") == 1
    assert value("numeric", 84, text, "length") == 0
    assert value("numeric", 84, "Answer: 84\nLet me check: 7", "length") == 1
    assert value("numeric", 12, "Answer: 12", "length") == 0


def test_numbers_beyond_all_reason_are_no_numbers():
    huge = "9" * 6000
    assert value("numeric", 1, f"{huge}/{huge} or 1 {huge}/3 or {huge}.{huge}") == 0


@given(st.integers(-(10**9), 10**9))
def test_numeric_reads_back_any_whole_number_with_thousands_separators(number):
    assert value("numeric", number, f"Answer: {number:,}") == 1


# json


@pytest.mark.parametrize(
    ("text", "expected_value"),
    [
        ('{"n": 1.0, "who": "ANN  lee"}', 1),
        ('Sure:\n```json\n{"who": "Ann Lee", "n": 1}\n```\nDone.', 1),
        ('Here {it} is {"who": "Ann Lee", "n": 1} ok', 1),
        ('{"who": "Ann Lee", "n": "1"}', 0.5),
        ('{"who": "Ann Lee"}', 0.5),
        ('{"who": "Ann Lee", "n": 1, "extra": 0, "more": 0}', 0.5),
        ('{"who": "Ann Lee", "n": true}', 0.5),
        ('{"who": "Ann Lee", "n": 1', 0),
        ('["Ann Lee", 1]', 0),
        ("{" * 5000, 0),
    ],
)
def test_json_counts_the_fields_that_are_right(text, expected_value):
    assert value("json", {"who": "Ann Lee", "n": 1}, text) == expected_value


def test_json_lists_are_compared_in_order_and_as_a_whole():
    assert value("json", {"a": [1, 2]}, '{"a": [1.0, 2]}') == 1
    assert value("json", {"a": [1, 2]}, '{"a": [2, 1]}') == 0
    assert value("json", [{"a": 1}], '[{"a": 1}]') == 1


def test_json_takes_any_of_several_spellings():
    expected = {"room": {"$any": ["B12", "room B12"]}}
    assert value("json", expected, '{"room": "Room B12"}') == 1
    assert value("json", expected, '{"room": "B13"}') == 0


# label

LABELS = {"label": "billing", "labels": ["billing", "technical", "delivery", "other"]}


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("Billing", 1),
        ("Label: **billing**.", 1),
        ("The label is billing.", 1),
        ("Billing. The customer was charged twice for a delivery.", 1),
        ("Billing, since the other department cannot help.", 1),
        ("billing, or technical", 0),
        ("billing or technical", 0),
        ("billing, technical, delivery, other", 0),
        ("technical", 0),
        ("accounts", 0),
        ("billings", 1),
        ("subbilling", 0),
    ],
)
def test_a_label_is_right_when_it_is_the_only_one_named(text, right):
    assert value("label", LABELS, text) == right


def test_a_longer_label_hides_the_shorter_one_inside_it():
    labels = ["urgent", "not urgent"]
    assert value("label", {"label": "not urgent", "labels": labels}, "This is not urgent") == 1
    assert value("label", {"label": "urgent", "labels": labels}, "This is not urgent") == 0


# facts and format

SUMMARY = {"facts": [["closed", "shut"], ["Friday"], "12"], "rules": {"max_words": 10}}


@pytest.mark.parametrize(
    ("text", "expected_value"),
    [
        ("The office is shut on Friday, room 12.", 1),
        ("The office is shut on Friday, room 120.", 2 / 3),
        ("The office is open.", 0),
        ("closed Friday 12 " + "and so on " * 6 + "then", 10 / 22),
    ],
)
def test_a_summary_is_worth_its_facts_times_how_far_it_keeps_its_length(text, expected_value):
    assert value("facts", SUMMARY, text) == pytest.approx(expected_value)


def test_copying_everything_does_not_make_a_summary():
    copied = "The office is closed on Friday 12. " * 6
    assert is_right(score(ask("facts", SUMMARY), copied)) is False


LIST = {"facts": ["paper", "pens"], "rules": {"bullets": 2}}


@pytest.mark.parametrize(
    ("text", "expected_value"),
    [
        ("- paper\n- pens", 1),
        ("Here you go:\n\n* paper\n* pens", 1),
        ("- paper\n- tape", 0.5),
        ("paper and pens", 0),
        ("- paper\n- pens\n- tape", 0),
    ],
)
def test_a_rewrite_needs_its_form_and_its_content(text, expected_value):
    assert value("format", LIST, text) == expected_value


def test_a_rewrite_that_breaks_one_rule_of_two_is_worth_a_quarter():
    expected = {"rules": {"lines": 1, "upper": True}}
    assert value("format", expected, "WET FLOOR") == 1
    assert value("format", expected, "wet floor") == 0.25


@pytest.mark.parametrize(
    ("rules", "good", "bad"),
    [
        ({"bullets": 2}, "- a\n- b", "- a\nand\n- b"),
        ({"numbered": 2}, "1. a\n2. b", "1. a\n3. b"),
        ({"max_words": 2}, "a b", "a b c"),
        ({"max_chars": 2}, "ab", "abc"),
        ({"lines": 2}, "a\n\nb", "a"),
        ({"sentences": 1}, "At 9.30 we eat.", "We eat. We go."),
        ({"starts_with": "Subject:"}, "**Subject:** x", "A Subject:"),
        ({"ends_with": "?"}, "Is it?", "It is."),
        ({"regex": r"^\d+$"}, "12", "12a"),
        ({"excludes": ["Ann"]}, "Anna", "Ann's"),
        ({"iso_dates": ["2026-03-04"]}, "on 2026-03-04", "on 2026-13-04"),
        ({"title_case": True}, "New Line to the Port", "New line to the Port"),
        ({"upper": True}, "WET 2", "Wet"),
        ({"lower": True}, "wet 2", "Wet"),
        ({"table_row": ["Ann", "34"]}, "|a|b|\n|-|-|\n| Ann | 34 |", "| 34 | Ann |"),
        ({"equals": ["x, y"]}, " x,  y\n", "x,y"),
    ],
)
def test_each_rule_tells_good_from_bad(rules, good, bad):
    assert value("format", {"rules": rules}, good) == 1
    assert value("format", {"rules": rules}, bad) < 1


# abstain


@pytest.mark.parametrize(
    "text",
    [
        "Not stated.",
        "It is not stated in the passage.",
        "The passage does not mention the price.",
        "The passage doesn\u2019t say.",
        "I don't know.",
        "This cannot be determined from the text.",
        "There is no information about the price.",
        "Unknown",
        "Tidak dinyatakan.",
        "Harga tidak disebut dalam petikan.",
        "Haijatajwa.",
        "Hakuna taarifa kuhusu bei.",
    ],
)
def test_saying_that_it_does_not_know_is_seen(text):
    assert value("abstain", None, text) == 1


@pytest.mark.parametrize(
    "text",
    [
        "Mercantilism",
        "It cost $40.",
        "The price is not given until Friday",
        "If the passage does not give the answer, reply with a price: $40",
        "Knot stated",
        "It was bought on the second floor, not stated.",
        "Electricity, as it does not include that",
        "",
        "word " * 40 + "not stated",
    ],
)
def test_an_answer_is_not_taken_for_giving_up(text):
    assert value("abstain", None, text) == 0
