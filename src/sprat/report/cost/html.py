"""A forecast of costs as one self-contained page."""

from typing import Any

from sprat.cost.result import CostForecast, OptionCost, Swing
from sprat.report.cost import pictures, words
from sprat.report.cost.swings import swing_rows, swings_by_option
from sprat.report.cost.tables import tables_of
from sprat.report.house import page


def render(found: CostForecast) -> str:
    """The forecast as one HTML page."""
    head, tone = words.headline(found)
    context: dict[str, Any] = {
        "f": found,
        "head": head,
        "tone": tone,
        "sentence": words.sentence(found),
        "asked": found.asked,
        "command": words.command(found),
        "tables": {table.id: table for table in tables_of(found)},
        "lines": pictures.drawn(found),
        "cumulative": pictures.cumulative_picture(found),
        "tornadoes": [_tornado(found, one, swings) for one, swings in swings_by_option(found)],
        "names": {option.id: option.name for option in found.options},
    }
    return page("cost.html.j2", context, styles=("style.css", "cost.css"), script="")


def _tornado(found: CostForecast, one: OptionCost, swings: list[Swing]) -> dict[str, Any]:
    rival = found.option(found.rival or "")
    against = rival is not None
    scale, middle = pictures.tornado_scale(one, rival, swings), pictures.as_assumed(one, rival)
    return {
        "name": one.name,
        "value": words.outcome(middle) if against else f"costs {words.amount(middle)}",
        "axis": pictures.tornado_axis(scale, rival=against),
        "rows": [
            {"cells": row, "bar": pictures.tornado_bar(swing, middle, scale, rival=against)}
            for row, swing in zip(swing_rows(found, swings), swings, strict=True)
        ],
    }
