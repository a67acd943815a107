"""The evaluation table as it is read: the same figures in the terminal, Markdown and the page."""

import io
import json
import re
from html import unescape

import pytest
from rich.console import Console

from sprat.report import heuristics as words
from sprat.report.heuristics_page import render
from sprat.report.heuristics_text import markdown, print_heuristics
from sprat.studies.bestuse import BestUse, KindUse, Unfit
from sprat.studies.heuristics import Column, Evidence, Heuristics
from sprat.studies.heuristics_cells import Cell


def cell(value, unit="s", n=40, run="r1", **more):
    return Cell(value=value, unit=unit, n=n, run=run, how=more.pop("how", "as read"), **more)


def column(name="small", joules=12.0, kinds=(), identity=None, run="r1"):
    energy = cell(joules, "J", why="" if joules is not None else "no counter here", run=run)
    return Column(
        name=name,
        identity=identity or {},
        cold_latency_s=cell(2.0 if name == "small" else 6.0, run=run),
        memory_bytes=cell(300e6, "bytes", run=run),
        gpu_memory_bytes=cell(None, "bytes", why="none", run=run),
        context_adherence=cell(0.25, "share", low=0.1, high=0.4, run=run),
        abstention=cell(0.5, "share", n=4, run=run),
        energy_joules_per_answer=energy,
        money_per_1000_answers=cell(0.001 if joules else None, "per 1000 answers", why="no price"),
        processor_s_per_answer=cell(1.5, run=run),
        best_use=BestUse(
            kinds=kinds,
            nobody=(
                Unfit(kind="arithmetic", n=12, best=0.2),
                Unfit(kind="rewrite", n=3, best=None),
            ),
            margin=0.05,
            run=run,
            among=2,
        ),
    )


CLASSIFY = KindUse(kind="classify", n=20, score=0.9, answer_s=0.4, shown=False)
EVIL = "<script>window.broken = 1</script> | `x` *y*"


def table(*columns, **more):
    evidence = [
        Evidence(
            run=run, created="2026-11-22T07:00:00+00:00", models=("small", "large"),
            questions="everyday", n=40, machine="Some CPU", warnings=("It ran on battery.",),
        )
        for run in ("r1", "r2")
    ]  # fmt: skip
    found = columns or (column(kinds=(CLASSIFY,)), column("large", run="r2"))
    return Heuristics(models=found, runs=tuple(evidence), **more)


def terminal(shown, **options):
    into = io.StringIO()
    print_heuristics(shown, Console(file=into, width=100, highlight=False, **options))
    return into.getvalue()


FORMS = {"terminal": terminal, "markdown": markdown, "page": lambda t: unescape(render(t))}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_has_the_rows_of_the_documents_their_figures_and_their_evidence(form):
    text = FORMS[form](table(ignored=("r3 is a study of kind 'bench'.",)))
    for part in (
        "Cold latency", "Memory", "Context adherence", "Local cost", "Best use",
        "2.00 s", "300 MB", "25.0%", "10.0\u201340.0", "50.0%", "12.0 J", "0.001 per 1000 answers",
        "Classify", "90.0%", "nothing by this rule", "Arithmetic in words", "too few",
        "r1", "r2", "sprat runs report", "ran on battery", "kind 'bench'",
    ):  # fmt: skip
        assert part in text, part


def test_without_a_counter_processor_time_stands_there_under_its_own_name_with_the_reason():
    blind = table(column(joules=None), column("large", joules=None))
    for form in FORMS.values():
        text = " ".join(form(blind).split())
        assert "1.50 s of processor time" in text
        assert "Energy unavailable for small, large: no counter here" in text
        assert "12.0 J" not in text


def test_what_differs_is_said_in_times_and_points():
    lines = {line.label: line.observation for line in words.lines(table())}
    assert lines["Cold latency"] == "large: 3.0× longer than small"  # noqa: RUF001
    assert lines["Memory"] == "about the same"
    assert lines["Context adherence"] == "the same"


def test_a_hybrid_is_said_to_be_possible_with_those_models_that_have_kinds_of_their_own():
    taker, other = column(kinds=(CLASSIFY,)), column("large", kinds=(CLASSIFY,))
    both = words.lines(table(taker, other))[-1].observation
    assert both == "each has kinds of its own: a hybrid is possible"
    three = words.lines(table(taker, other, column("third")))[-1].observation
    assert three == "small and large have kinds of their own: a hybrid is possible"
    assert words.lines(table(taker, column("large")))[-1].observation == ""


def test_two_columns_of_one_name_are_told_apart_by_what_differs():
    shown = table(
        column(identity={"provider": "cpu", "recipe": "5"}),
        column(identity={"provider": "webgpu", "recipe": "5"}),
    )
    assert words.names(shown) == ["small (provider cpu)", "small (provider webgpu)"]


def test_each_cell_of_the_page_leads_to_a_study_on_it_and_nothing_is_loaded():
    page = render(table())
    targets = set(re.findall(r'href="#([^"]+)"', page))
    assert targets == {"evidence", "run-r1", "run-r2"}
    assert all(f'id="{target}"' in page for target in targets)
    assert not re.search(r"@import|url\(|https?://|<script", page)
    assert "default-src 'none'; style-src 'sha256-" in unescape(page)


def test_names_that_are_markup_stay_text():
    shown = table(column(EVIL), column("large"))
    assert "<script>" not in render(shown)
    row = next(line for line in markdown(shown).splitlines() if line.startswith("|  |"))
    assert row.count(" | ") == 3
    assert "<script>" not in row


def test_a_terminal_of_plain_ascii_gets_plain_ascii():
    into = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    print_heuristics(table(), Console(file=into, width=100, legacy_windows=False))
    into.flush()
    assert b"Cold latency" in into.buffer.getvalue()


def test_the_json_holds_every_cell_and_the_rules():
    plain = json.loads(json.dumps(words.as_json(table())))
    assert plain["models"][0]["cold_latency_s"]["value"] == 2.0
    assert plain["models"][0]["best_use"]["kinds"][0]["kind"] == "classify"
    assert any("fewest seconds" in note for note in plain["notes"])


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_and_does_not_complain(browser, tmp_path, width, scheme):
    file = tmp_path / "table.html"
    file.write_text(
        render(table(column("s" * 60, kinds=(CLASSIFY,) * 5), column("large"))), "utf-8"
    )
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    faults = []
    page = context.new_page()
    page.on("console", lambda said: faults.append(said.text))
    page.goto(file.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.click('a[href="#run-r1"] >> nth=0')
    assert page.locator("#run-r1:target").count() == 1
    context.close()
    assert faults == []
