import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sprat.chat.find import Upload
from sprat.chat.views import view_of
from sprat.chat.wishes import Wishes, wishes_of
from sprat.chat.words import (
    Stream,
    conversation,
    list_of,
    plain,
    quoted,
    read_of,
    source_line,
    step_name,
    step_text,
    without_images,
)
from sprat.types import Source, Step, Timing

IMAGE = re.compile(r"!\[[^\]]*\]\([^)]*\)")


def timing(took_s: float) -> Timing:
    return Timing(scheduled_ns=0, sent_ns=0, done_ns=int(took_s * 1e9))


def streamed(pieces: list[str]) -> list[str]:
    stream = Stream()
    shown = [stream.more(piece) for piece in pieces]
    return [*shown, stream.rest()]


def test_an_image_is_only_its_description_however_its_pieces_come():
    text = "See ![a map](https://elsewhere.example/x.png?q=secret) here! Done."
    for size in range(1, len(text)):
        pieces = [text[at : at + size] for at in range(0, len(text), size)]
        shown = streamed(pieces)
        for count in range(len(shown) + 1):  # at no moment is there an image to fetch
            assert not IMAGE.search("".join(shown[:count]))
        assert "".join(shown) == "See a map here! Done."


@pytest.mark.parametrize(
    "text",
    [
        "![a[b]](http://x)",
        "![x]\n\n[x]: http://x",
        "!![![a]](http://x)",
        "![a!](y)[b](http://x)",
        "![a](b ![c][d] e",
    ],
)
def test_no_image_is_left_that_is_nested_or_defined_elsewhere(text):
    assert "![" not in without_images(text)
    for size in range(1, len(text) + 1):
        pieces = [text[at : at + size] for at in range(0, len(text), size)]
        assert "".join(streamed(pieces)) == without_images(text)


def test_a_mark_before_a_citation_stays():
    assert without_images("Yes![1]") == "Yes! [1]"


@given(st.lists(st.text(alphabet="a![]() \nhttps:/.", max_size=12), max_size=12))
def test_a_stream_shows_what_the_whole_text_without_images_is(pieces: list[str]):
    assert "".join(streamed(pieces)) == without_images("".join(pieces))


def test_text_without_an_exclamation_mark_is_never_held_back():
    stream = Stream()
    assert stream.more("Any [link](https://example.org) at once") != ""
    assert stream.rest() == ""


def test_an_image_that_never_ends_is_shown_in_the_end():
    stream = Stream()
    shown = stream.more("![" + "x" * 5000)
    assert shown + stream.rest() == "! [" + "x" * 5000
    assert len(stream.rest()) <= 2_001


def test_plain_text_means_nothing_to_markdown():
    assert plain("*a* [b](c)\n# d <e>") == r"\*a\* \[b\](c) \# d \<e\>"


def test_a_quotation_is_cut_and_every_line_is_quoted():
    assert quoted("one\n\ntwo") == "> one\n> two"
    assert quoted("x" * 700).endswith("x …")


def test_a_conversation_is_the_last_turns_each_cut():
    turns = [("user" if at % 2 == 0 else "assistant", f"turn {at}") for at in range(50)]
    said = conversation([*turns, ("user", "y" * 100_000), ("assistant", "  ")])
    assert len(said) == 20
    assert said[-1].content == "y" * 8000
    assert said[0].content == "turn 31"


def test_a_step_tells_its_time_when_it_has_ended():
    begun = Step(role="retrieve", engine="index")
    assert step_name(begun) == "Search"
    assert step_name(Step(role="retrieve", engine="i", timing=timing(0.025))) == "Search · 25 ms"
    gate = Step(role="gate", engine="i", why="nothing is near")
    assert step_name(gate) == "Gate · nothing is near"
    kept = Step(role="answer", engine="big", timing=timing(2.5), kept=True)
    assert step_name(kept) == "Answer by big · 2.50 s · kept"


def test_a_step_tells_what_it_came_to_and_never_as_markup():
    told = step_text(
        Step(role="draft", engine="s", why="unsure <b>", confidence=0.251, text="![x](y)")
    )
    assert r"unsure \<b\>" in told
    assert "confidence 0.25 (not calibrated)" in told
    assert r"> !\[x\](y)" in told


def test_a_source_says_where_it_stands():
    source = Source(
        file="C:\\docs\\hand_book.pdf", start=0, end=1, text="x", score=1, page=3, heading="A > B"
    )
    assert source_line(source) == r"hand\_book.pdf, page 3 · A \> B"
    assert list_of("Sources", []) == ""


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"temperature": 5, "passages": 1000, "max_tokens": -3}, (1.0, 12, 16)),
        ({"temperature": "hot", "passages": None, "max_tokens": True}, (0.0, 6, 512)),
        ({"temperature": float("nan"), "passages": float("inf")}, (0.0, 12, 512)),
        ({"temperature": 0.5, "passages": 3, "max_tokens": 100}, (0.5, 3, 100)),
    ],
)
def test_settings_from_a_browser_are_kept_within_bounds(said, expected):
    wishes = wishes_of(said, Wishes())
    assert (wishes.temperature, wishes.passages, wishes.max_tokens) == expected


DOCUMENT = "First words. " * 100 + "The answer is forty two, they say. " + "Last words. " * 100
START = DOCUMENT.index("The answer")
PASSAGE = "The answer is forty two, they say."


def source(**more) -> Source:
    end = START + len(PASSAGE)
    return Source(file="/a/b.md", start=START, end=end, text=PASSAGE, score=0.5, **more)


def test_a_source_is_shown_in_its_surroundings_with_the_quotation_marked():
    quote = (START + PASSAGE.index("forty"), START + PASSAGE.index(","))
    view = view_of(source(quote=quote), DOCUMENT)
    assert view.text == (("The answer is ", False), ("forty two", True), (", they say.", False))
    shown = view.before + "".join(text for text, _ in view.text) + view.after
    assert shown in DOCUMENT
    assert not view.begins
    assert not view.ends
    assert len(view.before) > 600
    assert view.before.startswith(("First", "words"))
    assert view.name == "b.md"


def test_of_a_document_that_has_changed_or_gone_the_passage_stands_alone():
    for whole in (None, "something else " * 300):
        view = view_of(source(quote=(START, START + 3)), whole)
        assert (view.before, view.after) == ("", "")
        assert view.text == (("The", True), (PASSAGE[3:], False))


def test_a_quotation_outside_its_passage_marks_nothing_wrong():
    view = view_of(source(quote=(START - 50, START + 10_000)), DOCUMENT)
    assert view.text == ((PASSAGE, True),)
    assert view_of(source(quote=(0, 5)), DOCUMENT).text == ((PASSAGE, False),)


def test_what_was_read_is_named_and_no_name_is_markdown():
    taken = [Upload(name="![x](y).md", passages=1), Upload(name="b.pdf", error="b.pdf is damaged.")]
    assert read_of(taken) == r"Read !\[x\](y).md (1 passage). Ask about it."
    assert read_of(taken[1:]) == "Nothing could be read."
