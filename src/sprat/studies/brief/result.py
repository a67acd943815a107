"""What a brief says, exactly as `--json` prints it. `None` is "not measured", with its reason."""

from typing import Any, Literal

import msgspec

from sprat.cost.result import BreakEven
from sprat.cost.result import Figure as Band
from sprat.cost.result import Kind as OptionKind
from sprat.studies.comparison import VerdictSummary

Use = Literal["small", "large", "hybrid", "neither", "unknown"]
Enough = Literal["small", "large", "neither", "open", "few"]


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What stands behind a statement: its footnote."""

    number: int
    run: str
    """The study; empty: it is from a file, or it follows from other evidence."""
    what: str
    how: str
    """How it was computed, in words."""
    n: int | None = None
    """Over how many answers, questions or loads; None: it is no count of anything."""
    command: str = ""
    """What shows it again."""


class Said(msgspec.Struct, frozen=True):
    """A sentence, and the numbers of its evidence."""

    text: str
    marks: tuple[int, ...] = ()


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One number of one model. `value` None: not measured, for the reason in `why`."""

    value: float | None
    low: float | None = None
    high: float | None = None
    """Its 95% interval, where it has one."""
    n: int = 0
    mark: int | None = None
    why: str = ""


class KindScore(msgspec.Struct, frozen=True):
    """One model on one kind of question."""

    kind: str
    score: float
    n: int


class ModelLine(msgspec.Struct, frozen=True, kw_only=True):
    """One model: its figures, and what it is best and worst at."""

    name: str
    identity: dict[str, Any] = {}
    figures: dict[str, Figure]
    """By name: `score`, `right`, `first_token_s`, `answer_s`, `answer_p95_s`, `memory_bytes`,
    `energy_joules` and `processor_s` (per answer), `cost_usd` (per 1,000 answers)."""
    best: tuple[KindScore, ...] = ()
    weakest: tuple[KindScore, ...] = ()


class KindLine(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of question, and who can be trusted with it."""

    kind: str
    n: int
    small: float | None
    large: float | None
    """None: one model alone was measured."""
    enough: Enough
    """`small` will do, `large` is needed, `neither` is right half the time, `open`, or too `few`
    questions to say."""


class Risk(msgspec.Struct, frozen=True, kw_only=True):
    """What may go wrong, read from the data."""

    name: str
    weight: int
    """The larger, the more it should worry: what they are ordered by."""
    text: str
    marks: tuple[int, ...] = ()


class OptionLine(msgspec.Struct, frozen=True, kw_only=True):
    """What one way to answer costs, in US dollars; the band holds 90% of the draws."""

    id: str
    name: str
    kind: OptionKind
    usd_per_1000: Band | None
    total_usd: Band | None
    """Over all months."""


class Money(msgspec.Struct, frozen=True, kw_only=True):
    """What it costs, or why that cannot be told."""

    months: int = 0
    requests_per_month: float | None = None
    """Of the first month; None: nobody said."""
    options: tuple[OptionLine, ...] = ()
    unpriced: tuple[str, ...] = ()
    """Options for which something must be declared first."""
    break_even: BreakEven | None = None
    """Of what is advised, beside the cheapest cloud; None: there is nothing to compare."""
    missing: tuple[str, ...] = ()
    """What must be declared before everything can be priced."""
    assumed: tuple[str, ...] = ()
    """What is only assumed and moves the cost most."""
    examples: bool = True
    """Whether nobody chose the clouds."""
    mark: int | None = None
    why: str = ""
    """Why nothing can be told; empty: something can."""


class Advice(msgspec.Struct, frozen=True, kw_only=True):
    """Who should answer."""

    use: Use
    model: str
    """A model's name, or `policy:NAME`; empty: none."""
    head: str
    why: tuple[Said, ...]
    command: str = ""
    """What puts it to use."""


class Step(msgspec.Struct, frozen=True):
    """What to type next, and why."""

    command: str
    why: str


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A study that the brief was read from."""

    run: str
    kind: str
    created: str
    models: tuple[str, ...]
    questions: str
    n: int
    machine: str
    warnings: tuple[str, ...] = ()
    command: str = ""


class Headline(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict that the brief is about."""

    small: str
    large: str
    """Empty: one model alone was measured."""
    summary: VerdictSummary | None
    """None: nothing was scored, or there is nothing to compare with."""
    said: Said
    declared: bool
    """Whether the margin was declared before the first question."""


class Brief(msgspec.Struct, frozen=True, kw_only=True):
    """The whole page."""

    schema: int = 1
    kind: Literal["brief"] = "brief"
    title: str
    question: str
    created: str
    """When it was made: ISO 8601, UTC."""
    headline: Headline
    advice: Advice
    models: tuple[ModelLine, ...]
    kinds: tuple[KindLine, ...]
    kinds_mark: int | None = None
    also: tuple[Said, ...] = ()
    """What benchmarks, judges and documents add."""
    risks: tuple[Risk, ...]
    more_risks: tuple[Risk, ...] = ()
    """Those that weigh less than the six that are shown."""
    money: Money
    steps: tuple[Step, ...]
    evidence: tuple[Evidence, ...]
    sources: tuple[Source, ...]
    ignored: tuple[str, ...] = ()
    """What was asked for and could not be read, one line each."""
