"""What a forecast of costs found. Reports and `--json` show exactly this. Money is US dollars."""

from typing import Literal

import msgspec

from sprat.cost.terms import Origin

Kind = Literal["small", "large", "model", "hybrid", "cloud"]
"""What answers: one of a comparison's sides, a model measured alone, two as one, or a cloud's."""


class Figure(msgspec.Struct, frozen=True):
    """A value with its band: 90% of the draws lie within."""

    value: float
    low: float
    high: float


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """How one thing was distributed over the measured answers."""

    n: int
    mean: float
    p50: float
    p95: float


class MeasuredSide(msgspec.Struct, frozen=True, kw_only=True):
    """One model as it was measured in one study: what the forecast rests on."""

    run: str
    role: str
    model: str
    kind: Kind
    here: bool
    """Whether it computes on a machine of one's own; else it is paid by the token."""
    asked: int
    errors: int
    """Of those asked: they cost time too, and count as wrong."""
    busy_s: Spread | None
    """Seconds that the machine computes for an answer; None: it does not compute here."""
    input_tokens: Spread | None
    output_tokens: Spread | None
    joules: Spread | None
    """Above idle, for an answer; None: no counter measured them."""
    energy_source: str
    """The counter, or why there is none."""
    chars_per_token: float | None
    """Of its answers, in its own tokens."""
    right: float | None
    """Share of right answers, 0..1; None: nothing was scored."""
    escalated: float | None = None
    """Share of answers that were passed on to the large model; None: no policy."""


class AssumptionLine(msgspec.Struct, frozen=True, kw_only=True):
    """One assumption as it was used."""

    name: str
    title: str
    unit: str
    value: float | None
    """None: asked for, and not given."""
    low: float | None
    high: float | None
    origin: Origin
    source: str
    asks: str
    """What it is, or how to find it out."""
    moves_usd: float | None = None
    """How far apart the outcome is by the last month at both ends of its spread, at the option that
    it moves most: what is saved against the cheapest cloud, else what is spent; None: it has no
    spread, or nothing could be priced."""


class Part(msgspec.Struct, frozen=True):
    """What one thing contributes to the cost of a thousand requests."""

    what: Literal["machines", "electricity", "set-up", "upkeep", "cloud"]
    usd_per_1000: float


class OptionCost(msgspec.Struct, frozen=True, kw_only=True):
    """One way to answer all requests, over the whole horizon."""

    id: str
    """`small`, `hybrid`, `cloud:openai/gpt-5-mini`."""
    name: str
    kind: Kind
    basis: str
    """What was measured and what was not, in words."""
    missing: tuple[str, ...] = ()
    """Terms without which it has no price; the figures below are None then, but for `usd_per_1000`
    where a request costs the same however many there are."""
    total_usd: Figure | None = None
    """Spent until the last month: machines when they are bought."""
    cumulative_usd: tuple[Figure, ...] = ()
    """Spent by the end of each month; the first is before the first request."""
    usd_per_1000: Figure | None = None
    """A thousand requests over the whole horizon, machines by the months that they serve."""
    usd_per_1000_right: float | None = None
    """A thousand right answers; None: how often it is right was not measured."""
    parts: tuple[Part, ...] = ()
    right: float | None = None
    """Share of right answers, 0..1; None: not measured."""
    machines: tuple[int, int] | None = None
    """Needed in the first and in the last month; None: it needs none of one's own."""
    busy: tuple[float, float] | None = None
    """How much of the first and of the last month they compute, 0..1."""


class BreakEven(msgspec.Struct, frozen=True, kw_only=True):
    """From when on a machine of one's own has cost no more than a rival."""

    option: str
    rival: str
    month: int | None
    """The first month from whose end on it stays so to the last one; 0: from the start; None:
    never within the horizon."""
    low: int | None
    high: int | None
    """Where 90% of the draws lie; None: beyond the horizon."""
    never: float
    """Share of draws in which it does not within the horizon, 0..1."""


class Volume(msgspec.Struct, frozen=True, kw_only=True):
    """How many requests it takes for a machine of one's own to pay, against a rival."""

    option: str
    rival: str
    requests_per_month: float | None
    """In the first month: with so many or more, as far as tried, it has cost no more by the last
    one; None: not even with a thousand million."""


class Swing(msgspec.Struct, frozen=True, kw_only=True):
    """One assumption at both ends of its spread, all others as they are."""

    option: str
    term: str
    title: str
    low_value: float
    high_value: float
    usd_per_1000_low: float
    """At the low value, which need not be the lower cost."""
    usd_per_1000_high: float
    total_usd_low: float
    """Spent by the last month."""
    total_usd_high: float
    saved_usd_low: float | None
    """What `CostForecast.rival` has cost more by the last month; below 0: less. None: no rival."""
    saved_usd_high: float | None
    break_even_low: int | None
    """Against that rival; None: never within the horizon."""
    break_even_high: int | None

    @property
    def moves_usd(self) -> float:
        """How far apart both ends are by the last month: of the savings, else of what is spent."""
        if self.saved_usd_low is None or self.saved_usd_high is None:
            return abs(self.total_usd_high - self.total_usd_low)
        return abs(self.saved_usd_high - self.saved_usd_low)


class Utilised(msgspec.Struct, frozen=True, kw_only=True):
    """What a request costs on one machine that is busy so much of the time."""

    option: str
    busy: float
    """0..1."""
    requests_per_month: float
    usd_per_1000: float | None
    """None: not all that it takes is known."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """A study that the forecast was read from."""

    run: str
    kind: str
    created: str
    questions: str
    n: int
    models: tuple[str, ...]
    machine: str


class CostForecast(msgspec.Struct, frozen=True, kw_only=True):
    """What each way to answer would cost, month by month."""

    schema: int = 1
    months: int
    seed: int
    draws: int
    prices: str
    """Where the cloud's prices are from, and as of when."""
    rival: str | None
    """The option that break-evens are held against first: the cheapest cloud; None: none is
    priced."""
    runs: tuple[Evidence, ...]
    measured: tuple[MeasuredSide, ...]
    options: tuple[OptionCost, ...]
    break_evens: tuple[BreakEven, ...]
    volumes: tuple[Volume, ...]
    """One for each of `break_evens`; and where only the number of requests is missing."""
    sensitivity: tuple[Swing, ...]
    """By option, what moves its outcome most first."""
    utilisation: tuple[Utilised, ...]
    assumptions: tuple[AssumptionLine, ...]
    """What is only assumed first, and of that what matters most."""
    asked: tuple[AssumptionLine, ...]
    """What somebody must say before everything can be priced."""
    clouds_declared: bool
    """Whether somebody chose the clouds; else they are examples."""
    warnings: tuple[str, ...] = ()

    def option(self, wanted: str) -> OptionCost | None:
        """The option of an id; None: there is none."""
        return next((option for option in self.options if option.id == wanted), None)
