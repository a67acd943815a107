"""Grounded answers as GitHub-flavoured Markdown."""

from sprat.report.grounded import words
from sprat.report.markdown import cell, table_of
from sprat.studies.grounded.result import GroundedEvaluation


def render(found: GroundedEvaluation) -> str:
    """What they come to, the numbers, the ways they came, and what to know."""
    parts = [f"## {words.headline(found)}: {cell(found.name)}", cell(words.sentence(found))]
    for group in words.tables(found):
        rows = [(line.label, line.value, line.between, line.n, line.note) for line in group.lines]
        parts += [
            f"### {cell(group.title)}",
            table_of(("", "", "95% interval", "n", ""), rows, "lrlrl"),
        ]
    if rows := words.path_rows(found):
        parts.append(table_of(words.PATH_HEADS, rows, "lrrrrr"))
    parts.append("\n".join(f"> **Note:** {cell(warning)}" for warning in found.warnings))
    return "\n\n".join(part for part in parts if part) + "\n"
