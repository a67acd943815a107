"""What a forecast assumes: every term with its unit, its bounds, and a default where one holds.

A term without a default has none that could be defended for everybody: the report asks for it.
"""

from typing import Literal, NamedTuple

Origin = Literal["measured", "listed", "declared", "assumed"]
"""How a value is known: by a counter or a clock here; from a price list; somebody said so; nobody
did, and a source makes it likely."""


class Default(NamedTuple):
    """What is taken where nobody says otherwise, and why."""

    value: float
    low: float | None
    high: float | None
    source: str


class Term(NamedTuple):
    """One thing that a forecast must know."""

    title: str
    unit: str
    floor: float
    ceiling: float
    asks: str
    """What it is, or how to find it out: one line."""
    default: Default | None = None
    each: bool = False
    """Whether it may differ by side: `[machines.large.machine_usd]`."""


TERMS: dict[str, Term] = {
    "requests_per_month": Term(
        "Requests", "a month", 1, 1e10,
        "how many answers the first month needs",
    ),
    "growth_pct": Term(
        "Growth of requests", "% a month", -50, 100,
        "each month over the one before",
        Default(0, None, None, "assumed: as many every month; no growth can be known from answers"),
    ),
    "tokens_growth_pct": Term(
        "Growth of prompts and answers", "% a month", -20, 20,
        "each month over the one before: longer prompts, longer answers",
        Default(0, None, None, "assumed: prompts and answers stay as long as those measured"),
    ),
    "machine_usd": Term(
        "Price of a machine", "USD", 0, 1e7,
        "what one more machine like the measured one costs; 0: it is there, and would be anyway",
        each=True,
    ),
    "machine_months": Term(
        "Life of a machine", "months", 6, 240,
        "after so many months it is replaced",
        Default(
            60, 36, 84,
            "US IRS Publication 946, appendix B: computers are 5-year property (range assumed)",
        ),
    ),
    "residual_pct": Term(
        "Worth at the end of its life", "% of its price", 0, 100,
        "what a replaced machine still sells for",
        Default(0, 0, 20, "assumed: nothing, which favours the cloud"),
    ),
    "utilisation_ceiling_pct": Term(
        "Most that a machine is busy", "% of the month", 0.1, 100,
        "mean load over peak load, if one more machine is bought when the peak does not fit",
        Default(
            30, 10, 50,
            "Barroso & Hölzle (2007), The Case for Energy-Proportional Computing, IEEE Computer "
            "40(12): servers are mostly between 10 and 50% busy",
        ),
        each=True,
    ),
    "electricity_usd_per_kwh": Term(
        "Electricity", "USD per kWh", 0, 10,
        "on the last bill",
    ),
    "idle_watts": Term(
        "Drawn while idle", "W", 0, 1e5,
        "by a meter at the plug; 0: the machine would be on anyway",
        each=True,
    ),
    "load_watts": Term(
        "Drawn while answering", "W", 0, 1e5,
        "by a meter at the plug, idle draw included; used only where no counter measured joules",
        each=True,
    ),
    "overhead_factor": Term(
        "Energy paid per energy used", "times", 1, 5,
        "cooling and losses, which no counter in the machine sees; 1: an office without cooling",
        Default(
            1.58, 1, 1.8,
            "Uptime Institute, Global Data Center Survey 2023: mean PUE of 1.58 (range assumed)",
        ),
    ),
    "setup_hours": Term(
        "Hours to set it up", "h", 0, 1e5,
        "of people, once, beyond what the cloud would take as well",
    ),
    "upkeep_hours_per_month": Term(
        "Hours to keep it running", "h a month", 0, 1e5,
        "of people: updates, failures, new models; beyond what the cloud would take",
    ),
    "hour_usd": Term(
        "An hour of theirs", "USD", 0, 1e4,
        "wages and what comes on top of them",
    ),
    "escalation_pct": Term(
        "Passed on to the large model", "% of requests", 0, 100,
        "of a hybrid, where no policy's own answers tell it",
    ),
    "cloud_chars_per_token": Term(
        "Characters in a token of the cloud's", "characters", 0.5, 12,
        "its tokenizer is not the measured one; languages other than English have fewer",
        Default(4, 3, 4.6, "OpenAI's rule of thumb for English, platform.openai.com/tokenizer "
                "(range assumed)"),
    ),
    "cloud_output_factor": Term(
        "Length of the cloud's answers", "times measured", 0.05, 100,
        "over the measured ones; a model that thinks first writes, and bills, several times more",
        Default(1, 0.7, 2, "assumed: as long as the answers measured here"),
    ),
    "cloud_price_change_pct": Term(
        "Change of cloud prices", "% a year", -95, 100,
        "list prices have mostly fallen",
        Default(0, -40, 0, "assumed: as listed today, which favours the machine; the low end: they "
                "go on falling"),
    ),
    "discount_pct": Term(
        "Discount rate", "% a year", 0, 50,
        "what money spent later is worth less",
        Default(0, None, None, "assumed: none, a dollar is a dollar"),
    ),
}  # fmt: skip
