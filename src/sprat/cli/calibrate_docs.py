"""`sprat calibrate --docs`: a gate for answers from documents."""

import asyncio
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from sprat.cli.calibrating import Typed
from sprat.cli.learning import DEFAULT_DELTA, DEFAULT_TARGET
from sprat.cli.output import check_target, write_json
from sprat.errors import PolicyError, UsageError
from sprat.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sprat.rag.gate import Gate
    from sprat.studies.grounded.calibrating import Aim, Calibrated
    from sprat.studies.grounded.question import GroundedSet
    from sprat.studies.grounded.sheet import Row

SUFFIX = ".gate.json"


def calibrate_docs(typed: Typed, docs: str, settings: Settings, json_file: str | None) -> None:
    """Ask every question of both models, learn, certify, write.

    Raises:
        UsageError: an option that says nothing here; no questions.
        PolicyError: it is not worth having, and nothing was written.
    """
    from sprat.rag.gate import write_gate

    _refuse_options(typed)
    check_target(json_file)
    path = _path(typed, settings)
    if path.exists() and not typed.replace:
        raise UsageError(
            f"There is a gate at {path} already.", fix="Give another --name, or --replace."
        )
    asked = _questions(typed)
    gate, found = _learned(typed, docs or str(settings.documents_dir), asked, settings)
    if not found.refusals or typed.force:
        write_gate(gate, path)
        found = msgspec.structs.replace(found, file=str(path))
    for line in _lines(found) if json_file != "-" else ():
        click.echo(line)
    if json_file:
        write_json(found, json_file)
    _end(found)


def _refuse_options(typed: Typed) -> None:
    idle = {
        "--kind": typed.kind != "cascade",
        "--mode": typed.mode != "buffer",
        "--budget": typed.budget is not None,
        "--from": bool(typed.sources),
        "--self-check": typed.self_check,
        "--sample": typed.sample,
        "--resume": typed.resume is not None,
    }
    for option, given in idle.items():
        if given:
            raise UsageError(f"{option} says nothing with --docs.", fix="Leave it out.")
    if typed.questions is None:
        raise UsageError(
            "There are no questions.",
            fix="Give --questions FILE, or draft some: sprat rag draft --out questions.jsonl",
        )


def _path(typed: Typed, settings: Settings) -> Path:
    from sprat.policies.file import check_name

    if typed.out:
        return Path(typed.out)
    name = typed.name or "documents"
    check_name(name)
    return settings.gates_dir / f"{name}{SUFFIX}"


def _questions(typed: Typed) -> "GroundedSet":
    from sprat.studies.grounded.reading import read_grounded

    path = Path(typed.questions or "").expanduser()
    if not path.is_file():
        raise UsageError(f"There is no file {typed.questions!r}.", fix="Check --questions.")
    found = read_grounded(path, limit=typed.limit, seed=typed.seed or 0)
    kept = tuple(one for one in found.questions if one.kind != "open")
    if not kept:
        raise UsageError("No question says what is right.", fix="Give `answers`.")
    return msgspec.structs.replace(found, questions=kept)


def _learned(
    typed: Typed, store: str, asked: "GroundedSet", settings: Settings
) -> tuple["Gate", "Calibrated"]:
    from sprat.door.identity import identity
    from sprat.rag.gate import Gate
    from sprat.studies.grounded.calibrating import calibrate

    gate, models = Gate(), _models(typed, settings)
    everything = identity(f"docs:{store}", msgspec.structs.replace(settings, **models))
    sheet = _sheet(everything, settings)
    rows = asyncio.run(_rows(store, asked, models, gate, settings, sheet))
    identities = {side: everything[side] for side in models}
    return calibrate(rows, gate, _aim(typed, settings), identities, asked.name)


def _models(typed: Typed, settings: Settings) -> dict[str, str]:
    return {"small": typed.small or settings.small, "large": typed.large or settings.large}


def _aim(typed: Typed, settings: Settings) -> "Aim":
    from sprat.studies.grounded.calibrating import Aim

    return Aim(
        name=typed.name or _path(typed, settings).name.removesuffix(SUFFIX),
        target_error=typed.target_error or DEFAULT_TARGET,
        delta=typed.delta or DEFAULT_DELTA,
        seed=typed.seed or 0,
    )


async def _rows(
    store: str,
    asked: "GroundedSet",
    models: dict[str, str],
    gate: "Gate",
    settings: Settings,
    sheet: Path,
) -> list["Row"]:
    """Ask what was not asked before; every answer is kept as it comes."""
    from sprat.cli.rag_live import counting
    from sprat.door.grounded import Wanted, open_parts
    from sprat.studies.grounded.recording import record

    click.echo(f"Every answer is kept in {sheet}: a stopped run goes on where it was.", err=True)
    wanted = Wanted(store=store, small=models["small"], large=models["large"])
    parts = await asyncio.to_thread(lambda: open_parts(wanted, settings, None))
    engines = {"small": parts.small, "large": parts.large}
    opened = {side: engine for side, engine in engines.items() if engine is not None}
    try:
        with counting("answers") as told:
            return await record(sheet, asked.questions, parts.finds, opened, gate, told)
    finally:
        await parts.aclose()


def _sheet(everything: dict[str, Any], settings: Settings) -> Path:
    """One sheet for one pair of models over one state of the documents."""
    told = hashlib.sha256(msgspec.json.encode(everything, order="sorted")).hexdigest()[:12]
    return settings.gates_dir / f"{told}.answers.jsonl"


def _lines(found: "Calibrated") -> "Iterator[str]":
    parts = ", ".join(f"{name} {n}" for name, n in found.splits.items())
    yield f"{found.name}: learned from {found.questions} ({parts})"
    for side, made in found.certificates.items():
        yield (
            f"{side} ({found.models[side]}), asked alone: given from confidence "
            f"{made['threshold']:.3f} on; at most {made['target_error']:.0%} of these are wrong, "
            f"with probability {1 - made['delta']:.0%} ({made['errors']} of {made['accepted']} "
            "were)"
        )
    if "large" in found.certificates and len(found.models) > 1:
        yield (
            "Together, the large model gets only what the small one leaves, and more of its "
            "answers may be wrong: `both` is what was measured, and nothing is certified of it."
        )
    for came in found.came:
        yield f"{came.way}: {_of(came)}"


def _of(came: Any) -> str:  # noqa: ANN401 (a `Came`, which is not loaded for --help)
    def told(figure: Any) -> str:  # noqa: ANN401
        if figure.value is None:
            return "none"
        return f"{figure.value:.2f} ({figure.low:.2f} to {figure.high:.2f})"

    return (
        f"score {told(came.score)}, given {told(came.given)}, of it wrong {told(came.wrong)}, "
        f"{came.seconds:.2f} s a question"
    )


def _end(found: "Calibrated") -> None:
    if found.file is None:
        raise PolicyError(" ".join(found.refusals), fix="To have it all the same: --force.")
    for refusal in found.refusals:
        click.echo(f"Written all the same, as --force says: {refusal}", err=True)
    click.echo(f'Use it: sprat rag ask --gate {found.file} "…"', err=True)
