"""A judge's measurement as GitHub-flavoured Markdown."""

from sprat.report.judging import words
from sprat.report.markdown import cell, table_of
from sprat.studies.judging.result import JudgeMeasure


def render(found: JudgeMeasure) -> str:
    """What it comes to, all numbers, what was given for which grade, and what to know."""
    parts = [
        f"## {words.headline(found)}: {cell(found.judge)} as a judge",
        cell(words.sentence(found)),
        cell(words.how(found)),
        table_of(words.SUMMARY, words.summary_rows(found), "lrrrlrl"),
        "\n".join(f"- **{cell(name)}:** {cell(why)}" for name, why in words.reasons(found)),
    ]
    for one in found.dimensions:
        rows = [line.full for line in words.lines(one)]
        parts += [f"### {cell(one.name)}", table_of(words.FIGURES, rows, "lrlrll")]
        parts.append(table_of(words.GIVEN, words.given_rows(found, one.name), "rrrrrrrrr"))
    parts.append("\n".join(f"> **Note:** {cell(warning)}" for warning in found.warnings))
    parts.append(
        f"<sub>Sprat run `{found.run}`, {found.created}, rubric {cell(found.rubric)}, "
        f"{found.answers_set.n} answers from {cell(found.answers_set.name)}.</sub>"
    )
    return "\n\n".join(part for part in parts if part) + "\n"
