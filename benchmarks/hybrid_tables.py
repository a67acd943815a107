"""The tables of docs/hybrid.md."""

from collections.abc import Mapping, Sequence

from hybrid_policies import Logged, Tried, held_out, served

from sprat.errors import PolicyError
from sprat.policies.certify import NotCertifiable, certify
from sprat.policies.resample import Estimate
from sprat.policies.splits import split
from sprat.studies.hybrid.threshold import scored_of

TARGETS = (0.05, 0.1, 0.2, 0.3)
DELTA = 0.05
NONE = "–"  # noqa: RUF001 - a dash of its own in a cell


def table(head: Sequence[str], rows: Sequence[Sequence[str]], align: str) -> str:
    """A Markdown table; `align` has an l or an r per column."""
    rule = "|".join("---:" if side == "r" else "---" for side in align)
    lines = [f"| {' | '.join(head)} |", f"|{rule}|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def within(estimate: object) -> str:
    """A number and its interval."""
    value, low, high = (getattr(estimate, name) for name in ("value", "low", "high"))
    if value is None:
        return NONE
    return f"{value:.2f}" if low is None else f"{value:.2f} ({low:.2f} to {high:.2f})"


def percent(estimate: Estimate, form: str = ".0f", unit: str = "%", times: float = 100) -> str:
    """Likewise, in hundredths."""
    if estimate.value is None:
        return NONE
    said = f"{times * estimate.value:{form}}{unit}"
    if estimate.low is None or estimate.high is None:
        return said
    return f"{said} ({times * estimate.low:{form}} to {times * estimate.high:{form}})"


def short(why: str) -> str:
    """Why there is no such policy, in a cell."""
    if "too few to learn" in why:
        return f"{why.split(', are', maxsplit=1)[0]}: too few to learn from"
    return "not recorded" if "do not hold" in why else why


def models_table(logged: Logged, cascades: Mapping[str, Tried]) -> str:
    """What each model does alone, and how well its own log-probabilities judge it."""
    rows: list[list[str]] = []
    for model, one in cascades.items():
        side = logged.recorded.log.of(model)
        scored = [outcome for outcome in side.values() if outcome.right is not None]
        row = [
            model,
            str(len(scored)),
            f"{100 * sum(o.score or 0.0 for o in scored) / len(scored):.1f}%",
            f"{100 * sum(bool(o.right) for o in scored) / len(scored):.0f}%",
            f"{sum(o.answer_s for o in scored) / len(scored):.2f}",
        ]
        if one.found is None:
            rows.append([*row, "nothing to learn from", NONE])
            continue
        judgement = one.found.judgement
        rows.append([*row, within(judgement.auroc), f"{judgement.error:.2f}"])
    head = ("model", "n", "score", "right", "seconds", "AUROC (95%)", "calibration error")
    return table(head, rows, "lrrrrll")


def policies_table(all_tried: Sequence[Tried]) -> str:
    """Every policy of one pair beside chance."""
    head = ("policy", "APGR (95%)", "beats random", "within 1 point at", "held out: seconds",
            "points", "accepted", "harm", "waste")  # fmt: skip
    most = max(len(one.forks) for one in all_tried)
    rows = [policy_row(one, most) for one in all_tried]
    return table(head, rows, "lllrrrrrr")


def policy_row(one: Tried, most: int) -> list[str]:
    """One policy; one that cannot be says why, one of fewer questions how many."""
    found = one.found
    if found is None:
        return [one.way.name, short(one.why), *[NONE] * 7]
    beyond = held_out(one.forks)
    low, high = found.apgr.low, found.apgr.high
    verdict = "yes" if (low or 0) > 0.5 else "**no, worse**" if high and high < 0.5 else "not shown"
    share = found.enough.cost / found.curves.large.cost if found.enough else None
    return [
        one.way.name if len(one.forks) == most else f"{one.way.name} ({len(one.forks)} questions)",
        within(found.apgr),
        verdict if found.apgr.value is not None else NONE,
        NONE if share is None else f"{share:.0%}",
        percent(beyond.seconds),
        percent(beyond.points, "+.1f", "", 1),
        percent(beyond.accepted),
        percent(found.harm, ".1f"),
        percent(found.waste),
    ]


def certify_table(cascades: Mapping[str, Tried]) -> str:
    """What can be certified, of which small model, at which target."""
    rows = [
        [model, f"{target:.0%}", *certified(one, target)]
        for model, one in cascades.items()
        for target in TARGETS
        if one.forks
    ]
    head = ("small model", "target", "certified", "accepting", "errors", "labels needed")
    return table(head, rows, "lrlrrr")


def certified(one: Tried, target: float) -> list[str]:
    """On four tenths learned and chosen, on the rest certified: what could be served."""
    forks = one.forks
    parts = split([f.question for f in forks], {f.question: f.group for f in forks}, seed=0,
                  shares=(0.4, 0.6, 0.0))  # fmt: skip
    halves = [[f for f in forks if f.question in set(part)] for part in (parts.tune, parts.certify)]
    try:
        tune, rest = (scored_of(part) for part in served(one, *halves))
    except PolicyError as error:
        return [f"no: {short(str(error))}", NONE, NONE, NONE]
    found = certify(tune, rest, target, DELTA)
    if isinstance(found, NotCertifiable):
        needed = "none would do" if found.labels_needed is None else f"{found.labels_needed}"
        return ["no", NONE, NONE, needed]
    return ["yes", f"{found.coverage:.0%}", f"{found.errors} of {found.accepted}", f"{found.n}"]
