"""The assumptions as a report lists them: what is only assumed, and matters most, first."""

from collections.abc import Iterable, Sequence

from sprat.cost.assumptions import Assumptions, term_of
from sprat.cost.result import AssumptionLine, OptionCost, Swing
from sprat.cost.terms import Origin

_ORDER: dict[Origin, int] = {"assumed": 0, "declared": 1, "listed": 2, "measured": 3}


def lines_of(
    assumed: Assumptions, swings: Sequence[Swing], used: Iterable[str]
) -> tuple[AssumptionLine, ...]:
    """Everything that was taken for granted; what no option uses is left out."""
    wanted = set(used)
    lines = [
        _line(name, assumed, swings)
        for name, one in assumed.values.items()
        if one.value is not None and name.partition("@")[0] in wanted
    ]
    return tuple(sorted(lines, key=lambda line: (_ORDER[line.origin], -(line.moves_usd or 0.0))))


def asked_of_all(assumed: Assumptions, options: Sequence[OptionCost]) -> tuple[AssumptionLine, ...]:
    """What somebody must say before every option has a price."""
    missing = {name for option in options for name in option.missing}
    return tuple(_line(name, assumed, ()) for name in assumed.values if name in missing)


def _line(name: str, assumed: Assumptions, swings: Sequence[Swing]) -> AssumptionLine:
    term, one = term_of(name), assumed.values[name]
    return AssumptionLine(
        name=name,
        title=term.title,
        unit=term.unit,
        value=one.value,
        low=one.low,
        high=one.high,
        origin=one.origin,
        source=one.source,
        asks=term.asks,
        moves_usd=max((swing.moves_usd for swing in swings if swing.term == name), default=None),
    )
