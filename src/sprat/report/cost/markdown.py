"""A forecast of costs as GitHub-flavoured Markdown."""

from sprat.cost.result import CostForecast
from sprat.report.cost import words
from sprat.report.cost.swings import SWING_HEADS, swing_rows, swings_by_option
from sprat.report.cost.tables import tables_of
from sprat.report.markdown import cell, table_of


def render(found: CostForecast) -> str:
    """What it comes to, then every table."""
    head, _ = words.headline(found)
    parts = [f"## {head}", cell(words.sentence(found)), _asked(found)]
    for table in tables_of(found):
        lead = f"{table.lead}\n\n" if table.lead else ""
        parts.append(
            f"### {cell(table.title)}\n\n{lead}{table_of(table.heads, table.rows, table.align)}"
        )
        if table.id == "parts":
            parts += _swings(found)
    parts.append("\n".join(f"> **Note:** {cell(note)}" for note in found.warnings))
    parts.append(_signature(found))
    return "\n\n".join(part for part in parts if part) + "\n"


def _asked(found: CostForecast) -> str:
    if not found.asked:
        return ""
    return "**Asked for**\n\n" + "\n".join(f"- {cell(line)}" for line in words.to_say(found))


def _swings(found: CostForecast) -> list[str]:
    return [
        f"### What moves {cell(option.name)} most\n\n"
        + table_of(SWING_HEADS, swing_rows(found, swings), "lrrrr")
        for option, swings in swings_by_option(found)
    ]


def _signature(found: CostForecast) -> str:
    runs = ", ".join(f"`{run.run}`" for run in found.runs)
    prices = f" Prices: {found.prices}." if found.prices else ""
    return (
        f"<sub>Sprat runs {runs}; {found.draws:,} draws, seed {found.seed}.{prices} Money is US "
        "dollars.</sub>"
    )
