"""The report of answers from documents: on a terminal, as Markdown, and in a real browser."""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Browser, Page
from rich.console import Console

from sprat.cli.output import write_json
from sprat.report.grounded import html, markdown, words
from sprat.report.grounded.pictures import risk_picture
from sprat.report.grounded.terminal import print_evaluation
from sprat.studies.comparison import PathSummary, Percentiles, QuestionSet
from sprat.studies.grounded.figures import Figure
from sprat.studies.grounded.result import (
    AnswerLine,
    GroundedEvaluation,
    Judged,
    Measure,
    RiskSpot,
    RiskSummary,
    Spent,
)

Open = Callable[..., Page]
HOSTILE = "<script>window.broken = 1</script>"
HALF = Figure(0.5, 0.4, 0.6, 40)


def answer(name: str, **changes) -> AnswerLine:
    line = AnswerLine(
        id=name, kind="answerable", question="How much leave?", answers=("25 days",),
        text="25 days [1].", error=None, abstained=False, right=True,
        scores={"contains": 1.0, "f1": 0.8}, confidence=0.9, path="accepted", seconds=1.25,
        cost_usd=None, judged={"same": True, "supported": None}, reviewed=True,
        sources=(
            {"file": "/docs/leave.md", "page": 3, "start": 0, "end": 90, "score": 0.8, "number": 1,
             "gold": True},
        ),
    )  # fmt: skip
    return msgspec.structs.replace(line, **changes)


def evaluation(**changes) -> GroundedEvaluation:
    named = ("contains", "f1", "mrr", "context_recall", "faithfulness", "abstention_f1")
    groups = ("answers", "answers", "retrieval", "retrieval", "grounding", "abstention")
    figures = zip(named, groups, strict=True)
    whole = GroundedEvaluation(
        run="261126-080000-abcd", created="2026-11-26T08:00:00+00:00", name="tiny, then huge",
        questions=QuestionSet("own.jsonl", 40, "ab" * 32), answerable=30, unanswerable=10,
        asked=40, failed=1, right=HALF,
        measures=tuple(Measure(name=n, group=g, figure=HALF) for n, g in figures),
        risk=RiskSummary(
            calibrated=False, coverage=Figure(0.8, 0.7, 0.9, 40), risk=HALF,
            aurc=Figure(0.3, 0.2, 0.4, 32), best_aurc=0.15,
            curve=(RiskSpot(0.2, 0.1), RiskSpot(0.5, 0.3), RiskSpot(0.8, 0.5)),
        ),
        spent=Spent(
            seconds_p50=1.2, seconds_p95=3.4, retrieve_p50_s=0.008, seconds_per_right=4.1,
            input_tokens=40_000, output_tokens=2_000, cost_usd=None, cost_usd_per_right=None,
            energy_joules=None, energy_source="unavailable",
        ),
        paths=(
            PathSummary(
                path="accepted", n=25, share=0.625, score=0.7, ttft_s=Percentiles(0.1, 0.2),
                answer_s=Percentiles(0.9, 1.4), cost_usd=None, input_tokens=1, output_tokens=1,
            ),
        ),
        judge="judge", judged=(
            Judged(aspect="same", yes=HALF, undecided=3, failed=0, consistent=HALF, kappa=HALF,
                   against="gold answers"),
        ),
        answers=(answer("fine"), answer("bad", right=False), answer("died", error="It died.")),
        settings={"seed": 0}, environment={}, warnings=("Only few questions.",), complete=True,
    )  # fmt: skip
    return msgspec.structs.replace(whole, **changes)


def printed(found: GroundedEvaluation, width: int) -> str:
    buffer = io.StringIO()
    print_evaluation(found, Console(file=buffer, width=width, highlight=False))
    return buffer.getvalue()


def test_the_terminal_says_first_what_it_comes_to_and_shows_what_went_wrong():
    text = printed(evaluation(), 100)
    assert text.strip().startswith("50.0% right")
    assert "Of 40 questions from own.jsonl, tiny, then huge has 50.0% right" in (
        " ".join(text.split())
    )
    assert "MRR" in text
    assert "0.500" in text
    assert "Wrong: 2" in text
    assert text.index("died:") < text.index("bad:")
    assert "Note: Only few questions." in text


@pytest.mark.parametrize("width", [60, 80, 100])
def test_it_fits_the_terminal(width: int):
    assert max(map(len, printed(evaluation(), width).splitlines())) <= width


def test_what_cannot_be_told_is_left_out_or_a_dash_and_never_not_a_number():
    none = Figure(None)
    empty = evaluation(
        right=none, measures=(), answers=(), judged=(), paths=(),
        risk=RiskSummary(calibrated=False, coverage=none, risk=none, aurc=none, best_aurc=None,
                         curve=()),
    )  # fmt: skip
    for text in (printed(empty, 100), markdown.render(empty), html.render(empty)):
        assert "Answers without gold" in text
        assert "nan" not in text.lower().replace("governance", "")
        assert "None" not in text
    assert risk_picture(empty.risk) == ""


def test_markdown_has_every_number_and_its_interval():
    text = markdown.render(evaluation())
    assert "| MRR | 0.500 | 0.400 to 0.600 | 40 |" in text
    assert "### Judged by judge" in text
    assert "> **Note:** Only few questions." in text


def test_every_measure_has_a_label():
    from sprat.studies.grounded.measures import MEASURES

    assert set(MEASURES) <= set(words.LABELS)


def test_the_json_is_what_the_report_shows_and_has_a_schema(tmp_path: Path):
    target = tmp_path / "found.json"
    write_json(evaluation(), str(target))
    read = json.loads(target.read_text("utf-8"))
    assert read["schema"] == 1
    assert read["measures"][0] == {
        "name": "contains", "group": "answers",
        "figure": {"value": 0.5, "low": 0.4, "high": 0.6, "n": 40},
    }  # fmt: skip


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    pages: list[Page] = []
    faults: list[str] = []

    def opened(found: GroundedEvaluation, width=1280) -> Page:
        file = tmp_path / "page.html"
        file.write_text(html.render(found), "utf-8")
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.on("console", lambda said: faults.append(said.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(file.as_uri())
        pages.append(page)
        return page

    yield opened
    for page in pages:
        page.close()
    assert faults == []


@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_never_scrolls_sideways_and_opens_an_answer(open_page: Open, width: int):
    page = open_page(evaluation(), width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    first = page.locator("details").first
    first.locator("summary").click()
    assert first.locator(".given").inner_text() == "It died."
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("svg.picture").count() == 1


def test_nothing_in_an_answer_is_more_than_text(open_page: Open):
    found = evaluation(
        name=HOSTILE, warnings=(HOSTILE,),
        answers=(answer("x", question=HOSTILE, text=HOSTILE, answers=(HOSTILE,)),),
    )  # fmt: skip
    page = open_page(found)
    assert page.evaluate("window.broken") is None
    assert HOSTILE in page.locator("details summary").inner_text()
