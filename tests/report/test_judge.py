"""The report of a judge: on a terminal, as Markdown, and in a real browser."""

import asyncio
import io
import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Browser
from rich.console import Console
from tests.browser import chromium
from tests.studies.judging.engines import Judge
from tests.studies.judging.samples import answers, grade_in, rubric

from sprat.cli.output import write_json
from sprat.questions.rubric import Grade
from sprat.report.forms import form_of
from sprat.report.judging import html, markdown, words
from sprat.report.judging.pictures import grade_picture
from sprat.report.judging.terminal import print_judge
from sprat.runs.store import Store
from sprat.studies.judging import summary
from sprat.studies.judging.plan import KIND, JudgePlan
from sprat.studies.judging.result import JudgeMeasure
from sprat.studies.judging.study import Measured, measure_judge
from sprat.studies.judging.summary import summarise

HOSTILE = "<script>window.broken = 1</script>"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JudgeMeasure]:
    """A judge that leans to the middle, and to long answers, beside a rule that is fair."""

    def rule(dimension, question, text):
        off = (len(text) % 5 == 0) - (len(text) % 7 == 0)
        value = min(5, max(1, grade_in(dimension, text) + off))
        return Grade(dimension=dimension, value=float(value), by="rule")

    def mind(dimension, text, flipped):
        lean = 0.4 if dimension == "coherence" else 0.9
        return min(5.0, 3 + lean * (grade_in(dimension, text) - 3) + 0.3 * flipped)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(summary, "grade_by_rule", rule)
        with Store(tmp_path_factory.mktemp("judge") / "runs.db", create=True) as store:
            wanted = Measured(
                judge="qwen2.5-coder-1.5b",
                plan=JudgePlan(rubric=rubric()),
                answers_name="own.jsonl",
                answers=answers(80),
                selection={"answers_file": "own.jsonl"},
            )
            yield summarise(store, asyncio.run(measure_judge(wanted, Judge(mind), store)))


def shown(found: JudgeMeasure, width: int = 100, encoding: str = "utf-8") -> str:
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    print_judge(found, Console(file=out, width=width, highlight=False))
    out.flush()
    return out.buffer.getvalue().decode(encoding)


def test_a_terminal_shows_who_is_shown_first_and_why(found):
    text = shown(found)
    assert "A fit judge of factuality only: qwen2.5-coder-1.5b as a judge" in text
    assert "coherence: The judge agrees with the reference grades less than the rule does" in text
    assert "Weighted kappa" in text
    assert max(map(len, text.splitlines())) <= 100


def test_a_terminal_that_knows_only_ascii_is_given_nothing_else(found):
    assert shown(found, encoding="ascii").isascii()


def test_every_table_has_a_row_for_every_dimension_and_figure(found):
    assert [row[0] for row in words.summary_rows(found)] == ["coherence", "factuality"]
    assert all(len(row) == len(words.SUMMARY) for row in words.summary_rows(found))
    for one in found.dimensions:
        assert all(
            len(line.cells) == len(line.full) == len(words.FIGURES) for line in words.lines(one)
        )
        rows = words.given_rows(found, one.name)
        assert all(len(row) == len(words.GIVEN) for row in rows)
        assert sum(int(row[1]) for row in rows) == 80


def test_what_was_given_adds_up_to_what_was_graded(found):
    for row in words.given_rows(found, "factuality"):
        assert sum(int(cell) for cell in row[4:] if cell != words.NONE) == int(row[1])


def test_the_answers_that_judge_and_person_see_most_differently_come_first(found):
    order = [words.apart(one) for one in words.worst_first(found.answers)]
    assert order == sorted(order, reverse=True)


def test_without_a_rule_and_without_figures_there_are_dashes_and_no_zeros(found):
    bare = msgspec.structs.replace(found.dimensions[0], rule=None, mass=None)
    rows = {line.label: line for line in words.lines(bare)}
    assert rows["Weighted kappa"].rule == words.NONE
    assert rows["On the grades"].judge == words.NONE


def test_a_rule_that_is_held_against_fewer_answers_is_said_to_be(found):
    assert "was not made by" not in words.how(found)
    rule = msgspec.structs.replace(found.dimensions[0].rule, n=30, unscored=2)
    half = msgspec.structs.replace(found.dimensions[0], rule=rule)
    assert "was not made by" in words.how(msgspec.structs.replace(found, dimensions=(half,)))


def test_markdown_holds_the_tables_and_no_markup_of_anybodys(found):
    text = markdown.render(msgspec.structs.replace(found, judge=f"x|{HOSTILE}"))
    assert "### factuality" in text
    assert "| coherence |" in text
    assert "<script" not in text
    assert "x\\|" in text


def test_json_can_be_written_and_has_no_number_that_is_none(found, tmp_path: Path):
    file = tmp_path / "judge.json"
    write_json(found, str(file))
    told = json.loads(file.read_text("utf-8"))
    assert told["schema"] == 1
    assert {one["name"] for one in told["dimensions"]} == {"coherence", "factuality"}


def test_the_picture_has_a_disc_for_every_answer_and_says_what_it_shows(found):
    drawn = str(grade_picture("coherence", found.answers))
    assert drawn.count("<circle") == 80
    assert drawn.count("graded ring") == 10
    assert "80 answers" in drawn
    assert not grade_picture("unknown", found.answers)


def test_the_kind_is_known_to_whoever_writes_a_study():
    form = form_of(KIND)
    assert form.command == "sprat judge"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_loads_nothing_runs_nothing_and_fits(found, browser, tmp_path: Path, width: int):
    answer = msgspec.structs.replace(found.answers[0], text=HOSTILE, note=HOSTILE, tags=(HOSTILE,))
    file = tmp_path / "judge.html"
    hostile = msgspec.structs.replace(found, answers=(answer, *found.answers[1:]), judge=HOSTILE)
    file.write_text(html.render(hostile), "utf-8")
    page = browser.new_page(viewport={"width": width, "height": 900})
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    assert page.evaluate("window.broken") is None
    assert page.locator("h1").inner_text() == words.headline(found)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("details").count() == 80
    assert [url for url in asked if not url.startswith("file:")] == []
    assert said == []
    page.close()
