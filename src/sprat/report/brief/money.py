"""The cost of a brief in words and cells."""

from collections.abc import Sequence

from sprat.cost.result import BreakEven
from sprat.report.cost import words as cost_words
from sprat.report.cost.words import months
from sprat.studies.brief.result import Brief, OptionLine, Said

OWN = ("small", "large", "model")
"""Options of the forecast that are one model, measured."""
MOST_NAMED = 4
"""Of what only the reader can say; the others are counted."""


def option_columns(brief: Brief) -> tuple[str, str, str]:
    """What is spent over the months where that is known, else the band of a thousand answers."""
    if not _totals(brief):
        return ("way to answer", "1,000 answers", "90% of cases")
    return ("way to answer", "1,000 answers", f"{months(brief.money.months)} (90% of cases)")


def option_rows(brief: Brief) -> list[tuple[str, str, str]]:
    """Each way to answer, what a thousand answers cost, and what is spent in all."""
    return [
        (one.name, cost_words.money(one.usd_per_1000), _spent(one, _totals(brief)))
        for one in brief.money.options
    ]


def _totals(brief: Brief) -> bool:
    return any(one.total_usd is not None for one in brief.money.options)


def _spent(one: OptionLine, totals: bool) -> str:
    if not totals:
        return cost_words.band(one.usd_per_1000)
    if one.total_usd is None:
        return cost_words.NOT_PRICED
    return f"{cost_words.money(one.total_usd)} ({cost_words.band(one.total_usd)})"


def sentences(brief: Brief) -> list[Said]:
    """What is to be said beside the table of options."""
    found = brief.money
    if found.why:
        return [Said(f"It cannot be told: {found.why}")]
    marks = () if found.mark is None else (found.mark,)
    said = [Said(_demand(brief), marks)] if found.options else []
    if found.break_even is not None:
        said.append(Said(_break_even(brief, found.break_even), marks))
    if found.missing:
        said.append(Said(_missing(brief)))
    elif found.assumed:
        listed = _listed([one.lower() for one in found.assumed])
        said.append(Said(f"Nobody declared these, so a default stands in: {listed}."))
    return said


def _demand(brief: Brief) -> str:
    """For how many answers, and who chose the clouds."""
    found = brief.money
    many = found.requests_per_month
    asked = "How many answers are needed is not said" if many is None else f"{many:,.0f} a month"
    clouds = any(option.kind == "cloud" for option in found.options)
    examples = "; the clouds are examples, whose answers nobody measured" if clouds else ""
    chosen = "; how good the clouds' answers are was not measured" if clouds else ""
    said = examples if found.examples else chosen
    return f"{asked}, over {months(found.months)}{said}."


def _break_even(brief: Brief, met: BreakEven) -> str:
    names = {option.id: option.name for option in brief.money.options}
    ours, rival = names.get(met.option, met.option), names.get(met.rival, met.rival)
    if met.month is None:
        often = (
            "in no case that was drawn" if met.never == 1 else f"in {1 - met.never:.0%} of cases"
        )
        within = months(brief.money.months)
        return f"{ours} does not pay for itself within {within} beside {rival}; {often} it does."
    when = "from the start" if met.month == 0 else f"at the end of month {met.month}"
    return (
        f"{ours} breaks even {when} beside {rival} (in 90% of cases: {cost_words.month_band(met)})."
    )


def _missing(brief: Brief) -> str:
    """What only the reader can say, and what it leaves open."""
    titles, options = brief.money.missing, brief.money.options
    named = [one.lower() for one in titles[:MOST_NAMED]]
    rest = len(titles) - len(named)
    listed = _listed([*named, f"{rest} more"] if rest else named)
    what = "What your own machine costs" if options else "What it costs"
    if any(option.kind in OWN for option in options):
        what = f"What {_listed(brief.money.unpriced) or 'the rest'} costs"
    return f"{what} is not known before you say: {listed}. No default would hold for everybody."


def _listed(names: Sequence[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
