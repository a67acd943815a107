"""How often `--baseline` catches a worse prompt, and how often it cries wolf over a mere re-run.

    .venv/bin/python benchmarks/baseline.py --out FOLDER [--model qwen2.5-coder-0.5b] [--repeats 50]
    .venv/bin/python benchmarks/baseline.py --out FOLDER --report

Each repetition asks 20 short questions four times with seeds of its own, at a temperature at which
the answers differ: before, again with the same prompt, with another task's prompt, and with one
that somebody made kinder, so that answers do not fit their room any more. The later ones are held
against the first as `sprat evaluate --baseline` does it. Beside that stand three re-runs at
temperature 0. Every answer is a line of FOLDER/answers.jsonl as soon as it is there, so a stopped
one goes on where it was; `--report` only counts.
"""

import argparse
import asyncio
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from sprat.door import open_engine
from sprat.engines.base import ask
from sprat.questions import load
from sprat.questions.collection import QuestionSet
from sprat.runs.study import Study, StudyModel
from sprat.settings import load_settings
from sprat.studies.asked import Asked
from sprat.studies.asking import own_verdict
from sprat.studies.evaluation.change import SIGNIFICANCE, Change
from sprat.studies.evaluation.plan import KIND, ROLE, EvaluatePlan, Wording, request_for
from sprat.studies.evaluation.regression import compare_sides
from sprat.types import Question, Reply, Run, Timing, Usage

QUESTIONS = Path(__file__).parent / "data" / "baseline.jsonl"
GOOD = "Reply with the answer alone: one word, or one number."
WORSE = "You are a friendly assistant. Answer in a whole sentence."
TEMPERATURE = 0.8
GREEDY = "greedy"
ANOTHERS = "Reply with one word: yes or no."
ARMS = {"before": GOOD, "again": GOOD, "worse": WORSE, "another's": ANOTHERS}


class Ask(NamedTuple):
    """One answer to be had."""

    repeat: int
    arm: str
    question: Question

    @property
    def key(self) -> tuple[int, str, str]:
        """What tells it from the others."""
        return self.repeat, self.arm, self.question.id


def asks(questions: QuestionSet, repeats: int) -> Iterator[Ask]:
    """Repetition by repetition, so that wherever it stops whole ones are there; greedy first."""
    for repeat in range(4):
        yield from (Ask(repeat, GREEDY, question) for question in questions.questions)
    for repeat in range(repeats):
        for arm in ARMS:
            yield from (Ask(repeat, arm, question) for question in questions.questions)


def plan_for(one: Ask, model: str, questions: QuestionSet) -> EvaluatePlan:
    """As `sprat evaluate` would ask it; each arm of each repetition has a seed of its own."""
    greedy = one.arm == GREEDY
    seed = one.repeat if greedy else seed_for(one.repeat, one.arm)
    system = GOOD if greedy else ARMS[one.arm]
    wording = Wording(system=system, temperature=0.0 if greedy else TEMPERATURE)
    return EvaluatePlan(
        model=model, questions_name=questions.name, questions=questions.questions, seed=seed,
        wording=wording,
    )  # fmt: skip


def seed_for(repeat: int, arm: str) -> int:
    """No two arms of no two repetitions share one."""
    return 10_000 + repeat if arm == "another's" else 1 + 3 * repeat + list(ARMS).index(arm)


def kept(folder: Path) -> list[dict[str, Any]]:
    """The answers that are there; a half-written last line is none."""
    file = folder / "answers.jsonl"
    lines = file.read_text("utf-8").split("\n") if file.exists() else []
    found: list[dict[str, Any]] = []
    for line in lines:
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


async def record(model: str, folder: Path, questions: QuestionSet, repeats: int) -> None:
    """Ask what is not there yet."""
    have = {(one["repeat"], one["arm"], one["question"]) for one in kept(folder)}
    open_ones = [one for one in asks(questions, repeats) if one.key not in have]
    if not open_ones:
        return
    engine = open_engine(model, load_settings(environ=dict(os.environ)))
    try:
        with (folder / "answers.jsonl").open("a", encoding="utf-8") as file:
            for number, one in enumerate(open_ones, 1):
                request = request_for(one.question, plan_for(one, model, questions))
                reply = await ask(engine, request)
                row = {
                    "repeat": one.repeat, "arm": one.arm, "question": one.question.id,
                    "text": reply.text, "finish": reply.finish, "seconds": reply.timing.answer_s,
                }  # fmt: skip
                file.write(json.dumps(row) + "\n")
                file.flush()
                if number % 100 == 0:
                    print(f"{number} of {len(open_ones)}", flush=True)
    finally:
        await engine.aclose()


def side(rows: list[dict[str, Any]], arm: str, repeat: int, questions: QuestionSet) -> Asked | None:
    """One arm of one repetition, as a recorded study would give it; None: not whole yet."""
    by_id = {
        row["question"]: row for row in rows if row["arm"] == arm and row["repeat"] == repeat
    }  # fmt: skip
    if len(by_id) < len(questions.questions):
        return None
    model = StudyModel(role=ROLE, name=arm)
    study = Study(
        id=f"{arm}-{repeat}", kind=KIND, created="", questions_name=questions.name,
        questions_sha256=questions.sha256, questions=questions.questions, models=(model,),
        settings={"seed": 0},
    )  # fmt: skip
    runs = tuple(run_of(question, by_id[question.id], study) for question in questions.questions)
    return Asked(study=study, model=model, runs=runs)


def run_of(question: Question, row: dict[str, Any], study: Study) -> Run:
    """A kept answer, scored by today's scorer."""
    timing = Timing(scheduled_ns=0, sent_ns=0, done_ns=int(row["seconds"] * 1e9))
    reply = Reply(text=row["text"], finish=row["finish"], usage=Usage(0, 0), timing=timing)
    return Run(
        study=study.id, question=question.id, kind=question.kind, model=study.models[0].name,
        role=ROLE, request=request_for(question, EvaluatePlan(model="", questions_name="",
        questions=())), reply=reply, verdicts=(own_verdict(question, reply, None),),
    )  # fmt: skip


def changes(
    rows: list[dict[str, Any]], arms: tuple[str, str], repeats: range, questions: QuestionSet
) -> list[Change]:
    """The change from one arm to another in every repetition that is whole."""
    found: list[Change] = []
    for repeat in repeats:
        first = 0 if arms[0] == GREEDY else repeat
        before = side(rows, arms[0], first, questions)
        now = side(rows, arms[1], repeat, questions)
        if before and now:
            found.append(compare_sides(before, now, seed=repeat))
    return found


def clopper_pearson(hits: int, n: int) -> tuple[float, float]:
    """The exact 95% interval of a share.

    Source: Clopper & Pearson (1934), Biometrika 26:404.
    """
    from scipy.stats import beta

    low = float(beta.ppf(0.025, hits, n - hits + 1)) if hits else 0.0
    high = float(beta.ppf(0.975, hits + 1, n - hits)) if hits < n else 1.0
    return low, high


def told(what: str, found: list[Change]) -> str:
    """One row of the table in docs/benchmarks.md."""
    if not found:
        return f"| {what} | none yet | | | | |"
    hits = sum(change.decision == "regression" for change in found)
    low, high = clopper_pearson(hits, len(found))
    before = sum(change.before.score or 0 for change in found) / len(found)
    now = sum(change.now.score or 0 for change in found) / len(found)
    moved = sum(len(change.moved) for change in found) / len(found)
    return (
        f"| {what} | {hits} of {len(found)} | {low:.1%} to {high:.1%} | {before:.1%} | {now:.1%} "
        f"| {moved:.1f} |"
    )


def report(folder: Path, repeats: int) -> str:
    """The table, from the kept answers alone."""
    questions, rows = load(str(QUESTIONS)), kept(folder)
    every = range(repeats)
    return "\n".join((
        f"{len(questions.questions)} questions, significance {SIGNIFICANCE}",
        "| now | called a regression | 95% interval | score before | score now | answers moved |",
        "|---|---:|---|---:|---:|---:|",
        told("another task's prompt", changes(rows, ("before", "another's"), every, questions)),
        told("a chattier prompt", changes(rows, ("before", "worse"), every, questions)),
        told("a mere re-run, other seeds", changes(rows, ("before", "again"), every, questions)),
        told("a mere re-run, greedy", changes(rows, (GREEDY, GREEDY), range(1, 4), questions)),
    ))  # fmt: skip


def main() -> None:
    """Record, then count."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--model", default="qwen2.5-coder-0.5b")
    parser.add_argument("--repeats", type=int, default=50)
    parser.add_argument("--report", action="store_true")
    wanted = parser.parse_args()
    wanted.out.mkdir(parents=True, exist_ok=True)
    if not wanted.report:
        asyncio.run(record(wanted.model, wanted.out, load(str(QUESTIONS)), wanted.repeats))
    print(report(wanted.out, wanted.repeats))


if __name__ == "__main__":
    main()
