"""What every page of recorded runs has: the line of links above it, and its look."""

from collections.abc import Sequence
from typing import Any

from sprat.report.browse.links import HOME, to_answers, to_study
from sprat.report.house import page, within

STYLES = ("style.css", "runs.css")
Link = tuple[str, str]
"""What it says, where it leads."""

PLACES: Sequence[Link] = (
    ("Runs", HOME),
    ("History", f"{HOME}/history"),
    ("Compare", f"{HOME}/compare"),
    ("Gateway", "/status"),
)


def framed(template: str, here: str, context: dict[str, Any]) -> str:
    """One of these pages; `here` is the place of `PLACES` that it belongs to."""
    return page(template, {"trail": trail(here), **context}, styles=STYLES, script="", forms=True)


def in_frame(report: str, study: str) -> str:
    """A study's report with the links above it."""
    here = [("Every answer", to_answers(study)), ("JSON", f"/api{to_study(study)}")]
    return within(report, trail("", [(study, ""), *here]))


def problem_page(message: str, fix: str | None) -> str:
    """What went wrong, and what to do about it."""
    return framed("runs_problem.html.j2", "", {"message": message, "fix": fix})


def trail(here: str, further: Sequence[Link] = ()) -> str:
    """The line of links: the places, then what belongs to this page."""
    from markupsafe import Markup

    places = [_link(label, href, current=label == here) for label, href in PLACES]
    own = [_link(label, href) for label, href in further]
    return Markup('<nav class="trail" aria-label="Recorded runs">{}{}</nav>').format(
        Markup("<span>{}</span>").format(Markup(" ").join(places)),
        Markup("<span>{}</span>").format(Markup(" ").join(own)) if own else "",
    )


def _link(label: str, href: str, *, current: bool = False) -> str:
    from markupsafe import Markup

    if not href:
        return Markup("<b>{}</b>").format(label)
    mark = Markup(' aria-current="page"') if current else ""
    return Markup('<a href="{}"{}>{}</a>').format(href, mark, label)
