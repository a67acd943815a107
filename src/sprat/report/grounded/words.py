"""What is said of grounded answers, in words and cells: one place for terminal, page, Markdown."""

from collections.abc import Callable, Sequence

import msgspec

from sprat.report import numbers
from sprat.studies.grounded.figures import Figure
from sprat.studies.grounded.result import AnswerLine, GroundedEvaluation, Judged

NONE = "–"  # noqa: RUF001 - a dash of its own in a cell
Write = Callable[[float], str]


class Line(msgspec.Struct, frozen=True):
    """One number with what it means."""

    label: str
    value: str
    between: str
    """Its interval; empty where there is none."""
    n: str
    note: str


class Table(msgspec.Struct, frozen=True):
    """Numbers that belong together."""

    title: str
    lines: tuple[Line, ...]

    @property
    def counted(self) -> bool:
        """Whether there are intervals, and how many questions they are of."""
        return any(line.n for line in self.lines)


LABELS: dict[str, tuple[str, str]] = {
    # measure: (label, what it is, in so few words that a terminal's line has room)
    "contains": ("Contains", "gold answer in it, or rightly silent"),
    "f1": ("F1", "words shared with gold, as SQuAD 2.0"),
    "exact_match": ("Exact match", "nothing but gold, as SQuAD 2.0"),
    "answerable_contains": ("Contains, answerable only", ""),
    "answerable_f1": ("F1, answerable only", ""),
    "answerable_exact_match": ("Exact match, answerable only", ""),
    "abstention_precision": ("Precision", "of its silences, the right ones"),
    "abstention_recall": ("Recall", "of the unanswerable, kept silent on"),
    "abstention_f1": ("F1", "of these two"),
    "abstention_rate": ("Rate", "of all questions"),
    "faithfulness": ("Faithfulness", "sentences that stand in what is cited"),
    "citation_support": ("Citation support", "citations that hold their sentence"),
    "quote_found": ("Quotations found", "quotation marks that lie in their passage"),
    "context_recall": ("Context recall", "gold passages that were found"),
    "context_precision": ("Context precision", "found passages that are gold"),
    "average_precision": ("Average precision", "is what is gold at the top?"),
    "mrr": ("MRR", "1 / rank of the first gold passage"),
    "hit_at_1": ("Hit at 1", "a gold passage is the first"),
    "hit_at_3": ("Hit at 3", "… among the first three"),
    "hit_at_5": ("Hit at 5", "… among the first five"),
}
GROUPS = {
    "answers": "Answers",
    "abstention": "“The documents do not say”",
    "grounding": "Grounding",
    "retrieval": "Retrieval",
}
PLAIN = ("mrr",)
"""Measures that are no shares of anything."""


def headline(found: GroundedEvaluation) -> str:
    """What it comes to."""
    if found.right.value is None:
        return "Answers without gold"
    return f"{numbers.score(found.right.value)} right"


def sentence(found: GroundedEvaluation) -> str:
    """The whole result in one sentence."""
    start = f"Of {found.asked} questions from {found.questions.name}, {found.name}"
    took = f"A question takes {numbers.seconds(found.spent.seconds_p50)} (median)."
    low, high = found.right.low, found.right.high
    if found.right.value is None:
        return f"{start} answers some; which of them rightly, they do not say. {took}"
    between = f" ({numbers.score_range(low, high)}, 95%)" if low is not None else ""
    covered, risk = found.risk.coverage.value or 0.0, found.risk.risk.value
    wrong = "" if risk is None else f", {risk:.0%} of them wrongly"
    return (
        f"{start} has {numbers.score(found.right.value)} right{between}. It answers "
        f"{covered:.0%}{wrong}, and is silent on the rest. {took}"
    )


def tables(found: GroundedEvaluation) -> list[Table]:
    """Every number, in the order in which they matter; what nothing can be said of is left out."""
    made = [Table(title, tuple(_measures(found, group))) for group, title in GROUPS.items()]
    made.insert(2, Table("Confidence", tuple(_confidence(found))))
    made.append(Table("What it takes", tuple(_spent(found))))
    if found.judged:
        title = f"Judged by {found.judge}"
        made.append(Table(title, tuple(line for one in found.judged for line in _judged(one))))
    return [table for table in made if table.lines]


def _measures(found: GroundedEvaluation, group: str) -> list[Line]:
    known = {one.name: one.figure for one in found.measures if one.group == group}
    names = [name for name in LABELS if name in known and known[name].value is not None]
    if not found.unanswerable:  # then the two kinds of figure are one
        names = [name for name in names if not name.startswith("answerable_")]
    return [_line(*LABELS[name], known[name], _plain if name in PLAIN else None) for name in names]


def _confidence(found: GroundedEvaluation) -> list[Line]:
    risk = found.risk
    how = "learned" if risk.calibrated else "by rules"
    best = NONE if risk.best_aurc is None else _plain(risk.best_aurc)
    lines = [
        _line("Coverage", "of all questions, answered", risk.coverage),
        _line("Risk", "of those answers, wrong", risk.risk),
        _line("AURC", f"at best {best}; confidence {how}", risk.aurc, _plain),
    ]
    return [line for line in lines if line.value != NONE]


def _spent(found: GroundedEvaluation) -> list[Line]:
    spent = found.spent
    rows = [
        ("Seconds per answer, median", numbers.seconds(spent.seconds_p50), "finding included"),
        ("p95", numbers.seconds(spent.seconds_p95), ""),
        ("Finding passages, median", numbers.seconds(spent.retrieve_p50_s), ""),
        ("Seconds per right answer", numbers.seconds(spent.seconds_per_right), "wrong ones too"),
        ("Tokens in, out", f"{spent.input_tokens:,}, {spent.output_tokens:,}", "of all attempts"),
        ("Cost", numbers.dollars(spent.cost_usd), "of all attempts"),
        ("Cost per right answer", numbers.dollars(spent.cost_usd_per_right), ""),
        ("Energy", numbers.joules(spent.energy_joules), spent.energy_source or ""),
    ]
    known = [row for row in rows if row[1] != numbers.NOT_MEASURED]
    return [Line(label, value, "", "", note) for label, value, note in known]


def _judged(one: Judged) -> list[Line]:
    what = "Supported" if one.aspect == "supported" else "Same as gold"
    unsure = f"{one.undecided} undecided" + (f", {one.failed} failed" if one.failed else "")
    return [
        _line(what, f"it says yes; {unsure}", one.yes),
        _line("… in both orders alike", "100%: no bias for a place", one.consistent),
        _line("… Cohen's kappa", f"with {one.against}", one.kappa, _plain),
    ]


def _line(label: str, note: str, figure: Figure, write: Write | None = None) -> Line:
    if figure.value is None:
        return Line(label, NONE, "", "", note)
    low, high = figure.low, figure.high
    between = numbers.score_range(low, high)
    if write is not None and low is not None and high is not None:
        between = f"{write(low)} to {write(high)}"
    return Line(label, (write or numbers.score)(figure.value), between, str(figure.n), note)


def _plain(value: float) -> str:
    return f"{value:.3f}".replace("-", "\N{MINUS SIGN}")


PATH_HEADS = ("answered by", "n", "share", "contains", "answer, median", "cost")


def path_rows(found: GroundedEvaluation) -> list[tuple[str, ...]]:
    """One row for each way an answer came by; empty where no policy answered."""
    return [
        (
            path.path, str(path.n), f"{path.share:.0%}", numbers.score(path.score),
            numbers.seconds(path.answer_s.p50), numbers.dollars(path.cost_usd),
        )
        for path in found.paths
    ]  # fmt: skip


def outcome(answer: AnswerLine) -> tuple[str, str]:
    """What became of a question, and its tone: `good`, `bad`, `off`."""
    if answer.error is not None:
        return "! failed", "bad"
    said = "silent" if answer.abstained else "answered"
    if answer.right is None:
        return f"– {said}", "off"  # noqa: RUF001
    return (f"✓ {said}", "good") if answer.right else (f"✕ {said}", "bad")


def worth_a_look(answers: Sequence[AnswerLine]) -> list[AnswerLine]:
    """Failures first, then what is wrong, the surest of it first; then the rest."""

    def rank(answer: AnswerLine) -> tuple[bool, bool, float]:
        return answer.error is None, answer.right is not False, -(answer.confidence or 0.0)

    return sorted(answers, key=rank)
