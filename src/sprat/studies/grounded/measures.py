"""The measures by name: each looks at one case; their means are what a report shows."""

from collections.abc import Callable, Sequence
from functools import partial

from sprat.studies.grounded import answers, citations, ranks
from sprat.studies.grounded.abstention import abstention
from sprat.studies.grounded.case import Case
from sprat.studies.grounded.figures import Figure, mean
from sprat.studies.grounded.result import Measure

OfCase = Callable[[Case], float | None]
HITS = (1, 3, 5)


def _on(rank: Callable[[ranks.Held, int], float | None], case: Case) -> float | None:
    """A failed question found nothing."""
    return rank(case.held, len(case.question.gold))


def _hit(most: int, held: ranks.Held, golds: int) -> float | None:
    return ranks.hit(held, golds, most)


def _only(kind: str, measure: OfCase, case: Case) -> float | None:
    return measure(case) if case.question.kind == kind else None


MEASURES: dict[str, tuple[str, OfCase]] = {
    # name: (group, of one case)
    "exact_match": ("answers", answers.exact_match),
    "f1": ("answers", answers.token_f1),
    "contains": ("answers", answers.containing),
    "answerable_exact_match": ("answers", partial(_only, "answerable", answers.exact_match)),
    "answerable_f1": ("answers", partial(_only, "answerable", answers.token_f1)),
    "answerable_contains": ("answers", partial(_only, "answerable", answers.containing)),
    "faithfulness": ("grounding", citations.faithfulness),
    "citation_support": ("grounding", citations.citation_support),
    "quote_found": ("grounding", citations.quote_found),
    "context_recall": ("retrieval", partial(_on, ranks.recall)),
    "context_precision": ("retrieval", partial(_on, ranks.precision)),
    "average_precision": ("retrieval", partial(_on, ranks.average_precision)),
    "mrr": ("retrieval", partial(_on, ranks.reciprocal_rank)),
    **{f"hit_at_{k}": ("retrieval", partial(_on, partial(_hit, k))) for k in HITS},
}


def measured(cases: Sequence[Case], *, seed: int = 0) -> tuple[Measure, ...]:
    """Every measure with its interval, in the order of a report."""
    means = [
        Measure(name=name, group=group, figure=mean([of(case) for case in cases], seed=seed))
        for name, (group, of) in MEASURES.items()
    ]
    silent = abstention(cases, seed=seed)
    figures: dict[str, Figure] = {
        f"abstention_{name}": figure for name, figure in silent._asdict().items()
    }
    told = [Measure(name=n, group="abstention", figure=f) for n, f in figures.items()]
    first = [one for one in means if one.group == "answers"]
    return (*first, *told, *(one for one in means if one.group != "answers"))


def scores_of(case: Case) -> dict[str, float | None]:
    """Every measure of one case that can be told."""
    found = {name: of(case) for name, (_, of) in MEASURES.items() if not name.startswith("answer")}
    return {name: value for name, value in found.items() if value is not None}
