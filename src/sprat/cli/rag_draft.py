"""`sprat rag draft`: questions from the user's own documents, to be reviewed in a file."""

import asyncio
from collections import Counter
from contextlib import aclosing
from typing import TYPE_CHECKING

import click

from sprat.cli.context import settings_of
from sprat.cli.output import check_target, lines_to
from sprat.cli.provider import provider_option, with_provider

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sprat.cli.rag_live import Told
    from sprat.settings import Settings
    from sprat.studies.grounded.question import GroundedQuestion


@click.command(epilog="Example: sprat rag draft --model qwen2.5-coder-1.5b --out questions.jsonl")
@click.option("--store", "where", metavar="DIR", help="What `sprat index` wrote [its own place].")
@click.option("--model", metavar="MODEL", help="Who writes them [LLM_ALIAS, qwen2.5-coder-0.5b].")
@click.option("-n", "count", type=click.IntRange(1, 1_000), default=20, help="How many [20].")
@click.option("--out", metavar="FILE", required=True, help="The JSONL to write; - for stdout.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, help="Which passages [0].")
@provider_option
@click.pass_context
def draft(
    ctx: click.Context,
    where: str | None,
    model: str | None,
    count: int,
    out: str,
    seed: int,
    provider: str | None,
) -> None:
    """Draft questions from what is indexed: two thirds with their answers, one third without any.

    Each carries "reviewed": false until you have read it and set that to true: a model makes
    mistakes, and what is measured with them are those. See docs/rag-evaluation.md.
    """
    from sprat.cli.rag_live import counting

    check_target(out)
    settings = with_provider(settings_of(ctx), provider)
    lost, found = Counter[str](), list["GroundedQuestion"]()
    write = lines_to(out)

    def keep(one: "GroundedQuestion") -> None:
        write(_line(one))
        found.append(one)

    try:
        with counting("Drafting questions") as told:
            name = model or settings.large
            asyncio.run(_draft(where, name, count, seed, settings, told, lost, keep))
    finally:
        if found or lost:
            _tell(found, count, lost)


def _tell(found: "Sequence[GroundedQuestion]", count: int, lost: "Counter[str]") -> None:
    if lost:
        reasons = ", ".join(f"{number} {why}" for why, number in lost.most_common())
        click.echo(f"Not kept: {reasons}.", err=True)
    nowhere = sum(one.unanswerable for one in found)
    click.echo(
        f"{len(found)} of {count} questions drafted, {nowhere} of them unanswerable. "
        'Read each, correct or delete it, and set "reviewed": true.',
        err=True,
    )


async def _draft(
    where: str | None,
    model: str,
    count: int,
    seed: int,
    settings: "Settings",
    told: "Told",
    lost: "Counter[str]",
    keep: "Callable[[GroundedQuestion], None]",
) -> None:
    from sprat.door import open_engine
    from sprat.rag.store import open_store
    from sprat.studies.grounded.draft import draft as draft_all

    store = open_store(where or str(settings.documents_dir))
    try:
        engine = await asyncio.to_thread(lambda: open_engine(model, settings))
        try:
            made = draft_all(store, engine, count, seed=seed, told=told, lost=lost)
            async with aclosing(made) as questions:
                async for one in questions:
                    keep(one)
        finally:
            await engine.aclose()
    finally:
        store.close()


def _line(one: "GroundedQuestion") -> str:
    """`reviewed` is written out, for it is there to be changed."""
    import msgspec

    row = {**msgspec.to_builtins(one), "reviewed": one.reviewed}
    return msgspec.json.encode(row).decode()
