"""Record what three models answer, question by question, for benchmarks/hybrid.py.

    .venv/bin/python benchmarks/outcomes.py --data FOLDER [--limit 300] [--limit-gsm8k 150]
    .venv/bin/python benchmarks/outcomes.py --data FOLDER --readings
    .venv/bin/python benchmarks/outcomes.py --data FOLDER --pack benchmarks/data

FOLDER holds squad2-dev-a.json (SQuAD 2.0) and gsm8k-test-a.jsonl (GSM8K). Every answer is one line
of `--raw` as soon as it is there, so a stopped recording goes on where it was. `--readings`: the
largest model then reads what the others answered, and answers with it as its prediction. `--pack`
makes the compact logs of what is there.
"""

import argparse
import asyncio
import gzip
import hashlib
import json
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from sprat.door import open_engine
from sprat.door.identity import identity
from sprat.engines.base import Engine, ask
from sprat.errors import SpratError
from sprat.measure.clock import now_ns
from sprat.measure.environment import describe_environment
from sprat.policies.outcomes import LoggedModel, LoggedSet, OutcomeLog, outcomes_of, write_log
from sprat.policies.prompt import prompt_features_of
from sprat.questions import load
from sprat.questions.collection import QuestionSet
from sprat.questions.scorers import score
from sprat.settings import load_settings
from sprat.types import ChatRequest, Prediction, Question, Run, Verdict

MODELS = ("smollm2-135m", "qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b")
LARGEST = MODELS[-1]
ALTERNATIVES = 5
SETS = {"squad2": "squad2-dev-a.json", "gsm8k": "gsm8k-test-a.jsonl", "everyday": None}
LIMITS = {"squad2": 300, "gsm8k": 150}


class Turn(NamedTuple):
    """One question of one set."""

    set: str
    question: Question


def sets(data: Path, limits: dict[str, int]) -> dict[str, QuestionSet]:
    """The three sets, by name."""
    return {
        name: load(str(data / file) if file else name, limit=limits.get(name), seed=0)
        for name, file in SETS.items()
    }


def mixed(questions: dict[str, QuestionSet]) -> list[Turn]:
    """All sets evenly mixed, so that wherever the recording stops each has had its share."""
    ranked: list[tuple[float, Turn]] = []
    for name, chosen in questions.items():
        order = sorted(chosen.questions, key=lambda q: hashlib.sha256(q.id.encode()).hexdigest())
        ranked += [((at + 0.5) / len(order), Turn(name, q)) for at, q in enumerate(order)]
    return [turn for _, turn in sorted(ranked, key=lambda pair: pair[0])]


def recorded(raw: Path, name: str) -> list[Run]:
    """What a file holds; a line that a kill cut short is left out."""
    path = raw / f"{name}.jsonl"
    if not path.exists():
        return []
    runs: list[Run] = []
    for line in path.read_bytes().splitlines():
        try:
            runs.append(msgspec.json.decode(line, type=Run))
        except msgspec.DecodeError:
            print(f"{path}: a line that is no answer is left out.")
    return runs


def append(raw: Path, name: str, run: Run) -> None:
    """Keep one answer at once."""
    path = raw / f"{name}.jsonl"
    whole = not path.exists() or path.stat().st_size == 0 or path.read_bytes()[-1:] == b"\n"
    with path.open("ab") as file:
        file.write((b"" if whole else b"\n") + msgspec.json.encode(run) + b"\n")


def request_of(question: Question, prediction: Prediction | None = None) -> ChatRequest:
    """The question as every model is asked it."""
    return ChatRequest(
        messages=question.messages,
        max_tokens=question.max_tokens,
        response_format=question.response_format,
        temperature=0.0,
        seed=0,
        logprobs=ALTERNATIVES,
        prediction=prediction,
    )


async def asked(engine: Engine, turn: Turn, role: str, request: ChatRequest) -> Run:
    """One answer or its error, timed and scored."""
    reply, error, began_ns = None, None, now_ns()
    try:
        reply = await ask(engine, request)
    except SpratError as failure:
        error = str(failure)
    elapsed_s = (now_ns() - began_ns) / 1e9
    return Run(
        study=turn.set,
        question=turn.question.id,
        kind=turn.question.kind,
        model=engine.name,
        role=role,
        request=request,
        reply=reply,
        error=error,
        elapsed_s=elapsed_s,
        verdicts=(verdict_of(turn.question, reply, error),),
    )


def verdict_of(question: Question, reply: Any, error: str | None) -> Verdict:
    """A failed answer scores nothing, as in `sprat compare`."""
    if reply is not None:
        return score(question, reply.text, reply.finish)
    return Verdict(scorer=question.scorer, value=0.0, why=f"error: {error}")


async def record(turns: list[Turn], raw: Path) -> None:
    """Every question to every model, in turns that begin with another model each time."""
    settings = load_settings()
    have = {(name, r.question, r.role) for name in SETS for r in recorded(raw, name)}
    async with AsyncExitStack() as open_ones:
        engines: dict[str, Engine] = {}
        for model in MODELS:
            engines[model] = open_engine(model, settings)
            open_ones.push_async_callback(engines[model].aclose)
        write_environment(raw, {model: identity(model, settings) for model in MODELS})
        for engine in engines.values():
            await engine.warm()
        for place, turn in enumerate(turns):
            first = place % len(MODELS)
            for model in MODELS[first:] + MODELS[:first]:
                if (turn.set, turn.question.id, model) not in have:
                    run = await asked(engines[model], turn, model, request_of(turn.question))
                    append(raw, turn.set, run)
            if place % 20 == 0:
                print(f"{place} of {len(turns)} questions", flush=True)


def write_environment(raw: Path, identities: dict[str, Any]) -> None:
    """What machine, and which weights."""
    known = {"environment": describe_environment(), "identities": identities}
    (raw / "environment.json").write_text(json.dumps(known, default=str), encoding="utf-8")


async def read_drafts(turns: list[Turn], raw: Path) -> None:
    """The largest model reads each draft of the others, then answers with it as a prediction."""
    drafts = {
        (name, run.question, run.role): run.reply.text
        for name in SETS
        for run in recorded(raw, name)
        if run.reply and run.reply.text and run.role != LARGEST
    }
    have = {(n, r.question, r.role) for n in SETS for r in recorded(raw, f"{n}.readings")}
    engine = open_engine(LARGEST, load_settings())
    try:
        await engine.warm()
        for place, (turn, role, request) in enumerate(with_drafts(turns, drafts)):
            if (turn.set, turn.question.id, role) not in have:
                append(raw, f"{turn.set}.readings", await asked(engine, turn, role, request))
            if place % 50 == 0:
                print(f"{place} readings", flush=True)
    finally:
        await engine.aclose()


def with_drafts(
    turns: list[Turn], drafts: dict[tuple[str, str, str], str]
) -> Iterator[tuple[Turn, str, ChatRequest]]:
    """Each draft twice: read only (`read:MODEL`), and as a prediction (`exact:MODEL`).

    In this order, as a policy that rejects what it read asks for them: the answer then finds the
    prompt computed. Its seconds are not those of `verify.how = "exact"`, which reads nothing first.
    """
    for turn in turns:
        for model in MODELS[:-1]:
            text = drafts.get((turn.set, turn.question.id, model))
            if text:
                read = Prediction(text=text, read_only=True)
                yield turn, f"read:{model}", request_of(turn.question, read)
                yield turn, f"exact:{model}", request_of(turn.question, Prediction(text=text))


def pack(questions: dict[str, QuestionSet], raw: Path, folder: Path) -> None:
    """The compact log of each set, and what its prompts alone tell; the texts stay out of it."""
    known = json.loads((raw / "environment.json").read_text("utf-8"))
    for name, chosen in questions.items():
        runs = [*recorded(raw, name), *recorded(raw, f"{name}.readings")]
        log = OutcomeLog(
            models=tuple(LoggedModel(name=m, identity=known["identities"][m]) for m in MODELS),
            sets=(LoggedSet(name=name, sha256=chosen.sha256),),
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            environment=known["environment"],
            outcomes=tuple(outcomes_of(runs, chosen.questions)),
        )
        write_log(log, folder / f"{name}.jsonl.gz")
        asked = {outcome.question for outcome in log.outcomes}
        prompts = {
            question.id: {
                k: round(v, 4) for k, v in prompt_features_of(request_of(question)).items()
            }
            for question in chosen.questions
            if question.id in asked
        }
        lines = json.dumps(prompts, sort_keys=True).encode()
        (folder / f"{name}.prompts.json.gz").write_bytes(gzip.compress(lines, 9, mtime=0))
        size = (folder / f"{name}.jsonl.gz").stat().st_size
        print(f"{name}: {len(asked)} questions, {len(log.outcomes)} answers, {size / 1000:.0f} kB")


def main() -> None:
    """Record, read or pack."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--raw", type=Path, default=Path.home() / ".cache" / "sprat-outcomes")
    parser.add_argument("--limit", type=int, default=LIMITS["squad2"])
    parser.add_argument("--limit-gsm8k", type=int, default=LIMITS["gsm8k"])
    parser.add_argument("--readings", action="store_true")
    parser.add_argument("--pack", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    options.raw.mkdir(parents=True, exist_ok=True)
    chosen = sets(options.data, {"squad2": options.limit, "gsm8k": options.limit_gsm8k})
    if options.pack:
        pack(chosen, options.raw, options.pack)
    elif options.readings:
        asyncio.run(read_drafts(mixed(chosen), options.raw))
    else:
        asyncio.run(record(mixed(chosen), options.raw))


if __name__ == "__main__":
    main()
