"""What a forecast is made with: each value, how far it may be off, and how it is known."""

from collections.abc import Mapping

import msgspec

from sprat.cost.terms import TERMS, Origin, Term
from sprat.errors import SettingsError
from sprat.settings import CostSettings

MOST_MONTHS = 240
DEFAULT_MONTHS = 36
"""A choice, not a fact: how far the forecast looks."""
DEFAULT_CLOUDS = ("groq/openai/gpt-oss-20b", "openai/gpt-5-mini")
"""Shown where none is named: a hosted open model, and one of the best known small ones."""
MOST_CLOUDS = 12


class Assumption(msgspec.Struct, frozen=True, kw_only=True):
    """One value of a term."""

    value: float | None = None
    """None: nobody said, and no default is defensible."""
    low: float | None = None
    high: float | None = None
    """The value may lie anywhere between, most likely at `value`; None: it is taken as certain."""
    source: str = ""
    origin: Origin = "declared"

    @property
    def spread(self) -> bool:
        """Whether it is uncertain."""
        return self.low is not None and self.high is not None and self.low < self.high


class Cloud(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model of a cloud to hold the machine against."""

    model: str
    """`PROVIDER/MODEL` as the price list has them, or any name if the price is declared."""
    input_usd_per_mtok: float | None = None
    output_usd_per_mtok: float | None = None
    """Dollars per million tokens; both None: as listed."""
    source: str = ""


class Assumptions(msgspec.Struct, frozen=True, kw_only=True):
    """All that a forecast takes for granted."""

    values: Mapping[str, Assumption]
    """By the name of its term; `machine_usd@large` is that of one side alone."""
    months: int = DEFAULT_MONTHS
    clouds: tuple[Cloud, ...] = tuple(Cloud(model=name) for name in DEFAULT_CLOUDS)
    clouds_declared: bool = False
    """Whether somebody chose them; else they are examples."""

    def of(self, name: str, side: str = "") -> Assumption:
        """What is assumed for a term; for one side, where that has a value of its own."""
        return self.values.get(f"{name}@{side}") or self.values[name]

    def with_value(
        self,
        name: str,
        value: float,
        source: str,
        *,
        low: float | None = None,
        high: float | None = None,
    ) -> "Assumptions":
        """The same with one value declared; it is certain unless it comes with a spread.

        Raises:
            SettingsError: no such term, or a value out of its bounds.
        """
        made = Assumption(value=value, low=low, high=high, source=source)
        return msgspec.structs.replace(self, values={**self.values, name: checked(name, made)})


def assumptions_of(cost: CostSettings) -> Assumptions:
    """Defaults, with what `[cost]` of `sprat.toml` declares over them."""
    found = Assumptions(values={name: default_of(term) for name, term in TERMS.items()})
    years = cost.machine_years
    declared = {
        "machine_usd": cost.machine_usd,
        "machine_months": None if years is None else years * 12,
        "electricity_usd_per_kwh": cost.electricity_usd_per_kwh,
        "load_watts": cost.watts,
    }
    for name, value in declared.items():
        if value is not None:
            found = found.with_value(name, value, "[cost] of sprat.toml")
    return found


def default_of(term: Term) -> Assumption:
    """What is taken where nobody says otherwise; its value is None where that must be asked."""
    if term.default is None:
        return Assumption(source="asked for: no default would be defensible", origin="assumed")
    value, low, high, source = term.default
    return Assumption(value=value, low=low, high=high, source=source, origin="assumed")


def checked(name: str, made: Assumption) -> Assumption:
    """The same, if its numbers are in bounds and in order.

    Raises:
        SettingsError: naming the term, the value and the bounds.
    """
    term = term_of(name)
    for number in (made.value, made.low, made.high):
        if number is not None and not term.floor <= number <= term.ceiling:
            raise SettingsError(
                f"{name} is {number:g}: not from {term.floor:g} to {term.ceiling:g} {term.unit}.",
                fix=f"{term.title}: {term.asks}.",
            )
    _check_order(name, made)
    return made


def _check_order(name: str, made: Assumption) -> None:
    low, value, high = made.low, made.value, made.high
    if (low is None) != (high is None):
        raise SettingsError(f"{name} has only one end of its spread.", fix="Set low and high both.")
    if low is None or high is None or value is None:
        return
    if not low <= value <= high:
        raise SettingsError(
            f"{name} is {value:g}, outside of its own spread of {low:g} to {high:g}.",
            fix="Change low and high with it, or leave both out.",
        )


def term_of(name: str) -> Term:
    """The term of a name, `machine_usd@large` included.

    Raises:
        SettingsError: there is none.
    """
    plain, _, side = name.partition("@")
    term = TERMS.get(plain)
    if term is None or (side and not term.each):
        raise SettingsError(
            f"There is no assumption {name!r}.", fix=f"There are: {', '.join(TERMS)}."
        )
    return term
