"""The assumptions as a report lists them: what is only assumed, and matters most, first."""

from collections.abc import Collection, Iterable, Sequence

from sprat.cost.assumptions import Assumptions, term_of
from sprat.cost.result import AssumptionLine, OptionCost, Swing
from sprat.cost.terms import Origin
from sprat.studies.costs.hybrids import CloudRate
from sprat.studies.costs.measured import Side

_ORDER: dict[Origin, int] = {"assumed": 0, "declared": 1, "listed": 2, "measured": 3}


def lines_of(
    assumed: Assumptions, swings: Sequence[Swing], used: Iterable[str], roles: Collection[str]
) -> tuple[AssumptionLine, ...]:
    """Everything that was taken for granted; what no option or no side uses is left out."""
    wanted = set(used)
    lines = [
        _line(name, assumed, swings)
        for name, one in assumed.values.items()
        if one.value is not None
        and name.partition("@")[0] in wanted
        and name.partition("@")[2] in {"", *roles}
    ]
    return tuple(sorted(lines, key=lambda line: (_ORDER[line.origin], -(line.moves_usd or 0.0))))


def price_lines(clouds: Sequence[CloudRate]) -> tuple[AssumptionLine, ...]:
    """What each cloud takes for its tokens."""
    return tuple(
        AssumptionLine(
            name=f"{cloud.model} {way}",
            title=f"{cloud.model}, tokens {way}",
            unit="USD per million",
            value=value,
            low=None,
            high=None,
            origin=cloud.origin,
            source=cloud.basis,
            asks="a price list, or your contract",
        )
        for cloud in clouds
        for way, value in (
            ("in", cloud.rate.input_usd_per_mtok),
            ("out", cloud.rate.output_usd_per_mtok),
        )
    )


def side_lines(sides: Sequence[Side]) -> tuple[AssumptionLine, ...]:
    """What was measured of each side that computes here: its seconds, and its joules."""
    return tuple(
        AssumptionLine(
            name=f"{side.key} {what}",
            title=f"{side.measured.model}, {what} of a request",
            unit=unit,
            value=spread.mean,
            low=None,
            high=None,
            origin="measured",
            source=f"{spread.n} answers of {side.measured.run}",
            asks="measure it again with more questions",
        )
        for side in sides
        for what, unit, spread in (
            ("busy seconds", "s", side.measured.busy_s),
            ("joules", "J", side.measured.joules),
        )
        if spread is not None
    )


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
