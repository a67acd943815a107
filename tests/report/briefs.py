"""Briefs to draw. Test data only: no model said any of this."""

import msgspec

from sprat.cost.result import BreakEven
from sprat.cost.result import Figure as Band
from sprat.studies.brief.result import (
    Advice,
    Brief,
    Evidence,
    Figure,
    Headline,
    KindLine,
    KindScore,
    ModelLine,
    Money,
    OptionLine,
    Risk,
    Said,
    Source,
    Step,
)
from sprat.studies.comparison import VerdictSummary

SMALL, LARGE = "smollm2-135m", "qwen2.5-coder-0.5b"
RUN = "261126-140854-0311"
FIGURES = {
    "score": Figure(value=0.18, low=0.094, high=0.293, n=48, mark=2),
    "right": Figure(value=4, n=48, mark=2),
    "first_token_s": Figure(value=0.15, low=0.14, high=0.17, n=48, mark=2),
    "answer_s": Figure(value=0.43, low=0.31, high=0.56, n=48, mark=2),
    "answer_p95_s": Figure(value=1.43, n=48, mark=2),
    "memory_bytes": Figure(value=328e6, n=48, mark=2),
    "energy_joules": Figure(value=None, why="no counter here"),
    "processor_s": Figure(value=1.05, n=48, mark=2),
    "cost_usd": Figure(value=None, why="not declared"),
}
VERDICT = VerdictSummary(
    decision="not-good-enough", margin=0.05, difference=-0.359, low=-0.505, high=-0.198,
    mcnemar_p=0.0002, small_only_right=2, large_only_right=19, n=48, n_needed=None,
    why=f"{SMALL} scores 35.9 points below {LARGE} on 48 paired questions.",
)  # fmt: skip


def model(name: str = SMALL, **figures: Figure) -> ModelLine:
    return ModelLine(
        name=name,
        figures={**FIGURES, **figures},
        best=(KindScore("extract", 0.79, 8),),
        weakest=(KindScore("classify", 0.25, 8),),
    )


def brief(**changes: object) -> Brief:
    """A brief with everything on it."""
    fields: dict[str, object] = {
        "title": f"Can {SMALL} do the work of {LARGE}?",
        "question": f"Can {SMALL} do the work of {LARGE}?",
        "created": "2026-11-26T14:09:02+00:00",
        "headline": Headline(
            small=SMALL, large=LARGE, summary=VERDICT, said=Said(VERDICT.why, (1,)), declared=True
        ),
        "advice": Advice(
            use="large", model=LARGE, head=f"Use {LARGE} alone", why=(Said("It is better.", (2,)),)
        ),
        "models": (model(), model(LARGE)),
        "kinds": (
            KindLine(kind="extract", n=18, small=0.08, large=0.79, enough="large"),
            KindLine(kind="classify", n=18, small=0.9, large=0.9, enough="small"),
        ),
        "kinds_mark": 1,
        "also": (Said("Answers of one length: 0.74 s.", (2,)),),
        "risks": (Risk(name="few", weight=90, text="Only 12 questions.", marks=(1,)),),
        "more_risks": (Risk(name="energy", weight=30, text="Energy was not measured."),),
        "money": Money(
            months=36, requests_per_month=1e5, options=options(), missing=(), mark=2,
            assumed=("Life of a machine",),
            break_even=BreakEven(
                option="small", rival="cloud:x/y", month=7, low=4, high=None, never=0.2
            ),
        ),
        "steps": (Step("sprat compare --questions FILE", "ask your own questions"),),
        "evidence": (
            Evidence(
                number=1, run=RUN, what="Verdict", how="by the pair", n=48,
                command=f"sprat runs report {RUN}",
            ),
            Evidence(number=2, run=RUN, what="Score", how="mean", command="sprat cost latest"),
        ),
        "sources": (
            Source(
                run=RUN, kind="compare", created="2026-11-26T14:09:02+00:00",
                models=(SMALL, LARGE), questions="everyday", n=48, machine="Some CPU, Some OS",
                warnings=("11 answers were cut off.",), command=f"sprat runs report {RUN}",
            ),
        ),
    }  # fmt: skip
    return Brief(**{**fields, **changes})  # type: ignore[arg-type]


def options() -> tuple[OptionLine, ...]:
    each = Band(1.07, 1.02, 1.11)
    return (
        OptionLine(id="small", name=f"small: {SMALL}", kind="small", usd_per_1000=each,
                   total_usd=each),
        OptionLine(id="cloud:x/y", name="cloud: x/y", kind="cloud", usd_per_1000=each,
                   total_usd=each),
    )  # fmt: skip


def crowded() -> Brief:
    """As much as a first page may ever have to hold."""
    long = "a-model-with-a-long-name-as-they-are-7b-instruct-q4"
    names = [f"{long}-{n}" for n in range(3)]
    sentence = (
        "Here is a risk that takes the whole of two lines on paper, as the longest of them do, "
        "since it names a model, two numbers and what follows from them for whoever reads it."
    )
    each = Band(1.0712, 1.0211, 1.1109)
    priced = tuple(
        OptionLine(id=name, name=f"{kind}: {name}", kind=kind, usd_per_1000=each, total_usd=each)
        for kind, name in (("small", names[0]), ("large", names[1]), ("cloud", "some/cloud-a"),
                           ("cloud", "some/cloud-b"))
    )  # fmt: skip
    whole = brief()
    verdict = f"{names[0]} scores 35.9 points below {names[1]} on 480 paired questions (95% interval \N{MINUS SIGN}50.5 to \N{MINUS SIGN}19.8): even its high end loses more than the declared margin of 5 points."  # noqa: E501
    return brief(
        title="T" * 20 + " " + "title words " * 5,
        headline=Headline(
            small=names[0], large=names[1], summary=VERDICT, said=Said(verdict, (1,)), declared=True
        ),
        advice=Advice(
            use="hybrid", model="", head=f"Let {names[0]} draft, and {names[1]} answer the rest",
            why=tuple(Said(sentence, (1, 2)) for _ in range(5)),
        ),
        models=tuple(model(name) for name in (*names, "another", "one more")),
        kinds=tuple(
            KindLine(kind=f"kind-of-work-{n}", n=200, small=0.5, large=0.6, enough="neither")
            for n in range(12)
        ),
        also=(Said(sentence, (2,)),) * 2,
        risks=tuple(Risk(name=str(n), weight=9, text=sentence, marks=(1, 2)) for n in range(6)),
        money=Money(
            months=36, requests_per_month=1e5, options=priced, mark=2,
            break_even=whole.money.break_even,
            missing=("Price of a machine", "Electricity", "Drawn while idle", "Hours to set it up"),
        ),
        steps=tuple(
            Step(f"sprat calibrate --small {names[0]} --large {names[1]}", f"{'do this ' * 7}{n}")
            for n in range(4)
        ),
    )  # fmt: skip


def full() -> Brief:
    """Two models, and just as much as is still set in the usual size."""
    whole = crowded()
    short = "Here is a risk that takes the whole of two lines on paper, as most of them do."
    return msgspec.structs.replace(
        whole,
        title=f"Can {SMALL} do the work of {LARGE}?",
        models=(model(), model(LARGE)),
        headline=brief().headline,
        advice=msgspec.structs.replace(whole.advice, why=tuple(Said(short) for _ in range(2))),
        kinds=whole.kinds[:6],
        money=msgspec.structs.replace(whole.money, options=options() * 2),
        also=(Said(short),),
        risks=tuple(Risk(name=str(n), weight=9, text=short) for n in range(6)),
        steps=(*whole.steps[:2], *brief().steps),
    )
