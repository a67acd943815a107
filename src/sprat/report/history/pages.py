"""A page that stands for itself, or within the gateway's pages of recorded runs."""

from typing import Any

from sprat.report.browse.frame import STYLES
from sprat.report.browse.frame import framed as in_place
from sprat.report.house import page


def made(template: str, here: str, context: dict[str, Any], *, framed: bool) -> str:
    """The page; `framed`: with the links of the place `here` above it."""
    context = {**context, "framed": framed}
    if framed:
        return in_place(template, here, context)
    return page(template, {"trail": "", **context}, styles=STYLES, script="")
