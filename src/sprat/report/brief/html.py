"""The brief as one page: the first sheet to decide by, the second to check it by."""

from typing import Any, Literal

from markupsafe import Markup, escape

from sprat.report.brief import money, words
from sprat.report.brief.picture import strip
from sprat.report.house import page
from sprat.studies.brief.result import Brief

Paper = Literal["a4", "letter"]


def render(brief: Brief, *, runs: str = "", paper: Paper | None = None) -> str:
    """One self-contained page.

    `runs`: the address below which studies are shown, as a gateway has it (`/runs/`); empty: they
    are named, not linked. `paper` None: the one that the printer has.
    """
    styles = ("style.css", "brief.css", *((f"paper-{paper}.css",) if paper else ()))
    return page("brief.html.j2", _context(brief, runs), styles=styles, script="")


def _context(brief: Brief, runs: str) -> dict[str, Any]:
    head, tone = words.decision(brief)
    models = words.shown_models(brief)
    summary = brief.headline.summary
    return {
        "b": brief,
        "head": head,
        "tone": tone,
        "advice_tone": words.advice_tone(brief),
        "when": words.when(brief),
        "about": words.about(brief),
        "strip": strip(summary) if summary else "",
        "models": models,
        "rows": words.rows(brief),
        "kinds": words.kind_rows(brief),
        "kinds_note": words.kinds_note(brief),
        "more_kinds": len(brief.kinds) - words.most_kinds(brief),
        "density": words.density(brief),
        "most_why": words.MOST_WHY,
        "no_risk": words.NO_RISK,
        "money": money.sentences(brief),
        "options": money.option_rows(brief),
        "option_columns": money.option_columns(brief),
        "rest": [line for line in brief.models if line not in models],
        "rest_rows": words.rows(brief, [line for line in brief.models if line not in models]),
        "marks": _marks,
        "runs": runs,
    }


def _marks(numbers: tuple[int, ...]) -> Markup:
    """Footnotes as links to their evidence."""
    links = Markup(" ").join(
        Markup('<a href="#e{0}" aria-label="Evidence {0}">{0}</a>').format(escape(number))
        for number in numbers
    )
    return Markup('<sup class="mark-of">{}</sup>').format(links) if numbers else Markup()
