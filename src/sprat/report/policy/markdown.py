"""A policy as GitHub-flavoured Markdown."""

from sprat.report.markdown import cell, table_of
from sprat.report.policy import words
from sprat.studies.hybrid.result import Calibrated, Evaluation


def render(found: Evaluation) -> str:
    """What it comes to, by path, and the numbers."""
    head, _ = words.headline(found)
    parts = [
        f"## {head}: {cell(found.policy)}",
        words.sentence(found),
        table_of(words.PATH_HEADS, words.path_rows(found), "lrrrrrr"),
        numbers_table(found),
        "\n".join(f"> **Note:** {warning}" for warning in found.warnings),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def render_calibrated(found: Calibrated) -> str:
    """What was certified, or why not; then the evaluation."""
    parts = [
        f"# Calibration: {cell(found.name)}",
        f"{words.floor_sentence(found)} {words.split_sentence(found)}",
        words.certificate_sentence(found),
        "\n".join(f"> **Refused:** {refusal}" for refusal in found.refusals),
        render(found.evaluation),
    ]
    return "\n\n".join(part for part in parts if part)


def numbers_table(found: Evaluation) -> str:
    """The numbers with their intervals."""
    rows = [(line.label, line.value, line.between, line.note) for line in words.lines(found)]
    return table_of(("", "value", "95% interval", ""), rows, "lrll")
