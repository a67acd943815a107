"""What is said of a policy, in words and cells: one place for terminal, page and Markdown."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec

from sprat.policies.resample import Estimate
from sprat.report import numbers
from sprat.studies.hybrid import verdict
from sprat.studies.hybrid.result import Calibrated, Evaluation, PathLine, SideLine

Tone = Literal["good", "bad", "open"]
NONE = "–"  # noqa: RUF001 - a dash of its own in a cell


class Line(msgspec.Struct, frozen=True):
    """One number with what it means."""

    label: str
    value: str
    between: str
    """Its interval; empty where there is none."""
    note: str


def headline(found: Evaluation) -> tuple[str, Tone]:
    """What it comes to."""
    apgr = found.apgr
    if apgr.value is None:
        return "Nothing to gain", "bad"
    if verdict.beats_chance(found):
        return _at_its_threshold(found)
    if apgr.high is not None and apgr.high < verdict.CHANCE:
        return "Worse than chance", "bad"
    return "Not shown to beat chance", "open"


def _at_its_threshold(found: Evaluation) -> tuple[str, Tone]:
    """Its confidence is worth something; and what was made of it?"""
    lead = found.lead
    if not verdict.pays(found):
        return "No better than the large model alone", "bad"
    if verdict.leads(found):
        return "Better than chance", "good"
    if lead.high is not None and lead.high < 0:
        return "Worse than chance at its threshold", "bad"
    return "Not shown to beat chance at its threshold", "open"


def sentence(found: Evaluation) -> str:
    """The whole result in one sentence."""
    taken = next((line.share for line in found.paths if line.path == "accepted"), 0.0)
    return (
        f"On {found.n} questions {found.policy} scores {numbers.score(found.score.value)} "
        f"({found.small.model} alone {numbers.score(found.small.score)}, {found.large.model} alone "
        f"{numbers.score(found.large.score)}), keeps the small model's answer {taken:.0%} of the "
        f"time, and takes {_share_of_large(found)} of the large model's {unit(found)}."
    )


def _share_of_large(found: Evaluation) -> str:
    return NONE if found.saved.value is None else f"{1 - found.saved.value:.0%}"


def unit(found: Evaluation) -> str:
    """In which the cost is counted."""
    return "seconds" if found.curves.unit == "seconds" else "dollars"


def lines(found: Evaluation) -> list[Line]:
    """The numbers, in the order in which they matter."""
    judged = found.judgement
    how = "learned" if judged.calibrated else "by rules: uncalibrated"
    return [
        _line("Score", found.score, numbers.score, "of the answers that were kept"),
        _line("Beside the large model", found.gap, _points, "points of its score"),
        _line(f"Saved of its {unit(found)}", found.saved, _share, "below 0: more was spent"),
        _line("APGR, cost included", found.apgr, _plain, "random escalation has 0.50"),
        _line(
            "Above random escalation",
            found.lead,
            _points,
            "points, at the same cost, at its threshold",
        ),
        _line("Harm", found.harm, numbers.score, "the draft was right, the final answer is wrong"),
        _line("Wasted drafts", found.waste, numbers.score, "paid for and thrown away"),
        _line("AUROC of the confidence", judged.auroc, _plain, f"0.50 is no confidence; {how}"),
        Line(
            "Calibration error",
            NONE if judged.error is None else _plain(judged.error),
            "",
            "mean distance of what it says from what is so",
        ),
        _enough(found),
    ]


def _line(label: str, amount: Estimate, write: Callable[[float], str], note: str) -> Line:
    if amount.value is None:
        return Line(label, NONE, "", note)
    low, high = amount.low, amount.high
    between = "" if low is None or high is None else f"{write(low)} to {write(high)}"
    return Line(label, write(amount.value), between, note)


def _enough(found: Evaluation) -> Line:
    """The cheapest threshold that is almost as good as the large model."""
    label, spot = "Within a point of the large model", found.enough
    if spot is None:
        return Line(label, NONE, "", "no threshold comes so near to the large model")
    share = spot.cost / found.curves.large.cost if found.curves.large.cost else 0.0
    at = "accepting nothing" if spot.threshold is None else f"at threshold {spot.threshold:.3f}"
    return Line(label, f"{share:.0%}", "", f"of its {unit(found)}, {at}")


def _points(value: float) -> str:
    return numbers.points(value)


def _share(value: float) -> str:
    return f"{value:.0%}".replace("-", "\N{MINUS SIGN}")


def _plain(value: float) -> str:
    return f"{value:.2f}".replace("-", "\N{MINUS SIGN}")


PATH_HEADS = ("answered by", "n", "share", "score", "first token", "seconds", "cost")


def path_rows(found: Evaluation) -> list[tuple[str, ...]]:
    """One row per path, then all, then both models alone."""
    rows = [_path_row(line) for line in found.paths]
    return [*rows, _side_row(found.small, found.n), _side_row(found.large, found.n)]


def _path_row(line: PathLine) -> tuple[str, ...]:
    return (
        "all" if line.path == "all" else line.path,
        str(line.n),
        f"{line.share:.0%}",
        numbers.score(line.score),
        _seconds(line.first_token_s),
        _seconds(line.seconds),
        _money(line.cost_usd),
    )


def _side_row(side: SideLine, n: int) -> tuple[str, ...]:
    return (
        f"{side.model} alone", str(n), "", numbers.score(side.score),
        _seconds(side.first_token_s), _seconds(side.seconds), _money(side.cost_usd),
    )  # fmt: skip


def _seconds(value: float | None) -> str:
    return NONE if value is None else numbers.seconds(value)


def _money(value: float | None) -> str:
    return NONE if value is None else numbers.dollars(value)


def floor_sentence(found: Calibrated) -> str:
    """What no confidence can do, said first; for a budget, what is to be kept."""
    wrong = f"{found.small} is wrong on {found.small_error:.0%} of the questions it learns from"
    if found.target_error is None or found.floor is None:
        return f"{wrong}. The budget is {found.budget:.0%} of what {found.large} costs."
    if found.floor <= 0:
        return f"{wrong}, which is within the target of {found.target_error:.0%} already."
    return (
        f"{wrong}. So that at most {found.target_error:.0%} of the accepted answers are wrong, "
        f"even an oracle must escalate {found.floor:.0%}."
    )


def certificate_sentence(found: Calibrated) -> str:
    """What was certified; empty: nothing was."""
    if found.budgeted is not None:
        return _budget_sentence(found.budgeted)
    sealed = found.certificate
    if sealed is None or found.target_error is None:
        return ""
    each = ", of one per passage or translated question" if sealed.get("left_out") else ""
    return (
        f"Certified: at confidence {1 - sealed['delta']:.0%}, at most {found.target_error:.0%} of "
        f"the accepted answers are wrong{each}. "
        f"{sealed['errors']} of the {sealed['accepted']} accepted to certify on were "
        f"(of this threshold alone: up to {sealed['upper']:.1%}). It accepts "
        f"{sealed['coverage']:.0%}, from threshold {sealed['threshold']:.3f} on."
    )


def _budget_sentence(chosen: Mapping[str, Any]) -> str:
    """What a budget buys, and whether it is certain to be kept to."""
    kept = chosen["upper"] <= chosen["budget"]
    most = f"at confidence {1 - chosen['delta']:.0%} at most {chosen['upper']:.0%}"
    end = f"and {most}" if kept else f"{most}: that it keeps to the budget is not certified"
    return (
        f"{_threshold(chosen['threshold'])} is the best for the budget: on the questions to "
        f"certify on it takes {chosen['share']:.0%} of what the large model costs, {end}."
    )


def _threshold(value: float | None) -> str:
    return "Accepting nothing" if value is None else f"Threshold {value:.3f}"


def split_sentence(found: Calibrated) -> str:
    """Which question was for what."""
    parts = found.splits
    return (
        f"{parts['tune']} questions to learn from, {parts['certify']} to certify on, "
        f"{parts['report']} to report on."
    )
