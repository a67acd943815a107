"""Evaluations on a terminal: what they come to first, then the numbers, then what went wrong."""

from typing import TYPE_CHECKING

from sprat.report.answers import expected_text
from sprat.report.evaluation import words
from sprat.report.terminal import Page, cells, table_of
from sprat.studies.evaluation.result import EvaluatedModel, Evaluation

if TYPE_CHECKING:
    from rich.console import Console

MOST = 3
"""Wrong answers shown for each model; the page has all."""
MAX_CHARS = 160
TONES = {"regression": "bold red", "improvement": "bold green"}


def print_evaluation(found: Evaluation, console: "Console") -> None:
    """Write evaluations to a `rich` console."""
    page = Page(console)
    page.say()
    page.say(words.headline(found), "bold")
    for sentence in words.sentences(found):
        page.say(sentence)
    page.say()
    _table(found, page, words.rows(found))
    for which, title in (("kinds", "By kind"), ("languages", "By language")):
        rows = words.slice_rows(found, which)
        if len(rows) > 1:
            page.say(title, "bold")
            _table(found, page, rows)
    for model in found.models:
        _model(found, model, page)
    _notes(found, page)


def _table(found: Evaluation, page: Page, rows: list[words.Row]) -> None:
    notes = any(row.note for row in rows)
    names = [("", "left"), *((name, "right") for name in words.columns(found))]
    table = table_of(page, *names, *([("", "left")] if notes else []))
    group = ""
    for row in rows:
        if group and row.group != group:
            table.add_section() if page.ascii else table.add_row()
        group = row.group
        table.add_row(*cells(page, row.label, *row.cells, *([row.note] if notes else [])))
    page.show(table)
    page.say()


def _model(found: Evaluation, model: EvaluatedModel, page: Page) -> None:
    if model.change is not None:
        change = model.change
        head = f"{words.DECISIONS[change.decision]}: {model.name} against {change.before.run}"
        page.say(head, TONES.get(change.decision, "bold yellow"))
        for line in words.change_lines(change):
            page.say(line)
        page.say()
    _rescored(model, page)
    for line in words.judge_lines(model):
        page.say(line)
    _wrong(found, model, page)


def _rescored(model: EvaluatedModel, page: Page) -> None:
    again = model.rescored
    if again is None:
        return
    page.say(f"Scored anew: the answers of {again.run}", "bold")
    page.say(words.rescored_line(again))
    for one in again.changed[: 3 * MOST]:
        before, now = (words.NONE if v is None else f"{v:.2f}" for v in (one.before, one.now))
        page.say(f"  {one.question}: {before}, now {now} ({one.why_now})", "dim")
    page.say()


def _wrong(found: Evaluation, model: EvaluatedModel, page: Page) -> None:
    bad = [one for one in words.worst(found, model) if words.is_bad(one)]
    if not bad:
        return
    more = f", of which {MOST}" if len(bad) > MOST else ""
    page.say(f"{model.name}, wrong: {len(bad)}{more}", "bold")
    for marked in bad[:MOST]:
        answer = marked.answer
        given = answer.error or answer.text or "(empty)"
        page.say(f"{answer.id}: {_line(answer.prompt)[-MAX_CHARS:]}")
        page.say(f"  expected  {_line(expected_text(answer.expected))[:MAX_CHARS]}", "dim")
        page.say(f"  given     {_line(given)[:MAX_CHARS]}", "dim")
        page.say(f"  why       {answer.why or words.grade_line(marked.grades)}", "dim")
    page.say()


def _notes(found: Evaluation, page: Page) -> None:
    for line in words.not_measured(found):
        page.say(line, "dim")
    for line in words.notices(found):
        page.say(f"Note: {line}", "yellow")


def _line(text: str) -> str:
    return " ".join(text.split())
