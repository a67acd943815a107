"""Evaluations as GitHub-flavoured Markdown: pastes well into a pull request."""

from sprat.report import numbers
from sprat.report.evaluation import words
from sprat.report.markdown import cell, table_of
from sprat.studies.evaluation.result import EvaluatedModel, Evaluation


def render(found: Evaluation) -> str:
    """Sentences, the table, kinds, changes and warnings."""
    parts = [
        f"## {words.headline(found)}",
        "\n\n".join(cell(line) for line in words.sentences(found)),
        _table(found, words.rows(found)),
        *_slices(found),
        *(part for model in found.models for part in _model(model)),
        "\n".join(f"- {cell(line)}" for line in words.not_measured(found)),
        "\n".join(f"> **Note:** {cell(line)}" for line in words.notices(found)),
        _signature(found),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _table(found: Evaluation, rows: list[words.Row]) -> str:
    names = ("", *words.columns(found), "")
    lines = [(row.label, *row.cells, row.note) for row in rows]
    return table_of(names, lines, "l" + "r" * len(found.models) + "l")


def _slices(found: Evaluation) -> list[str]:
    parts: list[str] = []
    for which, title in (("kinds", "By kind of question"), ("languages", "By language")):
        rows = words.slice_rows(found, which)
        if len(rows) > 1:
            parts.append(f"### {title}\n\n{_table(found, rows)}")
    return parts


def _model(model: EvaluatedModel) -> list[str]:
    parts: list[str] = []
    if model.change is not None:
        change = model.change
        what = words.DECISIONS[change.decision]
        head = f"### {what}: {cell(model.name)}, against `{change.before.run}`"
        lines = [cell(line) for line in words.change_lines(change)]
        parts.append("\n\n".join([head, *lines]))
    if model.rescored is not None:
        again = model.rescored
        parts.append(f"Scored anew: the answers of `{again.run}`. {words.rescored_line(again)}")
    parts += [cell(line) for line in words.judge_lines(model)]
    return parts


def _signature(found: Evaluation) -> str:
    runs = ", ".join(f"`{model.run}`" for model in found.models)
    asked = found.models[0].questions
    n = numbers.counted(asked.n, "question")
    return f"<sub>Sprat runs {runs}, {n} from `{cell(asked.name)}`.</sub>"
