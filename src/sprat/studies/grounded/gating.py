"""Rows → a gate: what is learned of each model, where its thresholds lie, and what comes of it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from sprat.policies.certify import Certificate, NotCertifiable, Scored, certify
from sprat.policies.fit import cross_fitted, fit
from sprat.policies.logistic import Logistic
from sprat.policies.splits import Splits, split
from sprat.rag.features import AT_ANSWER, OF_SILENCE
from sprat.rag.gate import Gate, Rules, SideGate
from sprat.rag.judge import by_rules
from sprat.studies.grounded.sheet import Row, side_of

RULES = Rules()
MARGIN = 0.002
"""Scores that differ by less are equal, and the quicker way is taken."""
EVENTS = 10
STEPS = 20
"""Thresholds tried of each kind: quantiles of the confidences."""


class Taught(NamedTuple):
    """What was learned of one model, and what it says of rows that it did not see."""

    right: Logistic
    silent: Logistic
    confidence: dict[str, float]
    """By question, held out: of the answer; of those that give up 0."""
    silence: dict[str, float]


class Outcome(NamedTuple):
    """What a question came to."""

    score: float
    given: bool
    right: bool
    """Given and right, or silent where the documents are."""
    seconds: float
    confidence: float | None
    """Of the answer that was given; None: none was."""


def weighed(rules: Rules) -> Rules:
    """The rules beside a learned confidence: how near the question's words are it weighs itself."""
    return msgspec.structs.replace(rules, near=0.0, near_unquoted=0.0)


def first_of(ranked: Sequence[str], rows: Sequence[Row], labels: Sequence[bool]) -> list[str]:
    """The features to learn from: one for every ten of the rarer kind, two at least.

    More are learned by heart. Source: Peduzzi et al. (1996), J. Clinical Epidemiology 49(12).
    """
    rarer = min(sum(labels), len(labels) - sum(labels))
    there = {name for row in rows for name in row.features}
    return [name for name in ranked if name in there][: max(2, rarer // EVENTS)]


def taught(rows: Sequence[Row], seed: int = 0, rules: Rules = RULES) -> Taught:
    """Learn from the answers of one model when they are right, and when there is none to be had.

    Only from those that pass the rules: no others are ever given.

    Raises:
        PolicyError: there are too few answers, or too few right or wrong ones.
    """
    known = [row for row in rows if row.error is None]
    answers = [row for row in known if _may_be_given(row, weighed(rules))]
    features, good = [row.features for row in answers], [row.right for row in answers]
    groups, names = (
        [row.group or row.question for row in answers],
        first_of(AT_ANSWER, answers, good),
    )
    sure = cross_fitted(features, good, groups=groups, seed=seed, features=names)
    everything, silent = [row.features for row in known], [row.unanswerable for row in known]
    of_all, telling = (
        [row.group or row.question for row in known],
        first_of(OF_SILENCE, known, silent),
    )
    quiet = cross_fitted(everything, silent, groups=of_all, seed=seed, features=telling)
    return Taught(
        right=fit(features, good, groups=groups, seed=seed, features=names),
        silent=fit(everything, silent, groups=of_all, seed=seed, features=telling),
        confidence={row.question: value for row, value in zip(answers, sure, strict=True)},
        silence={row.question: value for row, value in zip(known, quiet, strict=True)},
    )


def _may_be_given(row: Row, rules: Rules) -> bool:
    return row.answers and by_rules(row.features, rules)[0]


def applied(side: SideGate, rows: Sequence[Row]) -> tuple[dict[str, float], dict[str, float]]:
    """What a gate's confidence, and its silence, say of rows."""
    sure = {
        row.question: side.logistic.probability(row.features)
        for row in rows
        if side.logistic is not None and _may_be_given(row, side.rules)
    }
    quiet = {
        row.question: side.silent.probability(row.features)
        for row in rows
        if side.silent is not None and row.error is None
    }
    return sure, quiet


class View(NamedTuple):
    """One model's rows, and what is known of them."""

    rows: Mapping[str, Row]
    confidence: Mapping[str, float]
    silence: Mapping[str, float]


class Bars(NamedTuple):
    """Thresholds; above 1: never."""

    small: float
    silent: float
    large: float


NEVER = 1.1


def outcome(name: str, small: View | None, large: View | None, bars: Bars) -> Outcome:
    """What one question comes to."""
    seconds = 0.0
    for view, bar in ((small, bars.small), (large, bars.large)):
        if view is None or (view is small and bar >= NEVER and bars.silent >= NEVER):
            continue
        row, sure = view.rows[name], view.confidence.get(name)
        seconds += row.seconds
        if row.answers and sure is not None and sure >= bar:
            return Outcome(row.score, True, row.right, seconds + row.retrieve_s, sure)
        if view is small and view.silence.get(name, 0.0) >= bars.silent:
            break
    nowhere = next(v.rows[name].unanswerable for v in (small, large) if v is not None)
    return Outcome(float(nowhere), False, nowhere, seconds, None)


def choose(
    names: Sequence[str], small: View | None, large: View | None, enough: float = 1.0
) -> Bars:
    """The thresholds with the best mean score on these questions; of nearly equal ones the fastest.

    Score: token F1 of what is given, and 1 for silence where the documents are silent. `enough`: a
    score that need not be surpassed; the fastest that has it is taken.
    """
    tried: list[tuple[float, float, Bars]] = []
    for bars in _grid(small, large):
        came = [outcome(name, small, large, bars) for name in names]
        score = sum(one.score for one in came) / len(came)
        tried.append((score, sum(one.seconds for one in came), bars))
    best = min(enough, max(score for score, _, _ in tried))
    near = [one for one in tried if one[0] >= best - MARGIN]
    return min(near, key=lambda one: one[1])[2]


def _grid(small: View | None, large: View | None) -> list[Bars]:
    smalls = _levels(small.confidence.values()) if small else [NEVER]
    silents = _levels(small.silence.values()) if small and large else [NEVER]
    larges = _levels(large.confidence.values()) if large else [NEVER]
    return [Bars(s, q, t) for s in smalls for q in silents for t in larges]


def _levels(values: Iterable[float]) -> list[float]:
    ordered = sorted(values)
    if not ordered:
        return [NEVER]
    places = {round(step * (len(ordered) - 1) / STEPS) for step in range(STEPS + 1)}
    return [0.0, *(ordered[place] for place in sorted(places)), NEVER]


def splits_of(rows: Sequence[Row], seed: int = 0) -> Splits:
    """Tune, certify, report: groups whole, both kinds in every part."""
    kinds = {row.question: str(row.unanswerable) for row in rows}
    groups = {row.question: row.group or row.question for row in rows}
    return split(list(kinds), groups, seed=seed, kinds=kinds)


def certified(
    side: SideGate, tune: Taught, rows: Sequence[Row], target_error: float, delta: float
) -> Certificate | NotCertifiable:
    """The lowest threshold from which at most so many of the given answers are wrong.

    Raises:
        PolicyError: a part has no answer.
    """
    by_name = {row.question: row for row in rows}
    taught_on = [
        Scored(sure, by_name[name].right, by_name[name].group)
        for name, sure in tune.confidence.items()
        if name in by_name
    ]
    other = [
        row for row in rows if _may_be_given(row, side.rules) and row.question not in tune.silence
    ]
    sure, _ = applied(side, other)
    tested = [Scored(sure[row.question], row.right, row.group) for row in other]
    return certify(taught_on, tested, target_error, delta)


def learned_side(side: SideGate, found: Taught, bar: float, silent: float = NEVER) -> SideGate:
    """A side with what was learned, and its thresholds."""
    return msgspec.structs.replace(
        side,
        rules=weighed(side.rules),
        decide="answer",
        logistic=found.right,
        threshold=None if bar >= NEVER else min(1.0, bar),
        silent=found.silent if silent < NEVER else None,
        silent_from=None if silent >= NEVER else silent,
    )


def view_of(rows: Sequence[Row], side: str, gate: SideGate) -> View:
    """Rows as a finished gate sees them."""
    mine = side_of(rows, side)
    sure, quiet = applied(gate, list(mine.values()))
    return View(mine, sure, quiet)


def bars_of(gate: Gate) -> Bars:
    """A gate's thresholds."""
    small, large = gate.small, gate.large
    return Bars(
        NEVER if small.threshold is None else small.threshold,
        NEVER if small.silent_from is None else small.silent_from,
        NEVER if large.threshold is None else large.threshold,
    )
