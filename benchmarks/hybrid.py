"""Every table of docs/hybrid.md, from the outcome logs in benchmarks/data: no model is needed.

    .venv/bin/python benchmarks/hybrid.py            # print the tables
    .venv/bin/python benchmarks/hybrid.py --write    # into docs/hybrid.md, with the pictures

Each policy is the real one, replayed over the log (`sprat.studies.hybrid`). The confidence that a
question is judged by was learned without it, and without its group: five folds.
"""

import argparse
import asyncio
import gzip
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from sprat.errors import PolicyError
from sprat.policies.certify import NotCertifiable, Scored, certify
from sprat.policies.features import FEATURES
from sprat.policies.fit import cross_fitted
from sprat.policies.outcomes import read_log
from sprat.policies.prompt import PROMPT_FEATURES
from sprat.policies.splits import split
from sprat.report.policy.pictures import HEIGHT
from sprat.report.policy.standalone import standalone, together_picture
from sprat.studies.hybrid import mathematics
from sprat.studies.hybrid.evaluate import About, evaluation_of
from sprat.studies.hybrid.forks import Fork, Sides, alone, forks_of
from sprat.studies.hybrid.listening import at, heard
from sprat.studies.hybrid.recorded import Recorded, of_log
from sprat.studies.hybrid.replay import stage
from sprat.studies.hybrid.result import Evaluation
from sprat.studies.hybrid.wish import Wish, blank

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "benchmarks" / "data"
PAGE = ROOT / "docs" / "hybrid.md"
IMAGES = ROOT / "docs" / "images"
SETS = ("squad2", "gsm8k", "everyday")
NONE = "–"  # noqa: RUF001 - a dash of its own in a cell
LARGE = "qwen2.5-coder-1.5b"
PAIRS = (("smollm2-135m", LARGE), ("qwen2.5-coder-0.5b", LARGE))
TARGETS = (0.05, 0.1, 0.2, 0.3)
DELTA = 0.05
POINT = 0.01
NEVER_ACCEPTS = 2.0
HOW_TO = (
    "There are no outcome logs in benchmarks/data. Record them (hours), then pack them:\n"
    "  .venv/bin/python benchmarks/outcomes.py --data FOLDER\n"
    "  .venv/bin/python benchmarks/outcomes.py --data FOLDER --pack benchmarks/data"
)


class Way(NamedTuple):
    """A kind of policy to try."""

    name: str
    kind: str = "cascade"
    mode: str = "buffer"
    learned: bool = True


WAYS = (
    Way("cascade"),
    Way("cascade, rules", learned=False),
    Way("probe 16", mode="probe"),
    Way("pre", mode="pre"),
    Way("verify", kind="verify"),
)


class Tried(NamedTuple):
    """A policy of one pair on one set; `forks` empty: it cannot be, and `why`."""

    way: Way
    forks: Sequence[Fork]
    found: Evaluation | None
    why: str = ""


class Logged(NamedTuple):
    """One set's outcomes, and what its prompts tell; their texts are not in the log."""

    name: str
    recorded: Recorded
    prompts: dict[str, dict[str, float]]


def logs(data: Path) -> dict[str, Logged]:
    """The sets that have been recorded."""
    found: dict[str, Logged] = {}
    for name in SETS:
        file, prompts = data / f"{name}.jsonl.gz", data / f"{name}.prompts.json.gz"
        if file.exists():
            told = json.loads(gzip.decompress(prompts.read_bytes())) if prompts.exists() else {}
            found[name] = Logged(name, of_log(read_log(file)), told)
    return found


async def tried(logged: Logged, pair: tuple[str, str], way: Way) -> Tried:
    """The forks of a policy, every question judged by a confidence that never saw it."""
    name, recorded, prompts = logged
    wish = Wish(name=way.name, small=pair[0], large=pair[1], kind=way.kind, mode=way.mode)  # type: ignore[arg-type]
    policy = blank(wish)
    sides = Sides(recorded.log.of(pair[0]), recorded.log.of(pair[1]))
    try:
        if way.mode == "pre":
            forks = routed(recorded, sides, prompts)
            rows, features = prompts, PROMPT_FEATURES
        else:
            on = stage(recorded.log, pair, recorded.questions)
            rows, features = await heard(policy, on, recorded.questions), FEATURES
            forks = await forks_of(policy, on, sides, recorded.questions)
        if way.learned:
            forks = judged(forks, rows, features)
        found = evaluation_of(at(policy, threshold_of(forks)), forks, About(name, 0, held_out=True))
    except PolicyError as error:
        return Tried(way, (), None, str(error))
    return Tried(way, forks, found)


def routed(recorded: Recorded, sides: Sides, known: dict[str, dict[str, float]]) -> list[Fork]:
    """`pre` asks one model only: the other one is never paid for."""
    return [
        Fork(
            question=question.id,
            kind=question.kind,
            group=sides.small[question.id].group,
            confidence=0.0,
            calibrated=True,
            small=alone(sides.small[question.id]),
            large=alone(sides.large[question.id]),
            accepted=msgspec.structs.replace(alone(sides.small[question.id]), path="direct"),
            escalated=msgspec.structs.replace(alone(sides.large[question.id]), path="direct"),
        )
        for question in recorded.questions
        if question.id in known
        and all(q in side and side[q].right is not None for side in sides for q in [question.id])
    ]


def judged(
    forks: Sequence[Fork], rows: dict[str, dict[str, float]], features: Sequence[str]
) -> list[Fork]:
    """With the confidence of a model that saw neither the question nor its group."""
    confidences = cross_fitted(
        [rows.get(fork.question, {}) for fork in forks],
        [fork.small.right for fork in forks],
        groups=[fork.group for fork in forks],
        features=features,
    )
    return [
        msgspec.structs.replace(fork, confidence=sure, calibrated=True)
        for fork, sure in zip(forks, confidences, strict=True)
    ]


def threshold_of(forks: Sequence[Fork]) -> float:
    """The cheapest within one point of the large model, on these forks."""
    weights = mathematics.weights_of([fork.group for fork in forks], 0)
    spot = mathematics.enough_of(mathematics.operating(forks, weights[:2], "seconds"))
    if spot is None or spot.threshold is None:
        return NEVER_ACCEPTS
    return spot.threshold


def held_out(forks: Sequence[Fork]) -> tuple[float, float, float]:
    """Share of the large model's seconds, points beside it, share accepted.

    Each half of the groups at the threshold that the other half chose.
    """
    halves = split([f.question for f in forks], {f.question: f.group for f in forks}, seed=1,
                   shares=(0.5, 0.5, 0.0))  # fmt: skip
    first = [fork for fork in forks if fork.question in set(halves.tune)]
    second = [fork for fork in forks if fork.question in set(halves.certify)]
    chosen = [
        (fork, fork.at(threshold))
        for part, other in ((first, second), (second, first))
        for threshold in [threshold_of(other)]
        for fork in part
    ]
    ours = sum(way.seconds for _, way in chosen)
    theirs = sum(fork.large.seconds for fork, _ in chosen)
    gap = sum(way.score - fork.large.score for fork, way in chosen) / len(chosen)
    accepted = sum(way is fork.accepted for fork, way in chosen) / len(chosen)
    return ours / theirs, 100 * gap, accepted


# -- tables ----------------------------------------------------------------------------------------


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


def short(why: str) -> str:
    """Why there is no such policy, in a cell."""
    if "too few to learn" in why:
        return f"{why.split(', are', maxsplit=1)[0]}: too few to learn from"
    return "not recorded" if "do not hold" in why else why


async def models_table(logged: Logged) -> str:
    """What each model does alone, and how well its own log-probabilities judge it."""
    rows: list[list[str]] = []
    for model in dict.fromkeys([*(small for small, _ in PAIRS), LARGE]):
        other = LARGE if model != LARGE else PAIRS[0][0]
        one = await tried(logged, (model, other), WAYS[0])
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
    rows = [policy_row(one) for one in all_tried]
    return table(head, rows, "lllrrrrrr")


def policy_row(one: Tried) -> list[str]:
    """One policy; one that cannot be says why."""
    found = one.found
    if found is None:
        return [one.way.name, short(one.why), *[NONE] * 7]
    seconds, points, accepted = held_out(one.forks)
    low, high = found.apgr.low, found.apgr.high
    verdict = "yes" if (low or 0) > 0.5 else "**no, worse**" if high and high < 0.5 else "not shown"
    share = found.enough.cost / found.curves.large.cost if found.enough else None
    return [
        one.way.name,
        within(found.apgr),
        verdict if found.apgr.value is not None else NONE,
        NONE if share is None else f"{share:.0%}",
        f"{seconds:.0%}",
        f"{points:+.1f}",
        f"{accepted:.0%}",
        f"{100 * (found.harm.value or 0):.1f}%",
        f"{100 * (found.waste.value or 0):.0f}%",
    ]


def certify_table(cascades: dict[str, Sequence[Fork]]) -> str:
    """What can be certified, of which small model, at which target."""
    rows = [
        [model, f"{target:.0%}", *certified(forks, target)]
        for model, forks in cascades.items()
        for target in TARGETS
        if forks
    ]
    head = ("small model", "target", "certified", "accepting", "errors", "labels needed")
    return table(head, rows, "lrlrrr")


def certified(forks: Sequence[Fork], target: float) -> list[str]:
    """On four tenths chosen, on the rest certified."""
    parts = split([f.question for f in forks], {f.question: f.group for f in forks}, seed=0,
                  shares=(0.4, 0.6, 0.0))  # fmt: skip
    scored = {f.question: Scored(f.confidence or 0.0, f.small.right, f.group) for f in forks}
    tune = [scored[question] for question in parts.tune]
    rest = [scored[question] for question in parts.certify]
    found = certify(tune, rest, target, DELTA)
    if isinstance(found, NotCertifiable):
        needed = "none would do" if found.labels_needed is None else f"{found.labels_needed}"
        return ["no", NONE, NONE, needed]
    return ["yes", f"{found.coverage:.0%}", f"{found.errors} of {found.accepted}", f"{len(rest)}"]


# -- the page --------------------------------------------------------------------------------------


class Made(NamedTuple):
    """The text of every block, and the pictures."""

    blocks: dict[str, str]
    pictures: dict[str, str]


class Drawing(NamedTuple):
    """One picture."""

    file: str
    title: str
    text: str


def drawing(name: str, pair: tuple[str, str], every: Sequence[Tried]) -> Drawing | None:
    """The curves of all policies of a pair that were learned; None: none was."""
    found = {one.way.name: one.found for one in every if one.found and one.way.learned}
    if not found:
        return None
    title = f"{name}: {pair[0]} → {pair[1]}"
    curves = {way: one.curves.policy for way, one in found.items()}
    without_band = {
        way: [msgspec.structs.replace(spot, low=None, high=None) for spot in spots]
        for way, spots in curves.items()
    }
    picture = together_picture(next(iter(found.values())).curves, without_band)
    return Drawing(f"hybrid-{name}-{pair[0]}.svg", title, standalone(picture, HEIGHT, title))


async def made(data: Path = DATA) -> Made:
    """All blocks of all sets that were recorded."""
    blocks: dict[str, str] = {}
    pictures: dict[str, str] = {}
    for name, logged in logs(data).items():
        parts = [await models_table(logged)]
        cascades: dict[str, Sequence[Fork]] = {}
        for pair in PAIRS:
            every = [await tried(logged, pair, way) for way in WAYS]
            cascades[pair[0]] = every[0].forks
            parts += [f"**{pair[0]} → {pair[1]}**", policies_table(every)]
            if drawn := drawing(name, pair, every):
                pictures[drawn.file] = drawn.text
                parts.append(f"![{drawn.title}: score against seconds](images/{drawn.file})")
        parts += ["**What can be certified** (cascade, 95%)", certify_table(cascades)]
        blocks[name] = "\n\n".join(parts)
    return Made(blocks, pictures)


def filled(page: str, blocks: dict[str, str]) -> str:
    """The page with each marked block as it is now; blocks without data stay as they are."""
    for name, text in blocks.items():
        mark = re.compile(rf"(<!-- begin: {name} -->\n).*?(<!-- end: {name} -->)", re.DOTALL)
        page = mark.sub(lambda found, text=text: f"{found[1]}\n{text}\n\n{found[2]}", page)
    return page


def main() -> int:
    """Print the tables, or write them into the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA, metavar="FOLDER", help="of the logs")
    parser.add_argument("--write", action="store_true", help="into docs/hybrid.md")
    options = parser.parse_args()
    result = asyncio.run(made(options.data))
    if not result.blocks:
        print(HOW_TO)
        return 1
    for name, text in result.blocks.items():
        print(f"## {name}\n\n{text}\n")
    if options.write:
        PAGE.write_text(filled(PAGE.read_text("utf-8"), result.blocks), encoding="utf-8")
        for file, drawn in result.pictures.items():
            (IMAGES / file).write_text(drawn, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
