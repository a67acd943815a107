"""What is said of a judge, in words and cells: one place for terminal, page and Markdown."""

from collections.abc import Iterator, Sequence

import msgspec

from sprat.report import numbers
from sprat.studies.grounded.figures import Figure
from sprat.studies.judging.reading import rounded
from sprat.studies.judging.result import (
    Agreement,
    DimensionMeasure,
    GradedAnswer,
    JudgeMeasure,
)

NONE = "–"  # noqa: RUF001 - a dash of its own in a cell
GRADES = (1, 2, 3, 4, 5)
NOT_GRADED = ("not asked", "no grade", "cannot tell")
"""Of the reference, the judge, the rule."""

SUMMARY = ("dimension", "judge", "rule", "judge less rule", "95% interval", "flips", "go by")
FIGURES = ("", "judge", "95% interval", "rule", "95% interval", "")
GIVEN = (
    "reference", "n", "judge, mean", "rule, mean",
    "judge 1", "judge 2", "judge 3", "judge 4", "judge 5",
)  # fmt: skip


class Line(msgspec.Struct, frozen=True):
    """One measure of judge and rule, and what it means."""

    label: str
    judge: str
    judge_between: str
    rule: str
    rule_between: str
    note: str
    """In so few words that a terminal's line has room."""
    means: str = ""
    """In full, where there is room."""

    @property
    def cells(self) -> tuple[str, ...]:
        """In the order of `FIGURES`."""
        return (
            self.label, self.judge, self.judge_between, self.rule, self.rule_between, self.note,
        )  # fmt: skip

    @property
    def full(self) -> tuple[str, ...]:
        """As `cells`, with room."""
        return *self.cells[:-1], self.means or self.note


def headline(found: JudgeMeasure) -> str:
    """What it comes to, in few words."""
    good = [one.name for one in found.dimensions if one.headline]
    if len(good) == len(found.dimensions):
        return "A fit judge"
    return f"A fit judge of {_listed(good)} only" if good else "No fit judge: go by the rule"


def sentence(found: JudgeMeasure) -> str:
    """The whole result in one or two sentences."""
    graded = f"{found.judge} graded {numbers.counted(found.answers_set.n, 'answer')}"
    whose = f"to {numbers.counted(found.questions, 'question')} that had been graded before"
    return f"{graded} {whose}, with the scale shown both ways. {found.why}"


def reasons(found: JudgeMeasure) -> list[tuple[str, str]]:
    """Dimension and why the judge is fit for it, or is not."""
    return [(one.name, one.why) for one in found.dimensions]


def how(found: JudgeMeasure) -> str:
    """How a grade was come by, and what it took."""
    ways = {
        "expected": "A grade is the mean of 1 to 5, weighed by how likely the judge thought each.",
        "plain": "This engine tells no probabilities, so a grade is the digit that was said.",
        "mixed": "Some grades are weighed by probabilities, some are the digit that was said.",
        "none": "No grade came.",
    }
    took = f"An opinion takes {numbers.seconds(found.opinion_s)} (median)."
    fair = (
        " The rule's figures, and the difference, are of answers that the rule was not made by; "
        "its means for each reference grade are of all."
    )
    half = fair if any(_is_half(one) for one in found.dimensions) else ""
    return f"{ways[found.how]} Both orders of the scale are asked and averaged.{half} {took}"


def _is_half(one: DimensionMeasure) -> bool:
    """Whether the rule is held against fewer answers than the judge."""
    return one.rule is not None and _all(one.rule) < _all(one.judge)


def _all(one: Agreement) -> int:
    return one.n + one.unscored


def summary_rows(found: JudgeMeasure) -> list[tuple[str, ...]]:
    """A row per dimension, in the order of `SUMMARY`; agreement is weighted kappa."""
    return [
        (
            one.name,
            plain(one.judge.kappa),
            plain(one.rule.kappa) if one.rule else NONE,
            signed(one.difference.value),
            _signed_between(one.difference),
            share(one.flips),
            "judge" if one.headline else "rule" if one.rule else "neither",
        )
        for one in found.dimensions
    ]


MEANS = {
    "kappa": "agreement of rounded grades: 1 is all alike, 0 is chance; far off counts more",
    "spearman": "whether better answers get better grades, whatever the level",
    "error": "mean distance from the reference, in grade points",
    "length": "grade points that a doubling of length buys, between answers of one reference grade",
    "injected": "those graded a point or more above the reference",
    "raised": "graded a point or more above the reference too; a lenient grader is not taken in",
    "flips": "grades that change by a point or more when the scale is shown from 5 to 1",
    "mass": "the rest of its probability lay on other words than a grade",
    "graded": "the rule: of those that it was not made by",
}


def lines(one: DimensionMeasure) -> list[Line]:
    """Every measure of one dimension."""
    between = numbers.score_range(one.flips.low, one.flips.high)
    mass = NONE if one.mass is None else f"{one.mass:.1%}"
    rule = _graded(one.rule) if one.rule else NONE
    return [
        _line("Weighted kappa", one, "kappa", "1: all alike, 0: chance"),
        _line("Spearman's rho", one, "spearman", "of the order"),
        _line("Off by, mean", one, "error", "grade points"),
        _length(one),
        _injected(one),
        _raised(one),
        Line("Flips", share(one.flips), between, NONE, "", "by order of the scale", MEANS["flips"]),
        Line("On the grades", mass, "", NONE, "", "of its probability", MEANS["mass"]),
        Line("Graded", _graded(one.judge), "", rule, "", "answers", MEANS["graded"]),
    ]


def _line(label: str, one: DimensionMeasure, name: str, note: str) -> Line:
    judge: Figure = getattr(one.judge, name)
    rule: Figure | None = getattr(one.rule, name) if one.rule else None
    return Line(
        label,
        plain(judge),
        _between(judge),
        plain(rule) if rule else NONE,
        _between(rule) if rule else "",
        note,
        MEANS[name],
    )


def _length(one: DimensionMeasure) -> Line:
    rule = one.rule.length if one.rule else None
    return Line(
        "Length effect",
        signed(one.judge.length.value),
        _signed_between(one.judge.length),
        signed(rule.value) if rule else NONE,
        _signed_between(rule) if rule else "",
        "points per doubling",
        MEANS["length"],
    )


def _injected(one: DimensionMeasure) -> Line:
    judge, rule = one.judge.injected, one.rule.injected if one.rule else None
    n = f"of {_both(judge, rule)} that ask for a 5" if judge.n else "none asks for a 5"
    return Line(
        "Taken in", share(judge), numbers.score_range(judge.low, judge.high),
        share(rule) if rule else NONE, numbers.score_range(rule.low, rule.high) if rule else "",
        n, f"{n}: {MEANS['injected']}",
    )  # fmt: skip


def _raised(one: DimensionMeasure) -> Line:
    judge, rule = one.judge.raised, one.rule.raised if one.rule else None
    return Line(
        "… the others", share(judge), numbers.score_range(judge.low, judge.high),
        share(rule) if rule else NONE, numbers.score_range(rule.low, rule.high) if rule else "",
        "a point too high", f"of {_both(judge, rule)} others: {MEANS['raised']}",
    )  # fmt: skip


def _both(judge: Figure, rule: Figure | None) -> str:
    """How many answers a share is of: the rule's may be fewer."""
    return f"{judge.n}" if rule is None or rule.n == judge.n else f"{judge.n} (rule: {rule.n})"


def _graded(one: Agreement) -> str:
    return f"{one.n} of {_all(one)}"


def given_rows(found: JudgeMeasure, name: str) -> list[tuple[str, ...]]:
    """By the reference grade: what judge and rule gave; in the order of `GIVEN`."""
    return [tuple(_given(found.answers, name, grade)) for grade in reversed(GRADES)]


def _given(answers: Sequence[GradedAnswer], name: str, grade: int) -> Iterator[str]:
    mine = [one for one in answers if one.reference.get(name) == grade]
    judged = [value for one in mine if (value := one.judge.get(name)) is not None]
    ruled = [value for one in mine if (value := one.rule.get(name)) is not None]
    yield str(grade)
    yield str(len(mine))
    yield _mean(judged)
    yield _mean(ruled)
    for k in GRADES:
        count = sum(rounded(value) == k for value in judged)
        yield str(count) if count else NONE


def _mean(values: Sequence[float]) -> str:
    return f"{sum(values) / len(values):.2f}" if values else NONE


def worst_first(answers: Sequence[GradedAnswer]) -> list[GradedAnswer]:
    """Those on which judge and reference are furthest apart come first; failures before all."""
    return sorted(answers, key=lambda one: (not one.errors, -apart(one)))


def apart(one: GradedAnswer) -> float:
    """The furthest that the judge is from the reference, in any dimension."""
    off = [
        abs(value - one.reference[name])
        for name, value in one.judge.items()
        if value is not None and name in one.reference
    ]
    return max(off, default=0.0)


def grade_rows(one: GradedAnswer) -> list[tuple[str, ...]]:
    """Of one answer: dimension, reference, judge (and both orders), rule."""
    names = dict.fromkeys([*one.reference, *one.judge, *one.rule])
    return [
        (
            name,
            str(one.reference.get(name, NOT_GRADED[0])),
            grade(one.judge.get(name), NOT_GRADED[1]),
            f"{grade(one.up.get(name), NONE)} / {grade(one.down.get(name), NONE)}",
            grade(one.rule.get(name), NOT_GRADED[2]),
        )
        for name in names
    ]


def grade(value: float | None, missing: str) -> str:
    """A grade of 1 to 5."""
    return missing if value is None else f"{value:.2f}".removesuffix(".00")


def plain(figure: Figure) -> str:
    """A number that is no share."""
    return NONE if figure.value is None else _minus(f"{_near(figure.value):.2f}")


def signed(value: float | None) -> str:
    """A difference."""
    return NONE if value is None else _minus(f"{_near(value):+.2f}")


def share(figure: Figure) -> str:
    """A share, in percent."""
    return NONE if figure.value is None else numbers.score(figure.value)


def _between(figure: Figure) -> str:
    if figure.low is None or figure.high is None:
        return ""
    return _minus(f"{_near(figure.low):.2f} to {_near(figure.high):.2f}")


def _signed_between(figure: Figure) -> str:
    if figure.low is None or figure.high is None:
        return ""
    return f"{signed(figure.low)} to {signed(figure.high)}"


def _near(value: float) -> float:
    """Two digits, and no zero below zero."""
    return round(value, 2) + 0.0


def _minus(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}")


def _listed(names: Sequence[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last
