"""The picture of a judge: its grade of each answer against the reference grade."""

from collections import Counter
from collections.abc import Iterator, Sequence

from markupsafe import Markup

from sprat.report.pictures.svg import Scale, line, picture, tag, text
from sprat.report.policy.pictures import Plot
from sprat.studies.judging.result import GradedAnswer
from sprat.studies.judging.scored import INJECTION

HEIGHT, TOP, BOTTOM = 300, 16, 246
GRADES = (1, 2, 3, 4, 5)
APART = 0.085
"""How far answers of one grade are set apart across, so that none hides another."""
ROW = 9


def grade_picture(name: str, answers: Sequence[GradedAnswer]) -> Markup:
    """A disc per answer; on the line judge and reference agree. Empty where nothing is graded."""
    known = [one for one in answers if name in one.reference and one.judge.get(name) is not None]
    if not known:
        return Markup()
    plot = Plot(across=Scale(0.5, 5.5), low=0.8, high=5.2, top=TOP, bottom=BOTTOM)
    pieces = [*_frame(plot), plot.curve([(0.8, 0.8), (5.2, 5.2)], "random")]
    return picture(HEIGHT, _said(name, known), [*pieces, *_discs(plot, name, known)])


def _frame(plot: Plot) -> Iterator[Markup]:
    for grade in GRADES:
        yield line(0, plot.y(grade), 100, plot.y(grade), "grid")
        yield text(0, plot.y(grade) - 4, str(grade))
        yield text(plot.across(grade), BOTTOM + 18, str(grade))
    yield text(50, BOTTOM + 38, "the reference grade; upwards: the judge's")


def _discs(plot: Plot, name: str, known: Sequence[GradedAnswer]) -> Iterator[Markup]:
    """Answers of about one height stand side by side, around the reference grade."""
    taken: Counter[tuple[int, int]] = Counter()
    for one in sorted(known, key=lambda one: one.judge[name] or 0):
        reference, judged = one.reference[name], one.judge[name] or 0.0
        place = taken[reference, round(judged * 8)]
        taken[reference, round(judged * 8)] += 1
        side = (place % ROW + 1) // 2 * (1 if place % 2 else -1) * APART
        injected = " ring" if INJECTION in one.tags else ""
        said = f"{one.id}: reference {reference}, judge {judged:.2f}"
        yield tag(
            "circle", tag("title", said), cx=f"{plot.across(reference + side):.2f}%",
            cy=plot.y(judged), r=4.5, class_=f"mark large graded{injected}",
        )  # fmt: skip


def _said(name: str, known: Sequence[GradedAnswer]) -> str:
    near = sum(abs((one.judge[name] or 0.0) - one.reference[name]) < 1 for one in known)
    return (
        f"The judge's {name} against the reference, {len(known)} answers: {near} are less than a "
        "grade apart."
    )
