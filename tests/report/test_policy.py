"""A policy's report: on a narrow terminal, as Markdown, and in a real browser."""

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Browser, Page
from rich.console import Console

from sprat.policies.curve import Spot
from sprat.policies.measures import Bin
from sprat.policies.resample import Estimate
from sprat.report.policy import html, markdown, words
from sprat.report.policy.pictures import HEIGHT, quality_picture
from sprat.report.policy.standalone import standalone, together_picture
from sprat.report.policy.terminal import print_calibrated, print_evaluation
from sprat.studies.hybrid import verdict
from sprat.studies.hybrid.result import (
    Calibrated,
    Curves,
    Evaluation,
    Judgement,
    PathLine,
    RiskSpot,
    SideLine,
)

Open = Callable[..., Page]
HOSTILE = "<script>window.broken = 1</script>"


def spot(cost, quality, threshold=None, low=None, high=None) -> Spot:
    return Spot(cost=cost, quality=quality, threshold=threshold, low=low, high=high)


def side(model: str, score: float, seconds: float) -> SideLine:
    return SideLine(
        model=model, score=score, right=score, seconds=seconds, first_token_s=0.2, cost_usd=None
    )


def evaluation(**changes) -> Evaluation:
    """A cascade that does well."""
    curve = [
        spot(1 + n, 0.4 + 0.06 * n, 1 - n / 8, 0.3 + 0.06 * n, 0.5 + 0.06 * n) for n in range(7)
    ]
    line = {"score": 0.7, "first_token_s": 1.2, "seconds": 2.0, "cost_usd": None}
    whole = Evaluation(
        policy="mine",
        kind="cascade",
        mode="buffer",
        threshold=0.6,
        questions="cases.jsonl",
        n=100,
        left_out=2,
        held_out=True,
        small=side("tiny", 0.4, 1.0),
        large=side("huge", 0.75, 6.0),
        paths=(
            PathLine(path="accepted", n=60, share=0.6, **line),
            PathLine(path="escalated", n=40, share=0.4, **line),
            PathLine(path="all", n=100, share=1.0, **line),
        ),
        score=Estimate(0.7, 0.6, 0.8),
        gap=Estimate(-0.05, -0.1, 0.0),
        saved=Estimate(0.5, 0.4, 0.6),
        apgr=Estimate(0.8, 0.7, 0.9),
        lead=Estimate(0.1, 0.05, 0.15),
        harm=Estimate(0.02, 0.0, 0.05),
        waste=Estimate(0.4, 0.3, 0.5),
        enough=spot(3.0, 0.75, 0.7),
        judgement=Judgement(
            calibrated=True,
            auroc=Estimate(0.85, 0.75, 0.93),
            error=0.04,
            bins=(Bin(50, 0.2, 0.25), Bin(50, 0.8, 0.78)),
            risk=(RiskSpot(0.2, 0.0), RiskSpot(0.6, 0.1), RiskSpot(1.0, 0.6)),
        ),
        curves=Curves(
            unit="seconds",
            policy=tuple(curve),
            oracle=(spot(1.0, 0.4), spot(3.0, 0.8)),
            small=spot(1.0, 0.4),
            large=spot(6.0, 0.75),
            chosen=spot(3.0, 0.7, 0.6),
        ),
    )  # fmt: skip
    return msgspec.structs.replace(whole, **changes)


def calibrated(**changes) -> Calibrated:
    whole = Calibrated(
        name="mine",
        small="tiny",
        large="huge",
        questions="cases.jsonl",
        splits={"tune": 40, "certify": 30, "report": 30},
        target_error=0.1,
        budget=None,
        floor=0.56,
        small_error=0.6,
        certificate={
            "delta": 0.05, "errors": 1, "accepted": 50, "upper": 0.091, "coverage": 0.5,
            "threshold": 0.6,
        },
        refusals=(),
        evaluation=evaluation(),
    )  # fmt: skip
    return msgspec.structs.replace(whole, **changes)


def unknown() -> Evaluation:
    """Where hardly anything can be said."""
    nothing = Estimate(None)
    judged = Judgement(calibrated=False, auroc=nothing, error=None, bins=(), risk=())
    zero = spot(0.0, 0.0)
    curves = Curves(unit="usd", policy=(zero,), oracle=(zero,), small=zero, large=zero, chosen=zero)
    return evaluation(
        apgr=nothing, saved=nothing, enough=None, judgement=judged, curves=curves, n=20,
        warnings=("Uncalibrated.",),
    )  # fmt: skip


def printed(show: Callable, found: object, width: int) -> str:
    out = io.StringIO()
    show(found, Console(file=out, width=width, highlight=False, force_terminal=False))
    return out.getvalue()


@pytest.mark.parametrize(
    ("apgr", "said"),
    [
        (Estimate(0.8, 0.7, 0.9), "Better than chance"),
        (Estimate(0.6, 0.4, 0.8), "Not shown to beat chance"),
        (Estimate(0.3, 0.2, 0.4), "Worse than chance"),
        (Estimate(0.6), "Not shown to beat chance"),
        (Estimate(None), "Nothing to gain"),
    ],
)
def test_the_headline_says_what_the_interval_says(apgr, said):
    assert words.headline(evaluation(apgr=apgr))[0] == said


@pytest.mark.parametrize(
    ("changes", "said", "why"),
    [
        ({}, "Better than chance", None),
        (
            {"lead": Estimate(0.02, -0.01, 0.05)},
            "Not shown to beat chance at its threshold",
            "At its threshold it is not shown to beat random escalation of the same cost",
        ),
        (
            {"lead": Estimate(-0.1, -0.2, -0.05)},
            "Worse than chance at its threshold",
            "-0.100 in score, whose interval begins at -0.200",
        ),
        (
            {"saved": Estimate(-0.1, -0.2, 0.0), "gap": Estimate(0.0, 0.0, 0.0)},
            "No better than the large model alone",
            "At its threshold huge alone is as good: the policy costs 110% of it",
        ),
        (
            {"saved": Estimate(-0.1, -0.2, 0.0), "gap": Estimate(0.05, 0.01, 0.1)},
            "Better than chance",
            None,
        ),
    ],
)
def test_the_threshold_that_it_has_counts_too_not_only_the_curve(changes, said, why):
    found = evaluation(**changes)
    assert words.headline(found)[0] == said
    objections = " ".join(verdict.objections(found))
    assert objections == "" if why is None else why in objections


def test_where_questions_came_in_groups_the_certificate_says_that_it_is_of_one_of_each():
    alone = calibrated()
    grouped = calibrated(certificate={**(alone.certificate or {}), "left_out": 3})
    said = "are wrong, of one per passage or translated question. 1 of the 50"
    assert said in words.certificate_sentence(grouped)
    assert said not in words.certificate_sentence(alone)


def test_a_budget_that_is_not_certified_is_not_called_so():
    chosen = {"budget": 0.6, "delta": 0.05, "share": 0.55, "upper": 0.64, "threshold": None}
    found = calibrated(target_error=None, budget=0.6, floor=None, certificate=None, budgeted=chosen)
    said = words.certificate_sentence(found)
    assert said.startswith("Accepting nothing is the best for the budget")
    assert said.endswith("at most 64%: that it keeps to the budget is not certified.")


@pytest.mark.parametrize("width", [60, 80, 100])
@pytest.mark.parametrize("found", [evaluation(), unknown()])
def test_it_fits_the_terminal(found, width):
    for line in printed(print_evaluation, found, width).splitlines():
        assert len(line) <= width


def test_the_floor_is_said_first_and_the_certificate_before_the_numbers():
    out = printed(print_calibrated, calibrated(), 100)
    assert out.strip().startswith("tiny is wrong on 60% of the questions it learns from.")
    flat = " ".join(out.split())
    assert "even an oracle must escalate 56%" in flat
    assert "at most 10% of the accepted answers are wrong. 1 of the 50 accepted to" in flat
    assert "certify on were (of this threshold alone: up to 9.1%)" in flat
    assert flat.index("oracle must") < flat.index("Certified") < flat.index("Better than chance")


def test_a_refusal_is_shown_with_what_was_found():
    refused = calibrated(certificate=None, refusals=("Not certifiable: too few.",))
    assert "Not certifiable: too few." in printed(print_calibrated, refused, 80)
    assert "**Refused:** Not certifiable: too few." in markdown.render_calibrated(refused)
    assert "Certified" not in markdown.render_calibrated(refused)


def test_markdown_has_a_row_per_path_and_per_number():
    text = markdown.render(evaluation())
    assert re.search(r"\| accepted \| 60 \| 60% \| 70.0% \| 1.20 s \| 2.00 s \| . \|", text)
    assert "| huge alone |" in text
    assert "| APGR, cost included | 0.80 | 0.70 to 0.90 |" in text


def test_what_is_not_known_is_a_dash_and_never_a_zero():
    text = markdown.render(unknown())
    assert "| APGR, cost included | \N{EN DASH} |" in text
    assert "| AUROC of the confidence | \N{EN DASH} |" in text


def test_a_picture_of_its_own_is_one_drawing_with_its_look_and_its_words():
    drawn = standalone(quality_picture(evaluation()), HEIGHT, "a < b")
    assert drawn.startswith('<svg xmlns="http://www.w3.org/2000/svg"')
    assert "prefers-color-scheme: dark" in drawn
    assert "a &lt; b" in drawn
    assert "<script" not in drawn


def test_several_policies_are_drawn_in_one_picture_each_with_its_name():
    curves = evaluation().curves
    drawn = str(together_picture(curves, {"one": curves.policy, "two": curves.policy}))
    assert drawn.count("<polyline") == 4  # both policies, random, the oracle
    assert 'aria-label="Score against cost of one, two."' in drawn


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Open a page; afterwards nothing may have been asked of the network or complained of."""
    contexts, faults = [], []

    def open_(text: str, width: int = 1280, **options) -> Page:
        file = tmp_path / "policy.html"
        file.write_text(text, encoding="utf-8")
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: faults.append(said.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda asked: None if asked.url.startswith(("file:", "data:"))
                else faults.append(asked.url))  # fmt: skip
        page.goto(file.as_uri())
        return page

    yield open_
    for context in contexts:
        context.close()
    assert faults == []


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_scrolls_sideways_or_complains(show: Open, width: int, scheme: str) -> None:
    pages = [
        html.render(evaluation()),
        html.render(unknown()),
        html.render_calibrated(calibrated()),
    ]
    for text in pages:
        page = show(text, width, color_scheme=scheme)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_pictures_say_in_words_what_they_show(show: Open) -> None:
    page = show(html.render_calibrated(calibrated()))
    labels = page.locator("svg[role=img]").evaluate_all("all => all.map(e => e.ariaLabel)")
    assert "this policy 70.0% at 3" in labels[0]
    assert "20% sure: 25% right" in labels[1]
    assert "All drafts accepted: 60% wrong" in labels[2]
    assert page.locator(".seal").inner_text().startswith("Certified")


def test_names_are_text_and_never_run(show: Open) -> None:
    page = show(html.render(evaluation(policy=HOSTILE, questions=HOSTILE, warnings=(HOSTILE,))))
    assert page.evaluate("window.broken") is None
    assert page.locator("script").count() == 0
    assert HOSTILE in page.locator("header").inner_text()


def test_the_page_about_json_names_every_field():
    page = (Path(__file__).parents[2] / "docs" / "json.md").read_text("utf-8")
    section = page.split("## A policy's evaluation")[1]
    shapes = (Evaluation, Calibrated, PathLine, SideLine, Spot, Judgement, Bin, RiskSpot, Curves)
    for shape in shapes:
        for field in shape.__struct_fields__:
            assert f"`{field}`" in section, f"{shape.__name__}.{field}"
