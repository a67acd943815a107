"""`sprat calibrate --docs`: learn a gate, certify its thresholds, and see what comes of it.

Three parts of the questions, none of which sees another one's work: `tune` teaches, `certify` tests
the thresholds, `report` says what the gate is worth.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from sprat.errors import PolicyError
from sprat.policies.certify import Certificate, NotCertifiable
from sprat.policies.splits import Splits
from sprat.rag.gate import Gate, Rules, SideGate, Which
from sprat.studies.grounded.figures import Figure, mean
from sprat.studies.grounded.gating import (
    NEVER,
    Bars,
    Outcome,
    Taught,
    View,
    bars_of,
    certified,
    choose,
    learned_side,
    outcome,
    splits_of,
    taught,
    view_of,
)
from sprat.studies.grounded.sheet import Row, side_of

SIDES: tuple[Which, ...] = ("small", "large")
ALONE = "every question, alone"
"""What each certificate is of: after the small model, the large one gets the harder ones only."""


class Aim(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be learned."""

    name: str
    target_error: float
    """Of the given answers of each model, the share that may be wrong."""
    delta: float
    """How probable it may be that this is broken."""
    seed: int = 0


class Came(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one way to answer, on questions that taught nothing."""

    way: str
    """`small`, `large`, `both`."""
    score: Figure
    """Token F1, and 1 for silence where the documents are silent."""
    given: Figure
    """The share of the questions that got an answer."""
    wrong: Figure
    """Of those the share that is wrong."""
    seconds: float


class Calibrated(msgspec.Struct, frozen=True, kw_only=True):
    """What was found; `refusals` says why not to use it."""

    name: str
    models: dict[str, str]
    questions: str
    splits: dict[str, int]
    target_error: float
    certificates: dict[str, dict[str, Any]]
    """By side, each of all questions, whoever is asked before; one that is not there could not be
    certified."""
    refusals: tuple[str, ...]
    came: tuple[Came, ...]
    file: str | None = None
    """Where the gate was written; None: it was not."""


def calibrate(
    rows: Sequence[Row], gate: Gate, aim: Aim, identities: Mapping[str, dict[str, Any]], name: str
) -> tuple[Gate, Calibrated]:
    """The gate, and what was found. `gate`: how the rows were asked; `name`: of the questions.

    Raises:
        PolicyError: there are too few questions, or too little to learn from for any model.
    """
    splits = splits_of(rows, aim.seed)
    refusals: list[str] = []
    known: dict[Which, Taught] = {}
    for side in SIDES:
        rules = _side(gate, side).rules
        if (lesson := _lesson(rows, side, splits, aim, rules, refusals)) is not None:
            known[side] = lesson
    if not known:
        raise PolicyError(" ".join(refusals) or "There is nothing to learn from.")
    certificates: dict[str, dict[str, Any]] = {}
    bars = _bars(rows, known, splits)
    for side, lesson in known.items():
        made = _certified(_side(gate, side), side, lesson, rows, splits, aim)
        if isinstance(made, NotCertifiable):
            refusals.append(_refusal(side, made))
            continue
        told: dict[str, Any] = msgspec.to_builtins(made)
        kept = {key: value for key, value in told.items() if key != "tried"}
        certificates[side] = {"asked": ALONE, **kept}
        bars = bars._replace(**{side: made.threshold})
    gate = _with(gate, known, bars, certificates, identities, rows)
    came = came_of(gate, rows, splits.report)
    gate = msgspec.structs.replace(
        gate,
        name=aim.name,
        evaluation={
            "questions": name,
            "n": len(splits.report),
            "refused": refusals,
            "came": msgspec.to_builtins(came),
        },
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    found = Calibrated(
        name=aim.name,
        models={row.side: row.model for row in rows},
        questions=name,
        splits={part: len(getattr(splits, part)) for part in ("tune", "certify", "report")},
        target_error=aim.target_error,
        certificates=certificates,
        refusals=tuple(refusals),
        came=came,
    )
    return gate, found


def _side(gate: Gate, side: Which) -> SideGate:
    return gate.small if side == "small" else gate.large


def _within(rows: Sequence[Row], side: str, names: Sequence[str]) -> list[Row]:
    wanted = set(names)
    return [row for row in rows if row.side == side and row.question in wanted]


def _lesson(
    rows: Sequence[Row],
    side: Which,
    splits: Splits,
    aim: Aim,
    rules: Rules,
    refusals: list[str],
) -> Taught | None:
    """What is learned of a model; None: it has no rows, or too few, and `refusals` says so."""
    mine = _within(rows, side, splits.tune)
    if not mine:
        return None
    try:
        return taught(mine, aim.seed, rules)
    except PolicyError as error:
        refusals.append(f"The {side} model: {error.message}")
        return None


def _bars(rows: Sequence[Row], known: Mapping[Which, Taught], splits: Splits) -> Bars:
    """The thresholds that would be best on what taught them."""
    views = {
        side: View(side_of(rows, side), lesson.confidence, lesson.silence)
        for side, lesson in known.items()
    }
    return choose(splits.tune, views.get("small"), views.get("large"))


def _certified(
    side: SideGate,
    which: Which,
    lesson: Taught,
    rows: Sequence[Row],
    splits: Splits,
    aim: Aim,
) -> Certificate | NotCertifiable:
    both = [*_within(rows, which, splits.tune), *_within(rows, which, splits.certify)]
    made = learned_side(side, lesson, 0.0)
    return certified(made, lesson, both, aim.target_error, aim.delta)


def _refusal(side: str, found: NotCertifiable) -> str:
    needed = (
        "no number of questions would do with this confidence"
        if found.labels_needed is None
        else f"about {found.labels_needed} questions to certify on would do"
    )
    return f"Not certifiable for the {side} model: {found.why.rstrip('.')}; {needed}."


def _with(
    gate: Gate,
    known: Mapping[Which, Taught],
    bars: Bars,
    certificates: Mapping[str, dict[str, Any]],
    identities: Mapping[str, dict[str, Any]],
    rows: Sequence[Row],
) -> Gate:
    """The gate with what was learned of each model; one that taught nothing is never heard."""
    names = {row.side: row.model for row in rows}
    sides: dict[str, SideGate] = {}
    for which in SIDES:
        side, lesson = _side(gate, which), known.get(which)
        bar = bars.small if which == "small" else bars.large
        silent = bars.silent if which == "small" else NEVER
        if lesson is not None:
            side = learned_side(side, lesson, bar, silent)
        elif which in names:
            side = msgspec.structs.replace(side, threshold=None)
        sides[which] = msgspec.structs.replace(
            side,
            model=names.get(which, ""),
            identity=identities.get(which, {}),
            certificate=certificates.get(which),
        )
    return msgspec.structs.replace(gate, small=sides["small"], large=sides["large"])


def came_of(gate: Gate, rows: Sequence[Row], names: Sequence[str]) -> tuple[Came, ...]:
    """What the gate makes of these questions with each model alone, and with both."""
    views = {side: view_of(rows, side, _side(gate, side)) for side in SIDES if side_of(rows, side)}
    small, large = views.get("small"), views.get("large")
    ways = {"small": (small, None), "large": (None, large), "both": (small, large)}
    wanted = [*views, *(["both"] if len(views) == 2 else [])]
    bars = bars_of(gate)
    return tuple(_came(way, [outcome(name, *ways[way], bars) for name in names]) for way in wanted)


def _came(way: str, came: Sequence[Outcome]) -> Came:
    given = [one for one in came if one.given]
    return Came(
        way=way,
        score=mean([one.score for one in came]),
        given=mean([float(one.given) for one in came]),
        wrong=mean([float(not one.right) for one in given]),
        seconds=sum(one.seconds for one in came) / max(1, len(came)),
    )
