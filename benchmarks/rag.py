"""Answers from documents on SQuAD 2.0: without a gate, with one, and two models behind one.

    .venv/bin/python benchmarks/rag.py --data FOLDER [--limit N] [--raw FOLDER]
    .venv/bin/python benchmarks/rag.py --data FOLDER --tables    # from what is recorded

FOLDER holds squad2-dev-a.json. Its paragraphs are indexed; every question is asked of all of them,
half of the questions being unanswerable. Each model answers each one with the gate open, in the
form `sentence` (passages, question, "if they do not say, write so"), which is how anybody asks;
some of them in the form `quote` too, to compare the forms. Every answer is one line of `--raw` as
soon as it is there, so a stopped run goes on where it was. All tables are made from those lines:
what a gate gives or holds back, and what that costs, follows from them.

A confidence and its thresholds are learned on one half of the questions and reported on the other,
and the other way round, so no question is judged by what was learned from it.
"""

import argparse
import asyncio
import hashlib
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from sprat.door import open_embedder, open_engine
from sprat.errors import PolicyError
from sprat.rag.gate import Gate, SideGate, Which
from sprat.rag.judge import by_rules, says_not_there
from sprat.rag.retrieve import Retriever
from sprat.rag.store import open_store
from sprat.runs.intervals import bootstrap_interval
from sprat.settings import load_settings
from sprat.studies.grounded.gating import (
    NEVER,
    Bars,
    Outcome,
    View,
    choose,
    learned_side,
    outcome,
    taught,
    view_of,
)
from sprat.studies.grounded.papers import index_papers
from sprat.studies.grounded.question import GroundedQuestion
from sprat.studies.grounded.reading import read_grounded
from sprat.studies.grounded.recording import record
from sprat.studies.grounded.risk import Answer, risk_of
from sprat.studies.grounded.sheet import Row, read_rows, side_of

LARGE = "qwen2.5-coder-1.5b"
SMALLS = ("smollm2-135m", "qwen2.5-coder-0.5b")
FORMS = {"sentence": "plain ", "quote": ""}
"""The forms in which a model is asked, by what their rows' sides begin with."""
EMBEDDER = "all-minilm-l6-v2"
LIMIT = 200
BLOCK = 10
"""Questions that a model answers before it is the next one's turn."""
QUOTED = 30
"""Questions that are asked in the form `quote`, too."""
SEED = 0


class Line(NamedTuple):
    """One way to answer, over all questions."""

    name: str
    came: dict[str, Outcome]


async def answer_all(data: Path, raw: Path, questions: Sequence[GroundedQuestion]) -> None:
    """Ask what is not on the sheets yet: in turns, so that a busy minute is every model's."""
    settings = load_settings()
    folder, papers = raw / "store", read_grounded(data).documents
    await index_papers(papers, folder, settings, embedder_name=EMBEDDER)
    store, embedder = open_store(str(folder)), open_embedder(EMBEDDER, settings)
    names = (*SMALLS, LARGE)
    engines = {name: open_engine(name, settings) for name in names}
    try:
        finds = Retriever(store, embedder)
        blocks = [questions[at : at + BLOCK] for at in range(0, len(questions), BLOCK)]
        for number, block in enumerate(blocks):
            for name in names if number % 2 else reversed(names):
                side = "large" if name == LARGE else "small"
                before = number * BLOCK
                forms = FORMS if before < QUOTED else {"sentence": FORMS["sentence"]}
                models = {f"{form}{side}": engines[name] for form in forms.values()}
                tell = told(name, before, len(questions))
                await record(sheet(raw, name), block, finds, models, Gate(), tell)
    finally:
        for engine in engines.values():
            await engine.aclose()
        await embedder.aclose()
        store.close()


def told(name: str, before: int, questions: int) -> Callable[[int, int], None]:
    def tell(done: int, total: int) -> None:
        print(f"\r{before} of {questions} questions; {name}: {done} of {total} answers  ", end="")
        sys.stdout.flush()

    return tell


def sheet(raw: Path, name: str) -> Path:
    return raw / f"{name}.jsonl"


def lines_of(raw: Path, small: str, names: Sequence[str]) -> list[Line]:
    """Every way to answer with one pair, each question by what the other half taught."""
    wanted = set(names)
    smalls, larges = (
        [row for row in read_rows(sheet(raw, name)) if row.question in wanted]
        for name in (small, LARGE)
    )
    gated: dict[str, dict[str, Outcome]] = {}
    try:
        for seen, other in halves(names):
            for name, found in learned(smalls, larges, seen, other).items():
                gated[name] = gated.get(name, {}) | found
    except PolicyError as error:
        print(f"No gate can be learned: {error}\n")
        gated = {}
    asked = [
        Line(f"{side}, no gate", openly(side_of(rows, f"{FORMS['sentence']}{side}")))
        for side, rows in (("small", smalls), ("large", larges))
    ]
    ruled = {name: by_rule(names, *views) for name, views in unlearned(smalls, larges).items()}
    return [*asked, *(Line(name, found) for name, found in (ruled | gated).items())]


def unlearned(
    smalls: Sequence[Row], larges: Sequence[Row]
) -> dict[str, tuple[View | None, View | None]]:
    """The gate that everybody has: its rules, nothing learned."""
    small, large = ruled_view(smalls, "small"), ruled_view(larges, "large")
    return {
        "small, rules": (small, None),
        "large, rules": (None, large),
        "hybrid, rules": (small, large),
    }


def ruled_view(rows: Sequence[Row], side: Which) -> View:
    """Of the answers that pass the rules it is sure, of the others not."""
    gate: SideGate = getattr(Gate(), side)
    mine = side_of(rows, f"{FORMS['sentence']}{side}")
    passes = [
        name
        for name, row in mine.items()
        if by_rules(row.features, gate.rules)[0] and says_not_there(row.features, gate) is None
    ]
    return View(mine, dict.fromkeys(passes, 1.0), {})


def by_rule(names: Sequence[str], small: View | None, large: View | None) -> dict[str, Outcome]:
    bars = Bars(small=0.5, silent=NEVER, large=0.5)
    return {name: outcome(name, small, large, bars) for name in names}


def shuffled(questions: Sequence[GroundedQuestion]) -> list[GroundedQuestion]:
    """By a hash: what is there of a run that was stopped is of all articles."""
    return sorted(questions, key=lambda one: hashlib.sha256(f"order {one.id}".encode()).digest())


def halves(names: Sequence[str]) -> list[tuple[list[str], list[str]]]:
    """By a hash, so that a longer run keeps them."""
    one = [n for n in names if hashlib.sha256(n.encode()).digest()[0] % 2]
    other = [n for n in names if n not in set(one)]
    return [(one, other), (other, one)]


def learned(
    smalls: Sequence[Row], larges: Sequence[Row], seen: Sequence[str], other: Sequence[str]
) -> dict[str, dict[str, Outcome]]:
    """Learn from the questions seen; what comes of the other ones."""
    small, large = lesson(smalls, "small", seen), lesson(larges, "large", seen)
    of_large = choose(seen, None, large.known)
    there = [outcome(name, None, large.known, of_large).score for name in seen]
    enough = sum(there) / len(there)
    ways: dict[str, tuple[Bars, View | None, View | None]] = {
        "small, learned": (choose(seen, small.known, None), small.fresh, None),
        "large, learned": (of_large, None, large.fresh),
        "hybrid, learned": (
            choose(seen, small.known, large.known, enough),
            small.fresh,
            large.fresh,
        ),
    }
    return {
        name: {question: outcome(question, one, two, bars) for question in other}
        for name, (bars, one, two) in ways.items()
    }


class Learned(NamedTuple):
    """One model, and what was learned of it."""

    known: View
    """Held out, of the questions that taught it."""
    fresh: View
    """Applied to all of them."""


def lesson(rows: Sequence[Row], side: Which, seen: Sequence[str]) -> Learned:
    """Learn of one model from the questions seen."""
    of, name = set(seen), f"{FORMS['sentence']}{side}"
    mine = [row for row in rows if row.side == name]
    found = taught([row for row in mine if row.question in of], SEED)
    known = View(side_of(mine, name), found.confidence, found.silence)
    return Learned(known, view_of(mine, name, learned_side(getattr(Gate(), side), found, 0.0, 0.5)))


def openly(rows: dict[str, Row]) -> dict[str, Outcome]:
    """Answers as they came, no gate; how sure it was: the mean log-probability of its words."""
    return {
        name: Outcome(
            row.score if row.answers else float(row.unanswerable),
            row.answers,
            row.right if row.answers else row.unanswerable,
            row.seconds + row.retrieve_s,
            math.exp(row.features.get("mean", 0.0)) if row.answers else None,
        )
        for name, row in rows.items()
    }


def table(lines: Sequence[Line], questions: Sequence[GroundedQuestion]) -> str:
    head = (
        "| | score | F1 where there is an answer | silent rightly: precision / recall | given "
        "| of it wrong | AURC | s per question |\n|---|---|---|---|---|---|---|---|"
    )
    return "\n".join([head, *(row_of(line, questions) for line in lines)])


def row_of(line: Line, questions: Sequence[GroundedQuestion]) -> str:
    nowhere = {one.id for one in questions if one.unanswerable}
    came = line.came
    score = with_interval([one.score for one in came.values()])
    there = with_interval([one.score for name, one in came.items() if name not in nowhere])
    silent = [name for name, one in came.items() if not one.given]
    hits = sum(name in nowhere for name in silent)
    precision = f"{hits / len(silent):.2f}" if silent else "-"
    given = [one for one in came.values() if one.given]
    wrong = f"{sum(not one.right for one in given) / len(given):.2f}" if given else "-"
    risk = risk_of([Answer(one.confidence, one.right) for one in came.values()]).aurc
    aurc = "-" if risk.value is None else f"{risk.value:.2f} ({risk.low:.2f} to {risk.high:.2f})"
    seconds = sum(one.seconds for one in came.values()) / len(came)
    return (
        f"| {line.name} | {score} | {there} | {precision} / {hits / max(1, len(nowhere)):.2f} "
        f"| {len(given) / len(came):.0%} | {wrong} | {aurc} | {seconds:.2f} |"
    )


def with_interval(values: Sequence[float]) -> str:
    interval = bootstrap_interval(values, seed=SEED)
    if interval is None:
        return "-"
    return f"{sum(values) / len(values):.3f} ({interval.low:.3f} to {interval.high:.3f})"


def differences(lines: Sequence[Line]) -> Iterator[str]:
    """Question by question, so that easy and hard ones cancel."""
    by_name = {line.name: line.came for line in lines}
    for one, other in (
        ("small, rules", "small, no gate"),
        ("large, rules", "large, no gate"),
        ("hybrid, rules", "large, no gate"),
        ("small, learned", "small, no gate"),
        ("large, learned", "large, no gate"),
        ("hybrid, learned", "large, no gate"),
        ("hybrid, learned", "large, learned"),
    ):
        if one not in by_name or other not in by_name:
            continue
        same = [name for name in by_name[one] if name in by_name[other]]
        gain = [by_name[one][name].score - by_name[other][name].score for name in same]
        spent = [by_name[one][name].seconds - by_name[other][name].seconds for name in same]
        yield f"- {one} - {other}: score {with_interval(gain)}, seconds {with_interval(spent)}"


def print_tables(raw: Path, questions: Sequence[GroundedQuestion]) -> None:
    plain = {name: plainly_asked(raw, name) for name in (*SMALLS, LARGE)}
    for small in SMALLS:
        names = [one.id for one in questions if one.id in plain[small] and one.id in plain[LARGE]]
        asked = [one for one in questions if one.id in set(names)]
        silent = sum(one.unanswerable for one in asked)
        print(f"\n{small} → {LARGE}: {len(names)} questions, {silent} of them unanswerable\n")
        lines = lines_of(raw, small, names)
        print(table(lines, asked), "\n")
        print("\n".join(differences(lines)))
    print("\nIn the form `quote` instead of `sentence`, no gate:\n")
    for name in (*SMALLS, LARGE):
        print(f"- {name}: {forms_beside(raw, name)}")


def plainly_asked(raw: Path, name: str) -> set[str]:
    side = "large" if name == LARGE else "small"
    return set(side_of(read_rows(sheet(raw, name)), f"{FORMS['sentence']}{side}"))


def forms_beside(raw: Path, name: str) -> str:
    """The same answerable questions, one form and the other."""
    rows, side = read_rows(sheet(raw, name)), "large" if name == LARGE else "small"
    one, other = (side_of(rows, f"{FORMS[form]}{side}") for form in ("quote", "sentence"))
    both = [name for name in one if name in other and not one[name].unanswerable]
    gain = [one[name].score - other[name].score for name in both]
    spent = [one[name].seconds - other[name].seconds for name in both]
    return f"{len(both)} questions, F1 {with_interval(gain)}, seconds {with_interval(spent)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="holds squad2-dev-a.json")
    parser.add_argument("--limit", type=int, default=LIMIT, help=f"questions [{LIMIT}]")
    parser.add_argument("--raw", type=Path, default=Path("rag-raw"), help="answers [rag-raw]")
    parser.add_argument("--tables", action="store_true", help="only the tables; ask nothing")
    options = parser.parse_args()
    file = options.data / "squad2-dev-a.json"
    questions = shuffled(read_grounded(file, limit=options.limit, seed=SEED).questions)
    if not options.tables:
        asyncio.run(answer_all(file, options.raw, questions))
    print_tables(options.raw, questions)


if __name__ == "__main__":
    main()
