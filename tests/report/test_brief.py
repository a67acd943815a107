"""The brief as it is read, and as it is printed: one sheet to decide by, another to check by."""

import io
import os
import re
import stat
import sys
import time
from html import unescape
from pathlib import Path

import msgspec
import pypdfium2
import pytest
from rich.console import Console

from sprat.report import browser as finder
from sprat.report.brief import money, words
from sprat.report.brief.html import render
from sprat.report.brief.markdown import render as markdown
from sprat.report.brief.pdf import CannotPrint, printed
from sprat.report.brief.terminal import print_brief
from sprat.studies.brief.result import Advice, Brief, Headline, Money, Risk, Said, Step

from ..browser import chromium_path  # noqa: TID252 - the tests are no installed package
from .briefs import LARGE, RUN, SMALL, brief, crowded, full


def terminal(shown: Brief) -> str:
    into = io.StringIO()
    print_brief(shown, Console(file=into, width=100, highlight=False))
    return into.getvalue()


FORMS = {"terminal": terminal, "markdown": markdown, "page": lambda b: unescape(render(b))}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_says_the_verdict_the_advice_the_figures_the_risks_the_cost_and_what_to_do(form):
    text = " ".join(FORMS[form](brief()).replace("\\", "").split())
    for part in (
        "Not good enough", "35.9 points below", f"Use {LARGE} alone", "It is better.",
        "18.0%", "9.4\u201329.3", "4 of 48", "0.43 s", "1.43 s", "328 MB", "not measured",
        "Extract to JSON", "needs the large one", "the small one will do",
        "Only 12 questions.", "$1.07", "breaks even at the end of month 7", "life of a machine",
        "sprat compare --questions FILE", "0.74 s",
    ):  # fmt: skip
        assert part in text, part


def test_each_mark_of_the_page_leads_to_a_footnote_on_it_and_nothing_is_loaded():
    page = render(brief())
    targets = set(re.findall(r'href="#([^"]+)"', page))
    assert targets == {"evidence", "e1", "e2"}
    assert all(f'id="{target}"' in page for target in targets)
    assert not re.search(r"@import|url\(|https?://|<script", page)
    assert "default-src 'none'; style-src 'sha256-" in unescape(page)


def test_at_a_gateway_the_evidence_leads_to_the_study_and_in_a_file_to_nothing_that_is_not_there():
    assert f'href="/runs/{RUN}"' in render(brief(), runs="/runs/")
    assert "/runs/" not in render(brief())


def test_the_markdown_s_footnotes_are_all_defined_and_all_used():
    text = markdown(brief())
    used = set(re.findall(r"\[\^(\d+)\](?!:)", text))
    assert used == set(re.findall(r"^\[\^(\d+)\]:", text, re.MULTILINE)) == {"1", "2"}


def test_texts_that_are_markup_stay_text():
    evil = "<script>window.broken = 1</script> | `x` *y*"
    shown = brief(
        title=evil,
        headline=Headline(
            small=evil, large=evil, summary=brief().headline.summary, said=Said(evil), declared=True
        ),
        advice=Advice(use="small", model=evil, head=evil, why=(Said(evil),)),
        risks=(Risk(name="x", weight=1, text=evil),),
        steps=(Step("sprat doctor", evil),),
        ignored=(evil,),
    )
    assert "<script>" not in render(shown)
    assert "<script>" not in markdown(shown)
    kinds = next(line for line in markdown(shown).splitlines() if line.startswith("| kind |"))
    assert len(re.findall(r"(?<!\\)\|", kinds)) == 6


def test_a_command_with_backticks_stays_one_piece_of_code():
    shown = brief(steps=(Step("sprat bench 'a`<b>x</b>`'", "see"),))
    assert "1. see: `` sprat bench 'a`<b>x</b>`' ``" in markdown(shown)


def test_without_a_verdict_a_price_or_a_risk_each_says_so():
    bare = brief(
        headline=Headline(
            small=SMALL, large="", summary=None, said=Said("Nothing was scored."), declared=True
        ),
        kinds=(),
        risks=(),
        more_risks=(),
        money=Money(why="no study here keeps what a forecast needs."),
    )
    for form in FORMS.values():
        text = form(bare)
        assert "No verdict" in text
        assert "Nothing was scored." in text
        assert "It cannot be told: no study" in " ".join(text.split())
        assert "Best at" in text
    assert words.NO_RISK in render(bare)


def test_what_is_not_priced_is_named_where_the_rest_is():
    some = msgspec.structs.replace(
        brief().money, missing=("Passed on to the large model",), unpriced=("hybrid: a + b",)
    )
    said = " ".join(one.text for one in money.sentences(brief(money=some)))
    assert "What hybrid: a + b costs is not known before you say: passed on to the large" in said
    assert "What it costs is not known" not in said


def test_only_three_models_have_a_column_and_the_two_of_the_verdict_are_among_them():
    shown = [line.name for line in words.shown_models(crowded())]
    assert len(shown) == 3
    assert {crowded().headline.small, crowded().headline.large} <= set(shown)
    assert "one more" in render(crowded())


def test_a_terminal_of_plain_ascii_gets_plain_ascii():
    into = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    print_brief(brief(), Console(file=into, width=100, legacy_windows=False))
    into.flush()
    assert b"Not good enough" in into.buffer.getvalue()


# On a screen


@pytest.mark.parametrize("shown", [brief(), crowded()], ids=["usual", "crowded"])
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_the_page_fits_and_does_not_complain(browser, tmp_path, shown, width, scheme):
    file = tmp_path / "brief.html"
    file.write_text(render(shown), "utf-8")
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    faults = []
    page = context.new_page()
    page.on("console", lambda said: faults.append(said.text))
    page.goto(file.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.click('a[href="#e1"] >> nth=0')
    assert page.locator("#e1:target").count() == 1
    context.close()
    assert faults == []


# On paper


@pytest.mark.parametrize("paper", ["A4", "Letter"])
@pytest.mark.parametrize("shown", [brief(), full(), crowded()], ids=["usual", "full", "crowded"])
def test_the_first_sheet_holds_the_brief_and_the_second_begins_with_the_evidence(
    browser, tmp_path, shown, paper
):
    file = tmp_path / "brief.html"
    file.write_text(render(shown), "utf-8")
    page = browser.new_page()
    page.goto(file.as_uri())
    sheets = texts(page.pdf(format=paper, print_background=True))
    page.close()
    assert "What to do next" in sheets[0]
    assert all(step.why in sheets[0] for step in shown.steps)
    assert sheets[1].startswith("Evidence")
    assert "Evidence" not in sheets[0]


def test_the_first_sheet_is_set_small_only_where_it_has_to_be():
    assert words.density(full()) == ""
    assert words.density(crowded()) == "dense packed"


def texts(pdf: bytes) -> list[str]:
    """Each page's text, with its line breaks as spaces."""
    with pypdfium2.PdfDocument(pdf) as found:
        pages = [found[n].get_textpage().get_text_bounded() for n in range(len(found))]
    return [" ".join(text.split()) for text in pages]


def test_a_browser_prints_it_to_a_file_of_the_paper_that_was_asked_for():
    browser = chromium_path()
    assert browser is not None
    pdf = printed(render(brief(), paper="letter"), browser=str(browser))
    with pypdfium2.PdfDocument(pdf) as found:
        assert [round(side) for side in found[0].get_size()] == [612, 792]
        assert len(found) >= 2


def test_without_a_browser_it_says_how_to_print_by_hand(monkeypatch):
    monkeypatch.setattr(finder, "NAMES", ())
    monkeypatch.setattr(finder, "PLACES", ())
    monkeypatch.delenv(finder.VARIABLE, raising=False)
    with pytest.raises(CannotPrint, match="open it and print it"):
        printed("<p>x</p>")


@pytest.mark.skipif(os.name == "nt", reason="a shell script stands in for the browser")
@pytest.mark.parametrize(
    ("does", "says"),
    [("exit 0", "printed nothing"), ("echo No display >&2; exit 1", "No display"),
     ("sleep 60", "had not printed the page after 0.5 s")],
)  # fmt: skip
def test_a_browser_that_fails_or_hangs_is_one_line_and_is_ended(tmp_path, does, says):
    fake = script(tmp_path, f"echo $$ > {tmp_path / 'pid'}\n{does}")
    began = time.monotonic()
    with pytest.raises(CannotPrint, match=says):
        printed("<p>x</p>", browser=str(fake), timeout_s=0.5)
    assert time.monotonic() - began < 20
    assert not is_running(int((tmp_path / "pid").read_text()))


def script(folder: Path, body: str) -> Path:
    fake = folder / "browser"
    fake.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    return fake


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_browser_named_in_the_environment_comes_first(monkeypatch):
    monkeypatch.setenv(finder.VARIABLE, sys.executable)
    assert finder.find() == sys.executable


def test_the_json_can_be_read_back():
    assert msgspec.json.decode(msgspec.json.encode(crowded()), type=Brief) == crowded()
